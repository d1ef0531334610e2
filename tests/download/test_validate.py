"""Which bytes count as a photo."""

import io

import pytest

from hotdog_sql.downloader.validate import RejectedError, inspect
from tests.support.pictures import gif, jpeg, png, webp


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    """A chunk of a PNG; its checksum is not checked."""
    return len(body).to_bytes(4) + kind + body + bytes(4)


def riff(kind: bytes, body: bytes, size: int | None = None) -> bytes:
    """A WebP of one chunk, with any length in its header."""
    length = (len(body) if size is None else size).to_bytes(4, "little")
    return b"RIFF" + (len(body) + 12).to_bytes(4, "little") + b"WEBP" + kind + length + body


_PNG_HEADER = png()[:33]
_GIF_HEADER = b"GIF89a\5\0\5\0\x80\0\0" + bytes(6)
_CANVAS = bytes(4) + b"\4\0\0\6\0\0"
_VP8_HEADER = b"\0\0\0\x9d\x01\x2a\5\0\7\0"


@pytest.mark.parametrize(
    ("data", "picture"),
    [
        (jpeg(), ("jpg", 64, 64)),
        (jpeg() + b"\0" * 100, ("jpg", 64, 64)),  # cameras append data
        (jpeg() + b"SEFT trailer of a phone", ("jpg", 64, 64)),
        (jpeg().replace(b"\xff\xc0", b"\xff\xff\xff\xc0"), ("jpg", 64, 64)),  # fill bytes
        (jpeg().replace(b"\xff\xc0", b"stray\xff\0\xff\xc0"), ("jpg", 64, 64)),
        (png(), ("png", 1, 1)),
        (webp(), ("webp", 1, 1)),
        (webp() + b"\0", ("webp", 1, 1)),
        (riff(b"VP8X", _CANVAS + b"ICCP\1\0\0\0x\0" + webp()[12:34], 10), ("webp", 5, 7)),
        (riff(b"VP8 ", _VP8_HEADER + b"pixels"), ("webp", 5, 7)),
        (gif(), ("gif", 1, 1)),
        (gif() + b"\r\n", ("gif", 1, 1)),
        (gif()[:6] + bytes(2) + gif()[8:], ("gif", 1, 1)),  # larger than its screen
    ],
)
def test_valid_photos(data: bytes, picture: tuple[str, int, int]) -> None:
    assert inspect(data) == picture


@pytest.mark.parametrize("name", ["JPEG", "PNG", "GIF", "WEBP", "lossless WEBP"])
def test_sizes_equal_those_of_pillow(name: str) -> None:
    image = pytest.importorskip("PIL.Image")
    for size in ((1, 700), (640, 48), (16_000, 2)):
        file = io.BytesIO()
        image.new("RGB", size).save(file, name.split()[-1], lossless=name.startswith("lossless"))
        assert inspect(file.getvalue())[1:] == size


@pytest.mark.parametrize("whole", [jpeg(size=40), gif()[:-1] + b"!\xfe\1;\0;"])
def test_every_truncated_photo_is_rejected(whole: bytes) -> None:
    """The end marker of the preview in a header or in a comment must not count."""
    for size in range(len(whole)):
        with pytest.raises(RejectedError):
            inspect(whole[:size])


_REJECTED = {
    "empty": [b""],
    "not an image": [b"<!DOCTYPE html>", b"\xff\xd8", b"RIFF\0\0\0\0WAVE", b"BM" + bytes(100)],
    "truncated": [
        png()[:-12],
        webp()[:-1],
        gif()[:-1] + b"\1",
        b"\xff\xd8\xff\xe1\xff\xff",
        jpeg().replace(b"\x08\x00\x40", b"\x08\x00\x00"),  # no height
        png().replace(b"\0\0\0\1", bytes(4), 1),  # no width
        # A header and an end, but no data.
        b"\xff\xd8\xff\xda\x00\x02\xff\xd9",
        b"GIF89a;",
        _PNG_HEADER + chunk(b"IEND"),
        _PNG_HEADER + chunk(b"IDAT") + chunk(b"IEND"),
        _PNG_HEADER + chunk(b"tEXt", b"IDAT IEND"),
        _PNG_HEADER + chunk(b"tEXt", b"IDAT") + chunk(b"IEND"),
        _GIF_HEADER + b";",
        _GIF_HEADER[:-1] + b";",
        riff(b"VP8 ", _VP8_HEADER),
        riff(b"VP8 ", _VP8_HEADER, 10_000),
        riff(b"VP8L", b"\x2f\4\0\1\0"),
        riff(b"VP8X", _CANVAS),
        riff(b"VP8X", _CANVAS + b"ALPH\2\0\0\0xx", 10),
    ],
}


@pytest.mark.parametrize("reason", _REJECTED)
def test_invalid_photos(reason: str) -> None:
    for data in _REJECTED[reason]:
        with pytest.raises(RejectedError, match=f"^{reason}$"):
            inspect(data)
