"""Downloads by several hands, and datasets compared image for image wherever they are."""

import hashlib
import os
import signal
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from hotdog_sql.config import Settings
from hotdog_sql.downloading.destination import Destination
from hotdog_sql.downloading.entry import COLUMNS
from hotdog_sql.downloading.fleet import Ended, Fleet
from hotdog_sql.downloading.job import download
from hotdog_sql.downloading.layout import Layout
from hotdog_sql.downloading.options import DownloadOptions
from hotdog_sql.downloading.place import fetch_manifest
from hotdog_sql.downloading.receipt import fetch_shard_once
from hotdog_sql.downloading.remote import RemoteStore
from hotdog_sql.downloading.report import DownloadReport
from hotdog_sql.downloading.shard import Outcome, Shard
from hotdog_sql.errors import HotdogError, StorageError
from hotdog_sql.options import DatasetFormat, Source
from tests.support.photos import NO_REST, QUICK, Album, manifest_rows

#: Where a photo stands in a manifest's row, however the dataset keeps it.
_WHERE = {"path"}

TARS = DatasetFormat.WEBDATASET


class PoolFleet:
    """Threads of this process, as a cluster of so many workers."""

    live = False

    def __init__(self, workers: int) -> None:
        self.handed: list[Shard] = []
        self._workers = workers
        self._pool = ThreadPoolExecutor(workers)
        self._in_hand: dict[Future[list[Outcome]], Shard] = {}
        self._done: SimpleQueue[Future[list[Outcome]]] = SimpleQueue()

    def slots(self) -> int:
        return self._workers

    def submit(self, shard: Shard) -> None:
        self.handed.append(shard)
        future = self._pool.submit(fetch_shard_once, shard)
        self._in_hand[future] = shard
        future.add_done_callback(self._done.put)

    def ended(self, seconds: float, /) -> Ended | None:
        try:
            future = self._done.get(timeout=seconds)
        except Empty:
            return None
        shard = self._in_hand.pop(future)
        try:
            return Ended(shard, future.result())
        except HotdogError as error:
            return Ended(shard, error)

    def stop(self) -> None:
        self._pool.shutdown(cancel_futures=True)


# What a worker may do with a shard (see `dask_fleet`), in the midst of which one dies. `died` is a
# file that is made when it happens.


def die_before_saying_so(died: Path, shard: Shard) -> list[Outcome]:
    """Fetch a shard; the first process that has done so ends before it can say so."""
    outcomes = fetch_shard_once(shard)
    _die_once(died)
    return outcomes


def die_when_asked(died: Path, shard: Shard) -> list[Outcome]:
    """Fetch a shard; the first process that is asked for what became of it ends."""
    return _LastWords(fetch_shard_once(shard), died)


def fail_after_a_death(died: Path, shard: Shard) -> list[Outcome]:
    """The same, and who is to fetch it in its place cannot."""
    if died.exists():
        raise StorageError("there is no room any more")
    return die_when_asked(died, shard)


class _LastWords(list[Outcome]):
    """Outcomes with which the first process dies that is to hand them over."""

    def __init__(self, outcomes: list[Outcome], died: Path) -> None:
        super().__init__(outcomes)
        self._died = died

    def __reduce__(self) -> tuple[type[list[Outcome]], tuple[list[Outcome]]]:
        _die_once(self._died)
        return list, (list(self),)


def _die_once(died: Path) -> None:
    try:
        died.touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def fetch(
    mirror_url: str,
    destination: Path | str,
    album: Album,
    *,
    layout: Layout | None = None,
    fleet: Fleet | None = None,
    record: dict[str, object] | None = None,
    listener: Any = None,
    **options: Any,
) -> DownloadReport:
    """Download an album from a mirror, with waits that a test can afford."""
    quick: dict[str, Any] = {"sources": (Source.MIRROR,), "retry": QUICK, "rest": NO_REST}
    return download(
        album,
        Destination.of(destination),
        settings=Settings(mirror_url=mirror_url),
        options=DownloadOptions(**(quick | options)),
        layout=layout,
        fleet=fleet,
        record={"seed": 1} if record is None else record,
        listener=listener,
    )


def rows_at(destination: Path | str, scratch: Path) -> list[dict[str, str]]:
    """The manifest's rows, wherever it is."""
    one = Destination.of(destination)
    if not one.is_remote:
        return manifest_rows(one.folder)
    scratch.mkdir(exist_ok=True)
    fetch_manifest(RemoteStore(one), scratch)
    return manifest_rows(scratch)


def images(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """What a manifest says of each image, but for where it is kept."""
    assert all(list(row) == list(COLUMNS) for row in rows)
    return [{name: row[name] for name in row if name not in _WHERE} for row in rows]


def contents(destination: Path | str) -> dict[str, str]:
    """MD5 of each file of a dataset that is elsewhere, by its path."""
    store = RemoteStore(Destination.of(destination))
    found = {}
    for path, _ in store.files():
        with store.read(path) as data:
            found[path] = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return found
