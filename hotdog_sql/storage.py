"""Storage of a dataset: a local folder, or any address that fsspec knows.

Every file appears whole or not at all. Paths are relative to the dataset, with slashes. Threads
may share a storage, and every method may raise StorageError.
"""

import os
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias
from urllib.parse import unquote
from uuid import uuid4

from hotdog_sql.errors import InputError, MissingExtraError, StorageError
from hotdog_sql.files import refuse_links, storage_errors, temporary_folder, write_all
from hotdog_sql.text import printable, without_credentials

#: Folder for temporary files inside a dataset; it exists only during a run.
WORK_FOLDER = ".hotdog-sql"
#: File with the ID of the run that may write tars: a worker that an earlier run left on a cluster
#: may still be working, and must not replace a new tar.
RUN_FILE = f"{WORK_FOLDER}/run"

#: Protocols of object stores, where an object appears whole or not at all.
_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "oss"})
#: Enough connections for the most transfers of one machine, and retries for a busy store.
_RETRIES = {"mode": "standard", "max_attempts": 10}
_S3_SETTINGS: dict[str, Any] = {"config_kwargs": {"max_pool_connections": 64, "retries": _RETRIES}}
#: Flags of a new file; Windows would change line ends without the last.
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
_DELETE_THREADS = 16
#: Held while a store is used that is not made for threads, such as SFTP's single connection.
_SINGLE_USE = threading.Lock()


