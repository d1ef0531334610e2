"""`python -m tests.support.windows_process …` runs `hotdog-sql` as if on Windows.

Removes modules and functions that only POSIX has, and adds an msvcrt that locks files.
"""

import importlib
import os
import sys
from types import ModuleType
from typing import Any

#: Libraries with code for each system, imported while they can still detect the real one.
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
    """Run `hotdog-sql` after removing what Windows lacks."""
    for library in _LIBRARIES:
        importlib.import_module(library)
    # The lazy parts of pydantic and the name of the platform depend on the system too.
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
        modules[name] = None  # makes importing it fail
    for name in _POSIX_FUNCTIONS:
        if hasattr(os, name):
            delattr(os, name)
    sys.platform = "win32"
    from hotdog_sql.__main__ import main as run

    run()


if __name__ == "__main__":
    main()
