"""What a command prints and how it ends: rows on stdout, everything else on stderr, exit codes.

rich draws the tables and takes as long to import as DuckDB, so only a table imports it.
"""

import sys
from contextlib import nullcontext
from contextvars import ContextVar
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import typer

from hotdog_sql import errors
from hotdog_sql.errors import InputError, StorageError
from hotdog_sql.options import RowFormat
from hotdog_sql.text import printable

if TYPE_CHECKING:
    from hotdog_sql.api import Database

#: Whether the command prints errors only.
QUIET: ContextVar[bool] = ContextVar("quiet", default=False)
#: Rows of a table; the other formats have all of them.
_TABLE_ROWS = 40
#: Characters of the widest column of a table, and of a line in a file.
_WIDEST = 32
_FILE_WIDTH = 200


class ExitCode(IntEnum):
    """How a command has ended; a signal adds 128 to its number, as in a shell."""

    OK = 0
    USAGE = 2  # Typer's own: an option is unknown or its value is invalid
    INPUT = 3
    DATA = 4
    TRANSFER = 5
    DATASET = 6
    INCOMPLETE = 7  # some photos failed for now
    VERIFY_FAILED = 8
    CLUSTER = 9
    HANGUP = 129
    INTERRUPTED = 130
    TERMINATED = 143


_CODES: dict[type[errors.HotdogError], ExitCode] = {
    errors.InputError: ExitCode.INPUT,
    errors.DataError: ExitCode.DATA,
    errors.TransferError: ExitCode.TRANSFER,
    errors.DatasetError: ExitCode.DATASET,
    errors.UnreachableError: ExitCode.INCOMPLETE,
    errors.ClusterError: ExitCode.CLUSTER,
}


def exit_code(error: errors.HotdogError) -> int:
    """The exit code for an error."""
    return next((code for kind, code in _CODES.items() if isinstance(error, kind)), 1)


def say(line: str, *, err: bool = True) -> None:
    """Print a line on stderr, unless only errors are wanted."""
    if not QUIET.get():
        typer.echo(line, err=err)


def check_output(row_format: RowFormat | None, output: Path | None) -> RowFormat:
    """The format to write rows in; wrong options are found before the work begins."""
    if output is None:
        terminal = sys.stdout.isatty()
        if terminal and row_format is RowFormat.PARQUET:
            raise InputError("Parquet is not text for a terminal: add --output FILE")
        return row_format or (RowFormat.TABLE if terminal else RowFormat.CSV)
    if not output.parent.is_dir():
        raise StorageError(
            f"cannot write {output}: there is no folder {output.parent}; create it or choose "
            "another --output"
        )
    if output.exists() and not output.is_file():
        raise StorageError(f"cannot write {output}: it is not a file; redirect stdout instead")
    extension = output.suffix.lower().removeprefix(".")
    if row_format is None and extension not in ("csv", "json", "parquet"):
        raise InputError(
            f"{output.name} ends in none of .csv, .json, .parquet: rename it or add --format"
        )
    return row_format or RowFormat(extension)


def write_rows(
    database: "Database",
    table: str,
    row_format: RowFormat,
    output: Path | None,
    limit: int = _TABLE_ROWS,
) -> None:
    """Write a table of the connection to a file or to stdout; `limit` is for tables of people."""
    from hotdog_sql import api

    if row_format is not RowFormat.TABLE:
        api.write_rows(database, table, output or sys.stdout.buffer, row_format)
        sys.stdout.flush()
        return
    with output.open("w", encoding="utf-8") if output else nullcontext(sys.stdout) as file:
        _write_table(database, table, limit, file, _FILE_WIDTH if output else None)


def _write_table(
    database: "Database", table: str, limit: int, file: TextIO, width: int | None
) -> None:
    """Show the first rows, and as many columns as there is room for."""
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    cursor = database.execute("FROM query_table($table)", {"table": table})
    columns = [column[0] for column in cursor.description or ()]
    rows = cursor.fetchmany(limit)
    ((total,),) = database.rows("SELECT count(*) FROM query_table($table)", {"table": table})
    console = Console(file=file, width=width)
    shown = Table(box=None, pad_edge=False, header_style="bold")
    room = console.width
    for index, column in enumerate(columns):
        values = [row[index] for row in rows]
        longest = max(cell_len(text) for text in (column, *map(_plain, values)))
        room -= min(longest, _WIDEST) + 2
        if room < -2 and shown.columns:
            break
        justify: Any = "right" if any(isinstance(one, int | float) for one in values) else "left"
        shown.add_column(Text(column), justify=justify, no_wrap=True, max_width=_WIDEST)
    for row in rows:
        # Text, not a string: a title in brackets is not markup.
        shown.add_row(*(Text(_plain(value)) for value in row[: len(shown.columns)]))
    console.print(shown)
    left_out = {
        "more rows": total - len(rows),
        "more columns": len(columns) - len(shown.columns),
    }
    if any(left_out.values()):
        counts = " and ".join(f"{count:,} {what}" for what, count in left_out.items() if count)
        console.print(f"… {counts}: --format csv has everything", highlight=False)


def _plain(value: object) -> str:
    return "" if value is None else printable(str(value))
