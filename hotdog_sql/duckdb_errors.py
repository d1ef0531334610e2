"""Translate DuckDB's errors into those that users see."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from hotdog_sql.data_file import DataFile, refresh_command
from hotdog_sql.errors import DataError, HotdogError, InputError, QueryError, StorageError
from hotdog_sql.index import index_of
from hotdog_sql.text import one_line

#: DuckDB's errors about a file that is not what its view expects.
_FILE_ERRORS = (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.IOException)


def our_error(error: duckdb.Error, scratch: Path, files: Sequence[DataFile]) -> HotdogError | None:
    """Return our error if memory, disk space or a file that DuckDB names is to blame, or None."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return InputError(
            f"DuckDB needs more memory ({one_line(error)}); give a larger --memory-limit, or "
            "fewer --threads"
        )
    if isinstance(error, duckdb.IOException) and str(scratch) in str(error):
        return StorageError(
            f"cannot write the temporary folder ({one_line(error)}); make room or set TMPDIR"
        )
    if not isinstance(error, _FILE_ERRORS):
        return None
    # DuckDB names the file far below the line that describes the error.
    if named := [file for file in files if str(file.path) in str(error)]:
        return DataError(
            f"cannot read {' or '.join(file.path.name for file in named)}: {one_line(error)}; "
            f"delete a damaged file, then get it with: {refresh_command(named)}"
        )
    for index in (index_of(file.path) for file in files):
        if str(index) in str(error):
            return DataError(f"{index} is damaged: delete it, then run the same command again")
    return None


def query_error(error: duckdb.Error) -> QueryError:
    """Return DuckDB's error about a user's query as one of ours."""
    # After a blank line, DuckDB quotes the line at fault, which may be in our statement around the
    # query, or gives advice that does not apply to our views.
    message, *rest = (part.strip("\n") for part in str(error).split("\n\n"))
    lines = [part for part in rest if part.startswith("LINE") and "query($query)" not in part]
    hint = "list the views and macros with: hotdog-sql sql"
    return QueryError("\n".join([message, *lines, hint]))
