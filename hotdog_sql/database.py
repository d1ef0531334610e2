"""DuckDB in memory, with the views and macros of `sql/` over the Open Images files."""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self, TypeVar

import duckdb

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.data_file import DataFile, refresh_command
from hotdog_sql.errors import DataError, HotdogError, InputError, MissingFileError, StorageError
from hotdog_sql.files import temporary_folder
from hotdog_sql.index import COPIES, VARIABLES, index_of, index_state, new_index
from hotdog_sql.options import DataOptions
from hotdog_sql.sandbox import check_query, lock, query_error
from hotdog_sql.sql_files import SqlFile, dataset_files, load_order, needed_for
from hotdog_sql.text import printable

Parameters = Mapping[str, object] | Sequence[object] | None
T = TypeVar("T")
#: As a plain function: mypy takes only literal columns.
_make_type: Callable[..., Any] = namedtuple
_FILES = "SELECT release, split, kind, path, name, bytes, md5, file FROM files ORDER BY kind, name"
_KEEP_QUERY = "CREATE OR REPLACE TABLE result AS FROM query($query)"
#: What DuckDB raises where a file is not what its view expects.
_ERRORS_OF_FILES = (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.IOException)
#: The views that read files of the data folder, and the catalog's kinds that each reads.
_KINDS_READ = {
    "classes": ("classes",),
    "labels": ("human_labels", "machine_labels"),
    "images": ("images",),
    "class_hierarchy": ("hierarchy",),
    "boxes": ("boxes",),
}


