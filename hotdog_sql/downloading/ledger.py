"""What is known of each photo of a dataset: the manifest, and an index over it.

The manifest is the truth; the index is made from it when it is opened. It is an SQLite database
that SQLite itself keeps in a temporary file where it outgrows a small cache, so that memory does
not grow with the dataset and nothing is left behind.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from hotdog_sql.downloading.entry import Entry, Known, Status, split_errors
from hotdog_sql.downloading.manifest import Manifest, Record
from hotdog_sql.downloading.photo import Photo
from hotdog_sql.downloading.tarnames import tar_of

_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -1024;
CREATE TABLE folders (
    folder INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    place INTEGER NOT NULL
);
CREATE TABLE photos (
    folder INTEGER NOT NULL,
    image_id TEXT NOT NULL,
    rank INTEGER NOT NULL,
    reserve INTEGER NOT NULL,
    status TEXT NOT NULL,
    path TEXT NOT NULL,
    size INTEGER,
    tried TEXT NOT NULL,
    start INTEGER NOT NULL,
    length INTEGER NOT NULL,
    wanted INTEGER NOT NULL,
    PRIMARY KEY (folder, image_id)
) WITHOUT ROWID;
"""
_ONE = """
SELECT name, image_id, rank, reserve, status, path, size, tried, start, length, wanted
FROM photos JOIN folders USING (folder)
WHERE folder = ? AND image_id = ?
"""
_WANT = """
INSERT INTO photos VALUES (?, ?, ?, ?, '', '', NULL, '', 0, 0, 1)
ON CONFLICT DO UPDATE SET wanted = wanted + 1
RETURNING image_id, rank, reserve, status, path, size, tried, start, length, wanted
"""
_ALL = """
SELECT name, image_id, rank, reserve, status, path, size, tried, start, length, wanted
FROM photos JOIN folders USING (folder)
WHERE status <> ''
ORDER BY place, rank, image_id
"""
#: A folder that the manifest has, but the selection has not come upon, comes after all others.
_LATER = 1 << 40
_UNWANTED = """
SELECT name, image_id, rank, reserve, status, path, size, tried, start, length, wanted
FROM photos JOIN folders USING (folder)
WHERE status <> '' AND wanted = 0
ORDER BY place, rank, image_id
"""
_BETWEEN = """
SELECT name, image_id, rank, reserve, status, path, size, tried, start, length, wanted
FROM photos JOIN folders USING (folder)
WHERE path > ? AND path < ? AND path <> ''
ORDER BY path
"""


class Row(NamedTuple):
    """What the ledger knows of a photo.

    Attributes:
        folder: its class folder.
        image_id: the image.
        rank: its rank when it was taken.
        reserve: whether it was taken as a reserve.
        status: what became of it; None: nothing yet.
        path: where it is, if it is.
        size: its bytes.
        tried: the sources that did not have it, with spaces between them.
        start: of its line in the manifest, in bytes.
        length: of that line.
        wanted: how often the selection of this run has named it.
    """

    folder: str
    image_id: str
    rank: int
    reserve: bool
    status: Status | None
    path: str
    size: int | None
    tried: str
    start: int
    length: int
    wanted: int


