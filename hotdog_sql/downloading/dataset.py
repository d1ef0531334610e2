"""The dataset's folder: one run at a time, and nothing left behind but photos and records."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hotdog_sql.downloading.store import storage_error
from hotdog_sql.errors import DatasetLockedError

#: Below the dataset while a run works on it: its lock and its temporary files.
WORKSHOP = ".hotdog-sql"
_LOCK = "lock"

#: In it, the name of the run that may write tars now: what an earlier one has left on a cluster may
#: still be at work, and must not put another tar in the place of a new one.
RUN = f"{WORKSHOP}/run"

#: How the names of receipts begin there (see `receipt`).
RECEIPTS = f"{WORKSHOP}/receipt-"


@contextmanager
def workshop(directory: Path) -> Iterator[Path]:
    """The run's own folder inside a dataset, which is made where there is none.

    The lock is the operating system's, so a killed run leaves none; what else it has left there
    is removed.

    Raises:
        DatasetLockedError: another run is working on the dataset.
        StorageError: the folder cannot be written.
    """
    path = directory / WORKSHOP
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = _lock(path / _LOCK)
    except BlockingIOError as error:
        raise DatasetLockedError(
            f"another run is working on {directory}: wait for it to end, or choose another folder"
        ) from error
    except OSError as error:
        raise storage_error(path, error) from error
    try:
        _clean(path)
        yield path
    finally:
        # A vanished folder needs no cleaning, and must not hide the error that says so.
        with suppress(OSError):
            shutil.rmtree(path)
        os.close(lock)


def _lock(path: Path) -> int:
    """The descriptor of the locked file.

    Whoever ends removes the file, so it may be gone by the time its lock is free: then the lock
    of a file that nobody else will find is worth nothing, and the next one is made.
    """
    while True:
        path.parent.mkdir(exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(lock), path.stat()):
                return lock
            os.close(lock)
        except FileNotFoundError:
            os.close(lock)
        except BaseException:
            os.close(lock)
            raise


def _clean(path: Path) -> None:
    for leftover in path.iterdir():
        if leftover.name == _LOCK:
            continue
        if leftover.is_dir():  # a shard's, of a run that was killed
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink()