class LocalStorage:
    """A local folder. Writing does not follow symbolic links inside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        #: The address without credentials.
        self.name: str = printable(str(folder))
        self._ready: set[str] = set()

    def write(self, path: str, data: bytes | bytearray) -> None:
        """Write a file, replacing an older one."""
        # No fsync, which would cost more than a transfer: after a power failure a file may be
        # shorter than the manifest says, and is downloaded again.
        # Path and file objects would take as long as the writing itself.
        temporary = f"{self.folder}/{WORK_FOLDER}/{os.getpid()}-{threading.get_ident()}.part"
        target = f"{self.folder}/{path}"
        with storage_errors(target):
            self._prepare(WORK_FOLDER)
            self._prepare(path.rpartition("/")[0])
            descriptor = os.open(temporary, _NEW_FILE, 0o666)
            try:
                write_all(descriptor, data)
            finally:
                os.close(descriptor)
            Path(temporary).replace(target)

    def put(self, path: str, file: Path) -> None:
        """Move or copy a file from `scratch` into the dataset, replacing an older one."""
        with storage_errors(self.folder / path):
            self._prepare(path.rpartition("/")[0])
            file.replace(self.folder / path)

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file, or None if it does not exist."""
        with storage_errors(self.folder / path), suppress(FileNotFoundError):
            return (self.folder / path).read_bytes()
        return None

    def size(self, path: str) -> int | None:
        """Return the size of a file in bytes, or None if it does not exist."""
        with storage_errors(self.folder / path):
            try:
                status = (self.folder / path).stat()
            except OSError as error:
                _refuse_unreadable(error)
                return None
        return status.st_size if stat.S_ISREG(status.st_mode) else None

    def delete(self, *paths: str) -> None:
        """Delete files, if they exist."""
        for path in paths:
            with storage_errors(self.folder / path):
                refuse_links(self.folder, path.rpartition("/")[0])
                (self.folder / path).unlink(missing_ok=True)

    def files(self, folder: str = "", prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield path and size of the files below a folder, sorted; `prefix` limits their names."""
        with storage_errors(self.folder / folder):
            for parent, folders, names in os.walk(self.folder / folder, onerror=_refuse_unreadable):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                relative = Path(parent).relative_to(self.folder).as_posix()
                for name in sorted(names):
                    path = f"{relative}/{name}".removeprefix("./")
                    size = self.size(path)
                    if size is not None and name.startswith(prefix) and not name.startswith("."):
                        yield path, size

    def names(self) -> set[str]:
        """Return the names of files and folders at the top of the dataset, but of empty folders."""
        with storage_errors(self.folder / "*"), suppress(FileNotFoundError):
            entries = list(self.folder.iterdir())
            return {one.name for one in entries if not one.is_dir() or any(one.iterdir())}
        return set()

    def local(self, path: str) -> AbstractContextManager[Path]:
        """Yield a local path from which to read the file."""
        return nullcontext(self.folder / path)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield a local folder for files to `put`."""
        work = self.folder / WORK_FOLDER
        with storage_errors(work):
            self._prepare(WORK_FOLDER)
            folder = TemporaryDirectory(dir=work, ignore_cleanup_errors=True)
        with folder as path:
            yield Path(path)

    def _prepare(self, folder: str) -> None:
        if folder not in self._ready:
            refuse_links(self.folder, folder)
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
            self._ready.add(folder)


def _refuse_unreadable(error: OSError) -> None:
    if isinstance(error, PermissionError):
        raise error


class _RemoteStorage:
    """Any address that fsspec knows, such as an object store or SFTP; see `LocalStorage`."""

    def __init__(self, address: str) -> None:
        self.name: str = without_credentials(address)
        self.folder: None = None
        protocol, _, rest = address.partition("://")
        self._is_object_store = protocol in _OBJECT_STORES
        # Other stores show a file while it is written, so it is moved into place.
        self._is_atomic = self._is_object_store or protocol == "memory"
        host = rest.partition("?")[0].strip("/")
        if not (protocol and host) or (self._is_object_store and rest.startswith("/")):
            raise InputError(f"{self.name} names no bucket: give one such as s3://bucket/prefix")
        if self._is_object_store and ("@" in host or "?" in rest):
            raise InputError(
                f"{self.name} was given with credentials: leave them out, and set them as the "
                "store's own tools expect, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            )
        options: dict[str, Any] = {"skip_instance_cache": True}
        if self._is_object_store:
            options["use_listings_cache"] = False
        if protocol in {"s3", "s3a"}:
            options |= _S3_SETTINGS
        try:
            with self._errors():
                open_address = import_module("fsspec.core").url_to_fs
                self._files, root = open_address(address, **options)
        except ImportError as error:
            in_extra = protocol in {"s3", "s3a"} or error.name == "fsspec"
            advice = "pip install 'hotdog-sql[s3]'" if in_extra else without_credentials(str(error))
            message = f"{protocol}:// addresses need another library: {advice}"
            raise MissingExtraError(message) from error
        except StorageError as error:
            raise InputError(str(error)) from None
        self._root: str = root.rstrip("/")

    def write(self, path: str, data: bytes | bytearray) -> None:
        with self._atomic_write(path) as full:
            self._files.pipe_file(full, bytes(data))

    def put(self, path: str, file: Path) -> None:
        with self._atomic_write(path) as full:
            self._files.put_file(str(file), full)

    def read(self, path: str) -> bytes | None:
        with self._errors(path), suppress(FileNotFoundError):
            return bytes(self._files.cat_file(self._full(path)))
        return None

    def size(self, path: str) -> int | None:
        with self._errors(path), suppress(FileNotFoundError):
            return int(self._files.info(self._full(path))["size"])
        return None

    def delete(self, *paths: str) -> None:
        with ThreadPoolExecutor(_DELETE_THREADS) as pool:
            list(pool.map(self._delete, paths))

    def files(self, folder: str = "", prefix: str = "") -> Iterator[tuple[str, int]]:
        top = self._full(folder) if folder else self._root
        options = {"prefix": prefix} if prefix and self._is_object_store else {}
        found = {}
        with self._errors(folder), suppress(FileNotFoundError):
            found = self._files.find(top, detail=True, **options)
        start = len(self._root) + 1
        for full in sorted(found):
            name = full.rpartition("/")[2]
            if name and name.startswith(prefix):  # the S3 console makes folders without a name
                yield full[start:], int(found[full]["size"])

    def names(self) -> set[str]:
        with self._errors(), suppress(FileNotFoundError):
            found = self._files.ls(self._root, detail=False)
            paths = {path.rstrip("/") for path in found} - {self._root}
            return {path.rpartition("/")[2] for path in paths}
        return set()

    @contextmanager
    def local(self, path: str) -> Iterator[Path]:
        with temporary_folder() as folder:
            copy = folder / "copy"
            with self._errors(path):
                self._files.get_file(self._full(path), str(copy))
            yield copy

    def scratch(self) -> AbstractContextManager[Path]:
        return temporary_folder()

    def _full(self, path: str) -> str:
        return f"{self._root}/{path}"

    @contextmanager
    def _atomic_write(self, path: str) -> Iterator[str]:
        """Yield the path to write to; the file appears at `path` once it is whole."""
        full = self._full(path)
        with self._errors(path):
            if self._is_atomic:
                yield full
                return
            temporary = self._full(f"{WORK_FOLDER}/{uuid4().hex}.part")
            for file in (temporary, full):
                self._files.makedirs(file.rpartition("/")[0], exist_ok=True)
            yield temporary
            self._files.mv(temporary, full)

    def _delete(self, path: str) -> None:
        with self._errors(path), suppress(FileNotFoundError):
            self._files.rm_file(self._full(path))

    @contextmanager
    def _errors(self, path: str = "") -> Iterator[None]:
        """Raise any error of a library as a `StorageError`: each library has its own."""
        try:
            with nullcontext() if self._is_atomic else _SINGLE_USE:
                yield
        except Exception as error:
            if isinstance(error, ImportError | MemoryError):
                raise
            where = f"{self.name}/{path}" if path else self.name
            reason = without_credentials(str(error)) or type(error).__name__
            # Without the cause, whose text may contain credentials.
            raise StorageError(
                f"cannot use {where} ({reason}): check the address and the credentials, "
                "then run the same command again"
            ) from None


Storage: TypeAlias = LocalStorage | _RemoteStorage


def open_storage(address: str | Path) -> Storage:
    """Return the storage at an address, without making a folder."""
    if not isinstance(address, str | os.PathLike):
        raise InputError(f"{address!r} is not a dataset: give a folder or an address")
    text = str(address)
    protocol, separator, rest = text.partition("://")
    if not separator:
        return LocalStorage(Path(text))
    if protocol not in {"file", "local"}:
        return _RemoteStorage(text)
    return LocalStorage(Path(unquote(rest.removeprefix("localhost"))))
