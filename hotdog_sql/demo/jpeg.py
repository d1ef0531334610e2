"""Baseline JPEG files of flat 8 x 8 blocks, written without an imaging library.

A block of one colour has a DC coefficient and no other, so neither a cosine transform nor more
than one AC code is needed. Segments and coding follow ITU-T T.81 (section B for the segments, F.1
for the coding); the first segment is JFIF's (ITU-T T.871).
"""

import struct
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

#: Red, green and blue, 0 to 255.
Rgb = tuple[int, int, int]

#: Side of a block in pixels: what one cell of a picture becomes at scale 1.
BLOCK = 8

#: T.81 table K.3: how many codes there are of each length from 1 bit up, categories 0 to 11.
_DC_LENGTHS = bytes([0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
_DC_CODES = ("00", "010", "011", "100", "101", "110", "1110", "11110", "111110")

#: The one AC symbol in use, "end of block", has the one code of one bit.
_AC_LENGTHS = bytes([1, *[0] * 15])
_END_OF_BLOCK = "0"

#: The DC coefficient of a flat block is 8 times its level, so a step of 8 keeps the level exactly.
_STEPS = bytes([8, *[16] * 63])


def encode_jpeg(cells: Sequence[Sequence[Rgb]], *, scale: int = 1, comment: bytes = b"") -> bytes:
    """A JPEG file in which each cell is a square of one colour.

    Args:
        cells: rows of equal length, top to bottom, each from left to right.
        scale: side of a cell's square, in blocks of 8 pixels.
        comment: what to write into the file's comment segment.

    Returns:
        The whole file, from its start marker to its end marker.
    """
    height, width = BLOCK * scale * len(cells), BLOCK * scale * len(cells[0])
    components = b"".join(bytes([number, 0x11, 0]) for number in (1, 2, 3))
    frame = struct.pack(">BHHB", 8, height, width, 3) + components
    scan = bytes([3, 1, 0x00, 2, 0x00, 3, 0x00, 0, 63, 0])
    return b"".join(
        [
            b"\xff\xd8",
            _segment(0xE0, b"JFIF\x00" + struct.pack(">HBHHBB", 0x0101, 0, 1, 1, 0, 0)),
            _segment(0xFE, comment),
            _segment(0xDB, b"\x00" + _STEPS),
            _segment(0xC0, frame),
            _segment(0xC4, b"\x00" + _DC_LENGTHS + bytes(range(12))),
            _segment(0xC4, b"\x10" + _AC_LENGTHS + b"\x00"),
            _segment(0xDA, scan),
            _entropy_coded("".join(_codes(cells, scale))),
            b"\xff\xd9",
        ]
    )


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _codes(cells: Sequence[Sequence[Rgb]], scale: int) -> Iterator[str]:
    """The code of every block's Y, Cb and Cr, as text of zeros and ones, in scan order."""
    rest_of_cell = _code(0) * 3 * (scale - 1)
    y = cb = cr = 0
    for row in cells:
        levels = [_ycbcr(rgb) for rgb in row]
        for _ in range(scale):
            for next_y, next_cb, next_cr in levels:
                yield _code(next_y - y) + _code(next_cb - cb) + _code(next_cr - cr) + rest_of_cell
                y, cb, cr = next_y, next_cb, next_cr


@cache
def _code(difference: int) -> str:
    """One block: its level's difference from the block before, and the end of the block."""
    category = abs(difference).bit_length()
    if category == 0:
        return _DC_CODES[0] + _END_OF_BLOCK
    value = difference if difference > 0 else difference + (1 << category) - 1
    return f"{_DC_CODES[category]}{value:0{category}b}{_END_OF_BLOCK}"


@lru_cache(maxsize=1 << 14)
def _ycbcr(rgb: Rgb) -> tuple[int, int, int]:
    """The colour as JFIF's Y, Cb and Cr (T.871, section 7), each less 128."""
    red, green, blue = rgb
    return (
        round(0.299 * red + 0.587 * green + 0.114 * blue) - 128,
        min(127, round(-0.1687 * red - 0.3313 * green + 0.5 * blue)),
        min(127, round(0.5 * red - 0.4187 * green - 0.0813 * blue)),
    )


def _entropy_coded(bits: str) -> bytes:
    """The bits as bytes, filled up with ones, each 0xFF followed by the zero that T.81 wants."""
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\x00")
