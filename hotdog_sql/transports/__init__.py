"""The transports under every HTTP request. Both keep a deadline for each request.

`plain` is httpcore, as httpx has it. With the extra `fast`, pyreqwest replaces it: a Rust client
that works outside the interpreter's lock.
"""

import os
from functools import cache
from importlib.util import find_spec

from hotdog_sql.errors import InputError
from hotdog_sql.transports.base import DeadlineTransport, ssl_context
from hotdog_sql.transports.plain import PlainTransport

__all__ = ["DeadlineTransport", "new_transport", "transport_name"]


def new_transport(
    connect_seconds: float, silence_seconds: float, *, plain: bool = False
) -> DeadlineTransport:
    """A transport for one thread: pyreqwest's where it is installed, unless `plain`.

    Raises:
        InputError: the certificates or the proxy that the environment names cannot be used.
    """
    if not plain and transport_name() == "pyreqwest":
        from hotdog_sql.transports.fast import FastTransport

        return FastTransport(connect_seconds, silence_seconds)
    return PlainTransport(ssl_context(), connect_seconds, silence_seconds)


@cache
def transport_name() -> str:
    """`pyreqwest` or `httpx`: which transport requests use (`HOTDOG_SQL_TRANSPORT`).

    Raises:
        InputError: the environment variable names neither.
    """
    name = os.environ.get("HOTDOG_SQL_TRANSPORT") or ""
    installed = find_spec("pyreqwest") is not None
    if name not in ("", "httpx", "pyreqwest") or (name == "pyreqwest" and not installed):
        raise InputError(
            f"HOTDOG_SQL_TRANSPORT is {name!r}: give httpx, or pyreqwest after "
            "pip install 'hotdog-sql[fast]'"
        )
    return name or ("pyreqwest" if installed else "httpx")
