"""Photos in an object store, or wherever else fsspec leads."""

import errno
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast
from uuid import uuid4

from hotdog_sql.downloading.body import Body
from hotdog_sql.downloading.dataset import WORKSHOP
from hotdog_sql.downloading.destination import OBJECT_STORES, Destination, without_credentials
from hotdog_sql.downloading.inspection import Bytes
from hotdog_sql.errors import InputError, MissingExtraError, StorageError
from hotdog_sql.transport import RetryPolicy

T = TypeVar("T")


#: What the libraries raise besides `OSError`, by protocol: module and names.
_FOREIGN_ERRORS = {
    "s3": [("botocore.exceptions", "BotoCoreError"), ("botocore.exceptions", "ClientError")],
    "gs": [("gcsfs.retry", "HttpError"), ("google.auth.exceptions", "GoogleAuthError")],
}
_ALIASES = {"s3a": "s3", "gcs": "gs"}

#: How the libraries are set up; credentials and addresses are left to them. As many connections
#: as a machine has transfers at the most, and no listing kept in memory.
_SET_UP: dict[str, dict[str, Any]] = {
    "s3": {"config_kwargs": {"max_pool_connections": 64}},
}

#: Tries in all, each of which is several of the library's own.
_ATTEMPTS = 3

#: What waiting does not change.
_FINAL = frozenset(
    {errno.EACCES, errno.EPERM, errno.ENOENT, errno.EINVAL, errno.ENOSYS, errno.ENAMETOOLONG}
)


class FileSystem(Protocol):
    """What is used of `fsspec.AbstractFileSystem`."""

    def pipe_file(self, path: str, value: bytes) -> object:
        """Write bytes."""
        ...

    def put_file(self, lpath: str, rpath: str) -> object:
        """Copy a file of this machine there."""
        ...

    def get_file(self, rpath: str, lpath: str) -> object:
        """Copy a file from there."""
        ...

    def cat_file(self, path: str) -> bytes:
        """Read bytes."""
        ...

    def mv(self, path1: str, path2: str) -> object:
        """Move a file."""
        ...

    def makedirs(self, path: str, exist_ok: bool) -> object:
        """Make a folder, where there are any."""
        ...

    def rm_file(self, path: str) -> object:
        """Remove a file."""
        ...

    def rm(self, path: list[str]) -> object:
        """Remove files."""
        ...

    def info(self, path: str) -> dict[str, Any]:
        """Size and the like of a file."""
        ...

    def find(self, path: str, *, detail: bool, prefix: str) -> dict[str, dict[str, Any]]:
        """Every file below, by its path."""
        ...


