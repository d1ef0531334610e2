"""PNG files of square cells, for the photo that hides behind another format's name.

Chunks and filters follow the PNG specification (W3C, sections 5 and 9).
"""

import struct
import zlib
from collections.abc import Sequence

from hotdog_sql.demo.jpeg import BLOCK, Rgb


def encode_png(cells: Sequence[Sequence[Rgb]]) -> bytes:
    """A PNG file in which each cell is a square of 8 x 8 pixels of one colour.

    Args:
        cells: rows of equal length, top to bottom, each from left to right.
    """
    lines = [b"\x00" + b"".join(bytes(rgb) * BLOCK for rgb in row) for row in cells]
    pixels = b"".join(line * BLOCK for line in lines)
    header = struct.pack(">IIBBBBB", BLOCK * len(cells[0]), BLOCK * len(cells), 8, 2, 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(pixels)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
