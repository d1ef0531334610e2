"""An in-memory DuckDB with the views and macros of `sql/` over the Open Images files."""

import errno
import glob
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self, TypeVar

import duckdb

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.data_file import DataFile, State, refresh_command
from hotdog_sql.duckdb_errors import our_error, query_error
from hotdog_sql.errors import DataError, DatasetError, InputError, MissingFileError
from hotdog_sql.files import storage_errors, temporary_folder
from hotdog_sql.index import COPY_STATEMENTS, VARIABLES, index_of, index_state, new_index
from hotdog_sql.options import DataOptions
from hotdog_sql.sandbox import check_query, lock
from hotdog_sql.sql_files import SqlFile, dataset_files, load_order, needed_for
from hotdog_sql.text import one_line, printable

Parameters = Mapping[str, object] | Sequence[object] | None
T = TypeVar("T")
#: Untyped, because mypy accepts only literal field names.
_row_type: Callable[..., Any] = namedtuple
_FILES = "SELECT release, split, kind, path, name, bytes, md5, file FROM files ORDER BY kind, name"
_CREATE_RESULT = "CREATE OR REPLACE TABLE result AS FROM query($query)"
CLOSED = "the database is closed: use it inside its `with` block, or connect again"


class Database:
    """A DuckDB connection that loads views and macros of `sql/` on first use.

    A view cannot be loaded if its file is missing, and neither can anything that depends on it.
    The rest works: finding a class needs only the class file.

    Attributes:
        is_closed: whether it can no longer be used.
        scratch: a temporary folder, into which DuckDB spills and writes files.
        options: which files it reads, and the resources it may use.
        files: the Open Images files that the options name, whether or not they exist.
        index_variables: session variables that make views read their index.
        index_warnings: why a stale or damaged index is not used.
    """

    def __init__(self, options: DataOptions) -> None:
        self.is_closed: bool = False
        self.options = options
        self.files: tuple[DataFile, ...] = ()
        self.index_variables: dict[str, object] = {}
        self.index_warnings: list[str] = []
        self._loaded: set[str] = set()
        self._states: dict[DataFile, State] = {}
        self._locked = False
        with ExitStack() as stack:
            self.scratch: Path = stack.enter_context(temporary_folder())
            self._connection = stack.enter_context(_connect(options, self.scratch))
            self._thread = stack.enter_context(ThreadPoolExecutor(max_workers=1))
            self._thread.submit(int)  # starts the thread, before Ctrl-C could come in between
            self._readable = [options.data_dir, self.scratch]
            self.set_variables(options.variables())
            self.load("files")
            self.files = tuple(
                DataFile(CatalogFile(*row[:-1]), Path(row[-1])) for row in self.rows(_FILES)
            )
            self._resources = stack.pop_all()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """DuckDB's own connection."""
        if self.is_closed:
            raise InputError(CLOSED)
        return self._connection

    def execute(self, query: str, parameters: Parameters = None) -> duckdb.DuckDBPyConnection:
        """Run a trusted query; fetch its rows from the result."""
        return self._run(lambda: self.connection.execute(query, parameters))

    def rows(self, query: str, parameters: Parameters = None) -> list[Any]:
        """Run a trusted query and return its rows; for others, see `run_query`.

        Args:
            query: SQL such as `FROM find_classes($name)`.
            parameters: values to bind, such as `{"name": "hot dog"}`.

        Returns:
            The rows, all in memory, as named tuples: `row.DisplayName`. A column whose name is not
            a Python identifier gets its number: `row._0`.

        Raises:
            DataError: a file does not have the types and the CSV dialect of its view.
            InputError: the query needs more memory than the limit.
            StorageError: the temporary folder is full.
        """

        def named_rows() -> list[Any]:
            result = self.connection.execute(query, parameters)
            columns = [column[0] for column in result.description or ()]
            return list(map(_row_type("Row", columns, rename=True)._make, result.fetchall()))

        return self._run(named_rows)

    def stream(self, query: str, parameters: Parameters = None) -> Iterator[dict[str, Any]]:
        """Yield a dict per row of a quick query, such as one over a table."""
        # A separate cursor: another query on the connection would end the stream.
        with self.connection.cursor() as cursor:
            cursor.execute(query, parameters)
            columns = [column[0] for column in cursor.description or ()]
            while rows := cursor.fetchmany(1000):
                for row in rows:
                    yield dict(zip(columns, row, strict=True))

    def create_table(self, query: str, parameters: Parameters = None, name: str = "result") -> None:
        """Create or replace a table with the rows of a query."""
        self.execute(f"CREATE OR REPLACE TABLE {name} AS {query}", parameters)

    def set_variables(self, variables: Mapping[str, object]) -> None:
        """Set session variables; the names must not come from a user."""
        for name, value in variables.items():
            self.execute(f"SET VARIABLE {name} = ?", [value])

    def files_read_by(self, *views: str) -> list[DataFile]:
        """The files that these views read themselves."""
        return [file for file in self.files if file.catalog.view in views]

    def files_needed_by(self, *names: str) -> list[DataFile]:
        """The files that these views or macros need, with their dependencies."""
        return self.files_read_by(*(sql_file.defines for sql_file in needed_for(names)))

    def missing(self, *names: str) -> list[DataFile]:
        """The files that these views or macros need and that do not exist."""
        return [file for file in self.files_needed_by(*names) if not file.path.exists()]

    def loadable(self, sql_files: Iterable[SqlFile]) -> list[SqlFile]:
        """Those views and macros whose files exist."""
        return [sql_file for sql_file in sql_files if not self.missing(sql_file.defines)]

    def load(self, *names: str) -> None:
        """Load views or macros, such as `select_images`, and their dependencies."""
        if self._loaded.issuperset(names):
            return
        if missing := self.missing(*names):
            paths = ", ".join(str(file.path) for file in missing)
            raise MissingFileError(f"missing {paths}; get it with: {refresh_command(missing)}")
        for sql_file in needed_for(names):
            if sql_file.defines not in self._loaded:
                self._load_file(sql_file)

    def load_all(self) -> None:
        """Load every view and macro whose files exist."""
        self.load(*(sql_file.defines for sql_file in self.loadable(load_order())))

    def check_unchanged(self, *names: str) -> None:
        """Raise `DataError` if a file that these views or macros need has changed since loading."""
        for file in self.files_needed_by(*names):
            if self._states.get(file, file.state) != file.state:
                raise DataError(
                    f"{file.path} has changed while in use: run the same command or connect again"
                )

    def load_dataset(self, directory: Path) -> None:
        """Load the views of a dataset's manifest, and allow queries to read its folder."""
        manifest = directory / "manifest.csv"
        if not manifest.is_file():
            raise DatasetError(f"{directory} has no manifest.csv: give the folder of a dataset")
        with storage_errors(manifest), manifest.open("rb"):  # DuckDB does not say why it cannot
            pass
        self._readable.append(directory)
        self.set_variables({"dataset_dir": str(directory)})
        for sql_file in self.loadable(dataset_files()):
            self.load(sql_file.defines)  # its dependencies
            try:
                self.execute(sql_file.text)
            except duckdb.Error as error:
                raise DatasetError(
                    f"{manifest} does not have a manifest's columns: give the folder of a dataset"
                ) from error

    def run_query(self, text: str) -> None:
        """Run a user's query, and store its rows in the table `result`.

        The query must be one SELECT. It can use every view and macro whose files exist. The
        connection is locked first, and stays locked.
        """
        self.load(*check_query(self.connection, text))
        self.load_all()
        if not self._locked:
            files = [path for file in self.files for path in (file.path, index_of(file.path))]
            lock(self.connection, [*self._readable, *files])
            self._locked = True

        def create_result() -> None:
            try:
                self.connection.execute(_CREATE_RESULT, {"query": text})
            except (duckdb.BinderException, duckdb.CatalogException):
                self.connection.execute(text)  # its error has the position in the user's query
                raise

        try:
            self._interruptible(create_result)
        except duckdb.Error as error:
            only_in_views = [file for file in self.files if file.path.name not in text]
            raise our_error(error, self.scratch, only_in_views) or query_error(error) from error

    def build_index(self) -> Iterator[tuple[Path, Path]]:
        """Index each CSV, and yield the paths of CSV and index; needs `indexed=False`."""
        for view, statement in COPY_STATEMENTS.items():
            if view == "boxes" and self.missing(view):
                continue  # only the commands that read boxes fetch them
            self.load(view)
            for file in self.files_read_by(view):
                self.set_variables({VARIABLES[view]: [glob.escape(str(file.path))]})
                with new_index(file.path) as temporary:
                    try:
                        self.execute(statement, {"file": str(temporary)})
                    except duckdb.IOException as error:  # an error in the CSV is a DataError
                        code = errno.ENOSPC if "No space left" in str(error) else errno.EIO
                        raise OSError(code, one_line(error)) from error
                yield file.path, index_of(file.path)

    def close(self) -> None:
        """Close DuckDB's connection and remove the temporary folder."""
        self.is_closed = True
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, call: Callable[[], T]) -> T:
        try:
            return self._interruptible(call)
        except duckdb.Error as error:
            if explained := our_error(error, self.scratch, self.files):
                raise explained from error
            raise

    def _interruptible(self, call: Callable[[], T]) -> T:
        """Run a query in another thread, so that Ctrl-C reaches this one and stops the query."""
        connection = self.connection
        future = self._thread.submit(call)
        try:
            return future.result()
        finally:
            while not future.done():
                # Repeated, because DuckDB ignores an interrupt before the query starts.
                connection.interrupt()
                wait([future], timeout=0.1)

    def _load_file(self, sql_file: SqlFile) -> None:
        view = sql_file.defines
        files = self.files_read_by(view)
        self._states |= {file: file.state for file in files}
        for file in files:
            if problem := file.problem():
                raise DataError(f"{file.path} {problem}; get it with: {refresh_command([file])}")
        try:
            self.execute(sql_file.text)
            # DuckDB finds the columns of boxes by name, and ignores the header of other CSVs.
            checked = [] if view in ("boxes", "class_hierarchy") else files
            invalid = [
                file for file in checked if file.columns() != self.connection.view(view).columns
            ]
        except duckdb.BinderException:
            if view != "boxes":
                raise
            invalid = files
        if invalid:
            paths = " or ".join(str(file.path) for file in invalid)
            raise DataError(
                f"{paths} lacks columns of {view}; get it with: {refresh_command(invalid)}"
            )
        self._loaded.add(view)
        if self.options.indexed and view in COPY_STATEMENTS:
            variables, warnings = index_state(view, sorted(file.path for file in files))
            self.set_variables(variables)
            self.index_variables |= variables
            self.index_warnings += warnings


def _connect(options: DataOptions, scratch: Path) -> duckdb.DuckDBPyConnection:
    config: dict[str, Any] = {
        # Queries must not download extensions.
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        # By default, an in-memory database spills into `.tmp` in the current folder.
        "temp_directory": str(scratch),
        "threads": options.threads,
        "memory_limit": options.memory_limit,
    }
    config = {name: value for name, value in config.items() if value is not None}
    try:
        return duckdb.connect(config=config)
    except duckdb.ParserException as error:
        raise InputError(
            f"{printable(str(options.memory_limit))!r} is not a memory limit "
            f"({one_line(error)}); give --memory-limit such as 512MB"
        ) from error
