"""`manifest.csv`: one line per photo, appended as each photo ends, and an index over it.

A line is never broken, because `Photo` keeps its text free of line breaks. So a kill can only
leave a last line without its end, which is cut off when the file is opened again. A line is
handed to the operating system at once, but not forced to the disk, which would cost more than the
transfer. The index is an SQLite database that SQLite itself moves to a temporary file, so memory
does not grow with the dataset and nothing is left behind.
"""

import csv
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from hotdog_sql.downloader.photo import Photo, is_image_id
from hotdog_sql.downloader.result import (
    COLUMNS,
    FIRST_COLUMNS,
    HEADER,
    MANIFEST,
    Result,
    Status,
    decode,
    encode,
    invalid_row,
)
from hotdog_sql.downloader.tars import is_valid_path, tar_of
from hotdog_sql.errors import DatasetError
from hotdog_sql.files import storage_errors, temporary_folder, write_all
from hotdog_sql.storage import WORK_FOLDER, Storage
from hotdog_sql.text import printable


class Row(NamedTuple):
    """What the index knows of a line of the manifest, and where the line is in the file.

    `status` is empty for a photo that has no line yet; `wanted` is how often this run's selection
    has named it.
    """

    folder: str
    image_id: str
    rank: int
    reserve: bool
    status: str
    path: str
    size: int | None
    start: int
    length: int
    wanted: int


_TABLE = f"""
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -1024;
CREATE TABLE photos ({", ".join(Row._fields)}, PRIMARY KEY (folder, image_id)) WITHOUT ROWID;
"""
_LONGEST_HEADER = 10_000
#: What a run adds to the manifest of a dataset in an object store, where nothing can be appended to
#: a file: it is uploaded in parts, and a finished run replaces them with a whole manifest.
_PART = re.compile(rf"{re.escape(WORK_FOLDER)}/manifest-\d+\.csv")


class Manifest:
    """A manifest in today's columns; used by one thread, which closes it.

    `tars` are those that hold photos; the empty text is there where photos are files.
    """

    def __init__(self, path: Path, *, writable: bool = True) -> None:
        self.path = path
        self.tars: set[str] = set()
        self._selected: dict[str, None] = {}  # folders in the order of the selection
        self._recorded: dict[str, None] = {}  # folders in the order of the file
        self._index = sqlite3.connect("", isolation_level=None)  # no name: a temporary file
        with ExitStack() as stack, storage_errors(path):
            stack.callback(self._index.close)
            self._index.executescript(_TABLE)
            self._file = stack.enter_context(path.open("r+b" if writable else "rb", buffering=0))
            self._indexed = len(HEADER)
            self._index_lines(wanted=0)
            self._end = self._indexed
            if writable and path.stat().st_size > self._end:
                self._file.truncate(self._end)
            stack.pop_all()

    def close(self) -> None:
        """Close the file, which is as it was last written."""
        self._index.close()
        self._file.close()

    def append(self, result: Result) -> None:
        """Append the result of a photo. `want` and `find` do not see it in this run."""
        line = encode(result.row())
        with storage_errors(self.path):
            try:
                self._file.seek(self._end)
                write_all(self._file, line)
            except OSError:
                self._file.truncate(self._end)
                raise
        self._end += len(line)

    def want(self, photo: Photo) -> Row:
        """Note that the selection has this photo, and say what was known of it."""
        self._selected.setdefault(photo.folder)
        query = """
            INSERT INTO photos VALUES (?, ?, ?, ?, '', '', NULL, 0, 0, 1)
            ON CONFLICT DO UPDATE SET wanted = wanted + 1
            RETURNING *
        """
        values = (photo.folder, photo.image_id, photo.rank, photo.reserve)
        (found,) = self._index.execute(query, values)
        return Row._make(found)

    def find(self, photo: Photo) -> Row:
        """What was known before this run of a photo that is wanted."""
        query = "SELECT * FROM photos WHERE folder = ? AND image_id = ?"
        (found,) = self._index.execute(query, (photo.folder, photo.image_id))
        return Row._make(found)

    def forget(self, row: Row) -> None:
        """Leave a photo out of what `rows` gives."""
        query = "DELETE FROM photos WHERE folder = ? AND image_id = ?"
        self._index.execute(query, (row.folder, row.image_id))

    def rows(self, *, unwanted: bool = False) -> Iterator[Row]:
        """The photos of which something is known, by folder and rank; do not append meanwhile.

        Folders that the selection has not named come after those that it has. `unwanted`: only
        photos that the selection of this run has not named.
        """
        self._index_lines(wanted=1)
        query = """
            SELECT * FROM photos WHERE folder = ? AND status <> '' AND (wanted = 0 OR ?)
            ORDER BY rank, image_id
        """
        for folder in self._selected | self._recorded:
            yield from map(Row._make, self._index.execute(query, (folder, not unwanted)))

    def rows_by_path(self) -> Iterator[Row]:
        """The photos that are recorded to be there; those in one tar follow each other."""
        self._index.execute("CREATE INDEX IF NOT EXISTS paths ON photos (path)")
        query = "SELECT * FROM photos WHERE path <> '' ORDER BY path"
        return map(Row._make, self._index.execute(query))

    def has_path(self, path: str) -> bool:
        """Whether a photo is recorded to be there."""
        return bool(self._index.execute("SELECT 1 FROM photos WHERE path = ?", (path,)).fetchone())

    def columns(self, row: Row) -> dict[str, str]:
        """The line of a row by its columns."""
        self._file.seek(row.start)
        values = decode(self._file.read(row.length))
        if values is None:
            raise DatasetError(
                f"another program has changed {self.path}; run the same command again"
            )
        return values

    def result(self, row: Row) -> Result:
        """The line of a row as a result."""
        return Result.from_row(self.columns(row))

    def _index_lines(self, *, wanted: int) -> None:
        """Take the whole lines that are not in the index yet into it."""
        query = "INSERT OR REPLACE INTO photos VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        with self.path.open("rb") as file:
            file.seek(self._indexed)
            try:
                self._index.executemany(query, self._values(file, wanted))
            except OverflowError as error:  # a number that no photo has
                raise invalid_row(error) from error

    def _values(self, file: Iterator[bytes], wanted: int) -> Iterator[tuple[object, ...]]:
        """The columns of the index; of lines that are not ours, there is nothing."""
        for line in file:
            if not line.endswith(b"\n"):
                return
            start, self._indexed = self._indexed, self._indexed + len(line)
            row = decode(line)
            if row is None:
                continue
            image_id, folder, path = row["ImageID"], row["folder"], row["path"]
            try:
                status, rank = Status(row["status"]), int(row["rank"] or 0)
                size = int(row["bytes"]) if row["bytes"] else None
            except ValueError as error:
                raise invalid_row(error) from error
            if not is_image_id(image_id):
                raise invalid_row(f"ImageID {printable(image_id)!r}")
            if path:
                if not is_valid_path(path, row["partition"], folder, image_id):
                    # It may be deleted, so it must not lead to other files.
                    raise invalid_row(f"the path {printable(path)!r}")
                self.tars.add(tar_of(path))
            self._recorded.setdefault(folder)
            reserve = row["reserve"] == "true"
            known = (folder, image_id, rank, reserve, status, path, size)
            yield (*known, start, len(line), wanted)


