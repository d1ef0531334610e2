"""The rows of a selection, kept in a table of the connection."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hotdog_sql.database import Database

_ALL = "FROM query_table($table)"
_AFTER = "FROM query_table($table) WHERE folder = $folder AND rank > $rank ORDER BY rank"
_COUNT = "SELECT count(*) FROM query_table($table)"
_COUNT_IN = "SELECT count(*) FROM query_table($table) WHERE folder = $folder"
_FOLDERS = "FROM folder_report($table)"
_COLUMNS = "SELECT column_name FROM (DESCRIBE FROM query_table($table))"


@dataclass(frozen=True, slots=True)
class FolderReport:
    """What a selection would bring to one folder (see `sql/reports/folder_report.sql`).

    Attributes:
        folder: the folder.
        images: how many.
        licenses: addresses of their licences.
        original_bytes: bytes of their originals; None where no size is known.
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

    def count(self, folder: str | None = None) -> int:
        """How many rows there are, in all or in one folder."""
        if folder is None:
            rows = self.database.rows(_COUNT, {"table": self.table})
        else:
            rows = self.database.rows(_COUNT_IN, {"table": self.table, "folder": folder})
        count: int = rows[0][0]
        return count

    def folders(self) -> list[FolderReport]:
        """What is in each folder, in the folders' order."""
        self.database.use("folder_report")
        rows = self.database.rows(_FOLDERS, {"table": self.table})
        return [FolderReport(*row) for row in rows]

    def after(self, folder: str, rank: int) -> Iterator[dict[str, Any]]:
        """The rows of a folder from a rank on, that one left out, as values by column."""
        return self._stream(_AFTER, {"table": self.table, "folder": folder, "rank": rank})

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The rows as values by column, streamed."""
        return self._stream(_ALL, {"table": self.table})

    def _stream(self, query: str, parameters: dict[str, object]) -> Iterator[dict[str, Any]]:
        columns = self.columns()
        # A cursor of its own: another query on the connection would end the stream.
        with self.database.connection.cursor() as cursor:
            cursor.execute(query, parameters)
            while rows := cursor.fetchmany(1000):
                for row in rows:
                    yield dict(zip(columns, row, strict=True))