class RemoteStore:
    """A place that fsspec knows (see `Store`); used by many threads at once."""

    def __init__(self, destination: Destination, retry: RetryPolicy | None = None) -> None:
        """Makes no request yet.

        Args:
            destination: a remote one.
            retry: when what a store refuses for a while is tried again; the libraries do so too.

        Raises:
            MissingExtraError: the library for such addresses is not installed.
            InputError: there is none.
        """
        self._destination = destination
        self._retry = retry or RetryPolicy(attempts=_ATTEMPTS)
        protocol = _ALIASES.get(destination.protocol, destination.protocol)
        self._files, self._root = _open(destination, _SET_UP.get(protocol, {}))
        self._errors: tuple[type[Exception], ...] = (OSError, *_foreign_errors(protocol))
        #: Elsewhere a file may be seen while it is written, so it is moved into its place.
        self._moves = destination.protocol not in {*OBJECT_STORES, "memory"}

    def put(self, body: Body, path: str) -> None:
        """Keep the bytes under the path (see `Store`)."""
        data = bytes(body.view())
        self._place(path, lambda to: self._files.pipe_file(to, data))

    def write(self, data: bytes, path: str) -> None:
        """Keep the bytes under the path (see `Store`)."""
        self._place(path, lambda to: self._files.pipe_file(to, data))

    def upload(self, file: Path, path: str) -> None:
        """Keep a copy of a file of this machine, whole or not at all.

        Raises:
            StorageError: it cannot be written.
        """
        self._place(path, lambda to: self._files.put_file(str(file), to))

    def find(self, _stem: str) -> str | None:
        """None: to ask for every photo would cost more than to fetch the few that are there.

        These are what came after the manifest was last kept; they are replaced.
        """
        return None

    def size(self, path: str) -> int | None:
        """Bytes of the file (see `Store`)."""
        try:
            return int(self._do(path, lambda: self._files.info(self._full(path)))["size"])
        except _AbsentError:
            return None

    @contextmanager
    def read(self, path: str) -> Iterator[Bytes]:
        """The bytes of a file (see `Store`)."""
        yield self._do(path, lambda: self._files.cat_file(self._full(path)))

    def read_if_there(self, path: str) -> bytes | None:
        """The bytes of a file (see `Store`)."""
        try:
            return self._do(path, lambda: self._files.cat_file(self._full(path)))
        except _AbsentError:
            return None

    def download(self, path: str, file: Path) -> None:
        """Copy a file to this machine.

        Raises:
            StorageError: it cannot be read or written.
        """
        self._do(path, lambda: self._files.get_file(self._full(path), str(file)))

    def delete(self, path: str) -> None:
        """Remove a file (see `Store`)."""
        try:
            self._do(path, lambda: self._files.rm_file(self._full(path)))
        except _AbsentError:
            return

    def delete_all(self, paths: Sequence[str]) -> None:
        """Remove files that are no photos: in one request, where the store can.

        Some stores pass over one that they cannot remove now.

        Raises:
            StorageError: they cannot be removed.
        """
        full = [self._full(path) for path in paths]
        try:
            self._do("", lambda: self._files.rm(full))
        except _AbsentError:  # one of them, and which have been removed is not known
            for path in paths:
                self.delete(path)

    def files(self, folder: str = "", prefix: str = "") -> Iterator[tuple[str, int]]:
        """Path and size of every file below a folder, in the order of their paths.

        Args:
            folder: relative to the dataset; empty for all of it.
            prefix: what paths begin with after the folder. Some stores give others too.

        Raises:
            StorageError: they cannot be listed.
        """
        top = self._full(folder) if folder else self._root
        try:
            found = self._do(folder, lambda: self._files.find(top, detail=True, prefix=prefix))
        except _AbsentError:
            return
        start = len(self._root) + 1
        for full in sorted(found):
            yield full[start:], int(found[full]["size"])

    def _full(self, path: str) -> str:
        return f"{self._root}/{path}"

    def _place(self, path: str, write: Callable[[str], object]) -> None:
        full = self._full(path)
        if not self._moves:
            self._do(path, lambda: write(full))
            return
        temporary = self._full(f"{WORKSHOP}/{uuid4().hex}.part")

        def move_into_place() -> None:
            for file in (temporary, full):
                self._files.makedirs(file.rpartition("/")[0], exist_ok=True)
            write(temporary)
            self._files.mv(temporary, full)

        self._do(path, move_into_place)

    def _do(self, path: str, action: Callable[[], T]) -> T:
        """The action's result, tried again while the store only asks for patience."""
        attempt = 1
        while True:
            try:
                return action()
            except FileNotFoundError as error:
                raise _AbsentError(self._words(path, error)) from None
            except self._errors as error:
                delay = self._retry.delay(attempt) if _is_transient(error) else None
                if delay is None:
                    # The cause is left behind: its text may name what ours does not.
                    raise StorageError(self._words(path, error)) from None
            time.sleep(delay)
            attempt += 1

    def _words(self, path: str, error: BaseException) -> str:
        where = f"{self._destination}/{path}" if path else str(self._destination)
        reason = without_credentials(str(error)) or type(error).__name__
        advice = "see to it" if _is_transient(error) else "check the address and the credentials"
        return f"{where} cannot be used ({reason}): {advice}, then run the same command again"


class _AbsentError(StorageError):
    """There is no such file, or no such bucket."""


def _open(destination: Destination, set_up: dict[str, Any]) -> tuple[FileSystem, str]:
    """The library's file system, and the dataset's path in its own terms, without a slash."""
    protocol = destination.protocol
    try:
        core = import_module("fsspec.core")
        files, root = core.url_to_fs(
            destination.address, use_listings_cache=False, skip_instance_cache=True, **set_up
        )
    except ImportError as error:
        how = (
            "pip install 'hotdog-sql[s3]'"
            if _ALIASES.get(protocol, protocol) == "s3" or error.name == "fsspec"
            else without_credentials(str(error))
        )
        raise MissingExtraError(f"{protocol}:// addresses need another library: {how}") from error
    except ValueError as error:
        raise InputError(
            f"{destination} cannot be used ({without_credentials(str(error))}): give a folder, or "
            "an address such as s3://bucket/prefix"
        ) from None
    return cast(FileSystem, files), str(root).rstrip("/")


def _foreign_errors(protocol: str) -> tuple[type[Exception], ...]:
    return tuple(
        getattr(import_module(module), name) for module, name in _FOREIGN_ERRORS.get(protocol, [])
    )


def _is_transient(error: BaseException) -> bool:
    """Whether the same request may succeed later."""
    if isinstance(error, OSError):
        final = isinstance(error, PermissionError | FileNotFoundError) or error.errno in _FINAL
        return not final
    name = type(error).__name__
    return "Credential" not in name and "Token" not in name and "Param" not in name
