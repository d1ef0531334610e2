"""A saved selection: rows in CSV, JSON or Parquet, and the record beside them."""

import json
from pathlib import Path

import duckdb

from hotdog_sql.database import Database, one_line
from hotdog_sql.errors import SelectionFileError
from hotdog_sql.formats import format_of, whole_file
from hotdog_sql.recipe import Record, read_record
from hotdog_sql.rows import RowTable

#: Every column that a selection can have, in order, with the type that it is kept in.
_TYPES = {
    "partition": "VARCHAR",
    "folder": "VARCHAR",
    "rank": "BIGINT",
    "ImageID": "VARCHAR",
    "Subset": "VARCHAR",
    "OriginalURL": "VARCHAR",
    "OriginalLandingURL": "VARCHAR",
    "License": "VARCHAR",
    "AuthorProfileURL": "VARCHAR",
    "Author": "VARCHAR",
    "Title": "VARCHAR",
    "OriginalSize": "BIGINT",
    "OriginalMD5": "VARCHAR",
    "Thumbnail300KURL": "VARCHAR",
    "Rotation": "DOUBLE",
}
#: Bytes of a CSV that are in memory at once, for each of DuckDB's threads; a line has 2 MB at most.
_BUFFER = 4 << 20

#: Makes every value once, to find out before the first photo whether all can be read.
_TRY = "SELECT count(COLUMNS(*)) FROM saved"


def record_path(path: Path) -> Path:
    """Where the record of a saved selection stands: `rows.csv` has `rows.selection.json`."""
    return path.with_suffix(".selection.json")


def write_record(path: Path, record: Record) -> None:
    """Writes the record of a saved selection beside it.

    Raises:
        StorageError: it cannot be written.
    """
    with whole_file(record_path(path)) as temporary:
        temporary.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def saved_record(path: Path) -> Record | None:
    """The record of a saved selection, or None where there is none."""
    beside = record_path(path)
    return read_record(beside) if beside.exists() else None


def read_rows(database: Database, path: Path) -> RowTable:
    """The rows of a saved selection, in the connection's view `saved`.

    Raises:
        SelectionFileError: the file cannot be read, or a column is missing or of a wrong type.
    """
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise SelectionFileError(f"cannot read {path}: {error.strerror}; check the name") from error
    connection = database.connection
    try:
        _relation(connection, path).create_view("saved")
        found = [row[0] for row in connection.execute("DESCRIBE saved").fetchall()]
        connection.execute(_TRY).fetchall()
    except duckdb.Error as error:
        raise SelectionFileError(
            f"{path} cannot be read: {one_line(error)}; make it again with: hotdog-sql select"
        ) from error
    missing = [name for name in _TYPES if name not in found and name != "partition"]
    if missing:
        raise SelectionFileError(
            f"{path} has no column {missing[0]}; make it again with: hotdog-sql select"
        )
    return RowTable(database, "saved")


def _relation(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyRelation:
    """The file, which is read as photos are fetched: a million rows would be half a gigabyte."""
    match format_of(path):
        case "csv":
            return connection.read_csv(
                str(path),
                header=True,
                delimiter=",",
                quotechar='"',
                escapechar='"',
                all_varchar=True,
                buffer_size=_BUFFER,
            )
        case "json":
            return connection.read_json(str(path), columns=_TYPES)
        case _:
            return connection.read_parquet(str(path))
