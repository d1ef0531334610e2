"""The manifest of a dataset in an object store, where nothing can be appended to a file.

It is kept in a temporary folder of this machine. What a run adds is uploaded every few seconds as a
part, `.hotdog-sql/manifest-000001.csv` and so on, and a finished run replaces the parts with a
whole manifest. So any machine can resume what another has begun.
"""

import re
import shutil
import sqlite3
import time
from pathlib import Path

from hotdog_sql.downloader.result import HEADER, MANIFEST
from hotdog_sql.files import storage_errors
from hotdog_sql.storage import WORK_FOLDER, Storage

#: Seconds of work that a killed coordinator may have to repeat, beside the shards in hand.
KEEP_EVERY = 10.0

_PART = re.compile(rf"{re.escape(WORK_FOLDER)}/manifest-(\d+)\.csv")

#: Bytes of a manifest up to which a folder is listed in one piece. A row has about 400.
_ONE_PIECE = 20_000_000
#: ImageIDs begin with any of so many characters.
_DIGITS = 16
_SIZES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -1024;
CREATE TABLE sizes (path TEXT PRIMARY KEY, size INTEGER NOT NULL) WITHOUT ROWID;
"""


class RemoteRecords:
    """The local copy of the manifest, and the sizes of the photos; used by one thread."""

    def __init__(self, storage: Storage, folder: Path) -> None:
        self._storage = storage
        self._manifest = folder / MANIFEST
        self._last_part = fetch_manifest(storage, folder)
        self._kept = self._manifest.stat().st_size
        self._due = time.monotonic() + KEEP_EVERY
        self._done: list[str] = []
        # A folder is listed when the first of its files is asked for; a large dataset's by the
        # first characters of the names, so that memory does not grow with it.
        self._characters = 0
        while self._kept > _ONE_PIECE * _DIGITS**self._characters:
            self._characters += 1
        self._listed: set[tuple[str, str]] = set()
        self._sizes = sqlite3.connect("", isolation_level=None)
        self._sizes.executescript(_SIZES)

    def size(self, path: str) -> int | None:
        """Bytes of a file, without a request for each; None where there is none."""
        folder, _, name = path.rpartition("/")
        piece = (folder, name[: self._characters])
        if piece not in self._listed:
            files = self._storage.files(*piece)
            self._sizes.executemany("INSERT OR REPLACE INTO sizes VALUES (?, ?)", files)
            self._listed.add(piece)
        found = self._sizes.execute("SELECT size FROM sizes WHERE path = ?", (path,)).fetchone()
        return None if found is None else int(found[0])

    def keep(self, *, now: bool = False) -> None:
        """Upload what is new in the manifest, if it is time to."""
        if not now and time.monotonic() < self._due:
            return
        with self._manifest.open("rb") as file:
            file.seek(self._kept)
            new = file.read()
        if new:
            self._last_part += 1
            self._storage.write(f"{WORK_FOLDER}/manifest-{self._last_part:06d}.csv", new)
            self._kept += len(new)
        self._storage.delete(*self._done)
        self._done.clear()
        self._due = time.monotonic() + KEEP_EVERY

    def release(self, path: str) -> None:
        """Remove a shard's result file when its rows have been uploaded, and not before."""
        self._done.append(path)

    def clear(self) -> None:
        """Remove what a finished run needs no more, for a whole manifest has been uploaded."""
        self._storage.delete(*(path for path, _ in self._storage.files(WORK_FOLDER)))
        self._kept = self._manifest.stat().st_size
        self._done.clear()

    def close(self) -> None:
        """Upload what is new."""
        self._sizes.close()
        self.keep(now=True)


def fetch_manifest(storage: Storage, folder: Path) -> int:
    """Fetch the manifest as it was last kept: the whole one, then the parts.

    Gives the number of the last part, or 0. A dataset without a manifest gets an empty one.
    """
    path = folder / MANIFEST
    found = [_PART.fullmatch(path) for path, _ in storage.files(WORK_FOLDER)]
    parts = sorted((int(match[1]), match[0]) for match in found if match)
    with storage_errors(path):
        if storage.size(MANIFEST) is None:
            path.write_bytes(HEADER)
        else:
            with storage.local(MANIFEST) as copy:
                shutil.move(copy, path)
        with path.open("ab") as file:
            for _, part in parts:
                file.write(storage.read(part) or b"")
    return parts[-1][0] if parts else 0
