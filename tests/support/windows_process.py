"""Runs `hotdog-sql` with what Python has on Windows: `python -m tests.support.windows_process …`.

Modules and functions that only POSIX has are taken away, and msvcrt locks files through POSIX.
"""

import importlib
import os
import sys
from types import ModuleType
from typing import Any

#: The libraries, which have code of their own for each system: they know which one this is.
_LIBRARIES = (
    *("asyncio", "duckdb", "http.server", "httpcore", "httpx", "multiprocessing"),
    *("pydantic.fields", "pyreqwest.client", "pyreqwest.compatibility", "rich.progress"),
    *("sqlite3", "subprocess", "tempfile", "typer", "uuid", "zoneinfo"),
)
_POSIX_MODULES = ("fcntl", "grp", "posix", "pty", "pwd", "resource", "termios", "tty")
_POSIX_FUNCTIONS = (
    *("chown", "fchmod", "fork", "forkpty", "getegid", "geteuid", "getgid", "getuid", "lockf"),
    *("mkfifo", "openpty", "posix_fadvise", "posix_spawn", "pread", "pwrite", "sendfile"),
    *("setsid", "wait4"),
)


def main() -> None:
    """The command line."""
    for library in _LIBRARIES:
        importlib.import_module(library)
    # Importing pydantic's lazy parts and the platform's name asks which system this is.
    importlib.import_module("sysconfig").get_config_vars()
    importlib.import_module("platform").system()

    lock, try_to = os.lockf, os.F_TLOCK
    msvcrt = ModuleType("msvcrt")
    msvcrt.__dict__.update(
        LK_NBLCK=2, locking=lambda descriptor, _mode, size: lock(descriptor, try_to, size)
    )
    modules: dict[str, Any] = sys.modules
    modules["msvcrt"] = msvcrt
    for name in _POSIX_MODULES:
        modules[name] = None  # so that importing it fails
    for name in _POSIX_FUNCTIONS:
        if hasattr(os, name):
            delattr(os, name)
    sys.platform = "win32"
    from hotdog_sql.__main__ import main as run

    run()


if __name__ == "__main__":
    main()
