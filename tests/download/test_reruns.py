"""Later runs: a dataset ends as if one run had made it, and loses nothing."""

from pathlib import Path

import pytest

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.run import download
from hotdog_sql.downloader.verify import verify
from hotdog_sql.errors import DatasetError
from hotdog_sql.storage import RUN_FILE, open_storage
from tests.support.datasets import TARS, StopsAfter, contents, mend
from tests.support.loopback import LoopbackServer, Reply
from tests.support.photos import Album, manifest_rows, mirror_path, photo, refuse, run, serve, tree
from tests.support.pictures import png

PHOTOS = [photo(n, "hot_dog") for n in range(1, 6)] + [photo(n, rank=n - 5) for n in range(6, 11)]


def test_resumed_tars_have_the_same_class_numbers(server: LoopbackServer, tmp_path: Path) -> None:
    refuse(server, PHOTOS[5:], 503)
    serve(server, PHOTOS[:5])
    run(server, tmp_path / "resumed", PHOTOS, dataset_format=TARS, shard_size=5)
    serve(server, PHOTOS)
    for name in ("resumed", "whole"):
        run(server, tmp_path / name, PHOTOS, dataset_format=TARS, shard_size=5)
    assert tree(tmp_path / "resumed") == tree(tmp_path / "whole")


def test_an_update_moves_photos_to_their_parts(server: LoopbackServer, tmp_path: Path) -> None:
    """Photos that are lost are noted with their new parts."""
    serve(server, PHOTOS[1:])
    parts = [one._replace(partition="train", rank=one.rank + 1) for one in PHOTOS]
    for number, photos in enumerate((PHOTOS, parts, PHOTOS)):
        server.clear()
        run(server, tmp_path / "updated", photos, sources=("mirror",), update=True)
        assert (server.requests == []) == (number > 0)
        run(server, tmp_path / f"new{number}", photos, sources=("mirror",))
        assert tree(tmp_path / "updated") == tree(tmp_path / f"new{number}")
        folders = {path.name for path in (tmp_path / "updated").iterdir() if path.is_dir()}
        assert folders == ({"train"} if number == 1 else {"hot_dog", "other"})


@pytest.mark.parametrize("moved", [1, 4, 9])
def test_a_stopped_update_is_resumed(
    server: LoopbackServer, there: str, tmp_path: Path, moved: int
) -> None:
    """No photo is downloaded again, left in two parts or lost, and no empty folder stays."""
    serve(server, PHOTOS)
    run(server, there, PHOTOS)
    server.clear()
    parts = [one._replace(partition="train") for one in PHOTOS]
    with pytest.raises(KeyboardInterrupt):
        run(server, there, parts, update=True, progress=StopsAfter(moved))
    with pytest.raises(DatasetError, match="--update"):
        run(server, there, parts)
    open_storage(there).write(f"{photo(99).stem}.jpg", b"which a killed run did not record")
    run(server, there, parts, update=True)
    assert server.requests == []
    run(server, tmp_path / "new", parts)
    assert contents(there) == tree(tmp_path / "new")
    if there.startswith("/"):
        assert {path.name for path in Path(there).iterdir() if path.is_dir()} == {"train"}


def test_a_failed_repair_can_be_repeated(server: LoopbackServer, tmp_path: Path) -> None:
    serve(server, PHOTOS)
    run(server, tmp_path, PHOTOS)
    path = tmp_path / "other" / f"{PHOTOS[5].image_id}.jpg"
    path.unlink()
    refuse(server, PHOTOS[5:6], 503)
    assert len(mend(server, tmp_path).problems) == 1
    serve(server, PHOTOS)
    assert [problem.photo for problem in mend(server, tmp_path).repaired] == [PHOTOS[5]]
    assert path.exists()


