"""The manifest of a dataset in an object store, where nothing can be appended to a file.

It is kept in a temporary folder of this machine. What a run adds is uploaded every few seconds as a
part, `.hotdog-sql/manifest-000001.csv` and so on, and a finished run replaces the parts with a
whole manifest. So any machine can resume what another has begun.
"""

import io
import re
import sqlite3
import time
from pathlib import Path

from hotdog_sql.downloader.result import FIRST_HEADER, HEADER, MANIFEST, copy_rows
from hotdog_sql.files import storage_errors
from hotdog_sql.storage import WORK_FOLDER, Storage

#: Seconds of work that a killed coordinator may have to repeat, beside the shards in hand.
KEEP_EVERY = 10.0

_PART = re.compile(rf"{re.escape(WORK_FOLDER)}/manifest-\d+\.csv")

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

    def __init__(self, storage: Storage, manifest: Path, last_part: int) -> None:
        self._storage = storage
        self._manifest = manifest
        self._last_part = last_part
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
            part = f"{WORK_FOLDER}/manifest-{self._last_part:06d}.csv"
            self._storage.write(part, HEADER + new)
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


def read_manifest(storage: Storage, scratch: Path) -> tuple[Path, int]:
    """The manifest on this machine in today's columns, and the number of its last part, or 0.

    It is the dataset's own file where that has them, and else a copy of it and its parts. A dataset
    without a manifest gets an empty one.
    """
    path = scratch / MANIFEST
    own = path if storage.folder is None else storage.folder / MANIFEST
    with storage_errors(own):
        if own.exists():
            with own.open("rb") as file:
                if file.readline() == HEADER:
                    return own, 0
        parts = sorted(path for path, _ in storage.files(WORK_FOLDER) if _PART.fullmatch(path))
        with path.open("wb") as target:
            target.write(HEADER)
            if storage.size(MANIFEST) is not None:
                with storage.local(MANIFEST) as copy, copy.open("rb") as source:
                    copy_rows(source, target, f"{storage.name}/{MANIFEST}")
            for part in parts:
                data = storage.read(part) or b""
                if not data.startswith(FIRST_HEADER.rstrip()):
                    data = FIRST_HEADER + data  # of a release whose parts had no header
                copy_rows(io.BytesIO(data), target, f"{storage.name}/{part}")
    return path, int(re.findall(r"\d+", parts[-1])[0]) if parts else 0
