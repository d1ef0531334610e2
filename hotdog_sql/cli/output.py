"""Output: rows on stdout, everything else on stderr.

rich draws the tables and takes as long to import as DuckDB, so only a table imports it.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import typer

from hotdog_sql.errors import InputError, StorageError
from hotdog_sql.options import RowFormat
from hotdog_sql.text import printable

if TYPE_CHECKING:
    from rich.table import Table

    from hotdog_sql.database import Database

#: Rows of a table; the other formats have all of them.
TABLE_ROWS = 40
#: Characters of the widest column of a table, and of a line in a file.
_WIDEST = 32
_FILE_WIDTH = 200


def say(line: str, *, quiet: bool = False) -> None:
    """Print a line on stderr, unless only errors are wanted."""
    if not quiet:
        typer.echo(line, err=True)


def check_output(format_name: RowFormat | None, output: Path | None) -> RowFormat:
    """The format to write rows in; wrong options are found before the work begins.

    Args:
        format_name: what the user asked for.
        output: file to write; None: stdout.

    Raises:
        InputError: the file's extension matches no format, or the format is not for a terminal.
        StorageError: the file's folder does not exist.
    """
    if output is None:
        terminal = sys.stdout.isatty()
        if terminal and format_name is RowFormat.PARQUET:
            raise InputError("Parquet is not text for a terminal: add --output FILE")
        return format_name or (RowFormat.TABLE if terminal else RowFormat.CSV)
    if not output.parent.is_dir():
        raise StorageError(
            f"cannot write {output}: there is no folder {output.parent}; create it or choose "
            "another --output"
        )
    if output.exists() and not output.is_file():
        raise StorageError(f"cannot write {output}: it is not a file; redirect stdout instead")
    extension = output.suffix.lower().removeprefix(".")
    if format_name is None and extension not in ("csv", "json", "parquet"):
        raise InputError(
            f"{output.name} ends in none of .csv, .json, .parquet: rename it or add --format"
        )
    return format_name or RowFormat(extension)


def write_rows(
    database: "Database",
    table: str,
    format_name: RowFormat,
    output: Path | None,
    limit: int = TABLE_ROWS,
) -> None:
    """Write a table of the connection.

    Args:
        database: the connection.
        table: name of the table or view.
        format_name: from `check_output`.
        output: file to write; None: stdout.
        limit: rows of a table for people.
    """
    from hotdog_sql import export
    from hotdog_sql.files import whole_file

    if format_name is RowFormat.TABLE:
        if output is None:
            _write_table(database, table, limit)
            return
        with whole_file(output) as temporary, temporary.open("w", encoding="utf-8") as file:
            _write_table(database, table, limit, file)
    elif output is None:
        export.write_stream(database, table, sys.stdout.buffer, format_name)
        sys.stdout.flush()
    else:
        export.write_file(database, table, output, format_name)


def _write_table(database: "Database", table: str, limit: int, file: TextIO | None = None) -> None:
    """Show the first rows, and as many columns as there is room for."""
    from rich.console import Console

    console = Console() if file is None else Console(file=file, width=_FILE_WIDTH)
    cursor = database.execute("FROM query_table($table)", {"table": table})
    columns = [column[0] for column in cursor.description or ()]
    rows = cursor.fetchmany(limit)
    total = database.rows("SELECT count(*) FROM query_table($table)", {"table": table})[0][0]
    widths = _fitting_widths(columns, rows, console.width)
    console.print(_rows_table(columns, rows, widths))
    left_out = {"more rows": total - len(rows), "more columns": len(columns) - len(widths)}
    if any(left_out.values()):
        counts = " and ".join(f"{count:,} {what}" for what, count in left_out.items() if count)
        console.print(f"… {counts}: --format csv has everything", highlight=False)


def _rows_table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], widths: Sequence[int]
) -> "Table":
    """The first columns, each of its width; longer text is cut."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, (column, width) in enumerate(zip(columns, widths, strict=False)):
        number = any(isinstance(row[index], int | float) for row in rows)
        justify: Any = "right" if number else "left"
        table.add_column(
            Text(column), justify=justify, no_wrap=True, overflow="ellipsis", width=width
        )
    for row in rows:
        # Text, not a string: a title in brackets is not markup.
        table.add_row(*(Text(_plain(value)) for value in row[: len(widths)]))
    return table


def _fitting_widths(columns: Sequence[str], rows: Sequence[Sequence[Any]], room: int) -> list[int]:
    """The widths of the columns, from the left, that there is room for; at least one."""
    from rich.cells import cell_len

    widths: list[int] = []
    for index, column in enumerate(columns):
        natural = max(cell_len(text) for text in (column, *(_plain(row[index]) for row in rows)))
        width = min(natural, _WIDEST)
        if widths and sum(widths) + 2 * len(widths) + width > room:
            break
        widths.append(width)
    return widths


def _plain(value: object) -> str:
    return "" if value is None else printable(str(value))
