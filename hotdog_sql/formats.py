"""Writing rows as CSV, JSON and Parquet: DuckDB writes all three, so that they agree.

A file appears whole or not at all: it is written beside its place under a temporary name.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from hotdog_sql.database import Database
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
    with whole_file(path) as temporary:
        copy_rows(database, table, temporary, format_name)


def write_stream(database: Database, table: str, stream: BinaryIO, format_name: str) -> None:
    """Writes a table's rows to an open binary stream, byte for byte as to a file."""
    with tempfile.TemporaryDirectory(prefix="hotdog-sql-") as folder:
        path = Path(folder) / f"rows.{format_name}"
        copy_rows(database, table, path, format_name)
        with path.open("rb") as rows:
            shutil.copyfileobj(rows, stream)


def copy_rows(database: Database, table: str, path: Path, format_name: str) -> None:
    """Has DuckDB write a table's or view's rows to a path."""
    database.execute(_COPY[format_name], {"table": table, "file": str(path)})