class Ledger:
    """The manifest of a dataset and its index; used by one thread. A context manager."""

    def __init__(self, manifest: Path, *, writable: bool = True) -> None:
        """Opens the manifest, and makes it where there is none.

        Raises:
            StorageError: it cannot be opened.
            DatasetError: it is not one of ours.
        """
        self._manifest = Manifest(manifest, writable=writable)
        # The empty name: a database of this connection alone, gone when it closes.
        self._index = sqlite3.connect("", isolation_level=None)
        self._index.executescript(_SCHEMA)
        self._index.create_function("tar_of", 1, tar_of, deterministic=True)
        self._folders: dict[str, int] = {}
        self._placed: set[str] = set()
        try:
            self._put(self._manifest.records(), wanted=0)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close both; the manifest is as it was last written."""
        self._index.close()
        self._manifest.close()

    def want(self, photo: Photo) -> Row:
        """Note that the selection has this photo, and say what is known of it.

        The first photo of a folder gives the folder its place among the others.
        """
        (found,) = self._index.execute(
            _WANT, (self._place(photo.folder), photo.image_id, photo.rank, photo.reserve)
        )
        return _row((photo.folder, *found))

    def find(self, photo: Photo) -> Row | None:
        """What was known of a photo before this run."""
        key = (self._number(photo.folder), photo.image_id)
        found = self._index.execute(_ONE, key).fetchone()
        return None if found is None else _row(found)

    def add(self, entry: Entry) -> None:
        """Write down what became of a photo.

        `rows` and what is like it will know it; `want` and `find` go on to say what was known
        before, so that the index need not be touched for each photo.

        Raises:
            StorageError: the manifest cannot be written.
        """
        self._manifest.append(entry)

    def forget(self, row: Row) -> None:
        """Leave a photo out of what `rows` gives."""
        self._index.execute(
            "UPDATE photos SET status = '' WHERE folder = ? AND image_id = ?",
            (self._folders[row.folder], row.image_id),
        )

    def rows(self) -> Iterator[Row]:
        """Every photo of which something is known, by folder and rank.

        The ledger must not be written to meanwhile.
        """
        self._catch_up()
        return map(_row, self._index.execute(_ALL))

    def unwanted(self) -> list[Row]:
        """Photos of earlier runs that this one has not come upon."""
        self._catch_up()
        return [_row(found) for found in self._index.execute(_UNWANTED)]

    def lost(self, folder: str) -> Iterator[str]:
        """ImageIDs of a folder's lost photos, by rank."""
        found = self._index.execute(
            "SELECT image_id FROM photos WHERE folder = ? AND status = ? ORDER BY rank, image_id",
            (self._folders[folder], Status.LOST),
        )
        return (image_id for (image_id,) in found)

    def index_paths(self) -> None:
        """Prepare for `has_path`."""
        self._index.execute("CREATE INDEX paths ON photos (path) WHERE path <> ''")

    def has_path(self, path: str) -> bool:
        """Whether a photo is recorded to be there."""
        found = self._index.execute(
            "SELECT 1 FROM photos WHERE path = ? AND path <> ''", (path,)
        ).fetchone()
        return found is not None

    def rows_in(self, tar: str) -> Iterator[Row]:
        """The photos that are recorded to be in a tar; wants `index_paths`."""
        # All that begins with the tar's name and a slash: the next character is a zero.
        return map(_row, self._index.execute(_BETWEEN, (f"{tar}/", f"{tar}0")))

    def manifest_bytes(self) -> int:
        """Size of the manifest, which says about how many photos there are."""
        return self._manifest.path.stat().st_size

    def tars(self) -> set[str]:
        """Paths of the tars that hold photos of earlier runs."""
        found = self._index.execute("SELECT DISTINCT tar_of(path) FROM photos WHERE path <> ''")
        return {tar for (tar,) in found if tar}

    def has_files(self) -> bool:
        """Whether an earlier run has kept a photo as a file of its own."""
        found = self._index.execute(
            "SELECT 1 FROM photos WHERE path <> '' AND tar_of(path) = '' LIMIT 1"
        )
        return found.fetchone() is not None

    def line(self, row: Row) -> bytes:
        """The photo's line of the manifest."""
        return self._manifest.line(row.start, row.length)

    def columns(self, row: Row) -> dict[str, str]:
        """The photo's line of the manifest by its columns."""
        return self._manifest.row(row.start, row.length)

    def entry(self, row: Row) -> Entry:
        """The photo's line of the manifest as an entry."""
        return Entry.from_row(self._manifest.row(row.start, row.length))

    def _place(self, folder: str) -> int:
        """The folder's number, and its place where the selection comes upon it first."""
        number = self._number(folder)
        if folder not in self._placed:
            self._index.execute(
                "UPDATE folders SET place = ? WHERE folder = ?", (len(self._placed), number)
            )
            self._placed.add(folder)
        return number

    def _number(self, folder: str) -> int:
        number = self._folders.get(folder)
        if number is None:
            number = self._folders[folder] = len(self._folders)
            self._index.execute(
                "INSERT INTO folders VALUES (?, ?, ?)", (number, folder, _LATER + number)
            )
        return number

    def _catch_up(self) -> None:
        """Take what this run has added into the index."""
        self._put(self._manifest.appended(), wanted=1)

    def _put(self, records: Iterator[Record], *, wanted: int) -> None:
        self._index.executemany(
            "INSERT OR REPLACE INTO photos VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (self._values(record, wanted) for record in records),
        )

    def _values(self, record: Record, wanted: int) -> tuple[object, ...]:
        row = record.row
        known = Known.from_row(row)
        return (
            self._number(row["folder"]),
            row["ImageID"],
            known.rank,
            known.reserve,
            known.status,
            row["path"],
            known.size,
            " ".join(source for source, _ in split_errors(row["error"])),
            record.start,
            record.length,
            wanted,
        )


def _row(values: tuple[Any, ...]) -> Row:
    folder, image_id, rank, reserve, status, *others = values
    return Row(folder, image_id, rank, bool(reserve), Status(status) if status else None, *others)
