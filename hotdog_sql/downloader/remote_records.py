"""Records of a dataset in an object store, where nothing can be appended to a file.

They are kept in a temporary folder of this machine. What a run adds to the manifest is uploaded
every few seconds as a part, `.hotdog-sql/manifest-000001.csv` and so on, and a finished run
replaces the parts with a whole manifest. So any machine can resume what another has begun.
"""

import re
import sqlite3
import time
from pathlib import Path

from hotdog_sql.downloader import selection_json
from hotdog_sql.downloader.result import HEADER, MANIFEST
from hotdog_sql.storage import WORK_FOLDER, Storage, storage_errors

#: Seconds of work that a killed coordinator may have to repeat, beside the shards in hand.
KEEP_EVERY = 10.0

_PART = re.compile(rf"{re.escape(WORK_FOLDER)}/manifest-(\d+)\.csv")

#: Bytes of a manifest up to which a folder is listed in one piece. A row has about 400.
_ONE_PIECE = 20_000_000
#: ImageIDs begin with any of so many characters.
_DIGITS = 16


class RemoteRecords:
    """The local copy of the records, and the listing of the photos; used by one thread."""

    def __init__(self, storage: Storage, folder: Path) -> None:
        """Fetches the records.

        Raises:
            StorageError: they cannot be read.
        """
        self._storage = storage
        self._folder = folder
        self._parts = fetch_records(storage, folder)
        self._kept = self._size()
        self._due = time.monotonic() + KEEP_EVERY
        self.listing = Listing(storage, self._kept)
        self._done: list[str] = []

    def keep(self, *, now: bool = False) -> None:
        """Upload what is new in the manifest, if it is time to.

        Raises:
            StorageError: it cannot be written.
        """
        if not now and time.monotonic() < self._due:
            return
        size = self._size()
        if size > self._kept:
            last = _number(self._parts[-1]) if self._parts else 0
            part = f"{WORK_FOLDER}/manifest-{last + 1:06d}.csv"
            with (self._folder / MANIFEST).open("rb") as file:
                file.seek(self._kept)
                self._storage.write(part, file.read(size - self._kept))
            self._parts.append(part)
            self._kept = size
        if self._done:
            self._storage.delete(*self._done)
            self._done.clear()
        self._due = time.monotonic() + KEEP_EVERY

    def release(self, path: str) -> None:
        """Remove a shard's result file when its rows have been uploaded, and not before."""
        self._done.append(path)

    def publish(self, *names: str) -> None:
        """Upload records; a whole manifest replaces the parts.

        Raises:
            StorageError: they cannot be written.
        """
        for name in names:
            self._storage.put(name, self._folder / name)
        if MANIFEST in names:
            self._kept = self._size()
            leftovers = [path for path, _ in self._storage.files(WORK_FOLDER)]
            if leftovers:
                self._storage.delete(*leftovers)
            self._parts.clear()
            self._done.clear()

    def _size(self) -> int:
        return (self._folder / MANIFEST).stat().st_size


class Listing:
    """Sizes of the files of a storage, without a request for each; used by one thread.

    A folder is listed when the first of its files is asked for; a large dataset's by the first
    characters of the names, so that memory does not grow with it.
    """

    def __init__(self, storage: Storage, manifest_bytes: int) -> None:
        """Makes no request yet; the size of the manifest says how much to expect."""
        self._storage = storage
        self._characters = 0
        while manifest_bytes > _ONE_PIECE:
            manifest_bytes //= _DIGITS
            self._characters += 1
        self._pieces: set[tuple[str, str]] = set()
        self._sizes = sqlite3.connect("", isolation_level=None)
        self._sizes.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1024;"
            "CREATE TABLE sizes (path TEXT PRIMARY KEY, size INTEGER NOT NULL) WITHOUT ROWID;"
        )

    def size(self, path: str) -> int | None:
        """Bytes of a file; None where there is none.

        Raises:
            StorageError: the storage cannot be listed.
        """
        folder, _, name = path.rpartition("/")
        piece = (folder, name[: self._characters])
        if piece not in self._pieces:
            files = self._storage.files(*piece)
            self._sizes.executemany("INSERT OR REPLACE INTO sizes VALUES (?, ?)", files)
            self._pieces.add(piece)
        found = self._sizes.execute("SELECT size FROM sizes WHERE path = ?", (path,)).fetchone()
        return None if found is None else int(found[0])

    def close(self) -> None:
        """Forget everything."""
        self._sizes.close()


def fetch_records(storage: Storage, folder: Path) -> list[str]:
    """Fetch the recipe and the manifest as they were last kept: the whole one, then the parts.

    Gives the paths of the manifest's parts. A dataset without a manifest gets an empty one.

    Raises:
        StorageError: it cannot be read.
    """
    path = folder / MANIFEST
    parts = [path for path, _ in storage.files(WORK_FOLDER) if _PART.fullmatch(path)]
    parts.sort(key=_number)
    recipe = storage.read(selection_json.NAME)
    with storage_errors(path):
        if recipe is not None:
            (folder / selection_json.NAME).write_bytes(recipe)
        if storage.size(MANIFEST) is None:
            path.write_bytes(HEADER)
        else:
            storage.get(MANIFEST, path)
        with path.open("ab") as file:
            for part in parts:
                file.write(storage.read(part) or b"")
    return parts


def _number(part: str) -> int:
    return int(part.rpartition("-")[2].removesuffix(".csv"))