class Database:
    """A DuckDB connection that loads the views and macros of `sql/` as they are used.

    A view whose file is missing cannot be loaded, nor can what reads it. Everything else works
    without it: finding a class needs only the class file.

    Attributes:
        connection: DuckDB's own connection.
        scratch: a temporary folder for what DuckDB spills and for files to be written.
        options: which files it reads, and the resources it may use.
        files: the Open Images files that the options name, whether or not they are there.
        index_variables: the session variables with which views read their index.
        index_warnings: what is wrong with an index, which then is not read.
    """

    def __init__(self, options: DataOptions) -> None:
        self.options = options
        self.files: tuple[DataFile, ...] = ()
        self.index_variables: dict[str, object] = {}
        self.index_warnings: list[str] = []
        self._loaded: set[str] = set()
        self._locked = False
        with ExitStack() as stack:
            self.scratch: Path = stack.enter_context(temporary_folder())
            self.connection: duckdb.DuckDBPyConnection = stack.enter_context(
                _connect(options, self.scratch)
            )
            self._thread = stack.enter_context(ThreadPoolExecutor(max_workers=1))
            self._readable = [options.data_dir, self.scratch]
            self.set_variables(options.variables())
            self.load("files")
            self.files = tuple(
                DataFile(CatalogFile(*row[:-1]), Path(row[-1])) for row in self.rows(_FILES)
            )
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

    def create_table(self, query: str, parameters: Parameters = None, name: str = "result") -> None:
        """Create a table from the rows of a query, or replace it."""
        self.execute(f"CREATE OR REPLACE TABLE {name} AS {query}", parameters)

    def set_variables(self, variables: Mapping[str, object]) -> None:
        """Set session variables, whose names are our own."""
        for name, value in variables.items():
            self.execute(f"SET VARIABLE {name} = ?", [value])

    def files_read_by(self, *views: str) -> list[DataFile]:
        """The files that some views read."""
        kinds = {kind for view in views for kind in _KINDS_READ.get(view, ())}
        return [file for file in self.files if file.catalog.kind in kinds]

    def files_needed_by(self, *names: str) -> list[DataFile]:
        """The files that some views or macros need."""
        return self.files_read_by(*(sql_file.defines for sql_file in needed_for(names)))

    def missing(self, *names: str) -> list[DataFile]:
        """The files that some views or macros need and that are not in the data folder."""
        return [file for file in self.files_needed_by(*names) if not file.path.exists()]

    def loadable(self, sql_files: Iterable[SqlFile]) -> list[SqlFile]:
        """Those views and macros whose files are there."""
        return [sql_file for sql_file in sql_files if not self.missing(sql_file.defines)]

    def load(self, *names: str) -> None:
        """Load views or macros, such as `select_images`, and what they read."""
        if self._loaded.issuperset(names):
            return
        if missing := self.missing(*names):
            listed = ", ".join(str(file.path) for file in missing)
            raise MissingFileError(f"missing {listed}; get it with: {refresh_command(missing)}")
        for sql_file in needed_for(names):
            if sql_file.defines not in self._loaded:
                self._load_file(sql_file)

    def load_all(self) -> None:
        """Load every view and macro whose files are there."""
        self.load(*(sql_file.defines for sql_file in self.loadable(load_order())))

    def load_dataset(self, directory: Path) -> None:
        """Load the views of a dataset's manifest, and let queries read its folder."""
        if not (directory / "manifest.csv").is_file():
            raise InputError(f"{directory} has no manifest.csv: give the folder of a dataset")
        self._readable.append(directory)
        self.set_variables({"dataset_dir": str(directory)})
        for sql_file in self.loadable(dataset_files()):
            self.load(sql_file.defines)  # what it reads
            try:
                self.execute(sql_file.text)
            except duckdb.Error as error:
                raise InputError(
                    f"{directory / 'manifest.csv'} does not have a manifest's columns: "
                    "give the folder of a dataset"
                ) from error

    def run_query(self, text: str) -> None:
        """Run a user's query; its rows become the table `result`.

        It must be one SELECT, and sees every view and macro whose files are there. The connection
        is locked before it runs and stays so.
        """
        self.load(*check_query(self.connection, text))
        self.load_all()
        if not self._locked:
            lock(self.connection, self._readable)
            self._locked = True
        try:
            self._stoppable(lambda: self.connection.execute(_KEEP_QUERY, {"query": text}))
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            raise query_error(self._pointing(text) or error) from error
        except duckdb.Error as error:
            raise self._limit_error(error) or query_error(error) from error

    def _pointing(self, text: str) -> duckdb.Error | None:
        """The error of a query that cannot be bound, with its place in the query itself."""
        try:
            self._stoppable(lambda: self.connection.execute(text))
        except duckdb.Error as error:
            return error
        return None

    def build_index(self) -> Iterator[tuple[Path, Path]]:
        """Index each file, whose view reads the CSV itself; yield CSV and index."""
        for view, copy in COPIES.items():
            if view == "boxes" and self.missing(view):
                continue  # they are fetched only if read
            self.load(view)
            for file in self.files_read_by(view):
                self.set_variables({VARIABLES[view][0]: [str(file.path)]})
                with new_index(file.path) as temporary:
                    self.execute(copy, {"file": str(temporary)})
                yield file.path, index_of(file.path)

    def close(self) -> None:
        """Close DuckDB's connection and remove the temporary folder."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, call: Callable[[], T]) -> T:
        try:
            return self._stoppable(call)
        except duckdb.Error as error:
            if explained := self._limit_error(error) or self._file_error(error):
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

    def _limit_error(self, error: duckdb.Error) -> HotdogError | None:
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

    def _file_error(self, error: duckdb.Error) -> HotdogError | None:
        """Our error if a file of Open Images is at fault."""
        if not isinstance(error, _ERRORS_OF_FILES):
            return None
        # DuckDB names the file far below the line that says what is wrong.
        named = [file for file in self.files if str(file.path) in str(error)]
        return DataError(
            f"cannot read {' or '.join(file.path.name for file in named) or 'the data'}: "
            f"{one_line(error)}; "
            f"replace a damaged file with: {refresh_command(named or self.files)}"
        )

    def _load_file(self, sql_file: SqlFile) -> None:
        view = sql_file.defines
        files = self.files_read_by(view)
        for file in files:
            if problem := file.problem():
                raise DataError(f"{file.path} {problem}; get it with: {refresh_command([file])}")
        try:
            self.execute(sql_file.text)
            wrong = [file for file in files if not self._has_columns(file, view)]
        except duckdb.BinderException:
            if view != "boxes":
                raise
            wrong = files
        if wrong:
            listed = " or ".join(str(file.path) for file in wrong)
            raise DataError(
                f"{listed} lacks columns of {view}; get it with: {refresh_command(wrong)}"
            )
        self._loaded.add(view)
        if self.options.indexed and view in COPIES:
            variables, warnings = index_state(view, [file.path for file in files])
            self.set_variables(variables)
            self.index_variables |= variables
            self.index_warnings += warnings

    def _has_columns(self, file: DataFile, view: str) -> bool:
        """Whether a file begins with the columns of its view.

        DuckDB looks for those of boxes by name; it skips the first line of the others unread.
        """
        found = file.columns()
        return view == "boxes" or found in (self.connection.view(view).columns, None)


def _connect(options: DataOptions, scratch: Path) -> duckdb.DuckDBPyConnection:
    config: dict[str, Any] = {
        # Never download an extension in the middle of a query.
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        # A database in memory would spill into a `.tmp` folder in the current folder.
        "temp_directory": str(scratch),
        "threads": options.threads,
        "memory_limit": options.memory_limit,
    }
    given = {name: value for name, value in config.items() if value is not None}
    try:
        return duckdb.connect(config=given)
    except duckdb.ParserException as error:
        raise InputError(
            f"{printable(str(options.memory_limit))!r} is not a memory limit "
            f"({one_line(error)}); give --memory-limit such as 512MB"
        ) from error


def one_line(error: duckdb.Error) -> str:
    """DuckDB's own words about an error, without the lines that point into the query."""
    return printable(str(error).partition("\n")[0])
