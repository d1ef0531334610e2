"""Receipts: what a shard that is done leaves for the case that its worker dies."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hotdog_sql.downloading.dataset import RECEIPTS, RUN, WORKSHOP
from hotdog_sql.downloading.destination import Destination
from hotdog_sql.downloading.entry import Entry, Status
from hotdog_sql.downloading.events import Listener
from hotdog_sql.downloading.layout import Layout
from hotdog_sql.downloading.options import DownloadOptions
from hotdog_sql.downloading.receipt import fetch_shard_once, receipt_of
from hotdog_sql.downloading.remote import RemoteStore
from hotdog_sql.downloading.shard import Shard, store_of

from hotdog_sql.downloading import place as place_module
from hotdog_sql.errors import DatasetLockedError, StorageError
from tests.support.fleets import TARS, PoolFleet, contents, fetch, rows_at
from tests.support.loopback import LoopbackServer
from tests.support.photos import Album, mirror_path, photo, serve, tree

CHOSEN = [photo(n, "hot_dog") for n in range(1, 9)] + [photo(100 + n, rank=n) for n in range(1, 9)]
SPARE = [photo(100 + n, rank=n) for n in range(9, 13)]
ALBUM = Album(CHOSEN, {"other": SPARE})


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    """Has all but every fourth."""
    with LoopbackServer() as one:
        serve(one, [p for p in [*CHOSEN, *SPARE] if p.rank % 4])
        yield one


@pytest.fixture(params=["folder", "bucket"])
def there(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A folder, and fsspec's memory in the place of a bucket."""
    if request.param == "folder":
        return str(tmp_path / "dataset")
    return f"memory://{request.node.name}"


def shard_of(server: LoopbackServer, there: str, tar: str = "") -> Shard:
    """A shard of eight photos, two of them lost, of the run that has the dataset now."""
    destination = Destination.of(there)
    if not destination.is_remote:
        (destination.folder / RUN).parent.mkdir(parents=True)
    shard = Shard(
        CHOSEN[:8],
        destination,
        server.url("/mirror/").replace("//", "//me:hidden@", 1),
        DownloadOptions(),
        tar=tar,
        classes={"hot_dog": 0},
        run="this",
        number=3,
    )
    store_of(shard).write(b"this", RUN)
    return shard


@pytest.mark.parametrize("tar", ["", "000003.tar"])
def test_a_shard_that_was_done_is_not_fetched_again(
    server: LoopbackServer, there: str, tar: str
) -> None:
    shard = shard_of(server, there, tar)
    outcomes = fetch_shard_once(shard)
    assert len(outcomes) == 8
    assert set(server.counts().values()) == {1}
    server.clear()
    # On another worker, when there are others: what a host may be asked is another share.
    again = fetch_shard_once(replace(shard, options=DownloadOptions(per_host=1)))
    assert server.requests == []
    assert again == outcomes
    assert all(isinstance(values[0], Status) for _, values in again)


@pytest.mark.parametrize("tar", ["", "000003.tar"])
def test_a_receipt_has_no_credentials(server: LoopbackServer, there: str, tar: str) -> None:
    shard = shard_of(server, there, tar)
    fetch_shard_once(shard)
    text = str(store_of(shard).read_if_there(receipt_of(shard)))
    assert CHOSEN[0].image_id in text
    assert "hidden" not in text


OTHERS = {
    "run": {"run": "that"},
    "number": {"number": 4},
    "photos": {"photos": [*CHOSEN[:7], CHOSEN[8]]},
    "order": {"photos": CHOSEN[7::-1]},
    "tar": {"tar": "000004.tar"},
}


@pytest.mark.parametrize("changes", OTHERS.values(), ids=OTHERS)
def test_a_receipt_of_another_shard_is_not_believed(
    server: LoopbackServer, there: str, changes: dict[str, object]
) -> None:
    """Not even under this one's name."""
    shard = shard_of(server, there)
    other: Shard = replace(shard, **changes)  # type: ignore[arg-type]
    store = store_of(shard)
    store.write(other.run.encode(), RUN)
    fetch_shard_once(other)
    receipt = store.read_if_there(receipt_of(other))
    assert receipt is not None
    store.write(b"this", RUN)
    store.write(receipt, receipt_of(shard))
    server.clear()
    outcomes = fetch_shard_once(shard)
    assert server.counts().keys() >= {mirror_path(CHOSEN[3]), mirror_path(CHOSEN[7])}
    assert sorted(place for place, _ in outcomes) == list(range(8))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"shard": 1, "outcomes": []}'])
