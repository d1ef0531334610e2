"""Calls of DuckDB that Ctrl-C ends at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

import duckdb

_Result = TypeVar("_Result")

#: Seconds between two requests to stop: one that comes before the query has begun is lost.
_AGAIN = 0.1


def stoppable(connection: duckdb.DuckDBPyConnection, call: Callable[[], _Result]) -> _Result:
    """What the call returns or raises.

    In the thread that hears of signals DuckDB would go on, for minutes at worst, until the query
    is done; so the query runs in another one, and is told to stop.

    Args:
        connection: what the call uses.
        call: runs one query.
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        future = pool.submit(call)
        try:
            return future.result()
        finally:
            while not future.done():
                connection.interrupt()
                wait([future], timeout=_AGAIN)
