"""The bytes of one answer: small ones in memory, large ones in a file."""

import mmap
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from hotdog_sql.downloading.inspection import Bytes

#: Bytes kept in memory. A photo of the mirror has about 300 KB; many workers at once hold many.
SPILL = 1 << 20


class Body:
    """Collects bytes; a context manager, because a large body is a file.

    Attributes:
        size: bytes so far.
        scratch: a path that is the body's own, to be used for a temporary file.
    """

    def __init__(self, scratch: Path) -> None:
        self.size = 0
        self.scratch = scratch
        self._chunks: list[bytes] = []
        self._file: BinaryIO | None = None
        self._view: Bytes | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(self._view, mmap.mmap):
            self._view.close()
        if self._file is not None:
            # What cannot be flushed any more (a full disk) is not wanted any more either.
            with suppress(OSError):
                self._file.close()
            with suppress(FileNotFoundError):  # it has been moved into place
                self.scratch.unlink()

    def append(self, chunk: bytes) -> None:
        """Add bytes.

        Raises:
            OSError: they cannot be written.
        """
        self.size += len(chunk)
        if self._file is not None:
            self._file.write(chunk)
            return
        self._chunks.append(chunk)
        if self.size > SPILL:
            self._file = self.scratch.open("w+b")
            self._file.writelines(self._chunks)
            self._chunks.clear()

    def view(self) -> Bytes:
        """All the bytes, valid until the block ends.

        Raises:
            OSError: the last of them cannot be written.
        """
        if self._view is None:
            if self._file is None:
                self._view = b"".join(self._chunks)
                self._chunks.clear()
            else:
                self._file.flush()
                self._view = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        return self._view

    @property
    def in_file(self) -> bool:
        """Whether the file `scratch` holds the bytes."""
        return self._file is not None
