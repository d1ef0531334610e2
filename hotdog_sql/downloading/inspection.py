"""What counts as a photo: the bytes decide, never a name, a header or a status."""

import hashlib
import mmap
from base64 import b64decode
from binascii import Error as Base64Error

Bytes = bytes | mmap.mmap

#: MD5 of the picture that says "This photo is no longer available" (2,051 bytes of PNG), as
#: Flickr sends it with status 200.
PLACEHOLDERS = frozenset({"880a7a58e05d3e83797f27573bb6d35c"})

#: The name of that picture's address, in any of its sizes and as PNG or GIF.
PLACEHOLDER_NAME = "photo_unavailable"

#: The file name endings of photos.
ENDINGS = ("jpg", "png", "webp", "gif")

_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"
_GIFS = (b"GIF87a", b"GIF89a")
_START_OF_SCAN = 0xDA
#: JPEG markers without a length: TEM, RST0 to RST7, and the fill byte.
_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD8), 0xFF})


class RefusedError(Exception):
    """These bytes, or this answer, are not the photo, and asking again does not change that.

    Attributes:
        reason: a few words out of a fixed vocabulary, fit for the manifest.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def ending(data: Bytes) -> str:
    """The file name ending that the bytes deserve: jpg, png, gif or webp.

    Raises:
        RefusedError: they are empty, not an image, or only the beginning of one.
    """
    head = data[:16]
    if not head:
        raise RefusedError("empty")
    if head.startswith(_JPEG):
        kind, whole = "jpg", _is_whole_jpeg(data)
    elif head.startswith(_PNG):
        kind, whole = "png", data.rfind(b"IEND") >= len(_PNG)
    elif head.startswith(_GIFS):
        kind, whole = "gif", data[-64:].rstrip(b"\0").endswith(b";")
    elif head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        kind, whole = "webp", len(data) >= int.from_bytes(head[4:8], "little") + 8
    else:
        raise RefusedError("not an image")
    if not whole:
        raise RefusedError("truncated")
    return kind


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


def _is_whole_jpeg(data: Bytes) -> bool:
    """Whether an end marker follows the picture's own data.

    The marker of a preview inside the header does not count, so the header's segments are
    stepped over; behind the start of scan, the marker's two bytes cannot mean anything else.
    Cameras append things to it, so it need not be the end of the file, but mostly it is: the
    search begins there.
    """
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _BARE_MARKERS:
            at += 1 if marker == 0xFF else 2
            continue
        if marker == _START_OF_SCAN:
            return data.rfind(b"\xff\xd9", at) > 0
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return False
