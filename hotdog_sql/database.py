"""The views and macros of `sql/` over the Open Images files."""

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import duckdb

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.connection import Connection, one_line
from hotdog_sql.data_file import DataFile, refresh_command
from hotdog_sql.errors import (
    DataError,
    HotdogError,
    InputError,
    MissingFileError,
)
from hotdog_sql.index import INDEXED_VIEWS, index_state
from hotdog_sql.options import DataOptions
from hotdog_sql.sandbox import check_query, lock, query_error
from hotdog_sql.sql_files import SqlFile, dataset_files, load_order, needed_for

_FILES = "SELECT release, split, kind, path, name, bytes, md5, file FROM files ORDER BY kind, name"
_KEEP_QUERY = "CREATE OR REPLACE TABLE result AS FROM query($query)"
#: What DuckDB raises where a file is not what its view expects.
_ERRORS_OF_FILES = (
    duckdb.InvalidInputException,
    duckdb.ConversionException,
    duckdb.IOException,
)
#: The views that read files of the data folder, and the catalog's kinds that each reads.
_KINDS_READ = {
    "classes": ("classes",),
    "labels": ("human_labels", "machine_labels"),
    "images": ("images",),
    "class_hierarchy": ("hierarchy",),
    "boxes": ("boxes",),
}


class Database(Connection):
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
        super().__init__(options)
        self.options = options
        self.files: tuple[DataFile, ...] = ()
        self.index_variables: dict[str, object] = {}
        self.index_warnings: list[str] = []
        self._loaded: set[str] = set()
        self._locked = False
        self._readable = [options.data_dir, self.scratch]
        with ExitStack() as stack:
            stack.callback(self.close)
            self.set_variables(options.variables())
            self.use("files")
            self.files = tuple(
                DataFile(CatalogFile(*row[:-1]), Path(row[-1])) for row in self.rows(_FILES)
            )
            stack.pop_all()

    def files_of(self, *views: str) -> list[DataFile]:
        """The files that some views read."""
        kinds = {kind for view in views for kind in _KINDS_READ.get(view, ())}
        return [file for file in self.files if file.catalog.kind in kinds]

    def files_for(self, *names: str) -> list[DataFile]:
        """The files that some views or macros need."""
        return self.files_of(*(sql_file.defines for sql_file in needed_for(names)))

    def missing(self, *names: str) -> list[DataFile]:
        """The files that some views or macros need and that are not in the data folder."""
        return [file for file in self.files_for(*names) if not file.path.exists()]

    def usable(self, sql_files: Iterable[SqlFile]) -> list[SqlFile]:
        """Those views and macros whose files are there."""
        return [sql_file for sql_file in sql_files if not self.missing(sql_file.defines)]

    def use(self, *names: str) -> None:
        """Load views or macros, such as `select_images`, and what they read.

        Raises:
            MissingFileError: a file that one of them reads is not in the data folder.
            DataError: a file does not begin with the column names of its view.
        """
        if self._loaded.issuperset(names):
            return
        if missing := self.missing(*names):
            listed = ", ".join(str(file.path) for file in missing)
            raise MissingFileError(f"missing {listed}; get it with: {refresh_command(missing)}")
        for sql_file in needed_for(names):
            if sql_file.defines not in self._loaded:
                self._load(sql_file)

    def use_all(self) -> None:
        """Load every view and macro whose files are there."""
        self.use(*(sql_file.defines for sql_file in self.usable(load_order())))

    def use_dataset(self, directory: Path) -> None:
        """Load the views of a dataset's manifest, and let queries read its folder."""
        if not (directory / "manifest.csv").is_file():
            raise InputError(f"{directory} has no manifest.csv: give the folder of a dataset")
        self._readable.append(directory)
        self.set_variables({"dataset_dir": str(directory)})
        for sql_file in self.usable(dataset_files()):
            self.use(sql_file.defines)  # what it reads
            try:
                self.execute(sql_file.text)
            except duckdb.Error as error:
                raise InputError(
                    f"{directory / 'manifest.csv'} does not have a manifest's columns: "
                    "give the folder of a dataset"
                ) from error

    def keep_query(self, text: str) -> None:
        """Keep the rows of a user's query as the table `result`.

        The query sees every view and macro whose files are there. The connection is locked before
        it runs and stays so.

        Args:
            text: one SELECT.

        Raises:
            QueryError: the text is not one SELECT that only reads, or DuckDB refuses it.
            MissingFileError: a file that the query reads is not in the data folder.
            InputError: the query needs more memory than the limit.
            StorageError: the temporary folder is full.
        """
        self.use(*check_query(self.connection, text))
        self.use_all()
        if not self._locked:
            lock(self.connection, self._readable)
            self._locked = True
        try:
            self._stoppable(lambda: self.connection.execute(_KEEP_QUERY, {"query": text}))
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            raise query_error(self._pointing(text) or error) from error
        except duckdb.Error as error:
            raise super()._explain(error) or query_error(error) from error

    def _pointing(self, text: str) -> duckdb.Error | None:
        """The error of a query that cannot be bound, with its place in the query itself."""
        try:
            self._stoppable(lambda: self.connection.execute(text))
        except duckdb.Error as error:
            return error
        return None

    def _explain(self, error: duckdb.Error) -> HotdogError | None:
        """Our error if a file, or a limit on DuckDB's resources, is at fault."""
        explained = super()._explain(error)
        if explained or not isinstance(error, _ERRORS_OF_FILES):
            return explained
        # DuckDB names the file far below the line that says what is wrong.
        named = [file for file in self.files if str(file.path) in str(error)]
        return DataError(
            f"cannot read {' or '.join(file.path.name for file in named) or 'the data'}: "
            f"{one_line(error)}; "
            f"replace a damaged file with: {refresh_command(named or self.files)}"
        )

    def _load(self, sql_file: SqlFile) -> None:
        view = sql_file.defines
        files = self.files_of(view)
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
        if self.options.indexed and view in INDEXED_VIEWS:
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
