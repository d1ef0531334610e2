"""`manifest.csv`: one line per photo, appended as each photo ends, and an index over it.

A line is never broken, because `Photo` keeps its text free of line breaks. So a kill can only
leave a last line without its end, which is cut off when the file is opened again. A line is
handed to the operating system at once, but not forced to the disk, which would cost more than the
transfer. The index is an SQLite database that SQLite itself moves to a temporary file, so memory
does not grow with the dataset and nothing is left behind.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple, Self

from hotdog_sql.downloader.photo import Photo, is_image_id
from hotdog_sql.downloader.result import (
    HEADER,
    Result,
    Status,
    decode,
    encode,
    foreign_row,
    split_errors,
)
from hotdog_sql.downloader.tars import is_own_path, tar_of
from hotdog_sql.errors import DatasetError
from hotdog_sql.storage import storage_errors
from hotdog_sql.text import printable

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
_PUT = "INSERT OR REPLACE INTO photos VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_WANT = """
INSERT INTO photos VALUES (?, ?, ?, ?, '', '', NULL, '', 0, 0, 1)
ON CONFLICT DO UPDATE SET wanted = wanted + 1
RETURNING image_id, rank, reserve, status, path, size, tried, start, length, wanted
"""
_SELECT = """
SELECT name, image_id, rank, reserve, status, path, size, tried, start, length, wanted
FROM photos JOIN folders USING (folder)
"""
_ONE = f"{_SELECT} WHERE folder = ? AND image_id = ?"
_ALL = f"{_SELECT} WHERE status <> '' ORDER BY place, rank, image_id"
_UNWANTED = f"{_SELECT} WHERE status <> '' AND wanted = 0 ORDER BY place, rank, image_id"
_BETWEEN = f"{_SELECT} WHERE path > ? AND path < ? AND path <> '' ORDER BY path"
_LOST = "SELECT image_id FROM photos WHERE folder = ? AND status = ? ORDER BY rank, image_id"

#: A folder in the manifest that the selection has not named comes after all others.
_LATER = 1 << 40


class Row(NamedTuple):
    """What the index knows of a line of the manifest, and where the line is in the file.

    `tried` are the sources that did not have the photo; `wanted` is how often this run's selection
    has named it.
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


