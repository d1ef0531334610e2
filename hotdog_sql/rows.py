"""The rows of a selection, kept in a table of the connection."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hotdog_sql.database import Database

_FOLDERS = "FROM folder_report($table)"
_COLUMNS = "SELECT column_name FROM (DESCRIBE FROM query_table($table))"


@dataclass(frozen=True, slots=True)
class FolderReport:
    """What a selection would bring to one folder (see `sql/reports/folder_report.sql`).

    Attributes:
        folder: the folder.
        images: how many.
        licenses: addresses of their licences.
        original_bytes: bytes of their originals; None where there are no images.
        mirror_bytes: about how many bytes the mirror's copies have.
    """

    folder: str
    images: int
    licenses: list[str]
    original_bytes: int | None
    mirror_bytes: int


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

    def folders(self) -> list[FolderReport]:
        """What is in each folder, in the folders' order."""
        rows = self.database.rows(_FOLDERS, {"table": self.table})
        return [FolderReport(*row) for row in rows]

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """The rows, streamed."""
        # A cursor of its own: another query on the connection would end the stream.
        cursor = self.database.connection.cursor()
        cursor.execute("FROM query_table($table)", {"table": self.table})
        while rows := cursor.fetchmany(1000):
            yield from rows