def part_name(number: int) -> str:
    """Path of a part of the manifest of a dataset in an object store."""
    return f"{WORK_FOLDER}/manifest-{number:06d}.csv"


@contextmanager
def open_manifest(storage: Storage) -> Iterator[Manifest]:
    """The manifest of a dataset, to be read."""
    with temporary_folder() as scratch:
        path, parts = read_manifest(storage, scratch)
        if storage.size(MANIFEST) is None and not parts:
            raise DatasetError(
                f"{storage.name} is not a dataset, for it has no {MANIFEST}: "
                "give the folder or the address that was downloaded to"
            )
        with closing(Manifest(path, writable=False)) as table:
            yield table


def read_manifest(storage: Storage, scratch: Path) -> tuple[Path, int]:
    """The manifest on this machine in today's columns, and the number of its last part, or 0.

    It is the dataset's own file where that has them, and else a copy of it and its parts. A dataset
    without a manifest gets an empty one.
    """
    if storage.folder is not None:
        own = storage.folder / MANIFEST
        with storage_errors(own), suppress(FileNotFoundError), own.open("rb") as file:
            if file.readline() == HEADER:
                return own, 0
    path = scratch / MANIFEST
    parts = sorted(name for name, _ in storage.files(WORK_FOLDER) if _PART.fullmatch(name))
    with storage_errors(path), path.open("wb") as target:
        target.write(HEADER)
        for name in (MANIFEST, *parts):
            if storage.size(name) is not None:
                with storage.local(name) as copy, copy.open("rb") as source:
                    rows = _rows_of(source, f"{storage.name}/{name}")
                    target.writelines(encode(row.values()) for row in rows)
    # Not how many there are: one whose upload failed is missing.
    return path, int(re.findall(r"\d+", parts[-1])[0]) if parts else 0


def _rows_of(file: BinaryIO, name: str) -> Iterator[dict[str, str]]:
    """The whole lines of a manifest by today's columns, whatever its own are."""
    header = file.readline(_LONGEST_HEADER)
    columns: Sequence[str] = COLUMNS
    if not HEADER.startswith(header):  # else it is the same, or empty, or cut in its first line
        # Excel adds a mark.
        columns = next(csv.reader([header.decode("utf-8-sig", "replace")]))
    if not set(FIRST_COLUMNS) <= set(columns):
        raise DatasetError(f"{name} does not have a manifest's columns; choose another folder")
    if unknown := set(columns) - set(COLUMNS):
        raise DatasetError(
            f"{name} was written by a newer version of hotdog-sql, for it has the columns "
            f"{printable(', '.join(sorted(unknown)))}: install that version, or choose another "
            "folder"
        )
    for line in file:
        row = decode(line, columns) if line.endswith(b"\n") else None
        if row is not None:
            yield {column: row.get(column, "") for column in COLUMNS}
