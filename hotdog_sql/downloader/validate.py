"""What counts as a photo: the bytes decide, never a name, a header or a status."""

import hashlib
from base64 import b64decode
from binascii import Error as Base64Error
from typing import NamedTuple

Bytes = bytes | bytearray

#: MD5 of the picture that says "This photo is no longer available" (2,051 bytes of PNG), as
#: Flickr sends it with status 200.
PLACEHOLDERS = frozenset({"880a7a58e05d3e83797f27573bb6d35c"})

#: The name of that picture's address, in any of its sizes and as PNG or GIF.
PLACEHOLDER_NAME = "photo_unavailable"

_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"
_GIFS = (b"GIF87a", b"GIF89a")
#: The chunks of a WebP that hold its pixels, and how long their headers are (RFC 9649, RFC 6386).
_WEBP_PIXELS = {b"VP8 ": 10, b"VP8L": 5, b"ANMF": 16}
_START_OF_SCAN = 0xDA
#: JPEG markers that begin a frame, which tells the size (ITU-T T.81, table B.1).
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
#: JPEG markers without a length: TEM, RST0 to RST7, and the fill byte.
_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD8), 0xFF})


class RejectedError(Exception):
    """These bytes, or this answer, are not the photo, and asking again does not change that.

    Attributes:
        reason: in the fixed words of the manifest.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PhotoFormat(NamedTuple):
    """What the bytes of a photo say of themselves.

    Attributes:
        extension: `jpg`, `png`, `gif` or `webp`.
        width: in pixels, as stored.
        height: likewise.
    """

    extension: str
    width: int
    height: int


def detect_format(data: Bytes) -> PhotoFormat:
    """The format and the size of a photo.

    A photo has dimensions, data after its header, and an end.

    Raises:
        RejectedError: the bytes are empty, not an image, or only the beginning of one.
    """
    head = bytes(data[:32])
    if not head:
        raise RejectedError("empty")
    if head.startswith(_JPEG):
        extension, size, whole = "jpg", *_jpeg(data)
    elif head.startswith(_PNG):
        extension, whole = "png", _png_is_whole(data)
        size = (int.from_bytes(head[16:20]), int.from_bytes(head[20:24]))
    elif head.startswith(_GIFS):
        extension, whole = "gif", _gif_is_whole(data)
        size = (int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little"))
    elif head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        extension, size, whole = "webp", _webp_size(head), _webp_is_whole(data)
    else:
        raise RejectedError("not an image")
    if not whole or 0 in size:
        raise RejectedError("truncated")
    return PhotoFormat(extension, *size)


def md5_hex(data: Bytes) -> str:
    """MD5 as `md5sum` prints it."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def md5_from_base64(text: str) -> str | None:
    """`OriginalMD5` as `md5sum` would print it; None where there is none."""
    try:
        digest = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return None
    return digest.hex() if len(digest) == 16 else None


def _jpeg(data: Bytes) -> tuple[tuple[int, int], bool]:
    """Size of a JPEG, and whether data and an end marker follow its header.

    The end marker of a preview inside the header does not count, so the header's segments are
    stepped over; behind the start of scan, the marker's two bytes cannot mean anything else.
    Cameras append things to it, so it need not be the end of the file, but mostly it is: the
    search begins there.
    """
    at, size = 2, (0, 0)
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _BARE_MARKERS:
            at += 1 if marker == 0xFF else 2
            continue
        after = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if marker in _FRAMES:
            size = (int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7]))
        if marker == _START_OF_SCAN:
            return size, data.rfind(b"\xff\xd9", after) > after
        at = after
    return size, False


def _png_is_whole(data: Bytes) -> bool:
    """Whether the chunks of a PNG hold data, and come to their end."""
    at, pixels = 8, 0
    while at + 12 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        at += 12 + length
        pixels += length if kind == b"IDAT" else 0
        if kind == b"IEND":
            return pixels > 0
    return False


def _gif_is_whole(data: Bytes) -> bool:
    """Whether a GIF holds an image after its header and colours, and comes to its end."""
    colours = 3 * 2 ** ((data[10] & 7) + 1) if len(data) > 13 and data[10] & 0x80 else 0
    return data.find(b",", 13 + colours) > 0 and data[-64:].rstrip(b"\0").endswith(b";")


def _webp_is_whole(data: Bytes) -> bool:
    """Whether a WebP is as long as it says, and has a chunk with more than the pixels' header."""
    at, end = 12, int.from_bytes(data[4:8], "little") + 8
    while at + 8 <= end <= len(data):
        kind, length = bytes(data[at : at + 4]), int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
        if kind in _WEBP_PIXELS:
            return length > _WEBP_PIXELS[kind] and at <= end + 1
    return False


def _webp_size(head: bytes) -> tuple[int, int]:
    """Size of a WebP by its first chunk (RFC 9649, sections 2.5 to 2.7)."""
    match head[12:16]:
        case b"VP8X":
            return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(
                head[27:30], "little"
            )
        case b"VP8L":
            bits = int.from_bytes(head[21:25], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            width, height = head[26:28], head[28:30]
            return (
                int.from_bytes(width, "little") & 0x3FFF,
                int.from_bytes(height, "little") & 0x3FFF,
            )
        case _:
            return 0, 0
