"""A lock between processes, which the operating system releases however its holder ends."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _wait_for_lock(descriptor: int) -> None:
        while True:
            with suppress(OSError):  # it gives up after ten seconds
                msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
                return

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _wait_for_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)


@contextmanager
def locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock, waiting for it if need be.

    Args:
        path: the lock file, made where missing. It stays: if it were removed, two processes could
            lock two different files of that name.
        waiting: called once if another process holds the lock.

    Raises:
        OSError: the file cannot be made.
    """
    with path.open("ab") as file:
        if not _try_lock(file.fileno()):
            waiting()
            _wait_for_lock(file.fileno())
        yield


@contextmanager
def try_locked(path: Path) -> Iterator[bool]:
    """Hold the lock unless another process does; gives whether it is held.

    Args:
        path: the lock file, made where missing. It stays.

    Raises:
        OSError: the file cannot be made.
    """
    with path.open("ab") as file:
        yield _try_lock(file.fileno())


@contextmanager
def try_locked_folder(folder: Path) -> Iterator[bool]:
    """The same for a folder of temporary files, whose lock file the caller removes with it.

    Another process may remove the file after it is opened here and before it is locked. Nobody else
    would find such a lock, so the attempt then begins again.

    Args:
        folder: made where missing, with its parents; the lock file in it is `lock`.

    Raises:
        OSError: the file cannot be made.
    """
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "lock"
        with path.open("ab") as file:
            if not _try_lock(file.fileno()):
                yield False
                return
            if _is_still_at(path, file.fileno()):
                yield True
                return


def _is_still_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
