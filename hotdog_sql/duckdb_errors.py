"""What an error of DuckDB means to the user."""

from pathlib import Path

import duckdb

from hotdog_sql.errors import HotdogError, InputError, QueryError, StorageError
from hotdog_sql.text import printable


def one_line(error: duckdb.Error) -> str:
    """DuckDB's own words about an error, without the lines that point into the query."""
    return printable(str(error).partition("\n")[0])


def query_error(error: duckdb.Error) -> QueryError:
    """What the user is told when DuckDB refuses a query of their own, in DuckDB's words."""
    # After a blank line DuckDB points at the place, which may be in a statement of ours that runs
    # the query, or gives advice that does not apply to the views.
    what, *more = (part.strip("\n") for part in str(error).split("\n\n"))
    places = [part for part in more if part.startswith("LINE") and "query($query)" not in part]
    return QueryError("\n".join([what, *places, "list the views and macros with: hotdog-sql sql"]))


def resource_error(error: duckdb.Error, scratch: Path) -> HotdogError | None:
    """The error of ours if DuckDB lacks memory, or room in the folder that it spills into."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return InputError(
            f"DuckDB needs more memory ({one_line(error)}); give a larger --memory-limit, or "
            "fewer --threads"
        )
    if isinstance(error, duckdb.IOException) and str(scratch) in str(error):
        return StorageError(
            f"cannot write the temporary folder ({one_line(error)}); make room or set TMPDIR"
        )
    return None
