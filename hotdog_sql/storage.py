"""Where files of a dataset are kept: a folder of this machine, or any address fsspec knows.

Every file appears whole or not at all. Paths are relative to the dataset, with slashes.
"""

import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib import import_module
from io import FileIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, TypeVar
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from hotdog_sql.download_options import RetryPolicy
from hotdog_sql.errors import InputError, MissingExtraError, StorageError
from hotdog_sql.files import refuse_links, storage_errors, temporary_folder, write_all
from hotdog_sql.text import printable, without_credentials

T = TypeVar("T")

#: Folder inside a dataset for temporary files; it exists only while a run works on the dataset.
WORK_FOLDER = ".hotdog-sql"
#: The name of the run that may write tars now: a worker that an earlier run has left on a cluster
#: may still be at work, and must not replace a new tar.
RUN = f"{WORK_FOLDER}/run"

_LOCAL = frozenset({"file", "local"})
#: Protocols of stores in which an object appears whole or not at all.
_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "oss"})

#: As many connections as a machine has transfers at most.
_S3_SETTINGS: dict[str, Any] = {"config_kwargs": {"max_pool_connections": 64}}
#: Each attempt is several of the library's own.
_RETRY = RetryPolicy(attempts=3)
_DELETIONS = 16


class Storage(Protocol):
    """A place for the files of a dataset, used by many threads; any method may raise StorageError.

    `address` may hold credentials, `name` has none; `folder` is None if it is not on this machine.
    """

    address: str
    name: str
    folder: Path | None

    def write(self, path: str, data: bytes | bytearray) -> None:
        """Keep the bytes as a file, replacing an older one."""

    def put(self, path: str, file: Path) -> None:
        """Keep a file from `scratch`, which may be moved away, replacing an older one."""

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None where there is none."""

    def size(self, path: str) -> int | None:
        """Bytes of a file; None where there is none."""

    def delete(self, *paths: str) -> None:
        """Remove files, if they exist."""

    def files(self, folder: str = "", prefix: str = "") -> Iterator[tuple[str, int]]:
        """Path and size of each file below a folder whose name begins with a prefix, sorted."""

    def local(self, path: str) -> AbstractContextManager[Path]:
        """The file on this machine, to be read."""

    def scratch(self) -> AbstractContextManager[Path]:
        """A folder of this machine for files that are to be `put`."""


class _LocalStorage:
    """A folder of this machine. Symbolic links inside it are not followed for writing."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder.absolute())
        self.name = printable(str(folder))
        self.folder: Path | None = folder
        self._root = folder
        self._ready: set[str] = set()

    def write(self, path: str, data: bytes | bytearray) -> None:
        # The disk is not forced, which would cost more than a transfer: after a power failure a
        # file may be shorter than the manifest says, and is downloaded again.
        # Paths are text and the file has no buffer, or these would take as long as the writing.
        temporary = f"{self._root}/{WORK_FOLDER}/{os.getpid()}-{threading.get_ident()}.part"
        target = f"{self._root}/{path}"
        with storage_errors(target):
            self._prepare(WORK_FOLDER)
            self._prepare(path.rpartition("/")[0])
            with FileIO(temporary, "wb") as file:
                write_all(file, data)
            Path(temporary).replace(target)

    def put(self, path: str, file: Path) -> None:
        with storage_errors(self._root / path):
            self._prepare(path.rpartition("/")[0])
            file.replace(self._root / path)

    def read(self, path: str) -> bytes | None:
        with storage_errors(self._root / path):
            try:
                return (self._root / path).read_bytes()
            except FileNotFoundError:
                return None

    def size(self, path: str) -> int | None:
        try:
            found = (self._root / path).stat()
        except OSError:
            return None
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    def delete(self, *paths: str) -> None:
        for path in paths:
            with storage_errors(self._root / path):
                refuse_links(self._root, path.rpartition("/")[0])
                (self._root / path).unlink(missing_ok=True)

    def files(self, folder: str = "", prefix: str = "") -> Iterator[tuple[str, int]]:
        for place, folders, names in os.walk(self._root / folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            below = Path(place).relative_to(self._root)
            for name in sorted(names):
                path = (below / name).as_posix()
                size = self.size(path)
                if size is not None and name.startswith(prefix) and not name.startswith("."):
                    yield path, size

    @contextmanager
    def local(self, path: str) -> Iterator[Path]:
        yield self._root / path

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        work = self._root / WORK_FOLDER
        with storage_errors(work):
            self._prepare(WORK_FOLDER)
            folder = TemporaryDirectory(dir=work, ignore_cleanup_errors=True)
        with folder as path:
            yield Path(path)

    def _prepare(self, folder: str) -> None:
        if folder not in self._ready:
            refuse_links(self._root, folder)
            (self._root / folder).mkdir(parents=True, exist_ok=True)
            self._ready.add(folder)


class _RemoteStorage:
    """Any address that fsspec knows: object stores, SFTP and so on."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.name = without_credentials(address)
        self.folder: Path | None = None
        protocol, _, rest = address.partition("://")
        host = rest.partition("?")[0].strip("/")
        if not (protocol and host):
            raise InputError(f"{self.name} names no bucket: give one such as s3://bucket/prefix")
        if protocol in _OBJECT_STORES and ("@" in host or "?" in rest):
            raise InputError(
                f"{self.name} was given with credentials: leave them out, and set them as the "
                "store's own tools expect, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            )
        self._files, self._root = self._open(protocol)
        # Elsewhere a file may be seen while it is written, so it is moved into its place.
        self._moves = protocol not in {*_OBJECT_STORES, "memory"}

    def write(self, path: str, data: bytes | bytearray) -> None:
        def upload(to: str) -> None:
            self._files.pipe_file(to, bytes(data))

        self._place(path, upload)

    def put(self, path: str, file: Path) -> None:
        def upload(to: str) -> None:
            self._files.put_file(str(file), to)

        self._place(path, upload)

    def read(self, path: str) -> bytes | None:
        try:
            return bytes(self._do(path, self._files.cat_file, self._full(path)))
        except _AbsentError:
            return None

    def size(self, path: str) -> int | None:
        try:
            return int(self._do(path, self._files.info, self._full(path))["size"])
        except _AbsentError:
            return None

    def delete(self, *paths: str) -> None:
        with ThreadPoolExecutor(_DELETIONS) as pool:
            list(pool.map(self._delete, paths))

    def files(self, folder: str = "", prefix: str = "") -> Iterator[tuple[str, int]]:
        top = self._full(folder) if folder else self._root
        try:
            found = self._do(folder, self._files.find, top, detail=True, prefix=prefix)
        except _AbsentError:
            return
        start = len(self._root) + 1
        for full in sorted(found):
            yield full[start:], int(found[full]["size"])

    @contextmanager
    def local(self, path: str) -> Iterator[Path]:
        with temporary_folder() as folder:
            copy = folder / "copy"
            self._do(path, self._files.get_file, self._full(path), str(copy))
            yield copy

    def scratch(self) -> AbstractContextManager[Path]:
        return temporary_folder()

    def _full(self, path: str) -> str:
        return f"{self._root}/{path}"

    def _open(self, protocol: str) -> tuple[Any, str]:
        """The library's file system, and the dataset's path in its own terms."""
        settings = _S3_SETTINGS if protocol in {"s3", "s3a"} else {}

        def connect() -> tuple[Any, str]:
            import_module("fsspec").get_filesystem_class(protocol)  # or says what is missing
            open_address = import_module("fsspec.core").url_to_fs
            options = {"use_listings_cache": False, "skip_instance_cache": True, **settings}
            files, root = open_address(self.address, **options)
            return files, str(root).rstrip("/")

        try:
            return self._do("", connect)
        except ImportError as error:
            own = settings or error.name == "fsspec"
            how = "pip install 'hotdog-sql[s3]'" if own else without_credentials(str(error))
            raise MissingExtraError(
                f"{protocol}:// addresses need another library: {how}"
            ) from error
        except StorageError as error:
            raise InputError(str(error)) from None

    def _place(self, path: str, write: Callable[[str], object]) -> None:
        full = self._full(path)
        if not self._moves:
            self._do(path, write, full)
            return
        temporary = self._full(f"{WORK_FOLDER}/{uuid4().hex}.part")

        def move_into_place() -> None:
            for file in (temporary, full):
                self._files.makedirs(file.rpartition("/")[0], exist_ok=True)
            write(temporary)
            self._files.mv(temporary, full)

        self._do(path, move_into_place)

    def _delete(self, path: str) -> None:
        with suppress(_AbsentError):
            self._do(path, self._files.rm_file, self._full(path))

    def _do(self, path: str, action: Callable[..., T], *values: object, **options: object) -> T:
        """The action's result; it is tried again where that may help.

        Each library has errors of its own, so any exception is the store's.
        """
        attempt = 1
        while True:
            try:
                return action(*values, **options)
            except Exception as error:
                if isinstance(error, ImportError | MemoryError):
                    raise
                final = isinstance(error, FileNotFoundError | PermissionError | ValueError)
                delay = None if final else _RETRY.delay(attempt)
                if delay is None:
                    where = f"{self.name}/{path}" if path else self.name
                    reason = without_credentials(str(error)) or type(error).__name__
                    absent = isinstance(error, FileNotFoundError)
                    # The cause is left behind: its text may hold credentials.
                    raise (_AbsentError if absent else StorageError)(
                        f"cannot use {where} ({reason}): check the address and the credentials, "
                        "then run the same command again"
                    ) from None
            time.sleep(delay)
            attempt += 1


class _AbsentError(StorageError):
    """There is no such file, or no such bucket."""


def open_storage(address: str | Path) -> Storage:
    """The storage at an address. Makes no folder."""
    text = str(address)
    protocol, separator, _ = text.partition("://")
    if not separator:
        return _LocalStorage(Path(text))
    if protocol not in _LOCAL:
        return _RemoteStorage(text)
    parts = urlsplit(text)
    return _LocalStorage(Path(unquote(parts.netloc + parts.path)))
