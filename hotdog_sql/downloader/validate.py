"""What counts as a photo: the bytes decide, never a name, a header or a status."""

import hashlib
from typing import NamedTuple

from hotdog_sql.errors import RequestError

Bytes = bytes | bytearray

#: MD5 of the picture that says "This photo is no longer available" (2,051 bytes of PNG), as
#: Flickr sends it with status 200, and the name of its address in any of its sizes.
PLACEHOLDERS = frozenset({"880a7a58e05d3e83797f27573bb6d35c"})
PLACEHOLDER_NAME = "photo_unavailable"

#: The chunks of a WebP that hold its pixels, and how long their headers are (RFC 9649, RFC 6386).
_WEBP_PIXELS = {b"VP8 ": 10, b"VP8L": 5, b"ANMF": 16}
_START_OF_SCAN = 0xDA
#: JPEG markers that begin a frame, which tells the size (ITU-T T.81, table B.1).
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
#: JPEG markers without a length: TEM, RST0 to RST7, and the fill byte.
_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD8), 0xFF})
_NO_SIZE = (0, 0)


class Picture(NamedTuple):
    """What the bytes of a photo say: the usual extension, and its size in pixels as stored."""

    extension: str
    width: int
    height: int


class RejectedError(RequestError):
    """These bytes, or this answer, are not the photo, and asking again does not change that."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, reason)


def inspect(data: Bytes) -> Picture:
    """A JPEG, PNG, GIF or WebP that has a size, data after its header, and an end.

    The size is that of the pixels as they are stored, before an EXIF orientation turns them.

    Raises:
        RejectedError: the bytes are empty, not an image, or only the beginning of one.
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
    """MD5 as `md5sum` prints it."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _jpeg_size(data: Bytes) -> tuple[int, int]:
    """Width and height of a JPEG; no size without data after its header, and an end after them.

    The end marker of a preview inside the header does not count, so the header's segments are
    stepped over; behind the start of scan, the marker's two bytes cannot mean anything else.
    Cameras append things to it, so it need not be the end of the file, but mostly it is: the
    search begins there.
    """
    at, size = 2, _NO_SIZE
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _BARE_MARKERS:
            at += 1 if marker == 0xFF else 2
            continue
        after = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if marker in _FRAMES:
            size = int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        if marker == _START_OF_SCAN:
            return size if data.rfind(b"\xff\xd9", after) > after else _NO_SIZE
        at = after
    return _NO_SIZE


def _png_size(data: Bytes) -> tuple[int, int]:
    """Width and height of a PNG; no size without chunks that hold data and come to their end."""
    at, pixels = 8, 0
    while at + 12 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        at += 12 + length
        pixels += length if kind == b"IDAT" else 0
        if kind == b"IEND" and pixels:
            return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    return _NO_SIZE


def _gif_size(data: Bytes) -> tuple[int, int]:
    """Width and height of a GIF; no size without an image after header and colours, and an end."""
    colours = 3 * 2 ** ((data[10] & 7) + 1) if len(data) > 13 and data[10] & 0x80 else 0
    has_image = data.find(b",", 13 + colours) > 0
    if has_image and data[-64:].rstrip(b"\0").endswith(b";"):
        return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    return _NO_SIZE


def _webp_size(data: Bytes) -> tuple[int, int]:
    """Width and height of a WebP; no size if it is shorter than it says, or has a header alone."""
    at, end, size = 12, int.from_bytes(data[4:8], "little") + 8, _NO_SIZE
    while at + 8 <= end <= len(data):
        kind, length = bytes(data[at : at + 4]), int.from_bytes(data[at + 4 : at + 8], "little")
        start = at + 8
        at = start + length + length % 2
        numbers = int.from_bytes(data[start : start + 10], "little")
        if kind == b"VP8X":  # flags and a reserved word, then 24 bits for each side less one
            size = (numbers >> 32 & 0xFFFFFF) + 1, (numbers >> 56 & 0xFFFFFF) + 1
        elif kind == b"VP8L" and size == _NO_SIZE:  # a signature, then 14 bits for each
            size = (numbers >> 8 & 0x3FFF) + 1, (numbers >> 22 & 0x3FFF) + 1
        elif kind == b"VP8 " and size == _NO_SIZE:  # six bytes, then 14 of 16 bits for each
            size = numbers >> 48 & 0x3FFF, numbers >> 64 & 0x3FFF
        if kind in _WEBP_PIXELS:
            return size if length > _WEBP_PIXELS[kind] and at <= end + 1 else _NO_SIZE
    return _NO_SIZE
