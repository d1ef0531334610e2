"""Read and write rows as CSV, JSON and Parquet, with DuckDB."""

import glob
import shutil
from pathlib import Path
from typing import Any, BinaryIO

import duckdb

from hotdog_sql.database import Database
from hotdog_sql.duckdb_errors import our_error
from hotdog_sql.errors import InputError
from hotdog_sql.files import atomic_write, storage_errors
from hotdog_sql.text import one_line

_COPY = {
    "csv": "COPY (FROM query_table($table)) TO $file (FORMAT csv, HEADER true)",
    "parquet": "COPY (FROM query_table($table)) TO $file (FORMAT parquet, COMPRESSION zstd)",
}
#: A row as JSON, which has neither NaN nor infinity. COPY would keep 122,880 rows per thread.
_JSON = (
    "SELECT to_json(struct_pack(*COLUMNS(*))) AS line FROM (SELECT CASE WHEN typeof(COLUMNS(*)) "
    "NOT IN ('FLOAT', 'DOUBLE') OR COLUMNS(*)::VARCHAR NOT IN ('nan', 'inf', '-inf') "
    "THEN COLUMNS(*) END FROM query_table($table))"
)
FILE_FORMATS = ("csv", "json", "parquet")
_DIALECT: Any = {"header": True, "delimiter": ",", "quotechar": '"', "escapechar": '"'}


def write_rows(database: Database, table: str, target: Path | BinaryIO, format_name: str) -> None:
    """Write the rows of a table to a stream, or atomically to a file."""
    # A locked connection can only write to its temporary folder.
    rows = database.scratch / f"{table}.{format_name}"
    try:
        if format_name == "parquet":
            _make_decimal(database, table)
        if format_name == "json":
            _write_json(database, table, rows)
        else:
            database.execute(_COPY[format_name], {"table": table, "file": str(rows)})
    except duckdb.Error as error:
        raise our_error(error, database.scratch, ()) or InputError(
            f"cannot write {format_name} ({one_line(error)}): cast the column to VARCHAR"
        ) from error
    if isinstance(target, Path):
        # A link stays, and its target is written.
        with atomic_write(target.resolve() if target.is_symlink() else target) as temporary:
            shutil.move(rows, temporary)
    else:
        with rows.open("rb") as file:
            shutil.copyfileobj(file, target)


def _write_json(database: Database, table: str, path: Path) -> None:
    with storage_errors(path), path.open("w", encoding="utf-8", newline="\n") as file:
        lines = (row["line"] for row in database.stream(_JSON, {"table": table}))
        file.write("[\n\t" + next(lines, ""))
        file.writelines(f",\n\t{line}" for line in lines)
        file.write("\n]\n")


def _make_decimal(database: Database, table: str) -> None:
    """Change HUGEINT columns to DECIMAL, because Parquet would round them to DOUBLE."""
    relation = database.connection.table(table)
    for name, kind in zip(relation.columns, relation.types, strict=True):
        if kind in ("HUGEINT", "UHUGEINT"):
            column = name.replace('"', '""')
            database.execute(f'ALTER TABLE {table} ALTER "{column}" TYPE DECIMAL(38, 0)')


def read_file(
    connection: duckdb.DuckDBPyConnection, path: Path, types: dict[str, str]
) -> duckdb.DuckDBPyRelation:
    """Read a file lazily; columns of CSV are text, and so are those of JSON without a type."""
    pattern = glob.escape(str(path))
    match path.suffix.lower():
        case ".json":
            names = connection.read_json(pattern, hive_partitioning=False).columns
            columns = {name: types.get(name, "VARCHAR") for name in names}
            return connection.read_json(pattern, columns=columns, hive_partitioning=False)
        case ".parquet":
            return connection.read_parquet(pattern, hive_partitioning=False)
        case ".csv":
            # The buffer's bytes are also the maximum length of a line.
            return connection.read_csv(
                pattern, **_DIALECT, all_varchar=True, buffer_size=1 << 19, hive_partitioning=False
            )
    raise InputError(f"{path.name} does not end in .csv, .json or .parquet: rename it")
