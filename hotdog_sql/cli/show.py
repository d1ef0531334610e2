"""What people read: narration on stderr, rows on stdout.

rich draws tables alone, and is imported for them alone: it takes as long as DuckDB.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hotdog_sql.options import RowFormat

if TYPE_CHECKING:
    from hotdog_sql.database import Database


@dataclass(frozen=True, slots=True)
class Narrator:
    """Tells on stderr, in plain lines, what goes on.

    Attributes:
        quiet: tell nothing.
    """

    quiet: bool = False

    def print(self, line: str) -> None:
        """Tell a line."""
        if not self.quiet:
            typer.echo(line, err=True)


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
    from hotdog_sql import export

    if output is not None:
        name = str(format_name) if format_name else export.format_of(output)
        if name != RowFormat.TABLE:
            export.write_file(database, table, output, name)
            return
        from hotdog_sql.cli.tables import write_table

        with export.whole_file(output) as temporary, temporary.open("w", encoding="utf-8") as file:
            write_table(database, table, file)
        return
    if format_name is None:
        format_name = RowFormat.TABLE if sys.stdout.isatty() else RowFormat.CSV
    if format_name is RowFormat.TABLE:
        from hotdog_sql.cli.tables import write_table

        write_table(database, table)
        return
    export.write_stream(database, table, sys.stdout.buffer, str(format_name))
    sys.stdout.flush()
