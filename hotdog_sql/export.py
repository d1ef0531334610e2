"""Rows as CSV, JSON and Parquet. DuckDB writes all three, so that they agree."""

import shutil
from pathlib import Path
from typing import BinaryIO

import duckdb

from hotdog_sql.database import Database
from hotdog_sql.errors import InputError
from hotdog_sql.files import whole_file

_COPY = {
    "csv": "COPY (FROM query_table($table)) TO $file (FORMAT csv, HEADER true)",
    "json": "COPY (FROM query_table($table)) TO $file (FORMAT json, ARRAY true)",
    "parquet": "COPY (FROM query_table($table)) TO $file (FORMAT parquet, COMPRESSION zstd)",
}
FILE_FORMATS = tuple(_COPY)
#: Bytes of a CSV that DuckDB reads at once, and the most that a line may have: it keeps several.
_BUFFER = 1 << 19


def format_of(path: Path) -> str:
    """The format that matches a file's extension."""
    ending = path.suffix.lower().removeprefix(".")
    if ending in FILE_FORMATS:
        return ending
    raise InputError(f"{path.name} ends in none of .csv, .json, .parquet: rename it")


def write_rows(database: Database, table: str, target: Path | BinaryIO, format_name: str) -> None:
    """Write the rows of a table to a stream, or to a file, which replaces an older one at once."""
    rows = _copy(database, table, format_name)
    if isinstance(target, Path):
        with whole_file(target) as temporary:
            shutil.move(rows, temporary)
    else:
        with rows.open("rb") as file:
            shutil.copyfileobj(file, target)


def _copy(database: Database, table: str, format_name: str) -> Path:
    """Have DuckDB write the rows where even a locked connection may: in its temporary folder."""
    path = database.scratch / f"{table}.{format_name}"
    database.execute(_COPY[format_name], {"table": table, "file": str(path)})
    return path


def read_file(
    connection: duckdb.DuckDBPyConnection, path: Path, types: dict[str, str]
) -> duckdb.DuckDBPyRelation:
    """The rows of a file, read as they are needed: a CSV's are text, JSON has the given types."""
    match format_of(path):
        case "json":
            return connection.read_json(str(path), columns=types)
        case "parquet":
            return connection.read_parquet(str(path))
    return connection.read_csv(
        str(path),
        header=True,
        delimiter=",",
        quotechar='"',
        escapechar='"',
        all_varchar=True,
        buffer_size=_BUFFER,
    )
