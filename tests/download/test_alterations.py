"""`--upright`, `--max-side` and `--decode`, for single photos and for datasets."""

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PIL", reason="needs the extra images")

from PIL import Image

from hotdog_sql.downloader.photo import Photo
from hotdog_sql.errors import DatasetError
from hotdog_sql.options import Source
from tests.conftest import Run
from tests.support.datasets import StopsAfter, contents, mend, rows_at
from tests.support.loopback import LoopbackServer, Reply
from tests.support.photos import everywhere, mirror_of, mirror_path, photo, run, save_selection
from tests.support.pictures import md5, md5_base64, undecodable
from tests.support.quarters import TURNED, UPRIGHT, corners, quarters, saved, size

PICTURE = saved(quarters())
_NOISE = saved(Image.effect_noise((64, 48), 80), "PNG")
#: A PNG with complete chunks but truncated pixel data.
HOLLOW = _NOISE.replace(_NOISE[33:37], (940).to_bytes(4), 1)[:985] + _NOISE[-12:]
BOMB = saved(Image.new("1", (14_000, 14_000)), "PNG")


def only_row(directory: Path) -> dict[str, str]:
    (row,) = rows_at(directory)
    return row


def only_photo(directory: Path) -> bytes:
    """Return the only photo, after comparing it with its row."""
    row = only_row(directory)
    data = (directory / row["path"]).read_bytes()
    assert (row["bytes"], row["md5"]) == (str(len(data)), md5(data))
    return data


def test_rotation_depends_on_the_source(server: LoopbackServer, tmp_path: Path) -> None:
    one = everywhere(server, photo(1, rotation="90.0"))
    server.default(Reply(body=PICTURE))
    for source, expected, note in [
        ("mirror", TURNED[90], "rotated 90"),
        ("original", TURNED[90], "rotated 90"),
        ("thumbnail", UPRIGHT, ""),  # already rotated by Flickr
    ]:
        run(server, tmp_path / source, [one], sources=(Source(source),), upright=True)
        assert corners(only_photo(tmp_path / source)) == expected
        assert only_row(tmp_path / source)["note"] == note
    assert only_photo(tmp_path / "thumbnail") == PICTURE


def test_md5_and_size_of_originals_are_checked(server: LoopbackServer, tmp_path: Path) -> None:
    one = everywhere(server, photo(1, rotation="180.0", original_md5=md5_base64(b"other")))
    server.default(Reply(body=PICTURE))
    original: Any = {"sources": (Source.ORIGINAL,), "upright": True}
    run(server, tmp_path / "strict", [one], strict_md5=True, **original)
    run(server, tmp_path / "lax", [one], **original)
    run(server, tmp_path / "large", [one], max_bytes=len(PICTURE) - 1, **original)
    assert only_row(tmp_path / "strict")["error"] == "original: md5 differs"
    assert only_row(tmp_path / "lax")["note"] == "md5 differs; rotated 180"
    assert only_row(tmp_path / "large")["error"] == "original: too large"


@pytest.mark.parametrize(
    ("body", "reason", "options"),
    [
        (undecodable(), "not decodable", {"decode": True}),
        (HOLLOW, "not decodable", {"upright": True}),
        (BOMB, "too many pixels", {"max_side": 48}),
    ],
    ids=["noise", "hollow", "bomb"],
)
def test_undecodable_photos_come_from_the_next_source(
    server: LoopbackServer, tmp_path: Path, body: bytes, reason: str, options: dict[str, Any]
) -> None:
    one = everywhere(server, photo(1))
    server.on(mirror_path(one), Reply(body=body))
    server.default(Reply(body=PICTURE))
    run(server, tmp_path / "found", [one], **options)
    run(server, tmp_path / "lost", [one], sources=(Source.MIRROR,), **options)
    run(server, tmp_path / "as it comes", [one])
    assert only_row(tmp_path / "found")["error"] == f"mirror: {reason}"
    assert corners(only_photo(tmp_path / "found")) == UPRIGHT
    assert only_row(tmp_path / "lost")["error"] == f"mirror: {reason}"
    assert only_photo(tmp_path / "as it comes") == body


def turned_dataset(server: LoopbackServer, directory: Path, **changes: Any) -> list[Photo]:
    """Download three photos, rotated and resized."""
    photos = [photo(n, rotation="90.0") for n in (1, 2, 3)]
    for one in photos:
        server.on(mirror_path(one), Reply(body=saved(quarters(90 + 6 * one.rank, 64))))
    chosen: dict[str, Any] = {"upright": True, "max_side": 48, "recipe": {"seed": 1}}
    run(server, directory, photos, **(chosen | changes))
    return photos


