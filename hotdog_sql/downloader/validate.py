"""What counts as a photo: the bytes decide, never a name, a header or a status."""

import hashlib

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


class RejectedError(Exception):
    """These bytes, or this answer, are not the photo, and asking again does not change that.

    It says why in the fixed words of the manifest.
    """


def detect_extension(data: Bytes) -> str:
    """`jpg`, `png`, `gif` or `webp`: a photo has a size, data after its header, and an end.

    Raises:
        RejectedError: the bytes are empty, not an image, or only the beginning of one.
    """
    if not data:
        raise RejectedError("empty")
    if data.startswith(b"\xff\xd8\xff"):
        extension, whole = "jpg", _jpeg_is_whole(data)
    elif data.startswith(b"\x89PNG\r\n\x1a\n"):
        extension, whole = "png", _png_is_whole(data)
    elif data.startswith((b"GIF87a", b"GIF89a")):
        extension, whole = "gif", _gif_is_whole(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        extension, whole = "webp", _webp_is_whole(data)
    else:
        raise RejectedError("not an image")
    if not whole:
        raise RejectedError("truncated")
    return extension


def md5_hex(data: Bytes) -> str:
    """MD5 as `md5sum` prints it."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _jpeg_is_whole(data: Bytes) -> bool:
    """Whether a JPEG has a size, data after its header, and an end marker after them.

    The end marker of a preview inside the header does not count, so the header's segments are
    stepped over; behind the start of scan, the marker's two bytes cannot mean anything else.
    Cameras append things to it, so it need not be the end of the file, but mostly it is: the
    search begins there.
    """
    at, has_size = 2, False
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _BARE_MARKERS:
            at += 1 if marker == 0xFF else 2
            continue
        after = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if marker in _FRAMES:
            has_size = any(data[at + 5 : at + 7]) and any(data[at + 7 : at + 9])
        if marker == _START_OF_SCAN:
            return has_size and data.rfind(b"\xff\xd9", after) > after
        at = after
    return False


def _png_is_whole(data: Bytes) -> bool:
    """Whether a PNG has a size, and chunks that hold data and come to their end."""
    at, pixels = 8, 0
    while at + 12 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        at += 12 + length
        pixels += length if kind == b"IDAT" else 0
        if kind == b"IEND":
            return pixels > 0 and any(data[16:20]) and any(data[20:24])
    return False


def _gif_is_whole(data: Bytes) -> bool:
    """Whether a GIF has a size, an image after its header and colours, and comes to its end."""
    colours = 3 * 2 ** ((data[10] & 7) + 1) if len(data) > 13 and data[10] & 0x80 else 0
    has_image = data.find(b",", 13 + colours) > 0 and any(data[6:8]) and any(data[8:10])
    return has_image and data[-64:].rstrip(b"\0").endswith(b";")


def _webp_is_whole(data: Bytes) -> bool:
    """Whether a WebP is as long as it says, and has a chunk with more than the pixels' header."""
    at, end = 12, int.from_bytes(data[4:8], "little") + 8
    while at + 8 <= end <= len(data):
        kind, length = bytes(data[at : at + 4]), int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
        if kind in _WEBP_PIXELS:
            return length > _WEBP_PIXELS[kind] and at <= end + 1
    return False
