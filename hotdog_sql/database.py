"""A DuckDB connection with `sql/` loaded over the files of one session."""

import csv
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.errors import DataError, MissingFileError, QueryError, WrongColumnsError
from hotdog_sql.sqlfiles import load_order
from hotdog_sql.text import printable

#: The views that read files of the data folder, and the catalog's kinds that each reads.
_KINDS_READ = {
    "classes": ("classes",),
    "labels": ("human_labels", "machine_labels"),
    "images": ("images",),
    "class_hierarchy": ("hierarchy",),
}


@dataclass(frozen=True, slots=True)
class Session:
    """What a connection looks at, and the means it may use.

    Attributes:
        data_dir: folder of the CSV files.
        release: `v6` or `v7`.
        splits: some of `test`, `validation`, `train`.
        labels: `human`, `machine` or `both`.
        threads: DuckDB's threads; None leaves it to DuckDB (one a core).
        memory_limit: such as `512MB`; beyond it DuckDB spills to the system's temporary folder.
            None leaves it to DuckDB.
    """

    data_dir: Path
    release: str = "v6"
    splits: tuple[str, ...] = ("test",)
    labels: str = "human"
    threads: int | None = None
    memory_limit: str | None = None

    def variables(self) -> dict[str, str]:
        """The session variables that the SQL reads with `getvariable`."""
        return {
            "data_dir": str(self.data_dir),
            "release": self.release,
            "split": ",".join(self.splits),
            "labels": self.labels,
        }


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file that a session reads.

    Attributes:
        catalog: its row of the catalog.
        path: where it is, or would be, in the data folder.
    """

    catalog: CatalogFile
    path: Path


@dataclass(slots=True)
class Database:
    """A connection, and what could be loaded into it.

    `scratch` is a folder of its own, for what DuckDB spills and for files on their way out; it goes
    with the connection. A view whose file is missing is not made, nor is what reads it; `require`
    tells the user which file that is. Everything else works without it: finding a class needs the
    class file alone. `unavailable` holds the missing files of what could not be made.
    """

    session: Session
    connection: duckdb.DuckDBPyConnection
    scratch: Path
    files: tuple[DataFile, ...] = ()
    unavailable: dict[str, frozenset[DataFile]] = field(default_factory=dict)

    def missing(self, *names: str) -> list[DataFile]:
        """The files that are not in the data folder and that views or macros need."""
        needed = {file for name in names for file in self.unavailable.get(name, ())}
        return [file for file in self.files if file in needed]

    def require(self, *names: str) -> None:
        """Makes sure that views or macros are there.

        Raises:
            MissingFileError: a file that one of them reads is not in the data folder.
        """
        missing = self.missing(*names)
        if not missing:
            return
        listed = ", ".join(str(file.path) for file in missing)
        raise MissingFileError(
            f"missing {listed}; get it with: hotdog-sql refresh --release {self.session.release} "
            + " ".join(f"--split {split}" for split in self.session.splits)
        )

    def execute(
        self, query: str, parameters: Mapping[str, object] | Sequence[object] | None = None
    ) -> duckdb.DuckDBPyConnection:
        """Runs one of our own queries; rows are streamed from what this returns.

        Raises:
            DataError: a file's content is not what the views' types and dialect allow.
        """
        try:
            return self.connection.execute(query, parameters)
        except (
            duckdb.InvalidInputException,
            duckdb.ConversionException,
            duckdb.IOException,
        ) as error:
            # DuckDB names the file far below the line that says what is wrong.
            named = [file.path.name for file in self.files if str(file.path) in str(error)]
            raise DataError(
                f"cannot read {' or '.join(named) or 'the data'}: {one_line(error)}; "
                "replace a damaged file with: hotdog-sql refresh"
            ) from error
        except duckdb.InterruptException as error:
            raise KeyboardInterrupt from error

    def rows(
        self, query: str, parameters: Mapping[str, object] | Sequence[object] | None = None
    ) -> list[tuple[Any, ...]]:
        """All rows of one of our own queries, for small results."""
        cursor = self.execute(query, parameters)
        return cursor.fetchall()

    def keep_rows(self, query: str, parameters: Mapping[str, object]) -> int:
        """Keeps the rows of one of our own queries as the table `result`; returns how many."""
        self.execute(f"CREATE OR REPLACE TABLE result AS {query}", parameters)
        count: int = self.rows("SELECT count(*) FROM result")[0][0]
        return count

    def keep_query(self, text: str) -> None:
        """Keeps the rows of one SELECT of the user's own as the table `result`.

        The connection is locked first and stays so.

        Raises:
            QueryError: the text is not exactly one SELECT, or DuckDB refuses it.
        """
        try:
            statements = self.connection.extract_statements(text)
            if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
                raise QueryError("the query must be one SELECT and nothing else")
            self.lock()
            self.connection.sql(text).create("result")
        except duckdb.Error as error:
            raise query_error(error) from error

    def lock(self, *directories: Path) -> None:
        """Takes away every access but to the session's files, for the rest of the connection.

        Args:
            directories: further folders that may be read.
        """
        allowed = [str(self.session.data_dir), str(self.scratch)]
        allowed += [str(folder.resolve()) for folder in (self.session.data_dir, *directories)]
        self.connection.execute("SET allowed_directories = ?", [allowed])
        self.connection.execute("SET enable_external_access = false")
        self.connection.execute("SET lock_configuration = true")

    def close(self) -> None:
        """Closes the connection and removes what it spilled."""
        self.connection.close()
        shutil.rmtree(self.scratch)

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def connect(session: Session) -> Database:
    """Opens DuckDB in memory and loads `sql/` over the session's files.

    Raises:
        WrongColumnsError: a file does not begin with the column names of its view.
    """
    scratch = Path(tempfile.mkdtemp(prefix="hotdog-sql-"))
    config: dict[str, str | bool | int | float | list[str]] = {
        # Never reach out for an extension in the middle of a query.
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        # An in-memory database would spill into a `.tmp` folder where the user stands.
        "temp_directory": str(scratch),
    }
    if session.threads is not None:
        config["threads"] = session.threads
    if session.memory_limit is not None:
        config["memory_limit"] = session.memory_limit
    database = Database(session, duckdb.connect(config=config), scratch)
    for name, value in session.variables().items():
        database.connection.execute(f"SET VARIABLE {name} = ?", [value])
    load(database)
    return database


def load(database: Database) -> None:
    """Runs the files of `sql/` in order, leaving out what reads a missing file.

    Once more after files have come, it makes what was left out.

    Raises:
        WrongColumnsError: a file does not begin with the column names of its view.
    """
    database.unavailable.clear()
    for sql_file in load_order():
        kinds = _KINDS_READ.get(sql_file.defines, ())
        read = [file for file in database.files if file.catalog.kind in kinds]
        missing = {file for file in read if not file.path.exists()}
        for name in sql_file.reads:
            missing |= database.unavailable.get(name, frozenset())
        if missing:
            database.unavailable[sql_file.defines] = frozenset(missing)
            continue
        database.connection.execute(sql_file.text)
        if sql_file.defines == "files":
            database.files = _files(database)
        for file in read:
            if file.path.suffix == ".csv":
                _check_header(database, sql_file.defines, file)


def _files(database: Database) -> tuple[DataFile, ...]:
    rows = database.rows(
        "SELECT release, split, kind, path, name, bytes, md5, file FROM files ORDER BY kind, name"
    )
    return tuple(DataFile(CatalogFile(*row[:-1]), Path(row[-1])) for row in rows)


def _check_header(database: Database, view: str, file: DataFile) -> None:
    # read_csv with pinned columns skips the first line unread, whatever it says.
    expected = [
        row[0]
        for row in database.rows(
            "SELECT column_name FROM (DESCRIBE FROM query_table($view))", {"view": view}
        )
    ]
    with file.path.open(encoding="utf-8", errors="replace", newline="") as lines:
        found = next(csv.reader([lines.readline(10_000)]), [])
    if found != expected:
        raise WrongColumnsError(
            f"{file.path} has the columns {printable(','.join(found))[:200]!r}, "
            f"not {','.join(expected)!r}; get the right file with: hotdog-sql refresh"
        )


def one_line(error: duckdb.Error) -> str:
    """DuckDB's own words about an error, without the lines that point into the query."""
    return printable(str(error).partition("\n")[0])


def query_error(error: duckdb.Error) -> QueryError:
    """What the user is told when a query of their own is refused."""
    return QueryError(f"{one_line(error)}; the views and macros are listed by: hotdog-sql shell")
