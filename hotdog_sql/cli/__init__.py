"""The command line: parses options, calls the API, and shows the result.

The commands import `api` from here. It is loaded on first use, because importing DuckDB takes
longer than printing a help text.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hotdog_sql import api as api
else:

    class _Api:
        def __getattr__(self, name: str) -> Any:
            return getattr(import_module("hotdog_sql.api"), name)

    api = _Api()
