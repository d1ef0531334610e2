"""`manifest.csv` as a file: one line a row, appended as each photo ends.

Every row is one line, because `Photo` keeps its text free of line breaks. So a kill can only
leave a last line without its end, which is cut off when the file is opened again. A row is
handed to the operating system at once, but not forced to the disk: that would cost more than the
transfer, and a row lost in a power cut only means that its photo is checked again.
"""

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from hotdog_sql.downloading.entry import COLUMNS, Entry
from hotdog_sql.downloading.store import storage_error
from hotdog_sql.errors import DatasetError

NAME = "manifest.csv"


class _Line:
    """What `csv.writer` writes to: it hands the line back."""

    def write(self, line: str) -> str:
        return line


_WRITER = csv.writer(_Line(), lineterminator="\n")


def encode(values: list[str]) -> bytes:
    """One row of CSV with its line end."""
    line: str = _WRITER.writerow(values)
    return line.encode("utf-8", "replace")


def decode(line: bytes) -> dict[str, str] | None:
    """A row by its columns; None where the line is not one of ours."""
    try:
        values = next(csv.reader([line.decode()], strict=True))
    except (UnicodeDecodeError, csv.Error):
        return None
    if len(values) != len(COLUMNS):
        return None
    return dict(zip(COLUMNS, values, strict=True))


HEADER = encode(list(COLUMNS))


def has_rows(path: Path) -> bool:
    """Whether there is a manifest with a row in it."""
    try:
        return path.stat().st_size > len(HEADER)
    except FileNotFoundError:
        return False


class Record(NamedTuple):
    """A row, and where its line is in the file, in bytes."""

    start: int
    length: int
    row: dict[str, str]


class Manifest:
    """The file, open for reading and perhaps for appending. A context manager."""

    def __init__(self, path: Path, *, writable: bool) -> None:
        """Opens the file, and makes it where it may be written and is not there.

        Raises:
            StorageError: it cannot be opened.
            DatasetError: it has other columns than ours.
        """
        self.path = path
        flags = os.O_RDWR | os.O_CREAT if writable else os.O_RDONLY
        try:
            self._file = os.open(path, flags, 0o666)
        except OSError as error:
            raise storage_error(path, error) from error
        self._writable = writable
        self._end = self._told = 0
        try:
            self._check_header()
        except BaseException:
            os.close(self._file)
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
        """Close the file."""
        os.close(self._file)

    def records(self) -> Iterator[Record]:
        """Every whole row, in the file's order; what a kill has left of another is cut off.

        Lines that are not one of ours are passed over: their photos count as not recorded.
        To be gone through once, before rows are appended.
        """
        self._end = len(HEADER)
        for start, line in self._lines(self._end):
            self._end = start + len(line)
            row = decode(line)
            if row is not None:
                yield Record(start, len(line), row)
        if self._writable and os.fstat(self._file).st_size > self._end:
            os.ftruncate(self._file, self._end)
        self._told = self._end

    def appended(self) -> Iterator[Record]:
        """The rows appended since this was last asked."""
        for start, line in self._lines(self._told):
            row = decode(line)
            if row is not None:
                yield Record(start, len(line), row)
        self._told = self._end

    def _lines(self, start: int) -> Iterator[tuple[int, bytes]]:
        """The whole lines from there on, and where each starts."""
        with self.path.open("rb") as file:
            file.seek(start)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                yield start, line
                start += len(line)

    def append(self, entry: Entry) -> None:
        """Add a row.

        Raises:
            StorageError: it cannot be written; the file is as it was before.
        """
        line = encode(entry.values())
        start = self._end
        try:
            self._write(line)
        except OSError as error:
            self._end = start
            os.ftruncate(self._file, start)
            raise storage_error(self.path, error) from error

    def line(self, start: int, length: int) -> bytes:
        """The bytes of a row."""
        return os.pread(self._file, length, start)

    def row(self, start: int, length: int) -> dict[str, str]:
        """A row by its columns.

        Raises:
            DatasetError: somebody else has written to the file.
        """
        row = decode(self.line(start, length))
        if row is None:
            raise DatasetError(
                f"{self.path} has been changed meanwhile; run the same command again"
            )
        return row

    def _write(self, line: bytes) -> None:
        left = memoryview(line)
        while left:
            written = os.pwrite(self._file, left, self._end)
            left = left[written:]
            self._end += written

    def _check_header(self) -> None:
        header = os.pread(self._file, len(HEADER), 0)
        if header == HEADER:
            self._end = len(HEADER)
        elif self._writable and HEADER.startswith(header):  # new, or torn in its first line
            try:
                self._write(HEADER)
            except OSError as error:
                raise storage_error(self.path, error) from error
        else:
            raise DatasetError(
                f"{self.path} does not have the columns of this version; choose another folder"
            )
