"""Temporary folders and files, which a killed process does not leave behind for good."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from stat import S_ISDIR

from hotdog_sql.errors import StorageError
from hotdog_sql.lock import try_locked

_PREFIX = "hotdog-sql-"
#: A file in the folder that the process which uses it keeps locked.
_LOCK = "in-use"


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder in the system's temporary folder, and remove it with all it holds at the end.

    The folders that killed processes of the same user left there are removed first.

    Raises:
        StorageError: the folder cannot be made.
    """
    with ExitStack() as stack:
        try:
            for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
                with suppress(OSError):
                    _remove_unused(folder)
            folder = _locked_folder(stack)
        except OSError as error:
            raise StorageError(
                f"cannot make a temporary folder: {error.strerror}; make room or set TMPDIR"
            ) from error
        yield folder


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside a file, and move it to the file's place when the block ends.

    So the file appears whole or not at all.

    Args:
        path: the file, in a folder that exists.

    Raises:
        StorageError: the file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        # The file system says whether the place can be written, in its own words.
        temporary.touch()
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise StorageError(
            f"cannot write {path}: {error.strerror}; choose another --output"
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _locked_folder(stack: ExitStack) -> Path:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        held = stack.enter_context(try_locked(folder / _LOCK))
        # Before it was locked, another process may have removed the folder as unused.
        if held and (folder / _LOCK).exists():
            return folder


def _remove_unused(folder: Path) -> None:
    """Remove a folder of the same user's whose lock no process holds."""
    found = folder.lstat()
    if not S_ISDIR(found.st_mode) or (sys.platform != "win32" and found.st_uid != os.getuid()):
        return
    if (folder / _LOCK).exists():  # else it is being made
        with try_locked(folder / _LOCK) as held:
            pass  # Windows removes no file that is open
        if held:
            shutil.rmtree(folder)
