"""The rows of a selection, kept in a table of the connection."""

from collections.abc import Iterator
from typing import Any

from hotdog_sql.database import Database

_FOLDERS = """
SELECT folder, count(*)
FROM (SELECT folder, row_number() OVER () AS place FROM query_table($table))
GROUP BY folder
ORDER BY min(place)
"""
_COLUMNS = "SELECT column_name FROM (DESCRIBE FROM query_table($table))"


class RowTable:
    """Rows computed once and kept, to be counted, written and downloaded.

    DuckDB spills the table to disk where it outgrows the memory limit.

    Attributes:
        database: the connection.
        table: name of the table; its rows stand by folder and rank.
    """

    def __init__(self, database: Database, table: str) -> None:
        self.database = database
        self.table = table

    def columns(self) -> list[str]:
        """The rows' columns: folder, rank, then the image file's own; `partition` before all."""
        return [row[0] for row in self.database.rows(_COLUMNS, {"table": self.table})]

    def folders(self) -> dict[str, int]:
        """Images in each folder, in the folders' order."""
        return dict(self.database.rows(_FOLDERS, {"table": self.table}))

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """The rows, streamed."""
        # A cursor of its own: another query on the connection would end the stream.
        cursor = self.database.connection.cursor()
        cursor.execute("FROM query_table($table)", {"table": self.table})
        while rows := cursor.fetchmany(1000):
            yield from rows
