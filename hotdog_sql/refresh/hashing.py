"""Hashes of files: of a whole one, and of one that is still being written."""

import hashlib
from base64 import b64encode
from collections.abc import Collection
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Self

#: The names that `x-goog-hash` has for its hashes.
MD5, CRC32C = "md5", "crc32c"

_BLOCK = 1 << 16  # fits the processor's cache: larger blocks cost a second trip to memory


def md5_of(path: Path) -> str:
    """MD5 of the file as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, _new_md5).hexdigest()


def as_base64(md5: str) -> str:
    """The hexadecimal digits as `x-goog-hash` writes them."""
    return b64encode(bytes.fromhex(md5)).decode()


def crc32c_is_quick() -> bool:
    """Whether the extra `crc32c` is there: it takes a fortieth of the time of MD5.

    Without its compiled part the library would take a hundred times that.
    """
    try:
        from google_crc32c import implementation
    except ImportError:
        return False
    return implementation == "c"


class Sums:
    """Hashes of the same bytes, as `x-goog-hash` writes them."""

    def __init__(self, kinds: Collection[str]) -> None:
        self._md5 = _new_md5() if MD5 in kinds else None
        self._crc32c: int | None = None
        if CRC32C in kinds:
            from google_crc32c import extend

            self._extend, self._crc32c = extend, 0

    def update(self, data: bytes) -> None:
        """Some more of the bytes."""
        if self._md5 is not None:
            self._md5.update(data)
        if self._crc32c is not None:
            self._crc32c = self._extend(self._crc32c, data)

    @property
    def md5(self) -> str | None:
        """The MD5 as hexadecimal digits; None where it was not asked for."""
        return None if self._md5 is None else self._md5.hexdigest()

    def base64(self) -> dict[str, str]:
        """Every hash by its name, as base64."""
        digests = {}
        if self._md5 is not None:
            digests[MD5] = self._md5.digest()
        if self._crc32c is not None:
            digests[CRC32C] = self._crc32c.to_bytes(4, "big")
        return {kind: b64encode(digest).decode() for kind, digest in digests.items()}


def sums_of(path: Path, kinds: Collection[str]) -> Sums:
    """Hashes of the whole file."""
    sums = Sums(kinds)
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            sums.update(block)
    return sums


class FollowingSums:
    """Hashes of a growing file, computed in a thread that reads behind the writer.

    MD5 in the loop that receives would cost a third of the throughput of a fast line. What
    the thread reads is still in the system's page cache, and it is what really is on disk: for a
    resumed body that includes the part of an earlier run.
    """

    def __init__(self, path: Path, kinds: Collection[str]) -> None:
        self._file = path.open("rb", buffering=0)
        self._sums = Sums(kinds)
        self._ends: SimpleQueue[int | None] = SimpleQueue()
        self._abandoned = False
        self._error: OSError | None = None
        self._thread = Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._abandoned = True
        self._ends.put(None)
        self._thread.join()
        self._file.close()

    def advance(self, end: int) -> None:
        """The file has been written up to this byte."""
        self._ends.put(end)

    def result(self) -> Sums:
        """The hashes of the whole file, which is complete now.

        Raises:
            OSError: the file could not be read.
        """
        self._ends.put(None)
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._sums

    def _follow(self) -> None:
        position = 0
        try:
            while True:
                end = self._ends.get()
                while (end is None or position < end) and not self._abandoned:
                    block = self._file.read(_BLOCK)
                    if not block:
                        break
                    self._sums.update(block)
                    position += len(block)
                if end is None:
                    return
        except OSError as error:
            self._error = error


def _new_md5() -> "hashlib._Hash":
    return hashlib.md5(usedforsecurity=False)