class Manifest:
    """The manifest of a dataset; used by one thread. A context manager."""

    def __init__(self, path: Path, *, writable: bool = True) -> None:
        """Opens the file, and makes it where it may be written and does not exist.

        Raises:
            StorageError: it cannot be opened.
            DatasetError: it is not one of ours.
        """
        self.path = path
        self._writable = writable
        self._folders: dict[str, int] = {}
        self._placed: set[str] = set()
        # The empty name: a database of this connection alone, gone when it closes.
        self._index = sqlite3.connect("", isolation_level=None)
        with ExitStack() as stack, storage_errors(path):
            stack.callback(self._index.close)
            self._index.executescript(_SCHEMA)
            self._index.create_function("tar_of", 1, tar_of, deterministic=True)
            if writable and not path.exists():
                path.touch()
            self._file = stack.enter_context(path.open("r+b" if writable else "rb", buffering=0))
            self._end = self._check_header()
            self._put(self._lines(self._end), wanted=0)
            if writable and self._file.seek(0, 2) > self._end:
                self._file.truncate(self._end)
            stack.pop_all()
        self._indexed = self._end

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, which is as it was last written."""
        self._index.close()
        self._file.close()

    def append(self, result: Result) -> None:
        """Append the result of a photo. `want` and `find` do not see it in this run.

        Raises:
            StorageError: it cannot be written; the file is as it was before.
        """
        line = encode(result.row().values())
        with storage_errors(self.path):
            try:
                self._file.seek(self._end)
                self._write(line)
            except OSError:
                self._file.truncate(self._end)
                raise
        self._end += len(line)

    def want(self, photo: Photo) -> Row:
        """Note that the selection has this photo, and say what was known of it."""
        number = self._number(photo.folder)
        if photo.folder not in self._placed:
            place = len(self._placed)  # folders are in the order of the selection
            self._index.execute("UPDATE folders SET place = ? WHERE folder = ?", (place, number))
            self._placed.add(photo.folder)
        values = (number, photo.image_id, photo.rank, photo.reserve)
        (found,) = self._index.execute(_WANT, values)
        return _row((photo.folder, *found))

    def find(self, photo: Photo) -> Row | None:
        """What was known of a photo before this run."""
        key = (self._number(photo.folder), photo.image_id)
        found = self._index.execute(_ONE, key).fetchone()
        return None if found is None else _row(found)

    def forget(self, row: Row) -> None:
        """Leave a photo out of what `rows` gives."""
        self._index.execute(
            "UPDATE photos SET status = '' WHERE folder = ? AND image_id = ?",
            (self._folders[row.folder], row.image_id),
        )

    def rows(self) -> Iterator[Row]:
        """Every photo of which something is known, by folder and rank; do not append meanwhile."""
        self._catch_up()
        return map(_row, self._index.execute(_ALL))

    def unwanted(self) -> list[Row]:
        """Photos of earlier runs that the selection of this one has not named."""
        self._catch_up()
        return [_row(found) for found in self._index.execute(_UNWANTED)]

    def lost(self, folder: str) -> Iterator[str]:
        """ImageIDs of a folder's lost photos, by rank."""
        found = self._index.execute(_LOST, (self._folders[folder], Status.LOST))
        return (image_id for (image_id,) in found)

    def index_paths(self) -> None:
        """Prepare for `has_path` and `rows_in`."""
        self._index.execute("CREATE INDEX paths ON photos (path) WHERE path <> ''")

    def has_path(self, path: str) -> bool:
        """Whether a photo is recorded to be there."""
        query = "SELECT 1 FROM photos WHERE path = ? AND path <> ''"
        return self._index.execute(query, (path,)).fetchone() is not None

    def rows_in(self, tar: str) -> Iterator[Row]:
        """The photos that are recorded to be in a tar."""
        # All that begins with the tar's name and a slash: the next character is a zero.
        return map(_row, self._index.execute(_BETWEEN, (f"{tar}/", f"{tar}0")))

    def tars(self) -> set[str]:
        """Paths of the tars that hold photos of earlier runs."""
        found = self._index.execute("SELECT DISTINCT tar_of(path) FROM photos WHERE path <> ''")
        return {tar for (tar,) in found if tar}

    def has_files(self) -> bool:
        """Whether an earlier run has kept a photo as a file of its own."""
        query = "SELECT 1 FROM photos WHERE path <> '' AND tar_of(path) = '' LIMIT 1"
        return self._index.execute(query).fetchone() is not None

    def line(self, row: Row) -> bytes:
        """The line of a row, as it is in the file."""
        self._file.seek(row.start)
        return self._file.read(row.length)

    def columns(self, row: Row) -> dict[str, str]:
        """The line of a row by its columns.

        Raises:
            DatasetError: somebody else has written to the file.
        """
        values = decode(self.line(row))
        if values is None:
            raise DatasetError(
                f"another program has changed {self.path}; run the same command again"
            )
        return values

    def result(self, row: Row) -> Result:
        """The line of a row as a result."""
        return Result.from_row(self.columns(row))

    def _catch_up(self) -> None:
        """Take what this run has appended into the index."""
        start, self._indexed = self._indexed, self._end
        self._put(self._lines(start), wanted=1)

    def _put(self, lines: Iterator[tuple[int, bytes]], *, wanted: int) -> None:
        """Index lines; those that are not ours are passed over: their photos are not recorded."""
        values = (self._values(start, line, wanted) for start, line in lines)
        self._index.executemany(_PUT, filter(None, values))

    def _values(self, start: int, line: bytes, wanted: int) -> tuple[object, ...] | None:
        row = decode(line)
        self._end = max(self._end, start + len(line))
        if row is None:
            return None
        try:
            status, rank = Status(row["status"]), int(row["rank"] or 0)
            size = int(row["bytes"]) if row["bytes"] else None
        except ValueError as error:
            raise foreign_row(error) from error
        image_id, path = row["ImageID"], row["path"]
        if not is_image_id(image_id):
            raise foreign_row(f"ImageID {printable(image_id)!r}")
        if path and not is_own_path(path, row["partition"], row["folder"], image_id):
            # It may be deleted, so it must not lead to other files.
            raise foreign_row(f"the path {printable(path)!r}")
        return (
            self._number(row["folder"]),
            image_id,
            rank,
            row["reserve"] == "true",
            status,
            path,
            size,
            " ".join(source for source, _ in split_errors(row["error"])),
            start,
            len(line),
            wanted,
        )

    def _number(self, folder: str) -> int:
        number = self._folders.get(folder)
        if number is None:
            number = self._folders[folder] = len(self._folders)
            values = (number, folder, _LATER + number)
            self._index.execute("INSERT INTO folders VALUES (?, ?, ?)", values)
        return number

    def _lines(self, start: int) -> Iterator[tuple[int, bytes]]:
        """The whole lines from there on, and where each starts."""
        with self.path.open("rb") as file:
            file.seek(start)
            for line in file:
                if line.endswith(b"\n"):
                    yield start, line
                start += len(line)

    def _check_header(self) -> int:
        header = self._file.read(len(HEADER))
        if header != HEADER:
            if not (self._writable and HEADER.startswith(header)):
                raise DatasetError(
                    f"{self.path} does not have the columns of this version; choose another folder"
                )
            self._file.seek(0)  # new, or cut in its first line
            self._write(HEADER)
        return len(HEADER)

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]


def _row(values: tuple[Any, ...]) -> Row:
    folder, image_id, rank, reserve, status, *others = values
    return Row(folder, image_id, rank, bool(reserve), Status(status) if status else None, *others)
