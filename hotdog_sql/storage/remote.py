"""Any address that fsspec knows as a storage: object stores, SFTP and so on."""

import errno
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from hotdog_sql.download_options import RetryPolicy
from hotdog_sql.errors import InputError, MissingExtraError, StorageError
from hotdog_sql.storage.base import WORK_FOLDER, Storage
from hotdog_sql.text import without_credentials

T = TypeVar("T")

#: Protocols of stores in which an object appears whole or not at all.
_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "oss"})

#: What the libraries raise besides `OSError`, by protocol: module and names.
_FOREIGN_ERRORS = {
    "s3": [("botocore.exceptions", "BotoCoreError"), ("botocore.exceptions", "ClientError")],
    "gs": [("gcsfs.retry", "HttpError"), ("google.auth.exceptions", "GoogleAuthError")],
    "ftp": [("ftplib", "Error")],
    "http": [("aiohttp", "ClientError")],
    "sftp": [("paramiko", "SSHException")],
}
_ALIASES = {"s3a": "s3", "gcs": "gs", "https": "http", "ssh": "sftp"}
#: What all of them raise where they cannot do what they are asked for.
_COMMON_ERRORS = (OSError, EOFError, ValueError, TypeError, AttributeError, NotImplementedError)

#: Parts of the names of errors that stay the same however often one asks.
_FINAL_WORDS = (
    "Credential",
    "Token",
    "Param",
    "Value",
    "Type",
    "Attribute",
    "NotImplemented",
    "error_perm",
)

#: What the libraries' `rm` takes for a pattern, though it may be in a name.
_PATTERN = re.compile(r"[*?[]")
_PROTOCOL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")

#: How the libraries are set up: as many connections as a machine has transfers at most.
_SETTINGS: dict[str, dict[str, Any]] = {"s3": {"config_kwargs": {"max_pool_connections": 64}}}

#: Each attempt is several of the library's own.
_RETRY = RetryPolicy(attempts=3)

#: What waiting does not change.
_FINAL = frozenset(
    {errno.EACCES, errno.EPERM, errno.ENOENT, errno.EINVAL, errno.ENOSYS, errno.ENAMETOOLONG}
)


class RemoteStorage(Storage):
    """A place that fsspec knows."""

    def __init__(self, address: str) -> None:
        super().__init__(address, without_credentials(address), None)
        protocol, _, rest = address.partition("://")
        host = rest.partition("?")[0].strip("/")
        if not _PROTOCOL.fullmatch(protocol):
            raise InputError(
                f"cannot use {self.name}: give a folder, or an address such as s3://bucket/prefix"
            )
        if not host:
            raise InputError(f"{self.name} names no bucket: give one such as s3://bucket/prefix")
        if protocol in _OBJECT_STORES and ("@" in host or "?" in rest):
            raise InputError(
                f"{self.name} was given with credentials: leave them out, and set them as the "
                "store's own tools expect, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            )
        self._library = _ALIASES.get(protocol, protocol)
        self._errors: tuple[type[Exception], ...] = _COMMON_ERRORS
        self._files, self._root = self._open(protocol)
        # Elsewhere a file may be seen while it is written, so it is moved into its place.
        self._moves = protocol not in {*_OBJECT_STORES, "memory"}

    def write(self, path: str, data: bytes | bytearray) -> None:
        """Write an object."""
        self._place(path, lambda to: self._files.pipe_file(to, bytes(data)))

    def put(self, path: str, file: Path) -> None:
        """Upload a file."""
        self._place(path, lambda to: self._files.put_file(str(file), to))

    def read(self, path: str) -> bytes | None:
        """Read an object."""
        try:
            data: bytes = self._do(path, lambda: self._files.cat_file(self._full(path)))
        except _AbsentError:
            return None
        return data

    def get(self, path: str, file: Path) -> None:
        """Download an object."""
        self._do(path, lambda: self._files.get_file(self._full(path), str(file)))

    def size(self, path: str) -> int | None:
        """Ask for the size of an object."""
        try:
            return int(self._do(path, lambda: self._files.info(self._full(path)))["size"])
        except _AbsentError:
            return None

    def delete(self, *paths: str) -> None:
        """Remove objects: in one request where the store can."""
        full = [self._full(path) for path in paths]
        if len(full) > 1 and not _PATTERN.search("".join(full)):
            with suppress(_AbsentError):  # one of them is; the others may be there still
                self._do("", lambda: self._files.rm(full))
                return
        for one in full:
            with suppress(_AbsentError):
                self._do("", partial(self._files.rm_file, one))

    def files(self, folder: str = "", prefix: str = "") -> Iterator[tuple[str, int]]:
        """List objects."""
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

    def _open(self, protocol: str) -> tuple[Any, str]:
        """The library's file system, and the dataset's path in its own terms."""
        try:
            import_module("fsspec").get_filesystem_class(protocol)  # or says what is missing
            for module, name in _FOREIGN_ERRORS.get(self._library, []):
                self._errors += (getattr(import_module(module), name),)
            files, root = import_module("fsspec.core").url_to_fs(
                self.address,
                use_listings_cache=False,
                skip_instance_cache=True,
                **_SETTINGS.get(self._library, {}),
            )
        except ImportError as error:
            how = "pip install 'hotdog-sql[s3]'"
            if self._library != "s3" and error.name != "fsspec":
                how = without_credentials(str(error))
            raise MissingExtraError(
                f"{protocol}:// addresses need another library: {how}"
            ) from error
        except self._errors as error:
            raise InputError(
                f"cannot use {self.name} ({without_credentials(str(error))}): give a folder, or "
                "an address such as s3://bucket/prefix"
            ) from None
        return files, str(root).rstrip("/")

    def _place(self, path: str, write: Callable[[str], object]) -> None:
        full = self._full(path)
        if not self._moves:
            self._do(path, lambda: write(full))
            return
        temporary = self._full(f"{WORK_FOLDER}/{uuid4().hex}.part")

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
                delay = _RETRY.delay(attempt) if _is_transient(error) else None
                if delay is None:
                    # The cause is left behind: its text may hold credentials.
                    raise StorageError(self._words(path, error)) from None
            time.sleep(delay)
            attempt += 1

    def _words(self, path: str, error: BaseException) -> str:
        where = f"{self.name}/{path}" if path else self.name
        reason = without_credentials(str(error)) or type(error).__name__
        advice = "correct this" if _is_transient(error) else "check the address and the credentials"
        return f"cannot use {where} ({reason}): {advice}, then run the same command again"


class _AbsentError(StorageError):
    """There is no such file, or no such bucket."""


def _is_transient(error: BaseException) -> bool:
    """Whether the same request may succeed later."""
    if isinstance(error, OSError):
        final = isinstance(error, PermissionError | FileNotFoundError) or error.errno in _FINAL
        return not final
    return not any(word in type(error).__name__ for word in _FINAL_WORDS)
