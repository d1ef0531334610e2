"""A selection by a query of the user's own."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from hotdog_sql.database import Database, query_error
from hotdog_sql.errors import QueryError
from hotdog_sql.rows import RowTable
from hotdog_sql.text import printable

_NEEDED = ("ImageID", "folder")
_ADD_RANK = "ALTER TABLE result ADD COLUMN rank BIGINT"
_KEEP = "CREATE OR REPLACE TABLE selection AS FROM complete_rows('result', seed := $seed)"
_PROBLEMS = "FROM row_problems('result')"


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """A query of the user's own, and what it is given.

    Attributes:
        text: one SELECT that yields ImageID and folder, and rank if it likes.
        variables: session variables that it reads with `getvariable`.
        seed: seed of the order that gives the rank where the query gives none.
    """

    text: str
    variables: Mapping[str, str | int | float] = field(default_factory=dict)
    seed: int = 42

    @property
    def digest(self) -> str:
        """SHA-256 of the text as hexadecimal digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class QuerySelection(RowTable):
    """The rows of a user's query, checked and completed, in the table `selection`.

    The connection is locked from here on: the query can read the session's files alone.
    """

    def __init__(self, database: Database, request: QueryRequest) -> None:
        database.use_all()  # a query of one's own may read every view and macro, as in the shell
        super().__init__(database, "selection")
        self.request = request
        for name, value in request.variables.items():
            set_variable(database, name, value)
        database.keep_query(request.text)
        _check(database)
        try:
            database.connection.execute(_KEEP, {"seed": request.seed})
        except duckdb.Error as error:
            raise query_error(error) from error


def set_variable(database: Database, name: str, value: str | float) -> None:
    """Sets a session variable for a user's query.

    Raises:
        QueryError: the name is not a plain one, or is the session's own.
    """
    # A name cannot be bound; one that is an identifier needs no quoting.
    if not (name.isascii() and name.isidentifier()):
        raise QueryError(f"{printable(name)!r} is no name for a variable: use letters and digits")
    if name in database.session.variables() or name.endswith("_files"):
        raise QueryError(f"the variable {name} is the session's own: choose another name")
    database.connection.execute(f"SET VARIABLE {name} = ?", [value])


def _check(database: Database) -> None:
    columns = [row[0] for row in database.rows("DESCRIBE result")]
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise QueryError(f"the query yields no column {missing[0]}: it needs ImageID and folder")
    if "rank" not in columns:
        database.execute(_ADD_RANK)
    for problem, example, count in database.rows(_PROBLEMS):
        shown = printable(str(example))
        raise QueryError(f"{shown!r} {problem} ({count:,} such): correct the query")