def test_a_torn_receipt_is_not_believed(server: LoopbackServer, there: str, text: str) -> None:
    shard = shard_of(server, there)
    store_of(shard).write(text.encode(), receipt_of(shard))
    assert len(fetch_shard_once(shard)) == 8


def test_a_worker_of_an_earlier_run_leaves_none(server: LoopbackServer, there: str) -> None:
    """Its command was killed, and another is at work: nobody would remove it."""
    shard = shard_of(server, there)
    store = store_of(shard)
    store.write(b"another", RUN)
    assert len(fetch_shard_once(shard)) == 8
    assert store.read_if_there(receipt_of(shard)) is None
    with pytest.raises(DatasetLockedError):
        fetch_shard_once(replace(shard, tar="000003.tar"))
    assert store.read_if_there(receipt_of(shard)) is None


def test_a_receipt_that_cannot_be_written(server: LoopbackServer, tmp_path: Path) -> None:
    """As on a disk that is full; the photos are there."""
    shard = shard_of(server, str(tmp_path))
    (tmp_path / receipt_of(shard)).mkdir()
    with pytest.raises(StorageError):
        fetch_shard_once(shard)


class Watches(Listener):
    """Looks at the dataset after each photo, and sees that all that was fetched is written down.

    Attributes:
        most: receipts that were there at the same time.
    """

    def __init__(self, there: Path | str, fleet: PoolFleet, scratch: Path) -> None:
        self.most = 0
        self._there = there
        self._fleet = fleet
        self._scratch = scratch
        self._done: set[str] = set()

    def finished(self, entry: Entry, *, known: bool) -> None:
        super().finished(entry, known=known)
        self._done.add(entry.photo.image_id)
        rows = {row["ImageID"] for row in rows_at(self._there, self._scratch)}
        receipts = 0
        for shard in list(self._fleet.handed):
            images = {one.image_id for one in shard.photos}
            receipt = store_of(shard).read_if_there(receipt_of(shard)) is not None
            receipts += receipt
            if images & self._done:
                assert receipt or images <= rows
        self.most = max(self.most, receipts)


@pytest.mark.parametrize("where", ["folder", "seldom", "often"])
@pytest.mark.parametrize("layout", [Layout(shard_size=3), Layout(TARS, 3)], ids=["files", "tars"])
def test_a_receipt_goes_when_its_rows_are_kept(
    server: LoopbackServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    layout: Layout,
    where: str,
) -> None:
    """In a bucket rows go to the address seldom or often; in the end nothing is left."""
    monkeypatch.setattr(place_module, "KEEP_EVERY", 1000.0 if where == "seldom" else 0.0)
    there = str(tmp_path / "dataset") if where == "folder" else f"memory://{where}{layout.in_tars}"
    fleet = PoolFleet(1)
    watches = Watches(there, fleet, tmp_path / "look")
    fetch(server.url("/mirror/"), there, ALBUM, layout=layout, fleet=fleet, listener=watches)
    assert len(fleet.handed) == 7
    if where == "seldom":
        assert watches.most == 7
    else:
        assert 0 < watches.most < 5  # two are in hand, one is heard, one is to go
    left = tree(tmp_path / "dataset") if where == "folder" else contents(there)
    assert not [path for path in left if path.startswith(WORKSHOP)]


def test_one_machine_writes_none(server: LoopbackServer, tmp_path: Path) -> None:
    class Looks(Listener):
        def finished(self, entry: Entry, *, known: bool) -> None:
            super().finished(entry, known=known)
            assert not list((tmp_path / WORKSHOP).glob("receipt-*"))

    fetch(server.url("/mirror/"), tmp_path, ALBUM, layout=Layout(TARS, 3), listener=Looks())


def test_those_of_a_killed_run_are_removed_by_the_next(server: LoopbackServer, there: str) -> None:
    shard = shard_of(server, there)
    fetch_shard_once(shard)
    fetch(server.url("/mirror/"), there, ALBUM)
    destination = Destination.of(there)
    left = contents(there) if destination.is_remote else tree(destination.folder)
    assert not [path for path in left if path.startswith(WORKSHOP)]


def test_many_are_removed_at_once(there: str) -> None:
    """One that is not there keeps none of the others."""
    store = RemoteStore(Destination.of(there if "://" in there else f"file://{there}"))
    paths = [f"{RECEIPTS}{number}.json" for number in range(5)]
    for path in paths[1:]:
        store.write(json.dumps({}).encode(), path)
    store.delete_all(paths[:4])
    assert [path for path, _ in store.files()] == paths[4:]
