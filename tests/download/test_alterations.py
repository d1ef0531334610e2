"""Photos turned and made smaller on their way to the disk, and the datasets that they make."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PIL", reason="needs the extra images")

from PIL import Image

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.photo import Photo
from hotdog_sql.downloader.verify import Fault, repair, verify
from hotdog_sql.errors import DatasetError, InputError
from hotdog_sql.options import Source
from tests.support.loopback import LoopbackServer, Reply, file_reply
from tests.support.photos import (
    NO_PAUSE,
    QUICK,
    Album,
    everywhere,
    manifest_rows,
    mirror_path,
    original_path,
    photo,
    run,
    thumbnail_path,
    tree,
)
from tests.support.pictures import md5, md5_base64, undecodable
from tests.support.quarters import (
    BLUE,
    GREEN,
    RED,
    UPRIGHT,
    WHITE,
    corners,
    lying,
    quarters,
    saved,
    size,
)

PICTURE = saved(quarters())
TURNED = [GREEN, WHITE, RED, BLUE]  # by 90 degrees counter-clockwise
_NOISE = saved(Image.effect_noise((64, 48), 80), "PNG")
#: A PNG whose chunks are whole, and whose pixels are cut.
HOLLOW = _NOISE.replace(_NOISE[33:37], (940).to_bytes(4), 1)[:985] + _NOISE[-12:]
BOMB = saved(Image.new("1", (14_000, 14_000)), "PNG")
PATHS = {"mirror": mirror_path, "original": original_path, "thumbnail": thumbnail_path}


def only_row(directory: Path) -> dict[str, str]:
    (row,) = manifest_rows(directory)
    return row


def kept(directory: Path) -> bytes:
    """The only photo, which is what its row says."""
    row = only_row(directory)
    data = (directory / row["path"]).read_bytes()
    assert (row["bytes"], row["md5"]) == (str(len(data)), md5(data))
    return data


@pytest.mark.parametrize(
    ("source", "expected", "note"),
    [
        ("mirror", TURNED, "rotated 90"),
        ("original", TURNED, "rotated 90"),
        ("thumbnail", UPRIGHT, ""),  # which the photo service has turned itself
    ],
)
def test_rotation_is_that_of_the_source(
    tmp_path: Path, source: str, expected: list[Any], note: str
) -> None:
    with LoopbackServer() as server:
        one = everywhere(server, photo(1, rotation="90.0"))
        server.on(PATHS[source](one), Reply(body=PICTURE))
        run(server, tmp_path, [one], sources=(Source(source),), upright=True)
    assert corners(kept(tmp_path)) == expected
    assert only_row(tmp_path)["note"] == note
    assert verify(tmp_path, decode=True).good


def test_exif_orientation_and_size_at_once(tmp_path: Path) -> None:
    one = photo(1)
    with LoopbackServer() as server:
        server.on(mirror_path(one), Reply(body=lying(6)))
        run(server, tmp_path, [one], upright=True, max_side=48)
    assert corners(kept(tmp_path)) == UPRIGHT
    assert size(kept(tmp_path)) == (48, 32)
    assert only_row(tmp_path)["note"] == "rotated 270; resized 48x32"


def test_what_needs_nothing_is_kept_as_it_came(tmp_path: Path) -> None:
    one = photo(1)
    with LoopbackServer() as server:
        server.on(mirror_path(one), Reply(body=PICTURE))
        run(server, tmp_path, [one], upright=True, max_side=96)
    assert kept(tmp_path) == PICTURE
    assert only_row(tmp_path)["note"] == ""


@pytest.mark.parametrize(("promised", "status"), [(PICTURE, "downloaded"), (b"other", "lost")])
def test_the_promise_is_of_the_bytes_that_came(
    tmp_path: Path, promised: bytes, status: str
) -> None:
    with LoopbackServer() as server:
        one = everywhere(server, photo(1, rotation="180.0", original_md5=md5_base64(promised)))
        server.on(original_path(one), Reply(body=PICTURE))
        original: Any = {"sources": (Source.ORIGINAL,), "upright": True}
        run(server, tmp_path / "strict", [one], strict_md5=True, **original)
        run(server, tmp_path / "lax", [one], **original)
    assert only_row(tmp_path / "strict")["status"] == status
    notes = {"downloaded": "rotated 180", "lost": "md5 differs; rotated 180"}
    assert only_row(tmp_path / "lax")["note"] == notes[status]


@pytest.mark.parametrize(
    ("body", "reason"),
    [(undecodable(), "not decodable"), (HOLLOW, "not decodable"), (BOMB, "too many pixels")],
    ids=["noise", "hollow", "bomb"],
)
@pytest.mark.parametrize("options", [{"upright": True}, {"max_side": 48}, {"decode": True}])
def test_what_cannot_be_decoded_is_looked_for_elsewhere(
    tmp_path: Path, body: bytes, reason: str, options: dict[str, Any]
) -> None:
    with LoopbackServer() as server:
        one = everywhere(server, photo(1))
        server.on(mirror_path(one), Reply(body=body))
        server.on(original_path(one), Reply(body=PICTURE))
        server.on(thumbnail_path(one), Reply(body=body))
        run(server, tmp_path / "found", [one], **options)
        sources: Any = (Source.MIRROR, Source.THUMBNAIL)
        run(server, tmp_path / "lost", [one], sources=sources, **options)
        run(server, tmp_path / "as it comes", [one])
    assert only_row(tmp_path / "found")["error"] == f"mirror: {reason}"
    assert corners(kept(tmp_path / "found")) == UPRIGHT
    lost = only_row(tmp_path / "lost")
    assert lost["status"] == "lost"
    assert lost["error"] == f"mirror: {reason}; thumbnail: {reason}"
    assert kept(tmp_path / "as it comes") == body


def test_large_photos_pass_through_files(tmp_path: Path) -> None:
    noise = saved(Image.effect_noise((1200, 1200), 90), "PNG")
    one = photo(1)
    with LoopbackServer() as server:
        server.on(mirror_path(one), Reply(body=noise))
        run(server, tmp_path, [one], max_side=1100)
    assert min(len(noise), len(kept(tmp_path))) > 1 << 20
    assert size(kept(tmp_path)) == (1100, 1100)
    assert not (tmp_path / ".hotdog-sql").exists()


def test_max_bytes_is_of_what_came(tmp_path: Path) -> None:
    one = photo(1)
    with LoopbackServer() as server:
        server.on(mirror_path(one), Reply(body=PICTURE))
        run(server, tmp_path, [one], max_side=8, max_bytes=len(PICTURE) - 1)
    assert only_row(tmp_path)["error"].startswith("mirror: too large")


def turned_dataset(server: LoopbackServer, directory: Path, **changes: Any) -> list[Photo]:
    """Three photos on their sides, turned and made smaller."""
    photos = [photo(n, rotation="90.0") for n in (1, 2, 3)]
    for one in photos:
        server.on(mirror_path(one), Reply(body=saved(quarters(90 + 6 * one.rank, 64))))
    chosen: dict[str, Any] = {"upright": True, "max_side": 48, "recipe": {"seed": 1}}
    run(server, directory, photos, **(chosen | changes))
    return photos


def test_a_finished_photo_is_not_fetched_again(tmp_path: Path) -> None:
    with LoopbackServer() as server:
        photos = turned_dataset(server, tmp_path)
        before = tree(tmp_path)
        server.clear()
        turned_dataset(server, tmp_path)
        assert server.requests == []
        (tmp_path / f"{photos[0].stem}.jpg").unlink()
        turned_dataset(server, tmp_path)
        assert server.counts() == {mirror_path(photos[0]): 1}
    assert tree(tmp_path) == before
    record = json.loads((tmp_path / "selection.json").read_text())
    assert record == {"seed": 1, "images": {"upright": True, "max_side": 48}}


@pytest.mark.parametrize("recipe", [{"seed": 1}, None])
@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        ({}, {"max_side": 40}, "was made with --upright --max-side 48: give the same options"),
        ({"max_side": None}, {}, "was made with --upright: give the same options"),
        ({"upright": False}, {}, "was made with --max-side 48: give the same options"),
        ({"upright": False, "max_side": None}, {}, "without --upright and --max-side"),
    ],
)
@pytest.mark.parametrize("update", [False, True])
def test_other_alterations_are_refused(
    tmp_path: Path,
    recipe: dict[str, Any] | None,
    then: dict[str, Any],
    now: dict[str, Any],
    told: str,
    update: bool,
) -> None:
    with LoopbackServer() as server:
        turned_dataset(server, tmp_path, recipe=recipe, update=update, **then)
        before = tree(tmp_path)
        with pytest.raises(DatasetError, match=told):
            turned_dataset(server, tmp_path, recipe=recipe, update=update, **now)
        assert tree(tmp_path) == before
        server.clear()
        turned_dataset(server, tmp_path, recipe=recipe, update=update, **then)
        assert server.requests == []


def test_a_stopped_update_keeps_its_alterations(tmp_path: Path) -> None:
    """The selection is recorded at the end of an update, the alterations at its beginning."""
    one = photo(1, rotation="90.0")

    class Stopped(Album):
        def photos(self) -> Iterator[Photo]:
            yield one
            raise KeyboardInterrupt

    update: Any = {"recipe": {"seed": 1}, "update": True}
    with LoopbackServer() as server:
        server.on(mirror_path(one), Reply(body=PICTURE))
        with pytest.raises(KeyboardInterrupt):
            run(server, tmp_path, Stopped([one]), upright=True, **update)
        with pytest.raises(DatasetError, match="was made with --upright: give the same"):
            run(server, tmp_path, [one], **update)
        run(server, tmp_path, [one], upright=True, recipe={"seed": 1})
    assert json.loads((tmp_path / "selection.json").read_text())["seed"] == 1
    assert corners(kept(tmp_path)) == TURNED


def mend(server: LoopbackServer, directory: Path, *, decode: bool = False) -> list[Fault]:
    options = DownloadOptions(sources=(Source.MIRROR,), retry=QUICK, backoff=NO_PAUSE)
    found = verify(directory, decode=decode)
    after = repair(directory, found, mirror_url=server.url("/mirror/"), options=options)
    return [problem.fault for problem in after.problems]


def test_a_repair_alters_photos_as_the_dataset_has_them(tmp_path: Path) -> None:
    with LoopbackServer() as server:
        photos = turned_dataset(server, tmp_path)
        before = tree(tmp_path)
        (tmp_path / f"{photos[0].stem}.jpg").unlink()
        (tmp_path / f"{photos[1].stem}.jpg").write_bytes(PICTURE)
        assert mend(server, tmp_path) == []
    assert tree(tmp_path) == before


def test_a_record_that_makes_no_sense(tmp_path: Path) -> None:
    with LoopbackServer() as server:
        turned_dataset(server, tmp_path)
        (tmp_path / "selection.json").write_text('{"images": {"upright": "often"}}')
        with pytest.raises(DatasetError, match="does not say how the photos were altered"):
            turned_dataset(server, tmp_path)


def test_undecodable_photos_are_found_and_fetched_again(tmp_path: Path) -> None:
    good, bad, dead = (photo(n) for n in (1, 2, 3))
    with LoopbackServer() as server:
        server.on(mirror_path(good), Reply(body=PICTURE))
        for one in (bad, dead):
            server.on(mirror_path(one), file_reply(undecodable(), etag=f'"{md5(undecodable())}"'))
        run(server, tmp_path, [good, bad, dead])
        assert verify(tmp_path).good
        report = verify(tmp_path, decode=True)
        assert [(f.fault, f.path) for f in report.problems] == [
            (Fault.UNDECODABLE, f"other/{one.image_id}.jpg") for one in (bad, dead)
        ]
        server.clear()
        server.on(mirror_path(bad), Reply(body=PICTURE))
        assert mend(server, tmp_path, decode=True) == [Fault.UNDECODABLE]
        assert server.counts() == {mirror_path(bad): 1, mirror_path(dead): 1}
    # What cannot be had any better is not thrown away.
    assert (tmp_path / f"{dead.stem}.jpg").read_bytes() == undecodable()
    assert (tmp_path / f"{bad.stem}.jpg").read_bytes() == PICTURE
    assert [f.path for f in verify(tmp_path, decode=True).problems] == [f"{dead.stem}.jpg"]


def test_a_side_of_no_pixels() -> None:
    with pytest.raises(InputError, match="give it 1 pixel or more"):
        DownloadOptions(max_side=0)
