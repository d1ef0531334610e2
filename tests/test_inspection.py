"""What counts as a photo, by its bytes alone."""

import mmap
from pathlib import Path

import pytest

from hotdog_sql.downloading.inspection import (
    RefusedError,
    ending,
    md5_from_base64,
    md5_hex,
)
from tests.support.pictures import gif, jpeg, md5_base64, png, webp


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (jpeg(), "jpg"),
        (jpeg() + b"\0" * 100, "jpg"),  # cameras append things
        (jpeg() + b"SEFT trailer of a phone", "jpg"),
        (b"\xff\xd8\xff\xff\xff\xda\x00\x02" + b"x" * 9 + b"\xff\xd9", "jpg"),  # fill bytes
        (png(), "png"),
        (webp(), "webp"),
        (webp() + b"\0", "webp"),
        (gif(), "gif"),
        (gif() + b"\0\0", "gif"),
    ],
)
def test_whole_photos(data: bytes, kind: str) -> None:
    assert ending(data) == kind


@pytest.mark.parametrize("size", [0, 1, 3, 4, 10, 30, 200, 2000, -1, -2])
def test_a_jpeg_cut_anywhere_is_refused(size: int) -> None:
    """The preview in its header has an end marker of its own, which must not count."""
    with pytest.raises(RefusedError):
        ending(jpeg()[:size])


def test_each_beginning_of_a_small_jpeg_is_refused() -> None:
    whole = jpeg(size=40)
    for size in range(len(whole)):
        with pytest.raises(RefusedError):
            ending(whole[:size])


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
    ],
)
def test_reasons(data: bytes, reason: str) -> None:
    with pytest.raises(RefusedError) as refused:
        ending(data)
    assert refused.value.reason == reason


def test_files_are_judged_like_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(jpeg())
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        assert ending(view) == "jpg"
        assert md5_hex(view) == md5_hex(jpeg())


def test_original_md5() -> None:
    assert md5_from_base64(md5_base64(b"abc")) == "900150983cd24fb0d6963f7d28e17f72"
    assert [md5_from_base64(text) for text in ("", "abc", "YWJj", "ä==")] == [None] * 4
