"""Datasets that are elsewhere: fsspec's memory, and a file system in which files are moved."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hotdog_sql.downloading.audit import audit, check_repairable
from hotdog_sql.downloading.destination import Destination
from hotdog_sql.downloading.entry import Entry
from hotdog_sql.downloading.events import Listener
from hotdog_sql.downloading.listing import Listing
from hotdog_sql.downloading.place import RemotePlace
from hotdog_sql.downloading.remote import RemoteStore
from hotdog_sql.downloading.verify import Fault

from hotdog_sql.downloading import place as place_module
from hotdog_sql.errors import DatasetError, InputError
from tests.support.fleets import contents, fetch, images, rows_at
from tests.support.loopback import LoopbackServer
from tests.support.photos import Album, mirror_path, photo, serve, tree
from tests.support.pictures import md5


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer() as one:
        yield one


@pytest.fixture
def there(request: pytest.FixtureRequest) -> str:
    """An address of its own for each test."""
    return f"memory://{request.node.name}"


CHOSEN = [photo(n, "hot_dog") for n in range(1, 6)] + [photo(100 + n, rank=n) for n in range(1, 9)]
SPARE = [photo(100 + n, rank=n) for n in range(9, 13)]
ALBUM = Album(CHOSEN, {"other": SPARE})


def serve_most(server: LoopbackServer) -> None:
    """All but every fourth."""
    serve(server, [one for one in [*CHOSEN, *SPARE] if one.rank % 4])


def test_it_is_what_a_folder_would_be(server: LoopbackServer, there: str, tmp_path: Path) -> None:
    serve_most(server)
    mirror = server.url("/mirror/")
    fetch(mirror, tmp_path / "folder", ALBUM)
    report = fetch(mirror, there, ALBUM)
    assert (report.on_disk, report.lost, report.replaced) == (12, 3, 2)
    assert contents(there) == {path: md5(data) for path, data in tree(tmp_path / "folder").items()}


def test_a_second_run_asks_for_nothing(server: LoopbackServer, there: str) -> None:
    serve_most(server)
    fetch(server.url("/mirror/"), there, ALBUM)
    before = contents(there)
    server.clear()
    again = fetch(server.url("/mirror/"), there, ALBUM)
    assert (again.on_disk, again.downloaded) == (12, 0)
    assert server.requests == []
    assert contents(there) == before


def test_what_has_vanished_or_changed_size_is_fetched_again(
    server: LoopbackServer, there: str
) -> None:
    serve(server, CHOSEN)
    fetch(server.url("/mirror/"), there, Album(CHOSEN))
    before = contents(there)
    store = RemoteStore(Destination.of(there))
    store.delete(f"{CHOSEN[0].stem}.jpg")
    store.write(b"\xff\xd8\xff", f"{CHOSEN[1].stem}.jpg")
    server.clear()
    fetch(server.url("/mirror/"), there, Album(CHOSEN))
    assert server.counts() == {mirror_path(one): 1 for one in CHOSEN[:2]}
    assert contents(there) == before


class Stops(Listener):
    """Presses Ctrl-C after so many photos."""

    def __init__(self, after: int) -> None:
        self.left = after

    def finished(self, entry: Entry, *, known: bool) -> None:
        super().finished(entry, known=known)
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


def test_stopped_and_gone_on_with_from_anywhere(
    server: LoopbackServer, there: str, tmp_path: Path
) -> None:
    """What a run has finished is kept at the address itself, in parts."""
    serve_most(server)
    mirror = server.url("/mirror/")
    for times, count in enumerate((3, 5), 1):
        with pytest.raises(KeyboardInterrupt):
            fetch(mirror, there, ALBUM, listener=Stops(count), workers=1)
        parts = [path for path in contents(there) if "manifest-" in path]
        assert len(parts) == times
    finished = {mirror_path(photo(int(row["ImageID"], 16))) for row in rows_at(there, tmp_path)}
    assert len(finished) >= 4
    server.clear()
    fetch(mirror, there, ALBUM)
    assert not finished & server.counts().keys()
    fetch(mirror, tmp_path / "folder", ALBUM)
    assert contents(there) == {path: md5(data) for path, data in tree(tmp_path / "folder").items()}


def test_rows_are_kept_while_it_runs(
    server: LoopbackServer, there: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place_module, "KEEP_EVERY", 0.0)
    serve(server, CHOSEN)
    kept: list[int] = []

    class Looks(Listener):
        def finished(self, entry: Entry, *, known: bool) -> None:
            super().finished(entry, known=known)
            kept.append(len(rows_at(there, tmp_path / "look")))

    fetch(server.url("/mirror/"), there, Album(CHOSEN), listener=Looks())
    assert kept == list(range(1, len(CHOSEN) + 1))
    assert not [path for path in contents(there) if "manifest-" in path]


def test_another_selection_is_refused(server: LoopbackServer, there: str) -> None:
    serve(server, CHOSEN)
    fetch(server.url("/mirror/"), there, Album(CHOSEN), record={"seed": 1})
    with pytest.raises(DatasetError, match="another selection"):
        fetch(server.url("/mirror/"), there, Album(CHOSEN[:3]), record={"seed": 2})
    fetch(server.url("/mirror/"), there, Album(CHOSEN[:3]), record={"seed": 2}, update=True)
    assert len([path for path in contents(there) if path.endswith(".jpg")]) == 3


def test_verify_names_what_is_wrong(server: LoopbackServer, there: str) -> None:
    serve(server, CHOSEN)
    fetch(server.url("/mirror/"), there, Album(CHOSEN))
    assert audit(Destination.of(there)).good
    paths = [f"{one.stem}.jpg" for one in CHOSEN[:3]]
    store = RemoteStore(Destination.of(there))
    store.delete(paths[0])
    with store.read(paths[1]) as data:
        store.write(bytes(data[:-3]) + b"X" + bytes(data[-2:]), paths[1])
    store.write(b"\xff\xd8\xff", paths[2])
    store.write(b"mine", "notes.txt")
    report = audit(Destination.of(there))
    assert report.checked == len(CHOSEN)
    assert [(finding.fault, finding.path) for finding in report.findings] == [
        (Fault.MISSING, paths[0]),
        (Fault.ALTERED, paths[1]),
        (Fault.ALTERED, paths[2]),
        (Fault.EXTRA, "notes.txt"),
    ]
    with pytest.raises(InputError, match="remove what is altered"):
        check_repairable(Destination.of(there), report)


def test_an_address_that_is_no_dataset(there: str) -> None:
    with pytest.raises(DatasetError, match="give the address that was downloaded to"):
        audit(Destination.of(there))


def test_where_files_can_be_seen_half_written_they_are_moved(tmp_path: Path) -> None:
    """As fsspec's own local file system shows."""
    store = RemoteStore(Destination.of(f"file://{tmp_path}/dataset"))
    store.write(b"one", "other/a.jpg")
    store.write(b"two", "other/a.jpg")
    assert list(store.files()) == [("other/a.jpg", 3)]
    assert (tmp_path / "dataset" / "other" / "a.jpg").read_bytes() == b"two"
    assert list((tmp_path / "dataset" / ".hotdog-sql").iterdir()) == []


def test_a_large_dataset_is_listed_in_pieces(there: str) -> None:
    store = RemoteStore(Destination.of(there))
    for one in CHOSEN:
        store.write(b"1234", f"{one.stem}.jpg")
    with closing(Listing(store, 10**9)) as listing:
        assert [listing.size(f"{one.stem}.jpg") for one in CHOSEN] == [4] * len(CHOSEN)
        assert listing.size("other/absent.jpg") is None


def test_the_temporary_folder_is_a_working_copy_only(
    server: LoopbackServer, there: str, tmp_path: Path
) -> None:
    serve(server, CHOSEN)
    fetch(server.url("/mirror/"), there, Album(CHOSEN))
    place = RemotePlace(RemoteStore(Destination.of(there)), tmp_path)
    place.close()
    assert images(rows_at(there, tmp_path / "again")) == images(
        rows_at(tmp_path / "records", tmp_path)
    )
