"""HTTP for refresh and download, with one of two libraries; only the one in use is imported."""

import os
from contextlib import suppress
from functools import cache
from importlib import import_module
from threading import Event, Lock, Thread

from hotdog_sql.download_options import SILENCE_SECONDS, transport_name
from hotdog_sql.http.client import HttpClient

_LOCK = Lock()


def open_client(silence_seconds: float = SILENCE_SECONDS) -> HttpClient:
    """Return a client that makes requests with the library of `transport_name`."""
    with _LOCK:  # the first of many threads makes what all of them use
        if transport_name() == "httpx":
            from hotdog_sql.http.httpcore_client import HttpcoreClient

            return HttpcoreClient(silence_seconds)
        _load_pyreqwest()
        from hotdog_sql.http.pyreqwest_client import PyreqwestClient

        return PyreqwestClient(silence_seconds)


@cache
def _load_pyreqwest() -> None:
    """Import pyreqwest in a thread that never ends.

    Otherwise its allocator crashes when the thread that imported it has ended
    (https://github.com/microsoft/mimalloc/issues/1287).
    """
    os.environ.setdefault("MIMALLOC_ARENA_EAGER_COMMIT", "0")  # it needs less memory
    imported = Event()

    def run() -> None:
        with suppress(ImportError):  # the caller's import raises it
            import_module("pyreqwest.client")
        imported.set()
        Event().wait()

    Thread(target=run, daemon=True).start()
    imported.wait()
