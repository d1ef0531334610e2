"""Restrict a user's query to reading the session's files.

Its syntax tree may contain only the parts listed here, and DuckDB is locked before it runs.
"""

import glob
import json
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import duckdb

from hotdog_sql.duckdb_errors import query_error
from hotdog_sql.errors import QueryError
from hotdog_sql.sql_files import dataset_files, load_order
from hotdog_sql.text import printable

#: The parts of a syntax tree that only read. All others are refused, such as COPY_QUERY_NODE and
#: what later DuckDB versions add.
_READING_PARTS = frozenset(
    {
        *("SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"),
        *("BASE_TABLE", "EMPTY", "EXPRESSION_LIST", "JOIN", "PIVOT", "SHOW_REF", "SUBQUERY"),
        *("ORDER_MODIFIER", "DISTINCT_MODIFIER", "LIMIT_MODIFIER"),
        *("LIMIT_PERCENT_MODIFIER", "ORDER_DEFAULT", "ASCENDING", "DESCENDING"),
    }
)
#: DuckDB's table functions that only read and do not run SQL from a string.
_READING_FUNCTIONS = frozenset(
    {
        *("range", "generate_series", "unnest", "repeat", "json_each", "json_tree"),
        *("query_table", "glob", "sniff_csv", "read_csv", "read_csv_auto", "read_text"),
        *("read_blob", "read_json", "read_json_auto", "read_json_objects", "read_ndjson"),
        *("read_parquet", "parquet_scan", "parquet_schema", "parquet_metadata"),
        *("duckdb_columns", "duckdb_functions", "duckdb_tables", "duckdb_views"),
    }
)
_SYNTAX_TREE = "SELECT json_serialize_sql($text::VARCHAR)"


def check_query(connection: duckdb.DuckDBPyConnection, text: str) -> frozenset[str]:
    """Parse a query; return its views and macros, or raise `QueryError` unless it only reads."""
    parts: list[dict[str, Any]] = []

    def collect(part: dict[str, Any]) -> dict[str, Any]:
        parts.append(part)
        return part

    try:
        connection.extract_statements(text)  # its error gives the position
        ((serialized,),) = connection.execute(_SYNTAX_TREE, {"text": text}).fetchall()
        tree = json.loads(serialized, object_hook=collect)
    except duckdb.Error as error:
        raise query_error(error) from error
    except RecursionError as error:
        raise QueryError("the query is nested too deeply: write it with fewer levels") from error
    if tree["error"] or len(tree["statements"]) != 1:
        raise QueryError("the query must be one SELECT and nothing else")
    views = {sql_file.defines for sql_file in (*load_order(), *dataset_files())}
    names: set[str] = set()
    texts: set[str] = set()
    for part in parts:
        names |= {str(part[key]).lower() for key in ("table_name", "function_name") if key in part}
        texts |= {value.lower() for value in part.values() if isinstance(value, str)}
        kind = part.get("type")
        if "class" in part or not isinstance(kind, str):
            continue  # an expression; the functions and SELECTs in it are parts too
        if kind == "TABLE_FUNCTION":
            name, known = part["function"]["function_name"].lower(), views | _READING_FUNCTIONS
            if name not in known:
                nearest = get_close_matches(name, known, n=1)
                hint = f"; did you mean {nearest[0]}()?" if nearest else ": it may only read"
                raise QueryError(f"the query may not call {printable(name)}(){hint}")
        elif kind not in _READING_PARTS and not kind.endswith("_TYPE_INFO"):
            statement = kind.removesuffix("_QUERY_NODE")
            raise QueryError(f"the query must be one SELECT and nothing else: it has {statement}")
    # Any text in the query may be the name that query_table() reads.
    return frozenset(views & (texts if "query_table" in names else names))


def needs_of_query(text: str) -> frozenset[str]:
    """Return the views and macros that a query names, without opening data files."""
    with duckdb.connect() as connection:
        return check_query(connection, text)


def set_variables(
    connection: duckdb.DuckDBPyConnection,
    variables: Mapping[str, str | float],
    reserved: Collection[str],
) -> None:
    """Set the session variables that a user's query reads, and no others but `reserved` ones."""

    def is_reserved(name: str) -> bool:
        # DuckDB ignores the case of names.
        lower = name.lower()
        return lower in {*reserved, "dataset_dir"} or lower.endswith("_files")

    for (name,) in connection.execute("SELECT name FROM duckdb_variables()").fetchall():
        if name.isidentifier() and not is_reserved(name):
            connection.execute(f"RESET VARIABLE {name}")
    for name, value in variables.items():
        # DuckDB cannot bind a name, but an identifier needs no quotes.
        if not (name.isascii() and name.isidentifier()):
            raise QueryError(
                f"{printable(name)!r} cannot name a variable: use letters, digits and _"
            )
        if is_reserved(name):
            raise QueryError(f"the variable {name} is reserved: choose another name")
        try:
            connection.execute(f"SET VARIABLE {name} = ?", [value])
        except duckdb.Error as error:
            raise QueryError(f"the value of {name} is too large: give a smaller one") from error


def lock(connection: duckdb.DuckDBPyConnection, readable: Iterable[Path]) -> None:
    """Limit the connection to some folders and files, for good. A file may be a link."""
    paths = [str(path) for given in readable for path in (given, given.resolve())]
    patterns = [glob.escape(path) for path in paths]  # by which the views read them
    for setting in ("allowed_directories", "allowed_paths"):
        connection.execute(f"SET {setting} = ?", [paths + patterns])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET lock_configuration = true")
