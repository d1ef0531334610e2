"""A piece of a download: what a worker of a cluster, or this process, is handed at once."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any

from hotdog_sql import __version__
from hotdog_sql.downloading.dataset import RUN, WORKSHOP
from hotdog_sql.downloading.destination import Destination
from hotdog_sql.downloading.engine import fetch_photos
from hotdog_sql.downloading.entry import Entry, Status
from hotdog_sql.downloading.events import Listener
from hotdog_sql.downloading.options import DownloadOptions
from hotdog_sql.downloading.photo import Photo
from hotdog_sql.downloading.remote import RemoteStore
from hotdog_sql.downloading.store import FolderStore, Store, storage_error
from hotdog_sql.downloading.tars import TarWriter
from hotdog_sql.errors import ClusterError, DatasetLockedError

#: What became of a photo, on its way back: the photo's place in the shard, and the fields of its
#: entry but for the photo, which the coordinator has.
Outcome = tuple[int, tuple[Any, ...]]

#: An entry's fields but for its photo.
fields_of = attrgetter(*(one.name for one in fields(Entry)[1:]))


@dataclass(frozen=True, slots=True)
class Shard:
    """What a shard's result depends on, beside what the servers answer.

    Its text, which may end up in a worker's log, has neither photos nor addresses.

    Attributes:
        photos: the rows.
        destination: the dataset.
        mirror_url: see `hotdog_sql.config.Settings`.
        options: how it is done; `workers` and `per_host` are this shard's own.
        tar: path of the tar that takes the photos; empty: each is a file of its own.
        classes: the number of each class folder, for a tar.
        run: the run that hands it over (see `dataset.RUN`).
        number: which of that run's shards it is.
        version: of the program that made it.
    """

    photos: Sequence[Photo] = field(repr=False)
    destination: Destination
    mirror_url: str = field(repr=False)
    options: DownloadOptions = field(repr=False)
    tar: str = ""
    classes: Mapping[str, int] = field(default_factory=dict, repr=False)
    run: str = ""
    number: int = 0
    version: str = __version__


def fetch_shard(shard: Shard, listener: Listener | None = None) -> list[Outcome]:
    """Fetch the photos of a shard into the dataset.

    Run twice, on the same machine or another, it leaves the same files.

    Args:
        shard: what to fetch, and where it goes.
        listener: hears what happens; None on a worker of a cluster, which may have others beside
            it on its machine.

    Returns:
        What became of each photo.

    Raises:
        ClusterError: another version of the program made the shard.
        DatasetLockedError: another run has taken over the dataset, and has tars of its own.
        StorageError: a photo or the tar cannot be written.
        InputError: the proxy or certificates that this machine's environment names are unusable.
    """
    if shard.version != __version__:
        raise ClusterError(
            f"a worker runs hotdog-sql {__version__}, and this is {shard.version}: "
            "install the same version everywhere"
        )
    with _scratch(shard.destination) as scratch:
        fetch = _fetch_tar if shard.tar else _fetch_files
        return fetch(shard, scratch, listener)


def entries_of(shard: Shard, outcomes: list[Outcome]) -> Iterator[Entry]:
    """The rows of the manifest that a shard's result stands for."""
    for place, values in outcomes:
        yield Entry(shard.photos[place], *values)


def _fetch_files(shard: Shard, scratch: Path, listener: Listener | None) -> list[Outcome]:
    return [
        (place, fields_of(entry))
        for place, entry in _fetched(shard, store_of(shard), scratch, listener)
    ]


def _fetch_tar(shard: Shard, scratch: Path, listener: Listener | None) -> list[Outcome]:
    """Fetch into a temporary folder, and from there into the tar in the order of the shard.

    The tar is written while others are fetched, so that it takes no time of its own.
    """
    photos = scratch / "photos"
    tar = scratch / "whole.tar"
    outcomes: list[Outcome] = []
    waiting: dict[int, Entry] = {}
    with TarWriter(tar, shard.tar, shard.classes) as writer:
        for place, entry in _fetched(shard, FolderStore(photos), scratch, listener):
            waiting[place] = entry
            while len(outcomes) in waiting:
                done = waiting.pop(len(outcomes))
                if done.status is Status.DOWNLOADED:
                    file = photos / done.path
                    done = replace(done, path=writer.add(done, file))
                    file.unlink()
                outcomes.append((len(outcomes), fields_of(done)))
    store = store_of(shard)
    if not is_current(shard, store):
        raise DatasetLockedError(
            f"another run has taken over {shard.destination}: let it end, then run the same "
            "command again"
        )
    if any(values[0] is Status.DOWNLOADED for _, values in outcomes):
        _put_tar(store, tar, shard)
    else:
        store.delete(shard.tar)  # what a killed run may have left under this name
    return outcomes


def _fetched(
    shard: Shard, store: Store, scratch: Path, listener: Listener | None
) -> Iterator[tuple[int, Entry]]:
    """What became of each photo as it ends, with its place in the shard."""
    places = {(p.folder, p.image_id): place for place, p in enumerate(shard.photos)}
    for entry in fetch_photos(
        shard.photos,
        store,
        scratch,
        shard.mirror_url,
        shard.options,
        listener or Listener(),
        alone=listener is not None,
    ):
        yield places[entry.photo.folder, entry.photo.image_id], entry


def store_of(shard: Shard) -> Store:
    """The dataset that a shard goes into.

    Raises:
        MissingExtraError: the library for such addresses is not installed.
    """
    destination = shard.destination
    return _remote_store(destination) if destination.is_remote else FolderStore(destination.folder)


@lru_cache(maxsize=4)
def _remote_store(destination: Destination) -> RemoteStore:
    """The same for all shards of a run, whose libraries take a quarter of a second to get ready."""
    return RemoteStore(destination)


def is_current(shard: Shard, store: Store) -> bool:
    """Whether the run that made a shard is still the dataset's."""
    return store.read_if_there(RUN) == shard.run.encode()


def _put_tar(store: Store, tar: Path, shard: Shard) -> None:
    if isinstance(store, RemoteStore):
        store.upload(tar, shard.tar)
        return
    target = shard.destination.folder / shard.tar
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        tar.replace(target)
    except OSError as error:
        raise storage_error(target, error) from error


@contextmanager
def _scratch(destination: Destination) -> Iterator[Path]:
    """A folder of the shard's own: on the disk of a dataset that is a folder, for the move."""
    parent = None if destination.is_remote else destination.folder / WORKSHOP
    try:
        if parent is not None:
            parent.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(
            prefix="shard-", dir=parent, ignore_cleanup_errors=True
        )
    except OSError as error:
        raise storage_error(parent or Path(tempfile.gettempdir()), error) from error
    try:
        yield Path(folder.name)
    finally:
        with suppress(OSError):  # a vanished folder must not hide the error that says so
            folder.cleanup()
