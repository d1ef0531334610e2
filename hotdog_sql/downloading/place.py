"""Where a run works: the store of the photos, and a folder of this machine for the records.

Of a folder both are the same. Of an object store, in which nothing can be appended to, the records
are fetched into a temporary folder and kept there: what a run adds to the manifest goes back every
few seconds as a part file, `.hotdog-sql/manifest-000001.csv` and so on, and a finished run puts a
whole manifest in the place of them all. So any machine can go on where another was stopped. The
receipts of a cluster's workers go when the rows of theirs are kept.
"""

import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from hotdog_sql.downloading import manifest
from hotdog_sql.downloading.dataset import RECEIPTS, RUN, WORKSHOP, workshop
from hotdog_sql.downloading.destination import Destination
from hotdog_sql.downloading.listing import Listing
from hotdog_sql.downloading.record import NAME as RECORD
from hotdog_sql.downloading.records import ATTRIBUTION
from hotdog_sql.downloading.remote import RemoteStore
from hotdog_sql.downloading.store import FolderStore, Store, storage_error
from hotdog_sql.downloading.tarnames import tar_of

#: Seconds of work that a killed coordinator may have to do again, beside the shards in hand.
KEEP_EVERY = 10.0

_PART = re.compile(rf"{re.escape(WORKSHOP)}/manifest-(\d+)\.csv")


class Place(Protocol):
    """Where a run works.

    Attributes:
        directory: the folder with the records, which may be the dataset itself.
        scratch: a folder for temporary files, on the same disk.
        store: where the photos go.
        run: a name of this run, which stands in the dataset while it lasts (see `dataset.RUN`).
    """

    directory: Path
    scratch: Path
    store: Store
    run: str

    def has(self, path: str, size: int | None) -> bool:
        """Whether a photo is where the manifest says."""
        ...

    def keep(self) -> None:
        """Called after each row of the manifest: keep those so far, if it is time to.

        Raises:
            StorageError: they cannot be kept.
        """
        ...

    def drop(self, receipt: str) -> None:
        """Remove a receipt whose rows have been written: not before they are kept.

        Raises:
            StorageError: it cannot be removed.
        """
        ...

    def publish(self, *names: str) -> None:
        """Put records that have been written into the dataset.

        Raises:
            StorageError: they cannot be written there.
        """
        ...


@contextmanager
def open_place(destination: Destination) -> Iterator[Place]:
    """Where the run works, until the block ends.

    Raises:
        DatasetLockedError: another run is working in the folder.
        StorageError: the place cannot be read or written.
        MissingExtraError: the library for such addresses is not installed.
    """
    if not destination.is_remote:
        with workshop(destination.folder) as scratch:
            yield FolderPlace(destination.folder, scratch)
        return
    store = RemoteStore(destination)
    with tempfile.TemporaryDirectory(prefix="hotdog-sql-") as temporary:
        place = RemotePlace(store, Path(temporary))
        try:
            yield place
        finally:
            place.close()


class FolderPlace:
    """A dataset that is a folder: everything is in it at once (see `Place`)."""

    def __init__(self, directory: Path, scratch: Path) -> None:
        """Takes the dataset for this run.

        Raises:
            StorageError: nothing can be written.
        """
        self.directory = directory
        self.scratch = scratch
        self.store: Store = FolderStore(directory)
        self.run = uuid4().hex
        try:
            (directory / RUN).write_text(self.run)
        except OSError as error:
            raise storage_error(directory / RUN, error) from error

    def has(self, path: str, size: int | None) -> bool:
        """Whether a photo is there (see `Place`). A tar is whole, so what it holds is there."""
        tar = tar_of(path)
        return self.store.size(tar) is not None if tar else self.store.size(path) == size

    def keep(self) -> None:
        """Nothing to do: a row is kept when it is written."""

    def drop(self, receipt: str) -> None:
        """Remove a receipt (see `Place`)."""
        self.store.delete(receipt)

    def publish(self, *_names: str) -> None:
        """Nothing to do: they are where they belong."""