def test_resume_and_repair_keep_the_alterations(tmp_path: Path) -> None:
    with LoopbackServer() as server:
        photos = turned_dataset(server, tmp_path)
        before = contents(tmp_path)
        server.clear()
        turned_dataset(server, tmp_path)
        assert server.requests == []
        (tmp_path / f"{photos[0].stem}.jpg").unlink()
        turned_dataset(server, tmp_path)
        assert server.counts() == {mirror_path(photos[0]): 1}
        assert contents(tmp_path) == before
        (tmp_path / f"{photos[0].stem}.jpg").unlink()
        (tmp_path / f"{photos[1].stem}.jpg").write_bytes(PICTURE)
        assert mend(server, tmp_path).problems == []
        assert contents(tmp_path) == before
        record = json.loads((tmp_path / "selection.json").read_text())
        assert record == {"seed": 1, "images": {"upright": True, "max_side": 48}}
        (tmp_path / "selection.json").write_text('{"images": {"upright": "often"}}')
        with pytest.raises(DatasetError, match="does not say how the photos were altered"):
            turned_dataset(server, tmp_path)


def test_other_alterations_are_refused(server: LoopbackServer, tmp_path: Path) -> None:
    update: dict[str, Any] = {"recipe": None, "update": True}
    turned_dataset(server, tmp_path, upright=False, **update)
    before = contents(tmp_path)
    with pytest.raises(DatasetError, match="was made with --max-side 48"):
        turned_dataset(server, tmp_path, **update)
    assert contents(tmp_path) == before


def test_a_stopped_update_keeps_its_alterations(server: LoopbackServer, tmp_path: Path) -> None:
    """An update records the selection at its end, but the alterations at its start."""
    one = photo(1, rotation="90.0")
    update: Any = {"recipe": {"seed": 1}, "update": True}
    server.on(mirror_path(one), Reply(body=PICTURE))
    with pytest.raises(KeyboardInterrupt):
        run(server, tmp_path, [one], progress=StopsAfter(1), upright=True, **update)
    with pytest.raises(DatasetError, match="was made with --upright: give the same"):
        run(server, tmp_path, [one], **update)
    run(server, tmp_path, [one], upright=True, recipe={"seed": 1})
    assert json.loads((tmp_path / "selection.json").read_text())["seed"] == 1
    assert corners(only_photo(tmp_path)) == TURNED[90]


def test_undecodable_photos_are_repaired(tmp_path: Path, run: Run) -> None:
    good, bad, dead = photos = [photo(n) for n in (1, 2, 3)]
    rows = save_selection(tmp_path / "rows.csv", photos)
    with LoopbackServer() as server:
        server.on(mirror_path(good), Reply(body=PICTURE))
        for one in (bad, dead):
            server.on(mirror_path(one), Reply(body=undecodable()))
        run("download", rows, "dataset", **mirror_of(server))
        run("verify", "dataset")
        server.on(mirror_path(bad), Reply(body=PICTURE))
        said = run("verify", "dataset", "--decode", "--repair", **mirror_of(server), code=8)
    assert said.stdout == f"undecodable  {dead.stem}.jpg\n"
    assert "1 photo repaired" in said.stderr
    # The file stays if no source has a better one.
    assert (tmp_path / "dataset" / f"{dead.stem}.jpg").read_bytes() == undecodable()
    assert (tmp_path / "dataset" / f"{bad.stem}.jpg").read_bytes() == PICTURE


def test_command_line_options(server: LoopbackServer, tmp_path: Path, run: Run) -> None:
    pixels = {"90.0": TURNED[90], "180.0": TURNED[180], "270": TURNED[270]}
    pixels |= dict.fromkeys(("", "0.0", "45.0", "nan", "up"), UPRIGHT)
    photos = [photo(n, rotation=rotation) for n, rotation in enumerate(pixels, 1)]
    rows = save_selection(tmp_path / "rows.csv", photos)
    server.default(Reply(body=PICTURE))
    run("download", rows, "dataset", "--upright", "--max-side", "48", **mirror_of(server))
    other = run("download", rows, "dataset", "--upright", **mirror_of(server), code=6)
    assert "was made with --upright --max-side 48: give the same options" in other.stderr
    for row in rows_at(tmp_path / "dataset"):
        data = (tmp_path / "dataset" / row["path"]).read_bytes()
        assert (row["bytes"], row["md5"]) == (str(len(data)), md5(data))
        assert size(data) == (int(row["width"]), int(row["height"]))
        assert max(size(data)) == 48
        assert corners(data) == pixels[row["Rotation"]]
    run("verify", "dataset", "--decode")
