"""Where files of a dataset are kept: a folder of this machine, or any address fsspec knows.

Every file appears whole or not at all. Paths are relative to the dataset, with slashes. A storage
is used by many threads, and all that it does may raise StorageError.
"""

import os
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib import import_module
from io import FileIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from hotdog_sql.errors import InputError, MissingExtraError, StorageError
from hotdog_sql.files import refuse_links, storage_errors, temporary_folder, write_all
from hotdog_sql.text import printable, without_credentials

#: Folder inside a dataset for temporary files; it exists only while a run works on the dataset.
WORK_FOLDER = ".hotdog-sql"
#: The name of the run that may write tars now: a worker that an earlier run has left on a cluster
#: may still be at work, and must not replace a new tar.
RUN = f"{WORK_FOLDER}/run"

#: Protocols of stores in which an object appears whole or not at all.
_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "oss"})
#: As many connections as a machine has transfers at most, and patience with a busy store.
_RETRIES = {"mode": "standard", "max_attempts": 10}
_S3_SETTINGS: dict[str, Any] = {"config_kwargs": {"max_pool_connections": 64, "retries": _RETRIES}}
_DELETIONS = 16


class LocalStorage:
    """A folder of this machine. Symbolic links inside it are not followed for writing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        #: The address without credentials.
        self.name: str = printable(str(folder))
        self._ready: set[str] = set()

    def write(self, path: str, data: bytes | bytearray) -> None:
        """Keep the bytes as a file, replacing an older one."""
        # The disk is not forced, which would cost more than a transfer: after a power failure a
        # file may be shorter than the manifest says, and is downloaded again.
        # Paths are text and the file has no buffer, or these would take as long as the writing.
        temporary = f"{self.folder}/{WORK_FOLDER}/{os.getpid()}-{threading.get_ident()}.part"
        target = f"{self.folder}/{path}"
        with storage_errors(target):
            self._prepare(WORK_FOLDER)
            self._prepare(path.rpartition("/")[0])
            with FileIO(temporary, "wb") as file:
                write_all(file, data)
            Path(temporary).replace(target)

    def put(self, path: str, file: Path) -> None:
        """Keep a file from `scratch`, which may be moved away, replacing an older one."""
        with storage_errors(self.folder / path):
            self._prepare(path.rpartition("/")[0])
            file.replace(self.folder / path)

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None where there is none."""
        with storage_errors(self.folder / path):
            try:
                return (self.folder / path).read_bytes()
            except FileNotFoundError:
                return None

    def size(self, path: str) -> int | None:
        """Bytes of a file; None where there is none."""
        try:
            found = (self.folder / path).stat()
        except OSError:
            return None
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    def delete(self, *paths: str) -> None:
        """Remove files, if they exist."""
        for path in paths:
            with storage_errors(self.folder / path):
                refuse_links(self.folder, path.rpartition("/")[0])
                (self.folder / path).unlink(missing_ok=True)

    def files(self, folder: str = "", prefix: str = "") -> Iterator[tuple[str, int]]:
        """Path and size of each file below a folder whose name begins with a prefix, sorted."""
        for place, folders, names in os.walk(self.folder / folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            below = Path(place).relative_to(self.folder)
            for name in sorted(names):
                path = (below / name).as_posix()
                size = self.size(path)
                if size is not None and name.startswith(prefix) and not name.startswith("."):
                    yield path, size

    @contextmanager
    def local(self, path: str) -> Iterator[Path]:
        """The file on this machine, to be read."""
        yield self.folder / path

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder of this machine for files that are to be `put`."""
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


class _RemoteStorage:
    """Any address that fsspec knows: object stores, SFTP and so on; see `LocalStorage`."""

    def __init__(self, address: str) -> None:
        self.name: str = without_credentials(address)
        self.folder: None = None
        protocol, _, rest = address.partition("://")
        host = rest.partition("?")[0].strip("/")
        if not (protocol and host):
            raise InputError(f"{self.name} names no bucket: give one such as s3://bucket/prefix")
        if protocol in _OBJECT_STORES and ("@" in host or "?" in rest):
            raise InputError(
                f"{self.name} was given with credentials: leave them out, and set them as the "
                "store's own tools expect, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            )
        self._files, self._root = self._open(address)
        # Elsewhere a file may be seen while it is written, so it is moved into its place.
        self._moves = protocol not in {*_OBJECT_STORES, "memory"}

    def write(self, path: str, data: bytes | bytearray) -> None:
        with self._whole(path) as full:
            self._files.pipe_file(full, bytes(data))

    def put(self, path: str, file: Path) -> None:
        with self._whole(path) as full:
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
        with ThreadPoolExecutor(_DELETIONS) as pool:
            list(pool.map(self._delete, paths))

    def files(self, folder: str = "", prefix: str = "") -> Iterator[tuple[str, int]]:
        top = self._full(folder) if folder else self._root
        found = {}
        with self._errors(folder), suppress(FileNotFoundError):
            found = self._files.find(top, detail=True, prefix=prefix)
        start = len(self._root) + 1
        for full in sorted(found):
            yield full[start:], int(found[full]["size"])

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

    def _open(self, address: str) -> tuple[Any, str]:
        """The library's file system, and the dataset's path in its own terms."""
        protocol = address.partition("://")[0]
        settings = _S3_SETTINGS if protocol in {"s3", "s3a"} else {}
        options = {"use_listings_cache": False, "skip_instance_cache": True, **settings}
        try:
            with self._errors():
                open_address = import_module("fsspec.core").url_to_fs
                files, root = open_address(address, **options)
        except ImportError as error:
            own = settings or error.name == "fsspec"
            how = "pip install 'hotdog-sql[s3]'" if own else without_credentials(str(error))
            raise MissingExtraError(
                f"{protocol}:// addresses need another library: {how}"
            ) from error
        except StorageError as error:
            raise InputError(str(error)) from None
        return files, str(root).rstrip("/")

    @contextmanager
    def _whole(self, path: str) -> Iterator[str]:
        """Where to write a file that nobody is to see before it is whole."""
        full = self._full(path)
        with self._errors(path):
            if not self._moves:
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
        """Raise what a library raises as a StorageError: each has errors of its own."""
        try:
            yield
        except Exception as error:
            if isinstance(error, ImportError | MemoryError):
                raise
            where = f"{self.name}/{path}" if path else self.name
            reason = without_credentials(str(error)) or type(error).__name__
            # The cause is left behind: its text may hold credentials.
            raise StorageError(
                f"cannot use {where} ({reason}): check the address and the credentials, "
                "then run the same command again"
            ) from None


Storage: TypeAlias = LocalStorage | _RemoteStorage


def open_storage(address: str | Path) -> Storage:
    """The storage at an address. Makes no folder."""
    text = str(address)
    protocol, separator, _ = text.partition("://")
    if not separator:
        return LocalStorage(Path(text))
    if protocol not in {"file", "local"}:
        return _RemoteStorage(text)
    parts = urlsplit(text)
    return LocalStorage(Path(unquote(parts.netloc + parts.path)))
