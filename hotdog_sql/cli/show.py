"""What people read: narration on stderr, rows on stdout."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hotdog_sql.text import printable
from hotdog_sql.vocabulary import RowFormat

if TYPE_CHECKING:
    from hotdog_sql.database import Database

#: A table shows this many rows; the other formats always have all of them.
TABLE_ROWS = 40
#: Columns of a table are not squeezed below this width: those that do not fit are left out.
_LEAST_WIDTH = 10


def narrator(*, quiet: bool = False) -> Console:
    """Where narration goes: stderr, as plain text in which strangers' text is not markup."""
    return Console(stderr=True, quiet=quiet, markup=False, highlight=False, soft_wrap=True)


def write_rows(
    database: "Database", table: str, format_name: RowFormat | None, output: Path | None
) -> None:
    """Writes a table of the connection as the options say.

    Args:
        database: the connection.
        table: name of the table or view.
        format_name: None: by the ending of `output`; without it a table for a terminal, CSV else.
        output: file to write; None is stdout.
    """
    from hotdog_sql import formats

    if output is not None:
        name = str(format_name) if format_name else formats.format_of(output)
        if name != RowFormat.TABLE:
            formats.write_file(database, table, output, name)
            return
        with formats.whole_file(output) as temporary, temporary.open("w", encoding="utf-8") as file:
            _write_table(database, table, Console(file=file, width=200))
        return
    if format_name is None:
        format_name = RowFormat.TABLE if sys.stdout.isatty() else RowFormat.CSV
    if format_name is RowFormat.TABLE:
        _write_table(database, table, Console())
        return
    formats.write_stream(database, table, sys.stdout.buffer, str(format_name))
    sys.stdout.flush()


def _write_table(database: "Database", table: str, console: Console) -> None:
    cursor = database.execute("FROM query_table($table)", {"table": table})
    columns = [column[0] for column in cursor.description or ()]
    rows = cursor.fetchmany(TABLE_ROWS)
    total = database.rows("SELECT count(*) FROM query_table($table)", {"table": table})[0][0]
    console.print(rows_table(columns, rows, console.width))
    left_out = len(columns) - _fitting(columns, rows, console.width)
    notes = []
    if total > len(rows):
        notes.append(f"{total - len(rows):,} more rows")
    if left_out:
        notes.append(f"{left_out} more columns")
    if notes:
        console.print(f"… {' and '.join(notes)}: --format csv has everything", highlight=False)


def rows_table(columns: Sequence[str], rows: Iterable[Sequence[object]], width: int) -> Table:
    """Rows as a table that fits a terminal: long text is cut, columns past the edge left out."""
    shown = list(rows)
    fitting = _fitting(columns, shown, width)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns[:fitting]):
        number = any(isinstance(row[index], int | float) for row in shown)
        table.add_column(
            column,
            justify="right" if number else "left",
            no_wrap=True,
            overflow="ellipsis",
            min_width=min(_LEAST_WIDTH, _width(column, index, shown)),
        )
    for row in shown:
        table.add_row(*(_cell(value) for value in row[:fitting]))
    return table


def _fitting(columns: Sequence[str], rows: Sequence[Sequence[object]], width: int) -> int:
    """How many of the columns, from the left, have room for their first characters."""
    used = 0
    for index, column in enumerate(columns):
        used += min(_LEAST_WIDTH * 2, _width(column, index, rows)) + 1
        if used > width and index:
            return index
    return len(columns)


def _width(column: str, index: int, rows: Sequence[Sequence[object]]) -> int:
    return max(len(column), *(len(str(row[index])) for row in rows), 1)


def _cell(value: object) -> Text:
    # Text, not a string: a title in brackets is not markup.
    return Text("" if value is None else printable(str(value)))
