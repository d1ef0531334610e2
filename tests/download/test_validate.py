"""What counts as a photo, by its bytes alone."""

import pytest

from hotdog_sql.downloader.validate import RejectedError, detect_format, md5_from_base64
from tests.support.pictures import gif, jpeg, md5_base64, png, webp


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (jpeg(), "jpg"),
        (jpeg() + b"\0" * 100, "jpg"),  # cameras append things
        (jpeg() + b"SEFT trailer of a phone", "jpg"),
        (jpeg().replace(b"\xff\xc0", b"\xff\xff\xff\xc0"), "jpg"),  # fill bytes
        (png(), "png"),
        (webp(), "webp"),
        (webp() + b"\0", "webp"),
        (gif(), "gif"),
        (gif() + b"\0\0", "gif"),
    ],
)
def test_whole_photos(data: bytes, kind: str) -> None:
    assert detect_format(data).extension == kind


@pytest.mark.parametrize("size", [0, 1, 3, 4, 10, 30, 200, 2000, -1, -2])
def test_a_jpeg_cut_anywhere_is_refused(size: int) -> None:
    """The preview in its header has an end marker of its own, which must not count."""
    with pytest.raises(RejectedError):
        detect_format(jpeg()[:size])


def test_each_beginning_of_a_small_jpeg_is_refused() -> None:
    whole = jpeg(size=40)
    for size in range(len(whole)):
        with pytest.raises(RejectedError):
            detect_format(whole[:size])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html>", "not an image"),
        (b"\xff\xd8", "not an image"),
        (b"RIFF\x00\x00\x00\x00WAVE", "not an image"),
        (b"BM" + bytes(100), "not an image"),
        (png()[:-12], "truncated"),
        (webp()[:-1], "truncated"),
        (gif()[:-1] + b"\1", "truncated"),
        (b"\xff\xd8\xff\xe1\xff\xff", "truncated"),
        (b"\xff\xd8\xff\xda\x00\x02\xff\xd9", "truncated"),  # a header and an end, no more
        (b"GIF89a;", "truncated"),
    ],
)
def test_reasons(data: bytes, reason: str) -> None:
    with pytest.raises(RejectedError) as rejected:
        detect_format(data)
    assert rejected.value.reason == reason


def test_original_md5() -> None:
    assert md5_from_base64(md5_base64(b"abc")) == "900150983cd24fb0d6963f7d28e17f72"
    assert [md5_from_base64(text) for text in ("", "abc", "YWJj", "ä==")] == [None] * 4


def test_sizes() -> None:
    assert detect_format(jpeg())[1:] == (64, 64)
    assert detect_format(png())[1:] == (1, 1)
    assert detect_format(gif())[1:] == (1, 1)
    assert detect_format(webp())[1:] == (1, 1)
