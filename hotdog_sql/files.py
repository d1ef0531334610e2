"""Files of this machine: what their errors mean, temporary ones, and locks between processes."""

import errno
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from io import FileIO
from pathlib import Path

from hotdog_sql.errors import InputError, StorageError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_PREFIX = "hotdog-sql-"
#: A file in a temporary folder that the process which uses it keeps locked.
_LOCK = "in-use"


@contextmanager
def storage_errors(file: str | Path) -> Iterator[None]:
    """Raise an `OSError` as a `StorageError` that says what happened to the file and what to do."""
    try:
        yield
    except OSError as error:
        path = Path(file)
        again = "then run the same command again"
        match error.errno:
            case errno.ENOSPC | errno.EDQUOT:
                words = f"the disk of {path.parent} is full: make room, {again}"
            case errno.ENOTDIR:
                words = f"a file is in the place of {path.parent}: choose another folder"
            case errno.ENOENT | errno.ESTALE:
                words = f"{path.parent} has disappeared: restore it, {again}"
            case errno.EACCES | errno.EPERM | errno.EROFS:
                words = f"cannot write {path}: correct its permissions, {again}"
            case _:
                reason = error.strerror or str(error)
                words = f"cannot use {path} ({reason}): correct this, {again}"
        raise StorageError(words) from error


def check_exists(path: Path) -> None:
    """Refuse a file that is not there, whose name DuckDB would take for a pattern."""
    if not path.exists():
        raise InputError(f"there is no file {path}; check the name")


def write_all(file: FileIO, data: bytes | bytearray) -> None:
    """Write all of the bytes to a file without a buffer, which may take some of them at a time."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def refuse_links(root: Path, folder: str) -> None:
    """Refuse symbolic links on the way to a folder of a dataset, which may come from a stranger."""
    at = root
    for name in folder.split("/"):
        at = at / name
        if name and at.is_symlink():
            raise StorageError(
                f"{at} is a symbolic link, which could lead outside the dataset: remove it, "
                "then run the same command again"
            )


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder in the system's temporary folder, and remove it with all it holds at the end.

    The folders that killed processes of the same user left there are removed first.
    """
    with ExitStack() as stack:
        try:
            for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
                with suppress(OSError):
                    _remove_unused(folder)
            held = False
            while not held:  # before it was locked, another process may have removed it as unused
                folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
                stack.callback(shutil.rmtree, folder, ignore_errors=True)
                held = stack.enter_context(locked(folder / _LOCK))
        except OSError as error:
            raise StorageError(
                f"cannot make a temporary folder: {error.strerror}; make room or set TMPDIR"
            ) from error
        yield folder


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside a file, and move it to the file's place when the block ends.

    So the file appears whole or not at all.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    with storage_errors(path):
        try:
            temporary.touch()  # whether the place can be written is said before the work
            yield temporary
            temporary.replace(path)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


@contextmanager
def locked(path: Path, waiting: Callable[[], None] | None = None) -> Iterator[bool]:
    """Hold a lock file, which the operating system releases however its holder ends.

    Where another process holds it, `waiting` is called once, and then it is waited for; without
    `waiting`, the block learns that it is not held. Who waits must leave the file: if it were
    removed, two processes could lock two different files of that name.
    """
    with path.open("ab") as file:
        held = _lock(file.fileno())
        if waiting is not None and not held:
            waiting()
            while not (held := _lock(file.fileno())):
                time.sleep(0.1)
        # A lock on a file that is no longer there holds nobody off.
        yield held and path.exists() and os.path.samestat(path.stat(), os.fstat(file.fileno()))


def _lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove_unused(folder: Path) -> None:
    """Remove a folder whose lock no process holds."""
    if (folder / _LOCK).exists():  # else it is being made
        with locked(folder / _LOCK) as held:
            if held:  # all but the lock on Windows, which removes no open file
                shutil.rmtree(folder, ignore_errors=True)
        if held:
            shutil.rmtree(folder, ignore_errors=True)
