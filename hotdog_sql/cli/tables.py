"""Rows as a table for people."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hotdog_sql.text import printable

if TYPE_CHECKING:
    from hotdog_sql.database import Database

#: A table shows this many rows; the other formats always have all of them.
TABLE_ROWS = 40
#: Characters of the widest column of a table, and of a line in a file.
_WIDEST = 32
_FILE_WIDTH = 200


def write_table(database: "Database", table: str, file: TextIO | None = None) -> None:
    """Shows the first rows of a table of the connection, and as many columns as there is room for.

    Args:
        database: the connection.
        table: name of the table or view.
        file: where to; None is stdout, a terminal or not.
    """
    console = Console() if file is None else Console(file=file, width=_FILE_WIDTH)
    cursor = database.execute("FROM query_table($table)", {"table": table})
    columns = [column[0] for column in cursor.description or ()]
    rows = cursor.fetchmany(TABLE_ROWS)
    total = database.rows("SELECT count(*) FROM query_table($table)", {"table": table})[0][0]
    widths = _fitting_widths(columns, rows, console.width)
    console.print(_rows_table(columns, rows, widths))
    left_out = {"more rows": total - len(rows), "more columns": len(columns) - len(widths)}
    if any(left_out.values()):
        counts = " and ".join(f"{count:,} {what}" for what, count in left_out.items() if count)
        console.print(f"… {counts}: --format csv has everything", highlight=False)


def _rows_table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], widths: Sequence[int]
) -> Table:
    """The first columns, each of its width; what is longer is cut."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, (column, width) in enumerate(zip(columns, widths, strict=False)):
        number = any(isinstance(row[index], int | float) for row in rows)
        table.add_column(
            Text(column),
            justify="right" if number else "left",
            no_wrap=True,
            overflow="ellipsis",
            width=width,
        )
    for row in rows:
        table.add_row(*(_cell(value) for value in row[: len(widths)]))
    return table


def _fitting_widths(
    columns: Sequence[str], rows: Sequence[Sequence[object]], room: int
) -> list[int]:
    """The widths of the columns, from the left, that a terminal has room for; at least one."""
    widths: list[int] = []
    for index, column in enumerate(columns):
        natural = max(cell_len(text) for text in (column, *(_plain(row[index]) for row in rows)))
        width = min(natural, _WIDEST)
        if widths and sum(widths) + 2 * len(widths) + width > room:
            break
        widths.append(width)
    return widths


def _cell(value: object) -> Text:
    # Text, not a string: a title in brackets is not markup.
    return Text(_plain(value))


def _plain(value: object) -> str:
    return "" if value is None else printable(str(value))
