"""Photos for an image classifier, selected from Open Images with readable SQL.

Names are imported on first use, because importing DuckDB takes longer than printing a help text.
"""

from typing import TYPE_CHECKING

from hotdog_sql.config import VERSION

if TYPE_CHECKING:
    from hotdog_sql.api import connect, download, select, verify
    from hotdog_sql.download_options import DownloadOptions
    from hotdog_sql.options import SelectOptions
    from hotdog_sql.selection import Selection

__version__: str = VERSION
__all__ = [
    "DownloadOptions",
    "SelectOptions",
    "Selection",
    "__version__",
    "connect",
    "download",
    "select",
    "verify",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from hotdog_sql import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted(__all__)
