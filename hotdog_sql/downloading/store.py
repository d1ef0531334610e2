"""Where photos are kept: each whole or not at all."""

import errno
import mmap
import os
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from hotdog_sql.downloading.body import Body
from hotdog_sql.downloading.inspection import ENDINGS, Bytes
from hotdog_sql.errors import StorageError


class Store(Protocol):
    """A place for photos, used by many threads at once. Paths are relative, with slashes."""

    def put(self, body: Body, path: str) -> None:
        """Keep the bytes under the path, replacing what was there.

        Raises:
            StorageError: they cannot be written.
        """
        ...

    def find(self, stem: str) -> str | None:
        """The path of a photo that is there already, whatever its ending."""
        ...

    def size(self, path: str) -> int | None:
        """Bytes of the file; None where there is none."""
        ...

    def read(self, path: str) -> AbstractContextManager[Bytes]:
        """The bytes of a file, while the block lasts.

        Raises:
            StorageError: it cannot be read.
        """
        ...

    def read_if_there(self, path: str) -> bytes | None:
        """The bytes of a small file; None where there is none.

        Raises:
            StorageError: it cannot be read.
        """
        ...

    def write(self, data: bytes, path: str) -> None:
        """Keep the bytes of a small file under the path, replacing what was there.

        Raises:
            StorageError: they cannot be written, or a folder of this machine is not there.
        """
        ...

    def delete(self, path: str) -> None:
        """Remove a file, if there is one.

        Raises:
            StorageError: it cannot be removed.
        """
        ...


class FolderStore:
    """A folder of this machine."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        #: Folders below it: those made or seen by this run, and those without photos before it.
        self._made: set[str] = set()
        self._new: set[str] = set()

    def put(self, body: Body, path: str) -> None:
        """Keep the bytes under the path (see `Store`).

        They are not forced to the disk: that would cost more than the transfer. After a power
        cut a file may be shorter than the manifest says, which the next run sees.
        """
        target = self.directory / path
        try:
            if body.in_file:
                body.view()  # flushes it
            else:
                _write(body.scratch, body.view())
            folder = path.rpartition("/")[0]
            if folder not in self._made:
                target.parent.mkdir(parents=True, exist_ok=True)
                self._made.add(folder)
            body.scratch.replace(target)
        except OSError as error:
            raise storage_error(target, error) from error

    def find(self, stem: str) -> str | None:
        """The path of a photo that is there already (see `Store`)."""
        folder = stem.rpartition("/")[0]
        if folder in self._new:
            return None
        if folder not in self._made and not (self.directory / folder).is_dir():
            self._new.add(folder)
            return None
        for ending in ENDINGS:
            path = f"{stem}.{ending}"
            if self.size(path) is not None:
                return path
        return None

    def size(self, path: str) -> int | None:
        """Bytes of the file (see `Store`)."""
        try:
            found = (self.directory / path).stat()
        except OSError:
            return None
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    @contextmanager
    def read(self, path: str) -> Iterator[Bytes]:
        """The bytes of a file (see `Store`)."""
        full = self.directory / path
        with ExitStack() as stack:
            try:
                file = stack.enter_context(full.open("rb"))
                empty = os.fstat(file.fileno()).st_size == 0
                data = b"" if empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except OSError as error:
                raise storage_error(full, error) from error
            if isinstance(data, mmap.mmap):
                stack.enter_context(data)
            yield data

    def read_if_there(self, path: str) -> bytes | None:
        """The bytes of a small file (see `Store`)."""
        full = self.directory / path
        try:
            return full.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise storage_error(full, error) from error

    def write(self, data: bytes, path: str) -> None:
        """Keep the bytes of a small file (see `Store`). Its folder is not made."""
        target = self.directory / path
        temporary = target.with_name(f"{uuid4().hex}.part")
        try:
            _write(temporary, data)
            temporary.replace(target)
        except OSError as error:
            raise storage_error(target, error) from error

    def delete(self, path: str) -> None:
        """Remove a file (see `Store`). Its folder stays: it is one of the classes."""
        full = self.directory / path
        try:
            full.unlink(missing_ok=True)
        except OSError as error:
            raise storage_error(full, error) from error


def storage_error(path: Path, error: OSError) -> StorageError:
    """What a user is told of an `OSError`: what happened and what to do next."""
    again = "then run the same command again"
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return StorageError(f"the disk of {path.parent} is full: make room, {again}")
        case errno.EFBIG:
            return StorageError(
                f"{path} would be larger than a file may be: raise the limit, {again}"
            )
        case errno.ENOENT | errno.ENOTDIR | errno.ESTALE:
            return StorageError(f"{path.parent} has vanished: bring it back, {again}")
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return StorageError(f"{path} cannot be written: correct its permissions, {again}")
        case _:
            reason = error.strerror or str(error)
            return StorageError(f"{path} cannot be used ({reason}): see to it, {again}")


def _write(path: Path, data: Bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left) :]
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise
    finally:
        os.close(descriptor)
