"""Detect photos by their bytes alone, never by a name, a header or a status."""

import hashlib
from typing import NamedTuple

from hotdog_sql.errors import RequestError

Bytes = bytes | bytearray

#: Extensions of the formats that a photo may have.
EXTENSIONS = ("jpg", "png", "gif", "webp")

#: WebP chunks that contain pixels, with the bytes of their headers (RFC 9649, RFC 6386).
_WEBP_IMAGE_CHUNKS = {b"VP8 ": 10, b"VP8L": 5, b"ANMF": 16}
_START_OF_SCAN = 0xDA
#: JPEG markers that begin a frame, which contains the size (ITU-T T.81, table B.1).
_FRAME_MARKERS = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
#: JPEG markers without a length: TEM, RST0 to RST7, the fill byte, and a zero, which is none.
_STANDALONE_MARKERS = frozenset({0x00, 0x01, *range(0xD0, 0xD8), 0xFF})
_NO_SIZE = (0, 0)


class Picture(NamedTuple):
    """The usual extension of a photo's format, and the size in pixels as stored."""

    extension: str
    width: int
    height: int


class RejectedError(RequestError):
    """These bytes, or this response, are not the photo. Another request would not help."""


def inspect(data: Bytes) -> Picture:
    """Return the format and size of a complete JPEG, PNG, GIF or WebP.

    The size is that of the stored pixels, before any rotation by the EXIF orientation.

    Raises:
        RejectedError: the bytes are empty, not an image, or truncated.
    """
    if not data:
        raise RejectedError("empty")
    if data.startswith(b"\xff\xd8\xff"):
        picture = Picture("jpg", *_jpeg_size(data))
    elif data.startswith(b"\x89PNG\r\n\x1a\n"):
        picture = Picture("png", *_png_size(data))
    elif data.startswith((b"GIF87a", b"GIF89a")):
        picture = Picture("gif", *_gif_size(data))
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        picture = Picture("webp", *_webp_size(data))
    else:
        raise RejectedError("not an image")
    if not (picture.width and picture.height):
        raise RejectedError("truncated")
    return picture


def md5_hex(data: Bytes) -> str:
    """Return the MD5 as hexadecimal digits."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _jpeg_size(data: Bytes) -> tuple[int, int]:
    """Width and height of a JPEG, or no size if it lacks pixel data or an end marker.

    A preview in the header may have its own end marker, so the header's segments are skipped, and
    as libjpeg does, stray bytes between them; after the start of scan, these two bytes are always
    the end marker. Cameras append data to it, but it is mostly at the end of the file, so the
    search begins there.
    """
    start, size = 2, _NO_SIZE
    while 0 <= (start := data.find(b"\xff", start)) <= len(data) - 4:
        marker = data[start + 1]
        if marker in _STANDALONE_MARKERS:
            start += 1 if marker == 0xFF else 2
            continue
        end = start + 2 + int.from_bytes(data[start + 2 : start + 4])
        if marker in _FRAME_MARKERS:
            height, width = data[start + 5 : start + 7], data[start + 7 : start + 9]
            size = int.from_bytes(width), int.from_bytes(height)
        if marker == _START_OF_SCAN:
            return size if data.rfind(b"\xff\xd9", end) > end else _NO_SIZE
        start = end
    return _NO_SIZE


def _png_size(data: Bytes) -> tuple[int, int]:
    """Width and height of a PNG, or no size if it lacks pixel data or an end chunk."""
    start, pixel_bytes = 8, 0
    while start + 12 <= len(data):
        length, kind = int.from_bytes(data[start : start + 4]), data[start + 4 : start + 8]
        start += 12 + length
        pixel_bytes += length if kind == b"IDAT" else 0
        if kind == b"IEND" and pixel_bytes:
            return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    return _NO_SIZE


def _gif_size(data: Bytes) -> tuple[int, int]:
    """Width and height of a GIF, or no size if it lacks an image or a trailer.

    The first image may be larger than the screen.
    """
    start, size, has_image = 13 + _palette_bytes(data, 10), _NO_SIZE, False
    while start < len(data):
        kind = data[start : start + 1]
        if kind == b";":
            return size if has_image else _NO_SIZE
        if kind not in (b"!", b","):
            start += 1  # as Pillow does
            continue
        if kind == b"," and not has_image:
            left, top, width, height = (_uint16(data, start + one) for one in (1, 3, 5, 7))
            size = max(_uint16(data, 6), left + width), max(_uint16(data, 8), top + height)
            has_image = True
        start += 2 if kind == b"!" else 11 + _palette_bytes(data, start + 9)
        while start < len(data) and data[start]:
            start += data[start] + 1
        start += 1
    return _NO_SIZE


def _uint16(data: Bytes, start: int) -> int:
    return int.from_bytes(data[start : start + 2], "little")


def _palette_bytes(data: Bytes, start: int) -> int:
    """The size of the palette that these flags of a GIF announce."""
    flags = data[start] if start < len(data) else 0
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _webp_size(data: Bytes) -> tuple[int, int]:
    """Width and height of a WebP, or no size if it is truncated or lacks pixel data."""
    start, end, size = 12, int.from_bytes(data[4:8], "little") + 8, _NO_SIZE
    while start + 8 <= end <= len(data):
        kind = bytes(data[start : start + 4])
        length = int.from_bytes(data[start + 4 : start + 8], "little")
        header = int.from_bytes(data[start + 8 : start + 18], "little")
        start += 8 + length + length % 2
        if kind == b"VP8X":  # flags and a reserved word, then 24 bits for each side less one
            size = (header >> 32 & 0xFFFFFF) + 1, (header >> 56 & 0xFFFFFF) + 1
        elif kind == b"VP8L" and size == _NO_SIZE:  # a signature, then 14 bits for each
            size = (header >> 8 & 0x3FFF) + 1, (header >> 22 & 0x3FFF) + 1
        elif kind == b"VP8 " and size == _NO_SIZE:  # six bytes, then 14 of 16 bits for each
            size = header >> 48 & 0x3FFF, header >> 64 & 0x3FFF
        if kind in _WEBP_IMAGE_CHUNKS:
            return size if length > _WEBP_IMAGE_CHUNKS[kind] and start <= end + 1 else _NO_SIZE
    return _NO_SIZE
