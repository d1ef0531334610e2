"""Minimal photos that decode, with different bytes for each seed."""

import hashlib
import random
import struct
import zlib
from base64 import b64encode

#: A grey square of 64 x 64 pixels, without its start marker: baseline JPEG, no coefficients.
_GREY_SQUARE = (
    b"\xff\xdb\x00\x43\x00" + b"\x01" * 64
    + b"\xff\xc0\x00\x0b\x08\x00\x40\x00\x40\x01\x01\x11\x00"
    + b"\xff\xc4\x00\x14\x00\x01" + bytes(16)
    + b"\xff\xc4\x00\x14\x10\x01" + bytes(16)
    + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + bytes(16)
    + b"\xff\xd9"
)  # fmt: skip


def jpeg(seed: int = 1, size: int = 3000) -> bytes:
    """Return a JPEG with `size` bytes of noise in its comments, after a preview's end marker."""
    noise = b"\xff\xd8\xff\xdbpreview\xff\xd9" + random.Random(seed).randbytes(size)
    parts = [noise[start : start + 65_000] for start in range(0, len(noise), 65_000)]
    comments = b"".join(struct.pack(">HH", 0xFFFE, len(part) + 2) + part for part in parts)
    return b"\xff\xd8" + comments + _GREY_SQUARE


def undecodable() -> bytes:
    """Return a JPEG with valid markers but without the quantization table."""
    return jpeg().replace(b"\xff\xdb\x00\x43", b"\xff\xef\x00\x43")


def png(seed: int = 1) -> bytes:
    """Return a PNG of one grey pixel, with a comment."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"tEXt", b"Comment\0" + random.Random(seed).randbytes(500).hex().encode()),
        (b"IDAT", zlib.compress(b"\0\x80")),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def webp(seed: int = 1) -> bytes:
    """Return a lossless WebP of one pixel, with a chunk that decoders skip."""
    pixel = b"VP8L\x0d\0\0\0" + bytes.fromhex("2f00000010071011118888fe0700")
    noise = random.Random(seed).randbytes(500)
    body = b"WEBP" + pixel + b"note" + struct.pack("<I", len(noise)) + noise
    return b"RIFF" + struct.pack("<I", len(body)) + body


def gif(seed: int = 1) -> bytes:
    """Return a GIF of one black pixel, with a comment."""
    noise = random.Random(seed).randbytes(200)
    comment = b"\x21\xfe" + bytes([len(noise)]) + noise + b"\0"
    screen = struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    pixel = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    return b"GIF89a" + screen + comment + pixel + b";"


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def md5_base64(data: bytes) -> str:
    return b64encode(bytes.fromhex(md5(data))).decode()