def test_another_format_replaces_the_old_file(server: LoopbackServer, tmp_path: Path) -> None:
    serve(server, PHOTOS)
    run(server, tmp_path, PHOTOS)
    for one in PHOTOS[:2]:
        server.on(mirror_path(one), Reply(body=png(int(one.image_id))))
        (tmp_path / "hot_dog" / f"{one.image_id}.jpg").write_bytes(b"damaged")
        assert not verify(tmp_path).good
        run(server, tmp_path, PHOTOS) if one is PHOTOS[0] else mend(server, tmp_path)
        assert verify(tmp_path).good


def test_reserves_stay_without_replacements(server: LoopbackServer, tmp_path: Path) -> None:
    """They go when the lost photo is back, also after a spreadsheet has changed the manifest."""
    serve(server, PHOTOS[1:])
    album = Album(PHOTOS[:4], {"hot_dog": PHOTOS[4:5]})
    run(server, tmp_path, album)
    for update, photos in ((False, PHOTOS[1:4]), (True, PHOTOS[:4])):
        url = server.url("/mirror/")
        download(photos, tmp_path, mirror_url=url, options=DownloadOptions(update=update))
        assert len(tree(tmp_path)) == 6
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(manifest.read_text().replace(",true,", ",TRUE,"))
    serve(server, PHOTOS)
    assert run(server, tmp_path, album, retry_failed=True).on_disk == 4


def test_reserves_of_other_parts_are_removed(server: LoopbackServer, tmp_path: Path) -> None:
    serve(server, PHOTOS[1:])
    run(server, tmp_path, Album(PHOTOS[:4], {"hot_dog": PHOTOS[4:5]}))
    parts = [one._replace(partition="train") for one in PHOTOS[:4]]
    url, options = server.url("/mirror/"), DownloadOptions(update=True)
    assert download(parts, tmp_path, mirror_url=url, options=options).on_disk == 3


def test_photos_of_another_selection_are_reported(server: LoopbackServer, tmp_path: Path) -> None:
    serve(server, PHOTOS)
    run(server, tmp_path, PHOTOS[:5], recipe={"seed": 1})
    (tmp_path / "hot_dog" / "mine.jpg").touch()
    assert run(server, tmp_path, PHOTOS[4:]).unselected == 4
    assert run(server, tmp_path, PHOTOS[4:], update=True).unselected == 0
    assert len(manifest_rows(tmp_path)) == 6
    assert (tmp_path / "hot_dog" / "mine.jpg").exists()
    # Nobody knows how these photos were selected.
    assert not (tmp_path / "selection.json").exists()


def test_no_file_stays_without_a_row(server: LoopbackServer, there: str) -> None:
    """Neither a damaged photo that is lost now, nor one that a stopped run did not record."""
    serve(server, PHOTOS)
    with pytest.raises(KeyboardInterrupt):
        run(server, there, PHOTOS[:9], progress=StopsAfter(1))
    assert verify(there).good
    run(server, there, PHOTOS[:9])
    storage, mask = open_storage(there), f"{PHOTOS[1].stem}.png"
    storage.write(mask, b"made by the user")
    storage.delete(f"{PHOTOS[1].stem}.jpg")
    run(server, there, PHOTOS[:9])
    assert storage.read(mask)
    storage.delete(mask)
    for one, extension in ((PHOTOS[0], "jpg"), (PHOTOS[9], "png")):
        open_storage(there).write(f"{one.stem}.{extension}", b"not the photo")
    open_storage(there).write(RUN_FILE, b"of a killed run")
    refuse(server, PHOTOS[:1], 404)
    assert run(server, there, PHOTOS).on_disk == 9
    assert verify(there).good


def test_failures_of_another_selection_are_forgotten(
    server: LoopbackServer, tmp_path: Path
) -> None:
    serve(server, PHOTOS[1:])
    refuse(server, PHOTOS[:1], 503)
    assert run(server, tmp_path, PHOTOS[:5]).failed == 1
    assert run(server, tmp_path, PHOTOS[5:]).failed == 0
