"""A folder of this machine as a storage."""

import errno
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hotdog_sql.errors import StorageError
from hotdog_sql.storage.base import WORK_FOLDER, Storage
from hotdog_sql.text import printable


class LocalStorage(Storage):
    """A folder of this machine. Symbolic links inside it are not followed for writing."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder.absolute()), printable(str(folder)), folder)
        self._root = folder
        self._ready: set[str] = set()

    def write(self, path: str, data: bytes | bytearray) -> None:
        """Write to a temporary file and move it.

        The disk is not forced, which would cost more than a transfer: after a power failure a file
        may be shorter than the manifest says, and is downloaded again.
        """
        temporary = self._root / WORK_FOLDER / f"{os.getpid()}-{threading.get_ident()}.part"
        with storage_errors(self._root / path):
            try:
                self._prepare(WORK_FOLDER)
                temporary.write_bytes(data)
                self.put(path, temporary)
            except OSError:
                with suppress(OSError):
                    temporary.unlink()
                raise

    def put(self, path: str, file: Path) -> None:
        """Move the file into its place."""
        with storage_errors(self._root / path):
            self._prepare(path.rpartition("/")[0])
            file.replace(self._root / path)

    def read(self, path: str) -> bytes | None:
        """Read a file."""
        with storage_errors(self._root / path):
            try:
                return (self._root / path).read_bytes()
            except FileNotFoundError:
                return None

    def get(self, path: str, file: Path) -> None:
        """Copy a file."""
        data = self.read(path)
        with storage_errors(file):
            file.write_bytes(data or b"")

    def size(self, path: str) -> int | None:
        """Size of a regular file."""
        try:
            found = (self._root / path).stat()
        except OSError:
            return None
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    def delete(self, *paths: str) -> None:
        """Remove files. Their folders stay: they are classes."""
        for path in paths:
            with storage_errors(self._root / path):
                refuse_links(self._root, path.rpartition("/")[0])
                (self._root / path).unlink(missing_ok=True)

    def files(self, folder: str = "", prefix: str = "") -> Iterator[tuple[str, int]]:
        """Walk the folder; hidden files and links to folders are left out."""
        for place, folders, names in os.walk(self._root / folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            below = Path(place).relative_to(self._root)
            for name in sorted(names):
                path = (below / name).as_posix()
                size = self.size(path)
                if size is not None and name.startswith(prefix) and not name.startswith("."):
                    yield path, size

    def _prepare(self, folder: str) -> None:
        if folder not in self._ready:
            refuse_links(self._root, folder)
            (self._root / folder).mkdir(parents=True, exist_ok=True)
            self._ready.add(folder)


def refuse_links(root: Path, folder: str) -> None:
    """Refuse symbolic links on the way to a folder of a dataset, which may come from a stranger.

    Raises:
        StorageError: there is one; it could lead anywhere on this machine.
    """
    at = root
    for name in folder.split("/"):
        at = at / name
        if name and at.is_symlink():
            raise StorageError(
                f"{at} is a symbolic link, which could lead outside the dataset: remove it, "
                "then run the same command again"
            )


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Raise an `OSError` as a `StorageError` that says what happened to the file and what to do."""
    try:
        yield
    except OSError as error:
        raise _storage_error(path, error) from error


def _storage_error(path: Path, error: OSError) -> StorageError:
    again = "then run the same command again"
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return StorageError(f"the disk of {path.parent} is full: make room, {again}")
        case errno.EFBIG:
            return StorageError(
                f"{path} would be larger than a file may be: raise the limit, {again}"
            )
        case errno.ENOENT | errno.ENOTDIR | errno.ESTALE:
            return StorageError(f"{path.parent} has disappeared: restore it, {again}")
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return StorageError(f"cannot write {path}: correct its permissions, {again}")
        case _:
            reason = error.strerror or str(error)
            return StorageError(f"cannot use {path} ({reason}): correct this, {again}")