class RemotePlace:
    """A dataset elsewhere, and a temporary folder for its records (see `Place`)."""

    def __init__(self, store: RemoteStore, temporary: Path) -> None:
        """Takes the dataset for this run, and fetches the records.

        Raises:
            StorageError: they cannot be read, or nothing can be written.
        """
        self.store: Store = store
        self.directory = temporary / "records"
        self.scratch = temporary / "scratch"
        self._remote = store
        for folder in (self.directory, self.scratch):
            folder.mkdir()
        self.run = uuid4().hex
        store.write(self.run.encode(), RUN)
        fetch_record(store, self.directory)
        self._parts = fetch_manifest(store, self.directory)
        # Open, because a finished run puts another file in its place.
        self._rows = os.open(self.directory / manifest.NAME, os.O_RDONLY)
        self._kept = self._size()
        self._due = time.monotonic() + KEEP_EVERY
        self._listing = Listing(store, self._kept)
        self._receipts: list[str] = []

    def has(self, path: str, size: int | None) -> bool:
        """Whether a photo is there (see `Place`), as listings tell."""
        tar = tar_of(path)
        found = self._listing.size(tar or path)
        return found is not None if tar else found == size

    def keep(self) -> None:
        """Write a part file, if it is time to (see `Place`)."""
        if time.monotonic() >= self._due:
            self._keep()

    def drop(self, receipt: str) -> None:
        """Remove a receipt with the next part file (see `Place`), many in one request."""
        self._receipts.append(receipt)

    def publish(self, *names: str) -> None:
        """Put records into the dataset (see `Place`); a whole manifest takes the parts' place."""
        for name in names:
            self._remote.upload(self.directory / name, name)
        if manifest.NAME in names:
            self._kept = self._size()
            for part in self._parts:
                self._remote.delete(part)
            self._parts.clear()
            self._remote.delete(RUN)
            self._receipts.clear()
            self._sweep()

    def close(self) -> None:
        """Keep what is not kept yet.

        Raises:
            StorageError: it cannot be written.
        """
        try:
            self._keep()
        finally:
            os.close(self._rows)
            self._listing.close()

    def _keep(self) -> None:
        size = self._size()
        if size > self._kept:
            last = _number(self._parts[-1]) if self._parts else 0
            part = f"{WORKSHOP}/manifest-{last + 1:06d}.csv"
            self._remote.write(os.pread(self._rows, size - self._kept, self._kept), part)
            self._parts.append(part)
            self._kept = size
        if self._receipts:
            self._remote.delete_all(self._receipts)
            self._receipts.clear()
        self._due = time.monotonic() + KEEP_EVERY

    def _sweep(self) -> None:
        """Remove every receipt that is left, those of killed runs too. RUN is gone: none comes."""
        for path, _ in self._remote.files(WORKSHOP, RECEIPTS.rpartition("/")[2]):
            if path.startswith(RECEIPTS):
                self._remote.delete(path)

    def _size(self) -> int:
        return os.fstat(self._rows).st_size


def fetch_record(store: RemoteStore, directory: Path) -> None:
    """Fetch `selection.json` of a dataset, if it has one.

    Raises:
        StorageError: it cannot be read.
    """
    record = store.read_if_there(RECORD)
    if record is not None:
        (directory / RECORD).write_bytes(record)


def fetch_manifest(store: RemoteStore, directory: Path) -> list[str]:
    """Fetch the manifest of a dataset as it was last kept: the whole one, then the parts.

    Args:
        store: the dataset.
        directory: where `manifest.csv` is put; with its header alone where there is none.

    Returns:
        The parts, in their order.

    Raises:
        StorageError: it cannot be read.
    """
    path = directory / manifest.NAME
    parts = sorted((p for p, _ in store.files(WORKSHOP) if _PART.fullmatch(p)), key=_number)
    try:
        if store.size(manifest.NAME) is None:
            path.write_bytes(manifest.HEADER)
        else:
            store.download(manifest.NAME, path)
        with path.open("ab") as file:
            for part in parts:
                file.write(store.read_if_there(part) or b"")
    except OSError as error:
        raise storage_error(path, error) from error
    return parts


def record_names(directory: Path) -> list[str]:
    """The records that a folder has, the manifest last: it says that the others are there."""
    return [n for n in (RECORD, ATTRIBUTION, manifest.NAME) if (directory / n).is_file()]


def _number(part: str) -> int:
    return int(part.rpartition("-")[2].removesuffix(".csv"))
