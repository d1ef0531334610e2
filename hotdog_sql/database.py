"""A DuckDB connection with `sql/` over the files of one session."""

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from hotdog_sql.catalog import CatalogFile, DataFile, refresh_command
from hotdog_sql.errors import (
    DataError,
    HotdogError,
    InputError,
    MissingFileError,
    WrongColumnsError,
)
from hotdog_sql.index.state import IndexState, index_state
from hotdog_sql.options import DataOptions
from hotdog_sql.sandbox import check_query, lock, query_error
from hotdog_sql.scratch import temporary_folder
from hotdog_sql.sql_files import dataset_files, load_order, needed_for
from hotdog_sql.text import printable

_FILES = "SELECT release, split, kind, path, name, bytes, md5, file FROM files ORDER BY kind, name"

_KEEP_QUERY = "CREATE OR REPLACE TABLE result AS FROM query($query)"
Parameters = Mapping[str, object] | Sequence[object] | None

#: The views that read files of the data folder, and the catalog's kinds that each reads.
_KINDS_READ = {
    "classes": ("classes",),
    "labels": ("human_labels", "machine_labels"),
    "images": ("images",),
    "class_hierarchy": ("hierarchy",),
}


class Database:
    """A connection into which the views and macros of `sql/` are loaded as they are used.

    A view whose file is missing cannot be loaded, nor can what reads it. Everything else works
    without it: finding a class needs the class file alone.

    Attributes:
        options: which files it reads, and the resources it may use.
        connection: DuckDB's own.
        scratch: a folder for what DuckDB spills and for files on their way out; it goes with the
            connection.
        files: the files of the session, missing ones among them.
        index: what there is of an index of them.
    """

    def __init__(self, options: DataOptions) -> None:
        self.options = options
        self._stack = ExitStack()
        self.scratch = self._stack.enter_context(temporary_folder())
        try:
            self.connection = duckdb.connect(config=_config(options, self.scratch))
        except duckdb.ParserException as error:
            self._stack.close()
            raise InputError(
                f"{printable(str(options.memory_limit))!r} is no --memory-limit "
                f"({one_line(error)}); give one such as 512MB"
            ) from error
        self._stack.callback(self.connection.close)
        self._loaded: set[str] = set()
        self._locked = False
        self._readable = [options.data_dir, self.scratch]
        self.files: tuple[DataFile, ...] = ()
        self.index = IndexState()
        try:
            self._look_at_files()
        except HotdogError:
            self.close()
            raise

    def _look_at_files(self) -> None:
        for name, value in self.options.variables().items():
            self._define(f"SET VARIABLE {name} = ?", [value])
        self.use("files")
        self.files = tuple(
            DataFile(CatalogFile(*row[:-1]), Path(row[-1])) for row in self.rows(_FILES)
        )
        if self.options.indexed:
            self.index = index_state(self.connection, self.files, self.options.labels)

    def missing(self, *names: str) -> list[DataFile]:
        """The files that are not in the data folder and that views or macros need."""
        read = [sql_file.defines for sql_file in needed_for(names, self.index.views)]
        return [file for view in read for file in self._files_of(view) if not file.path.exists()]

    def use(self, *names: str) -> None:
        """Loads views or macros, and what they read, unless they are loaded.

        Raises:
            MissingFileError: a file that one of them reads is not in the data folder.
            WrongColumnsError: a file does not begin with the column names of its view.
        """
        if self._loaded.issuperset(names):
            return
        missing = self.missing(*names)
        if missing:
            listed = ", ".join(str(file.path) for file in missing)
            raise MissingFileError(f"missing {listed}; get it with: {self._refresh(missing)}")
        for sql_file in needed_for(names, self.index.views):
            if sql_file.defines not in self._loaded:
                self._define(sql_file.text)
                self._loaded.add(sql_file.defines)
                if sql_file.defines not in self.index.views:
                    for file in self._files_of(sql_file.defines):
                        self._check_header(sql_file.defines, file)

    def use_all(self) -> None:
        """Loads every view and macro whose files are there."""
        self.use(*self.usable())

    def usable(self) -> list[str]:
        """Every view and macro whose files are there, in the order to load them."""
        names = [sql_file.defines for sql_file in load_order()]
        return [name for name in names if not self.missing(name)]

    def use_index(self, views: Collection[str]) -> None:
        """Lets views or macros read an index that has been made since this was opened."""
        self.index = replace(self.index, views=self.index.views | set(views))
        self._loaded.difference_update(views)

    def use_dataset(self, directory: Path) -> None:
        """Makes views of a dataset's manifest, which queries may read from here on.

        Raises:
            InputError: there is no manifest in the folder.
        """
        if not (directory / "manifest.csv").is_file():
            raise InputError(f"{directory} has no manifest.csv: give the folder of a dataset")
        self._readable.append(directory)
        self._define("SET VARIABLE dataset_dir = ?", [str(directory)])
        for sql_file in dataset_files():
            self._define(sql_file.text)

    def execute(self, query: str, parameters: Parameters = None) -> duckdb.DuckDBPyConnection:
        """Runs one of our own queries; rows are streamed from what this returns.

        Raises:
            DataError: a file's content is not what the views' types and dialect allow.
        """
        with self._explained():
            return self._run(query, parameters)

    def _define(self, text: str, parameters: Sequence[object] | None = None) -> None:
        """Runs what reads no rows, and so needs no thread of its own to be stopped in."""
        with self._explained():
            self.connection.execute(text, parameters)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Makes an error of DuckDB's that the files or the options cause one of ours."""
        try:
            yield
        except (
            duckdb.InvalidInputException,
            duckdb.ConversionException,
            duckdb.IOException,
        ) as error:
            # DuckDB names the file far below the line that says what is wrong.
            named = [file for file in self.files if str(file.path) in str(error)]
            raise DataError(
                f"cannot read {' or '.join(file.path.name for file in named) or 'the data'}: "
                f"{one_line(error)}; "
                f"replace a damaged file with: {self._refresh(named or self.files)}"
            ) from error
        except duckdb.OutOfMemoryException as error:
            raise _out_of_memory(error) from error

    def rows(self, query: str, parameters: Parameters = None) -> list[tuple[Any, ...]]:
        """All rows of one of our own queries, for small results."""
        cursor = self.execute(query, parameters)
        return cursor.fetchall()

    def keep_rows(self, query: str, parameters: Mapping[str, object]) -> int:
        """Keeps the rows of one of our own queries as the table `result`; returns how many."""
        self.execute(f"CREATE OR REPLACE TABLE result AS {query}", parameters)
        count: int = self.rows("SELECT count(*) FROM result")[0][0]
        return count

    def keep_query(self, text: str) -> None:
        """Keeps the rows of a query of the user's own as the table `result`.

        The query sees every view and macro whose files are there. The connection is locked before
        it runs and stays so.

        Args:
            text: one SELECT.

        Raises:
            QueryError: the text is not one SELECT that only reads, or DuckDB refuses it.
            MissingFileError: a file that the query reads is not in the data folder.
        """
        self.use(*(check_query(self.connection, text) - {f.defines for f in dataset_files()}))
        self.use_all()
        if not self._locked:
            lock(self.connection, self._readable)
            self._locked = True
        try:
            self._run(_KEEP_QUERY, {"query": text})
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            raise query_error(self._pointing(text) or error) from error
        except duckdb.OutOfMemoryException as error:
            raise _out_of_memory(error) from error
        except duckdb.Error as error:
            raise query_error(error) from error

    def _pointing(self, text: str) -> duckdb.Error | None:
        """The same error of a query that cannot be bound, with its place in the query itself."""
        try:
            self._run(text, None)
        except duckdb.Error as error:
            return error
        return None

    def _run(self, query: str, parameters: Parameters) -> duckdb.DuckDBPyConnection:
        """Runs a query in another thread: in the one that hears of Ctrl-C, DuckDB would go on."""
        with ThreadPoolExecutor(max_workers=1) as pool:
            future = pool.submit(self.connection.execute, query, parameters)
            try:
                return future.result()
            finally:
                while not future.done():
                    # An interruption that comes before the query has begun is lost.
                    self.connection.interrupt()
                    wait([future], timeout=0.1)

    def _refresh(self, files: Iterable[DataFile]) -> str:
        return refresh_command((file.catalog for file in files), self.options.data_dir)

    def _files_of(self, view: str) -> list[DataFile]:
        kinds = _KINDS_READ.get(view, ())
        return [file for file in self.files if file.catalog.kind in kinds]

    def _check_header(self, view: str, file: DataFile) -> None:
        # read_csv with pinned columns skips the first line unread, whatever it says.
        if file.path.suffix != ".csv":
            return
        expected = self.connection.view(view).columns
        with file.path.open(encoding="utf-8", errors="replace", newline="") as lines:
            found = next(csv.reader([lines.readline(10_000)]), [])
        if found != expected:
            raise WrongColumnsError(
                f"{file.path} has the columns {printable(','.join(found))[:200]!r}, "
                f"not {','.join(expected)!r}; get the right file with: {self._refresh([file])}"
            )

    def close(self) -> None:
        """Closes the connection and removes what it spilled."""
        self._stack.close()

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def connect(options: DataOptions, *names: str) -> Database:
    """Opens DuckDB in memory over the session's files.

    Args:
        options: which files to read, and the resources to use.
        names: the views and macros to load; none: every one whose files are there.

    Raises:
        MissingFileError: a file that one of `names` reads is not in the data folder.
        WrongColumnsError: a file does not begin with the column names of its view.
    """
    database = Database(options)
    try:
        if names:
            database.use(*names)
        else:
            database.use_all()
    except HotdogError:
        database.close()
        raise
    return database


def _config(options: DataOptions, scratch: Path) -> dict[str, str | bool | int | float | list[str]]:
    config: dict[str, str | bool | int | float | list[str]] = {
        # Never reach out for an extension in the middle of a query.
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        # An in-memory database would spill into a `.tmp` folder where the user stands.
        "temp_directory": str(scratch),
    }
    if options.threads is not None:
        config["threads"] = options.threads
    if options.memory_limit is not None:
        config["memory_limit"] = options.memory_limit
    return config


def one_line(error: duckdb.Error) -> str:
    """DuckDB's own words about an error, without the lines that point into the query."""
    return printable(str(error).partition("\n")[0])


def _out_of_memory(error: duckdb.Error) -> InputError:
    return InputError(
        f"DuckDB needs more memory ({one_line(error)}); give a larger --memory-limit, or "
        "fewer --threads"
    )
