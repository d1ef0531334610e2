"""MD5 of files: of a whole one, and of one that is still being written."""

import hashlib
from base64 import b64encode
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Self

_BLOCK = 1 << 18  # fits the processor's cache: larger blocks cost a second trip to memory


def md5_of(path: Path) -> str:
    """MD5 of the file as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, _new_md5).hexdigest()


def as_base64(md5: str) -> str:
    """The hexadecimal digits as `x-goog-hash` writes them."""
    return b64encode(bytes.fromhex(md5)).decode()


class FollowingHash:
    """MD5 of a growing file, computed in a thread that reads behind the writer.

    Hashing in the loop that receives would cost a third of the throughput of a fast line. What
    the thread reads is still in the system's page cache, and it is what really is on disk: for a
    resumed body that includes the part of an earlier run.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self._md5 = _new_md5()
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

    def hexdigest(self) -> str:
        """The MD5 of the whole file, which is complete now.

        Raises:
            OSError: the file could not be read.
        """
        self._ends.put(None)
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._md5.hexdigest()

    def _follow(self) -> None:
        block = memoryview(bytearray(_BLOCK))
        position = 0
        try:
            while True:
                end = self._ends.get()
                while (end is None or position < end) and not self._abandoned:
                    count = self._file.readinto(block)
                    if not count:
                        break
                    self._md5.update(block[:count])
                    position += count
                if end is None:
                    return
        except OSError as error:
            self._error = error


def _new_md5() -> "hashlib._Hash":
    return hashlib.md5(usedforsecurity=False)
