"""DuckDB in memory: queries that Ctrl-C ends, and errors that tell the user what to do."""

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self, TypeVar

import duckdb

from hotdog_sql.errors import HotdogError, InputError, StorageError
from hotdog_sql.files import temporary_folder
from hotdog_sql.options import DataOptions
from hotdog_sql.text import printable

Parameters = Mapping[str, object] | Sequence[object] | None
T = TypeVar("T")
#: As a plain function: mypy takes only literal columns.
_make_type: Callable[..., Any] = namedtuple


class Connection:
    """A DuckDB connection and a temporary folder, both of which go when it is closed."""

    def __init__(self, options: DataOptions) -> None:
        with ExitStack() as stack:
            self.scratch: Path = stack.enter_context(temporary_folder())
            config: dict[str, Any] = {
                # Never download an extension in the middle of a query.
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                # A database in memory would spill into a `.tmp` folder in the current folder.
                "temp_directory": str(self.scratch),
                "threads": options.threads,
                "memory_limit": options.memory_limit,
            }
            given = {name: value for name, value in config.items() if value is not None}
            try:
                self.connection: duckdb.DuckDBPyConnection = duckdb.connect(config=given)
            except duckdb.ParserException as error:
                raise InputError(
                    f"{printable(str(options.memory_limit))!r} is not a memory limit "
                    f"({one_line(error)}); give --memory-limit such as 512MB"
                ) from error
            stack.callback(self.connection.close)
            self._thread = stack.enter_context(ThreadPoolExecutor(max_workers=1))
            self._resources = stack.pop_all()

    def execute(self, query: str, parameters: Parameters = None) -> duckdb.DuckDBPyConnection:
        """Run a query, which is not a user's; fetch its rows from the result."""
        return self._run(lambda: self.connection.execute(query, parameters))

    def rows(self, query: str, parameters: Parameters = None) -> list[Any]:
        """Run a query, and return all of its rows.

        Args:
            query: any SQL but a user's, such as `FROM find_classes($name)`.
            parameters: values to bind, such as `{"name": "hot dog"}`.

        Returns:
            The rows, which should be few: named tuples, such as `row.DisplayName`. A column whose
            name is not one of Python's has its number, such as `row._0`.

        Raises:
            DataError: the content of a file does not have the types and the dialect of its view.
            InputError: the query needs more memory than the limit.
            StorageError: the temporary folder is full.
        """

        def named_rows() -> list[Any]:
            result = self.connection.execute(query, parameters)
            columns = [column[0] for column in result.description or ()]
            return list(map(_make_type("Row", columns, rename=True)._make, result.fetchall()))

        return self._run(named_rows)

    def stream(self, query: str, parameters: Parameters = None) -> Iterator[dict[str, Any]]:
        """The rows of a query that ends at once, such as one over a table, by their columns."""
        # A cursor of its own: another query on the connection would end the stream.
        with self.connection.cursor() as cursor:
            cursor.execute(query, parameters)
            columns = [column[0] for column in cursor.description or ()]
            while rows := cursor.fetchmany(1000):
                for row in rows:
                    yield dict(zip(columns, row, strict=True))

    def keep_rows(self, query: str, parameters: Parameters = None, table: str = "result") -> None:
        """Keep the rows of a query as a table, in place of one of this name."""
        self.execute(f"CREATE OR REPLACE TABLE {table} AS {query}", parameters)

    def set_variables(self, variables: Mapping[str, object]) -> None:
        """Set session variables, whose names are our own."""
        for name, value in variables.items():
            self.execute(f"SET VARIABLE {name} = ?", [value])

    def _run(self, call: Callable[[], T]) -> T:
        try:
            return self._stoppable(call)
        except duckdb.Error as error:
            if explained := self._explain(error):
                raise explained from error
            raise

    def _stoppable(self, call: Callable[[], T]) -> T:
        """Run a query in a thread, so that Ctrl-C is heard in this one and stops the query."""
        future = self._thread.submit(call)
        try:
            return future.result()
        finally:
            while not future.done():
                # An interruption that comes before the query has begun is lost.
                self.connection.interrupt()
                wait([future], timeout=0.1)

    def _explain(self, error: duckdb.Error) -> HotdogError | None:
        """Our error if DuckDB lacks memory, or room in the folder that it spills into."""
        if isinstance(error, duckdb.OutOfMemoryException):
            return InputError(
                f"DuckDB needs more memory ({one_line(error)}); give a larger --memory-limit, or "
                "fewer --threads"
            )
        if isinstance(error, duckdb.IOException) and str(self.scratch) in str(error):
            return StorageError(
                f"cannot write the temporary folder ({one_line(error)}); make room or set TMPDIR"
            )
        return None

    def close(self) -> None:
        """Close DuckDB's connection and remove the temporary folder."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def one_line(error: duckdb.Error) -> str:
    """DuckDB's own words about an error, without the lines that point into the query."""
    return printable(str(error).partition("\n")[0])
