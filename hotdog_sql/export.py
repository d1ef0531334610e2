"""Writing rows as CSV, JSON and Parquet: DuckDB writes all three, so that they agree.

A file appears whole or not at all: it is written beside its place under a temporary name.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import duckdb

from hotdog_sql.database import Database, one_line
from hotdog_sql.errors import InputError, StorageError

_COPY = {
    "csv": "COPY (FROM query_table($table)) TO $file (FORMAT csv, HEADER true)",
    "json": "COPY (FROM query_table($table)) TO $file (FORMAT json, ARRAY true)",
    "parquet": "COPY (FROM query_table($table)) TO $file (FORMAT parquet, COMPRESSION zstd)",
}
FILE_FORMATS = tuple(_COPY)


def format_of(path: Path) -> str:
    """The format that a file name's ending stands for.

    Raises:
        InputError: it stands for none.
    """
    ending = path.suffix.lower().removeprefix(".")
    if ending in FILE_FORMATS:
        return ending
    raise InputError(
        f"{path.name} ends in none of .csv, .json, .parquet: rename it or give --format"
    )


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A temporary path beside a file's place, moved there when the block ends well.

    Raises:
        StorageError: the file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Touched here first: whether the place can be written is the file system's to say.
        temporary.touch()
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise StorageError(
            f"cannot write {path}: {error.strerror}; choose another --output"
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_file(database: Database, table: str, path: Path, format_name: str) -> None:
    """Writes a table's rows to a file, which takes the place of an older one in one move.

    Raises:
        StorageError: the file cannot be written.
    """
    rows = copy_rows(database, table, format_name)
    with whole_file(path) as temporary:
        shutil.move(rows, temporary)


def write_stream(database: Database, table: str, stream: BinaryIO, format_name: str) -> None:
    """Writes a table's rows to an open binary stream, byte for byte as to a file."""
    with copy_rows(database, table, format_name).open("rb") as rows:
        shutil.copyfileobj(rows, stream)


def copy_rows(database: Database, table: str, format_name: str) -> Path:
    """Has DuckDB write a table's rows to a file in the connection's scratch folder.

    Even a locked connection may write there.

    Raises:
        StorageError: the system's temporary folder is full.
    """
    path = database.scratch / f"{table}.{format_name}"
    try:
        database.connection.execute(_COPY[format_name], {"table": table, "file": str(path)})
    except duckdb.IOException as error:
        raise StorageError(
            f"cannot write {path}: {one_line(error)}; make room there or set TMPDIR"
        ) from error
    return path
