"""Datasets: resuming, metadata files and replacements."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.dataset import open_dataset
from hotdog_sql.downloader.photo import IMAGE_COLUMNS
from hotdog_sql.errors import DatasetError
from hotdog_sql.storage import open_storage
from tests.support.datasets import contents
from tests.support.loopback import LoopbackServer, Reply
from tests.support.openimages import csv_rows
from tests.support.photos import Album, manifest_rows, mirror_path, photo, refuse, run, serve, tree
from tests.support.pictures import jpeg

MIRROR: Any = {"sources": ("mirror",)}


def statuses(directory: Path) -> list[str]:
    return [row["status"] for row in manifest_rows(directory)]


def test_a_second_run_changes_nothing(server: LoopbackServer, tmp_path: Path) -> None:
    photos = [photo(n, folder) for folder in ("hot_dog", "other") for n in range(1, 6)]
    serve(server, photos)
    first = run(server, tmp_path, photos + photos[:3])  # each once
    assert len(server.requests) == 10
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    server.clear()
    second = run(server, tmp_path, photos)
    assert server.requests == []
    assert (first.on_disk, first.downloaded) == (10, 10)
    assert (second.on_disk, second.downloaded) == (10, 0)
    assert times == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}


def test_failed_photos_are_retried(server: LoopbackServer, tmp_path: Path) -> None:
    """Lost ones only with `--retry-failed`."""
    fine, failed, lost = photos = [photo(n) for n in (1, 2, 3)]
    serve(server, [fine])
    refuse(server, [failed], 503)
    run(server, tmp_path, photos, **MIRROR)
    assert statuses(tmp_path) == ["downloaded", "failed", "lost"]
    serve(server, [failed, lost])
    for retry_failed, retried, status in ((False, failed, "lost"), (True, lost, "downloaded")):
        server.clear()
        run(server, tmp_path, photos, retry_failed=retry_failed, **MIRROR)
        assert server.counts() == {mirror_path(retried): 1}
        assert statuses(tmp_path) == ["downloaded", "downloaded", status]


def test_lost_photos_stay_lost_until_downloaded(server: LoopbackServer, tmp_path: Path) -> None:
    lost, reserve = photo(1), photo(2)
    album = Album([lost], {"other": [reserve]})
    serve(server, [reserve])
    run(server, tmp_path, album, **MIRROR)
    before = tree(tmp_path)
    refuse(server, [lost], 503)
    report = run(server, tmp_path, album, retry_failed=True, **MIRROR)
    assert tree(tmp_path) == before
    assert not report.failed


def test_missing_and_truncated_files_are_replaced(server: LoopbackServer, there: str) -> None:
    photos = [photo(1), photo(2), photo(3)]
    serve(server, photos)
    run(server, there, photos)
    before = contents(there)
    open_storage(there).delete(f"{photos[0].stem}.jpg")
    open_storage(there).write(f"{photos[1].stem}.jpg", b"cut")
    server.clear()
    run(server, there, photos)
    assert server.counts() == {mirror_path(one): 1 for one in photos[:2]}
    assert contents(there) == before


@pytest.mark.parametrize("cut", [1, 200, 100_000])
def test_a_truncated_manifest_is_repaired(server: LoopbackServer, tmp_path: Path, cut: int) -> None:
    photos = [photo(n) for n in range(1, 4)]
    serve(server, photos)
    run(server, tmp_path, photos)
    before = tree(tmp_path)
    manifest = tmp_path / "manifest.csv"
    os.truncate(manifest, max(0, manifest.stat().st_size - cut))
    left = max(0, len(manifest.read_bytes().splitlines()) - 2)
    server.clear()
    run(server, tmp_path, photos)
    assert len(server.requests) == 3 - left
    assert tree(tmp_path) == before


@pytest.mark.parametrize("text", [b"a,b\n1,2\n", b"\n", b"\xff", b"x" * 200_000])
def test_a_foreign_manifest_is_kept(server: LoopbackServer, tmp_path: Path, text: bytes) -> None:
    (tmp_path / "manifest.csv").write_bytes(text)
    with pytest.raises(DatasetError, match="choose another folder"):
        run(server, tmp_path, [photo(1)])
    assert tree(tmp_path) == {"manifest.csv": text}


def test_attribution_and_manifest_have_safe_text(server: LoopbackServer, tmp_path: Path) -> None:
    one = photo(1, title='A\nB\x1b[31m, "C"', author="=1+1\u2028é 👩‍🍳")
    values = dict(zip(("folder", "rank", *IMAGE_COLUMNS), ("other", 1, *one[4:]), strict=True))
    clean = type(one).from_row(values)
    lost = photo(2)
    serve(server, [one])
    run(server, tmp_path, [clean, lost])
    assert b"\x1b" not in (tmp_path / "manifest.csv").read_bytes()
    (row,) = csv_rows(tmp_path / "ATTRIBUTION.csv")  # lost photos need no attribution
    assert row == {
        "path": f"other/{one.image_id}.jpg",
        "ImageID": one.image_id,
        "Title": 'A B [31m, "C"',
        "Author": "'=1+1 é 👩‍🍳",
        "AuthorProfileURL": one.author_url,
        "OriginalLandingURL": one.landing_url,
        "License": one.license,
    }


def test_folders_stay_below_the_dataset(server: LoopbackServer, tmp_path: Path) -> None:
    dataset = tmp_path / "dataset"
    folders = ["../../up", "/root", "..", ".hidden", "a/b", 'c\\d:"', "", "Füße \x00\n"]
    photos = [photo(n, folder) for n, folder in enumerate(folders, 1)]
    photos.append(photo(9, partition="../train"))
    serve(server, photos)
    run(server, dataset, photos)
    parents = [str(Path(path).parent) for path in tree(tmp_path) if path.endswith(".jpg")]
    names = ["__/__/up", "root", "__", "_hidden", "a/b", "c_d__", "_", "Füße", "__/train/other"]
    assert sorted(parents) == sorted(f"dataset/{name}" for name in names)


def test_one_run_at_a_time(server: LoopbackServer, tmp_path: Path) -> None:
    (tmp_path / ".hotdog-sql").mkdir()
    (tmp_path / ".hotdog-sql" / "3.part").write_bytes(b"of a run that was killed")
    with (
        open_dataset(tmp_path, None, DownloadOptions()),
        pytest.raises(DatasetError, match="another run"),
    ):
        run(server, tmp_path, [])
    run(server, tmp_path, [])
    assert set(tree(tmp_path)) == {"manifest.csv", "ATTRIBUTION.csv"}


def test_the_recipe_is_kept_and_enforced(server: LoopbackServer, tmp_path: Path) -> None:
    record = {"seed": 42, "classes": ["Häagen"], "versions": {"duckdb": "1.5"}}
    run(server, tmp_path, [], recipe={"seed": 1})  # stopped before the first photo
    run(server, tmp_path, [photo(1)], recipe=record)
    text = (tmp_path / "selection.json").read_text(encoding="utf-8")
    assert text.startswith('{\n  "seed": 42,\n  "classes": [\n    "Häagen"')
    run(server, tmp_path, [photo(1)], recipe=record | {"versions": {"duckdb": "2.0"}})
    assert (tmp_path / "selection.json").read_text(encoding="utf-8") == text
    with pytest.raises(DatasetError, match=r"another selection \(seed\): choose"):
        run(server, tmp_path, [], recipe=record | {"seed": 43})
    (tmp_path / "selection.json").write_text("{")
    with pytest.raises(DatasetError, match="not JSON"):
        run(server, tmp_path, [], recipe=record)


def test_reserves_replace_lost_photos(server: LoopbackServer, tmp_path: Path) -> None:
    chosen = [photo(n) for n in range(1, 11)]
    reserves = [photo(n) for n in range(11, 31)]
    lost = {2, 5, 11, 12}
    serve(server, [one for one in chosen + reserves if one.rank not in lost])
    report = run(server, tmp_path, Album(chosen, {"other": reserves}), **MIRROR)
    assert set(server.counts().values()) == {1}
    rows = manifest_rows(tmp_path)
    assert [int(row["rank"]) for row in rows] == list(range(1, 15))
    assert {int(row["rank"]) for row in rows if row["status"] == "lost"} == lost
    assert {int(row["rank"]) for row in rows if row["reserve"] == "true"} == {11, 12, 13, 14}
    notes = {int(row["rank"]): row["note"] for row in rows if row["note"]}
    places = zip(range(11, 15), sorted(lost), strict=True)
    assert notes == {rank: f"in place of {photo(gone).image_id}" for rank, gone in places}
    assert (report.on_disk, report.lost, report.replaced) == (10, 4, 2)


def test_each_folder_has_its_own_reserves(server: LoopbackServer, tmp_path: Path) -> None:
    album = Album(
        [photo(2), photo(3), photo(1, "hot_dog")],
        {"other": [photo(4)], "elsewhere": [photo(5, "elsewhere")]},
    )
    serve(server, [photo(4)])
    run(server, tmp_path, album, top_up=False, **MIRROR)
    assert statuses(tmp_path) == ["lost"] * 3
    report = run(server, tmp_path, album, **MIRROR)
    assert [(row["folder"], row["rank"], row["status"]) for row in manifest_rows(tmp_path)] == [
        ("other", "2", "lost"),
        ("other", "3", "lost"),
        ("other", "4", "downloaded"),
        ("hot_dog", "1", "lost"),
    ]
    assert report.short == {"hot_dog": 1, "other": 1}


def test_a_recovered_photo_removes_its_reserve(server: LoopbackServer, tmp_path: Path) -> None:
    chosen, reserves = [photo(1), photo(2)], [photo(3), photo(4)]
    album = Album(chosen, {"other": reserves})
    serve(server, reserves)
    run(server, tmp_path / "resumed", album, **MIRROR)
    assert statuses(tmp_path / "resumed") == ["lost", "lost", "downloaded", "downloaded"]
    serve(server, chosen[1:])
    run(server, tmp_path / "resumed", album, retry_failed=True, **MIRROR)
    run(server, tmp_path / "whole", album, **MIRROR)
    assert statuses(tmp_path / "whole") == ["lost", "downloaded", "downloaded"]
    assert tree(tmp_path / "resumed") == tree(tmp_path / "whole")


def test_a_larger_sample_includes_its_reserves(server: LoopbackServer, tmp_path: Path) -> None:
    photos = [photo(n) for n in range(1, 9)]
    serve(server, photos[1:])
    run(server, tmp_path, Album(photos[:2], {"other": photos[2:]}), **MIRROR)
    grown = Album(photos[:4], {"other": photos[4:]})
    run(server, tmp_path, grown, **MIRROR)
    assert len(server.requests) == 5
    assert [(row["rank"], row["reserve"], row["note"]) for row in manifest_rows(tmp_path)] == [
        *((str(rank), "false", "") for rank in range(1, 5)),
        ("5", "true", f"in place of {photos[0].image_id}"),
    ]


@settings(max_examples=10, deadline=None)
@given(
    fates=st.lists(st.sampled_from(["downloaded", "downloaded", "lost", "failed"]), max_size=24),
    chosen=st.integers(0, 12),
    workers=st.integers(1, 8),
    data=st.data(),
)
def test_the_first_available_photos(
    tmp_path_factory: pytest.TempPathFactory,
    fates: list[str],
    chosen: int,
    workers: int,
    data: st.DataObject,
) -> None:
    """In any order of the responses, lost photos are replaced and failed ones are not."""
    directory = tmp_path_factory.mktemp("dataset")
    photos = [photo(n) for n, _ in enumerate(fates, 1)]
    with LoopbackServer() as server:
        for one, fate in zip(photos, fates, strict=True):
            delay = data.draw(st.sampled_from([0.0, 0.0, 0.02]))
            status = {"downloaded": 200, "lost": 404, "failed": 503}[fate]
            server.on(mirror_path(one), Reply(status, body=jpeg(one.rank), delay=delay))
        album = Album(photos[:chosen], {"other": photos[chosen:]})
        run(server, directory, album, workers=workers, **MIRROR)
    got = [(int(row["rank"]), row["status"]) for row in manifest_rows(directory)]
    expected: list[tuple[int, str]] = []
    for rank, fate in enumerate(fates, 1):
        if sum(status != "lost" for _, status in expected) < chosen:
            expected.append((rank, fate))
    assert got == expected
