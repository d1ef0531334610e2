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
_READ = {
    "csv": """
        FROM read_csv(
            $file, header = true, delim = ',', quote = '"', escape = '"', all_varchar = true
        )
    """,
    "json": "FROM read_json($file, columns = $types)",
    "parquet": "FROM read_parquet($file)",
}


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
    """The rows of a saved selection, in the connection's table `selection`.

    Raises:
        SelectionFileError: the file cannot be read, or a column is missing or of a wrong type.
    """
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise SelectionFileError(f"cannot read {path}: {error.strerror}; check the name") from error
    read = _READ[format_of(path)]
    parameters: dict[str, object] = {"file": str(path)}
    if "$types" in read:
        parameters["types"] = _TYPES
    try:
        database.connection.execute(f"CREATE OR REPLACE TABLE saved AS {read}", parameters)
        found = [row[0] for row in database.connection.execute("DESCRIBE saved").fetchall()]
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
