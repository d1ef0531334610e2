"""Photos for an image classifier, selected from Open Images with readable SQL.

`connect`, `select`, `download` and `verify` are what the commands are made of; they are loaded when
they are first used, because importing DuckDB and httpx takes longer than showing a help text.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from hotdog_sql.api import connect, download, select, verify
    from hotdog_sql.selection import Selection

__all__ = ["Selection", "__version__", "connect", "download", "select", "verify"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from hotdog_sql import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
