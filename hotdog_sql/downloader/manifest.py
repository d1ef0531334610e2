"""`manifest.csv`: one line per photo, appended when the photo is finished, and an index of it.

Text in a `Photo` has no line breaks, so a killed run can only leave an incomplete last line, which
the next run removes. Lines are written at once but without fsync, which would take longer than
the transfer. The index is an SQLite database that SQLite moves to a temporary file as it grows, so
memory use does not grow with the dataset.
"""

import csv
import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from hotdog_sql.downloader.photo import Photo, is_image_id, stem_of
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
from hotdog_sql.downloader.validate import EXTENSIONS
from hotdog_sql.errors import DatasetError, StorageError
from hotdog_sql.files import storage_errors, temporary_folder, write_all
from hotdog_sql.storage import WORK_FOLDER, Storage
from hotdog_sql.text import printable


class Row(NamedTuple):
    """An index entry: the main columns of a manifest line, and its position in the file.

    `status` is empty for a photo without a line; `selected` counts how often this run selected it.
    """

    folder: str
    image_id: str
    partition: str
    rank: int
    reserve: bool
    status: str
    path: str
    size: int | None
    start: int
    length: int
    selected: int


#: `photos` has the columns of `Row`; `unused` has the paths of discarded photos, and those in whose
#: place later lines name others or none.
_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -1024;
CREATE TABLE photos (
    folder, image_id, partition, rank, reserve, status, path, size, start, length, selected,
    PRIMARY KEY (folder, image_id)
) WITHOUT ROWID;
CREATE TABLE unused (path);
CREATE TRIGGER discard AFTER DELETE ON photos
BEGIN INSERT INTO unused VALUES (old.path); END;
CREATE TRIGGER supersede AFTER UPDATE OF path ON photos WHEN new.path <> old.path
BEGIN INSERT INTO unused VALUES (old.path); END;
"""
_PHOTO_PATH = re.compile(rf"(.+)/[0-9a-f]{{16}}\.(?:{'|'.join(EXTENSIONS)})")  # of Open Images


class Manifest:
    """A manifest with the current columns, for use by one thread.

    `tars` are those that contain photos; an empty text stands for photos that are files.
    `selected_folders` are in the order of the selection.
    """

    def __init__(self, path: Path, *, writable: bool = True) -> None:
        self.path = path
        self.tars: set[str] = set()
        self.selected_folders: dict[str, None] = {}
        self._recorded: dict[tuple[str, str], None] = {}  # partitions and folders, in file order
        self._index = sqlite3.connect("", isolation_level=None)  # a temporary file
        with ExitStack() as stack, storage_errors(path):
            stack.callback(self._index.close)
            self._index.executescript(_SCHEMA)
            self._file = stack.enter_context(path.open("a+b" if writable else "rb", buffering=0))
            self._indexed = len(HEADER)
            self._index_lines(selected=0)
            if writable and path.stat().st_size > self._indexed:
                self._file.truncate(self._indexed)
            #: Closes the file and the index.
            self.close: Callable[[], object] = stack.pop_all().close

    def append(self, *results: Result) -> bytes:
        """Append results and return their lines. `mark_selected` and `find` ignore them."""
        lines = b"".join(encode(result.row()) for result in results)
        with storage_errors(self.path):
            end = self._file.seek(0, os.SEEK_END)
            try:
                write_all(self._file.fileno(), lines)
            except OSError:
                self._file.truncate(end)
                raise
        return lines

    def mark_selected(self, photo: Photo) -> Row:
        """Count a photo as selected, and return what earlier runs recorded of it."""
        self.selected_folders.setdefault(photo.folder)
        query = """
            INSERT INTO photos VALUES (?, ?, ?, ?, ?, '', '', NULL, 0, 0, 1)
            ON CONFLICT DO UPDATE SET selected = selected + 1
            RETURNING *
        """
        values = (photo.folder, photo.image_id, photo.partition, photo.rank, photo.reserve)
        (row,) = self._index.execute(query, values)
        return Row._make(row)

    def find(self, photo: Photo) -> Row:
        """Return what earlier runs recorded of a selected photo."""
        query = "SELECT * FROM photos WHERE folder = ? AND image_id = ?"
        (row,) = self._index.execute(query, (photo.folder, photo.image_id))
        return Row._make(row)

    def discard_failed(self) -> None:
        """Remove photos that have failed and are no longer selected."""
        self._index.execute("DELETE FROM photos WHERE selected = 0 AND status = 'failed'")

    def unselected(self) -> list[tuple[str, str, bool, int]]:
        """Return folder, partition, reserve and number of files of the photos not selected."""
        query = """
            SELECT folder, partition, reserve, count(nullif(path, '')) FROM photos
            WHERE selected = 0 GROUP BY folder, partition, reserve
        """
        return self._index.execute(query).fetchall()

    def discard(self, folder: str, partition: str, reserve: bool) -> None:
        """Remove photos that are not selected; their files become `unused`."""
        query = """
            DELETE FROM photos
            WHERE selected = 0 AND folder = ? AND partition = ? AND reserve = ?
        """
        self._index.execute(query, (folder, partition, reserve))

    def rows(self) -> Iterator[Row]:
        """Yield the recorded photos by folder and rank; do not append meanwhile.

        Folders of this run's selection come first.
        """
        self._index_lines(selected=1)
        query = "SELECT * FROM photos WHERE folder = ? AND status <> '' ORDER BY rank, image_id"
        for folder in self.selected_folders | {folder: None for _, folder in self._recorded}:
            yield from map(Row._make, self._index.execute(query, (folder,)))

    def rows_by_path(self) -> Iterator[Row]:
        """Return the downloaded photos by path, so that the photos of a tar are adjacent."""
        self._index.execute("CREATE INDEX paths ON photos (path)")
        query = "SELECT * FROM photos WHERE path <> '' ORDER BY path"
        return map(Row._make, self._index.execute(query))

    def class_folders(self) -> set[str]:
        """Return the folders of all recorded photos, as paths in the dataset."""
        return {stem_of(*place, "")[:-1] for place in self._recorded}

    def unused(self, stored: Iterable[str]) -> Iterator[str]:
        """Yield the paths of files to delete, after `rows`.

        These are the files of discarded and replaced photos, and those of the `stored` paths that
        are photos in a class folder without a row, which a stopped run has left.
        """
        folders = self.class_folders()
        matches = map(_PHOTO_PATH.fullmatch, stored)
        paths = ((match[0],) for match in matches if match and match[1] in folders)
        self._index.executemany("INSERT INTO unused VALUES (?)", paths)
        query = "SELECT path FROM unused WHERE path <> '' EXCEPT SELECT path FROM photos"
        return (path for (path,) in self._index.execute(query) if not tar_of(path))

    def has_path(self, path: str) -> bool:
        """Return whether a photo is recorded at a path, after `rows_by_path`."""
        return bool(self._index.execute("SELECT 1 FROM photos WHERE path = ?", (path,)).fetchone())

    def columns(self, row: Row) -> dict[str, str]:
        """Return the full manifest line of a row, by column."""
        self._file.seek(row.start)
        values = decode(self._file.read(row.length))
        if values is None:
            raise DatasetError(
                f"another program has changed {self.path}; run the same command again"
            )
        return values

    def result(self, row: Row) -> Result:
        """Return the manifest line of a row as a result."""
        return Result.from_row(self.columns(row))

    def _index_lines(self, *, selected: int) -> None:
        """Add the complete lines that the index lacks."""
        query = """
            INSERT INTO photos VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET
                partition = excluded.partition, rank = excluded.rank, reserve = excluded.reserve,
                status = excluded.status, path = excluded.path, size = excluded.size,
                start = excluded.start, length = excluded.length, selected = excluded.selected
        """
        with self.path.open("rb") as file:
            file.seek(self._indexed)
            try:
                self._index.executemany(query, self._parse_lines(file, selected))
            except (ValueError, OverflowError) as error:  # such as a number too large for SQLite
                raise invalid_row(error) from error

    def _parse_lines(self, file: Iterator[bytes], selected: int) -> Iterator[tuple[object, ...]]:
        """Yield the columns of the index, and skip lines that are not CSV of a photo."""
        for line in file:
            if not line.endswith(b"\n"):
                return
            start, self._indexed = self._indexed, self._indexed + len(line)
            row = decode(line)
            if row is None:
                continue
            image_id, folder, path = row["ImageID"], row["folder"], row["path"]
            partition, size = row["partition"], int(row["bytes"]) if row["bytes"] else None
            if not is_image_id(image_id):
                raise ValueError(f"ImageID {printable(image_id)!r}")
            if path:
                if not is_valid_path(path, partition, folder, image_id):
                    # The file may be deleted later, so it must be inside the dataset.
                    raise ValueError(f"the path {printable(path)!r}")
                self.tars.add(tar_of(path))
            self._recorded.setdefault((partition, folder))
            rank, status = int(row["rank"] or 0), Status(row["status"])
            reserve = row["reserve"].lower() == "true"  # a spreadsheet writes TRUE
            main_columns = (folder, image_id, partition, rank, reserve, status, path, size)
            yield (*main_columns, start, len(line), selected)


def part_name(number: int) -> str:
    """Return the path of a part of the manifest in an object store, where files cannot grow."""
    return f"{WORK_FOLDER}/manifest-{number:06d}.csv"


@contextmanager
def index_errors() -> Iterator[None]:
    """Raise an error of SQLite, whose databases move to temporary files, as a `StorageError`."""
    try:
        yield
    except sqlite3.OperationalError as error:
        message = f"cannot write to the temporary folder ({error}): make room or set TMPDIR"
        raise StorageError(message) from error


@contextmanager
def open_manifest(storage: Storage) -> Iterator[Manifest]:
    """Open the manifest of a dataset for reading."""
    with index_errors(), temporary_folder() as scratch:
        path, last_part = read_manifest(storage, scratch)
        if storage.size(MANIFEST) is None and not last_part:
            raise DatasetError(
                f"{storage.name} is not a dataset, because it has no {MANIFEST}: "
                "give the folder or the address of a download"
            )
        with closing(Manifest(path, writable=False)) as manifest:
            yield manifest


def read_manifest(storage: Storage, scratch: Path) -> tuple[Path, int]:
    """Return the path of the manifest with the current columns, and its last part's number or 0.

    This is the dataset's file if it is local and has these columns, or else a copy in `scratch` of
    the file and its parts, which is empty if the dataset has no manifest.
    """
    if storage.folder is not None:
        path = storage.folder / MANIFEST
        with storage_errors(path), suppress(FileNotFoundError), path.open("rb") as file:
            if file.readline() == HEADER:
                return path, 0
    path = scratch / MANIFEST
    names = [name for name, _ in storage.files(WORK_FOLDER, "manifest-")]
    parts = [name for name in names if re.fullmatch(r"[^/]+/manifest-\d{6}\.csv", name)]
    with storage_errors(path), path.open("wb") as target:
        target.write(HEADER)
        for name in (MANIFEST, *parts):
            if storage.size(name) is not None:
                with storage.local(name) as copy, copy.open("rb") as source:
                    rows = _read_rows(source, f"{storage.name}/{name}")
                    target.writelines(encode(row.values()) for row in rows)
    # Not the count of parts: a part whose upload failed is missing.
    return path, int(parts[-1][-10:-4]) if parts else 0


def _read_rows(file: BinaryIO, name: str) -> Iterator[dict[str, str]]:
    """Yield the complete lines of a manifest by the current columns."""
    header = file.readline(10_000)  # at most, if it is another file
    columns: Sequence[str] = COLUMNS
    if not HEADER.startswith(header):  # the header is neither the current one nor truncated
        # Excel adds a byte order mark.
        columns = next(csv.reader([header.decode("utf-8-sig", "replace")]))
    if not set(FIRST_COLUMNS) <= set(columns):
        raise DatasetError(f"{name} does not have a manifest's columns; choose another folder")
    if unknown := set(columns) - set(COLUMNS):
        raise DatasetError(
            f"{name} was written by a newer version of hotdog-sql, with the columns "
            f"{printable(', '.join(sorted(unknown)))}: install that version, or choose another "
            "folder"
        )
    for line in file:
        row = decode(line, columns) if line.endswith(b"\n") else None
        if row is not None:
            yield {column: row.get(column, "") for column in COLUMNS}
