"""The module `api`, imported on first use: importing DuckDB takes longer than printing a help."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hotdog_sql import api as api
else:

    class _Api:
        def __getattr__(self, name: str) -> Any:
            return getattr(import_module("hotdog_sql.api"), name)

    api = _Api()
