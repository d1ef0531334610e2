"""Local files: errors, links, temporary folders, atomic writes, and locks between processes."""

import errno
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from hotdog_sql.errors import InputError, StorageError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_PREFIX = "hotdog-sql-"
#: The lock file of a temporary folder; the process that uses the folder holds the lock.
_LOCK = "in-use"


@contextmanager
def storage_errors(file: str | Path) -> Iterator[None]:
    """Raise an `OSError` as a `StorageError` that says what happened and what to do."""
    try:
        yield
    except OSError as error:
        path = Path(file)
        retry = "then run the same command again"
        match error.errno:
            case errno.ENOSPC | errno.EDQUOT:
                message = f"the disk of {path.parent} is full: make room, {retry}"
            case errno.EMFILE | errno.ENFILE:
                message = f"too many open files: give fewer --workers or raise ulimit -n, {retry}"
            case errno.ENOTDIR:
                message = f"a file is in the way of {path.parent}: choose another folder"
            case errno.ENOENT | errno.ESTALE:
                message = f"{path.parent} has disappeared: restore it, {retry}"
            case errno.EACCES | errno.EPERM | errno.EROFS:
                message = f"cannot use {path}: correct its permissions, {retry}"
            case _:
                reason = error.strerror or str(error)
                message = f"cannot use {path} ({reason}): correct this, {retry}"
        raise StorageError(message) from error


def check_exists(path: Path) -> None:
    """Raise `InputError` for a missing file."""
    if not path.exists():
        raise InputError(f"there is no file {path}; check the name")


def write_all(descriptor: int, data: bytes | bytearray) -> None:
    """Write all bytes to an open file, which may take only some of them at a time."""
    remaining = memoryview(data)
    while remaining:
        remaining = remaining[os.write(descriptor, remaining) :]


def refuse_links(root: Path, folder: str) -> None:
    """Refuse symbolic links on the path to a folder: the dataset may come from a stranger."""
    path = root
    for name in folder.split("/"):
        path = path / name
        if name and path.is_symlink():
            raise StorageError(
                f"{path} is a symbolic link, which could lead outside the dataset: remove it, "
                "then run the same command again"
            )


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder in the system's temporary folder, and remove it when the block ends.

    Also removes the folders that killed processes of the same user left there.
    """
    with ExitStack() as stack:
        try:
            for lock in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_LOCK}"):
                with suppress(OSError):
                    with locked(lock) as is_unused:
                        if is_unused:  # on Windows, the open lock file stays
                            shutil.rmtree(lock.parent, ignore_errors=True)
                    if is_unused:
                        shutil.rmtree(lock.parent, ignore_errors=True)
            held = False
            while not held:  # another process may remove the folder before it is locked
                folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
                stack.callback(shutil.rmtree, folder, ignore_errors=True)
                held = stack.enter_context(locked(folder / _LOCK))
        except OSError as error:
            raise StorageError(
                f"cannot make a temporary folder: {error.strerror}; make room or set TMPDIR"
            ) from error
        yield folder


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside a file, and move it into place when the block ends.

    The file appears whole or not at all.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    with storage_errors(path):
        try:
            temporary.touch()  # an unwritable folder is reported before the work
            yield temporary
            temporary.replace(path)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


@contextmanager
def locked(path: Path, on_wait: Callable[[], None] | None = None) -> Iterator[bool]:
    """Lock a file and yield whether the lock is held; a process that ends releases its locks.

    If another process holds the lock, call `on_wait` once and wait, or yield False if there is no
    `on_wait`. Callers that wait must not delete the file: two processes could then lock two
    different files of that name.
    """
    with path.open("ab") as file:
        held = _lock(file.fileno())
        if on_wait is not None and not held:
            on_wait()
            while not (held := _lock(file.fileno())):
                time.sleep(0.1)
        # A lock on a deleted file excludes nobody.
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
