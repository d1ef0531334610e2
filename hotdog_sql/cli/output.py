"""Output and exit codes of commands: rows go to stdout, everything else to stderr.

Importing rich takes as long as importing DuckDB, so only tables import it.
"""

import sys
from contextlib import nullcontext
from contextvars import ContextVar
from enum import StrEnum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from hotdog_sql import errors
from hotdog_sql.cli import api
from hotdog_sql.errors import InputError, StorageError
from hotdog_sql.text import printable

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation
    from rich.console import Console

#: Whether the command prints errors only.
QUIET: ContextVar[bool] = ContextVar("quiet", default=False)
#: Maximum number of rows in a table; the other formats have all rows.
_TABLE_ROWS = 40
#: Maximum width of a table's column, and the width of a table in a file, in characters.
_COLUMN_WIDTH = 32
_FILE_WIDTH = 200


class RowFormat(StrEnum):
    """The output format of rows."""

    TABLE = auto()
    CSV = auto()
    JSON = auto()
    PARQUET = auto()


#: Exit codes of errors. Typer's is 2, for invalid options. That of a signal is 128 plus its number,
#: as in a shell.
ERROR_CODES: dict[type[errors.HotdogError], int] = {
    errors.InputError: 3,
    errors.DataError: 4,
    errors.TransferError: 5,
    errors.DatasetError: 6,
    errors.UnreachableError: 7,
    errors.ClusterError: 9,
}
#: Exit code of a download in which some photos failed for now.
INCOMPLETE = 7
#: Exit code of `verify` if it found problems.
VERIFY_FAILED = 8


def say(line: str, *, err: bool = True) -> None:
    """Print a line, by default on stderr, unless `--quiet` is set."""
    if not QUIET.get():
        typer.echo(line, err=err)


def check_output(row_format: RowFormat | None, output: Path | None) -> RowFormat:
    """Return the format for the rows; raise an error if `--format` or `--output` is unusable."""
    if output is None:
        terminal = sys.stdout.isatty()
        if terminal and row_format is RowFormat.PARQUET:
            raise InputError("a terminal cannot show Parquet: add --output FILE")
        return row_format or (RowFormat.TABLE if terminal else RowFormat.CSV)
    if not output.parent.is_dir():
        raise StorageError(
            f"cannot write {output}: there is no folder {output.parent}; create it or choose "
            "another --output"
        )
    if output.exists() and not output.is_file():
        raise StorageError(
            f"cannot write {output}: it is not a file; choose another --output or redirect stdout"
        )
    extension = output.suffix.lower().removeprefix(".")
    if row_format is None and extension not in ("csv", "json", "parquet"):
        raise InputError(
            f"{output.name} does not end in .csv, .json or .parquet: rename it or add --format"
        )
    return row_format or RowFormat(extension)


def write_rows(
    database: "api.Database",
    table: str,
    row_format: RowFormat,
    output: Path | None,
    limit: int = _TABLE_ROWS,
) -> None:
    """Write a table of the database to a file or stdout; `limit` applies to `RowFormat.TABLE`."""
    if row_format is not RowFormat.TABLE:
        api.write_rows(database, table, output or sys.stdout.buffer, row_format)
        sys.stdout.flush()
        return
    from rich.console import Console

    with output.open("w", encoding="utf-8") if output else nullcontext(sys.stdout) as file:
        console = Console(file=file, width=_FILE_WIDTH if output else None)
        _print_table(console, database.connection.table(table), limit)


def _print_table(console: "Console", relation: "DuckDBPyRelation", limit: int) -> None:
    """Print the first rows, with as many columns as fit."""
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    columns, rows = relation.columns, relation.limit(limit).fetchall()
    grid = Table(box=None, pad_edge=False, header_style="bold")
    room = console.width
    for index, column in enumerate(columns):
        values = [row[index] for row in rows]
        longest = max(cell_len(text) for text in (column, *map(_plain, values)))
        room -= min(longest, _COLUMN_WIDTH) + 2
        if room < -2 and grid.columns:
            break
        justify: Any = "right" if any(isinstance(cell, int | float) for cell in values) else "left"
        grid.add_column(Text(column), justify=justify, no_wrap=True, max_width=_COLUMN_WIDTH)
    for row in rows:
        # A string in brackets would be markup.
        grid.add_row(*(Text(_plain(value)) for value in row[: len(grid.columns)]))
    console.print(grid)
    omitted = {"rows": len(relation) - len(rows), "columns": len(columns) - len(grid.columns)}
    if any(omitted.values()):
        counts = " and ".join(f"{count:,} more {name}" for name, count in omitted.items() if count)
        console.print(f"… {counts}: --format csv has everything", highlight=False)


def _plain(value: object) -> str:
    return "" if value is None else printable(str(value))
