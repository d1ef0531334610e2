"""The interface of a storage."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

#: Folder inside a dataset for temporary files; it exists only while a run works on the dataset.
WORK_FOLDER = ".hotdog-sql"


class Storage(ABC):
    """A place for the files of a dataset, used by many threads; any method may raise StorageError.

    Attributes:
        address: a folder or an address; may hold credentials.
        name: the same for people, without credentials.
        folder: the folder of this machine; None where the files are elsewhere.
    """

    def __init__(self, address: str, name: str, folder: Path | None) -> None:
        self.address = address
        self.name = name
        self.folder = folder

    @abstractmethod
    def write(self, path: str, data: bytes | bytearray) -> None:
        """Keep the bytes as a file, replacing an older one."""

    @abstractmethod
    def put(self, path: str, file: Path) -> None:
        """Keep a file of this machine, which may be moved away, replacing an older one."""

    @abstractmethod
    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None where there is none."""

    @abstractmethod
    def get(self, path: str, file: Path) -> None:
        """Copy a file to this machine."""

    @abstractmethod
    def size(self, path: str) -> int | None:
        """Bytes of a file; None where there is none."""

    @abstractmethod
    def delete(self, *paths: str) -> None:
        """Remove files, if they exist."""

    @abstractmethod
    def files(self, folder: str = "", prefix: str = "") -> Iterator[tuple[str, int]]:
        """Path and size of each file below a folder whose name begins with a prefix, sorted."""
