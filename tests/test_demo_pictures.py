"""The demo's JPEG and PNG files, read back."""

import io
import struct
import zlib
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hotdog_sql.demo import canvas, subjects
from hotdog_sql.demo.chance import Chance
from hotdog_sql.demo.jpeg import Rgb, encode_jpeg
from hotdog_sql.demo.png import encode_png

_LEVEL = st.integers(0, 255)
_GRIDS = st.integers(1, 5).flatmap(
    lambda width: st.lists(
        st.lists(st.tuples(_LEVEL, _LEVEL, _LEVEL), min_size=width, max_size=width),
        min_size=1,
        max_size=5,
    )
)


def _segments(data: bytes) -> list[tuple[int, bytes]]:
    """Marker and body of each segment up to the scan, then the scan's data under marker 0."""
    segments, at = [], 2
    while True:
        _, marker, length = struct.unpack_from(">BBH", data, at)
        segments.append((marker, data[at + 4 : at + 2 + length]))
        at += 2 + length
        if marker == 0xDA:
            return [*segments, (0, data[at:-2])]


@given(_GRIDS, st.integers(1, 3))
@settings(deadline=None)
def test_a_jpeg_is_whole_by_its_own_markers(cells: list[list[Rgb]], scale: int) -> None:
    data = encode_jpeg(cells, scale=scale, comment=b"whose it is")
    segments = dict(_segments(data))
    assert data[:2] == b"\xff\xd8"
    assert data[-2:] == b"\xff\xd9"
    assert segments[0xE0].startswith(b"JFIF\x00")
    assert segments[0xFE] == b"whose it is"
    size = struct.unpack_from(">HH", segments[0xC0], 1)
    assert size == (8 * scale * len(cells), 8 * scale * len(cells[0]))
    assert all(after == 0 for byte, after in pairwise(segments[0]) if byte == 0xFF)
    assert segments[0][-1] != 0xFF


@given(_GRIDS, st.integers(1, 3))
@settings(deadline=None)
def test_a_jpeg_shows_its_cells(cells: list[list[Rgb]], scale: int) -> None:
    assert _shows(encode_jpeg(cells, scale=scale), cells, scale)


def test_a_jpeg_with_an_escaped_byte_shows_its_cells() -> None:
    escaped = 0
    for grey in range(256):
        cells: list[list[Rgb]] = [[(grey, grey, grey), (0, 0, 0), (255, 255, 255), (0, 0, 0)]]
        data = encode_jpeg(cells)
        escaped += b"\xff\x00" in dict(_segments(data))[0]
        assert _shows(data, cells, scale=1)
    assert escaped > 10


def _shows(data: bytes, cells: list[list[Rgb]], scale: int) -> bool:
    """Whether two corners of every cell have its colour, or nearly."""
    with Image.open(io.BytesIO(data)) as picture:
        width, _ = picture.size
        pixels = picture.convert("RGB").tobytes()
    side = 8 * scale
    return all(
        abs(seen - level) <= 3
        for row, colours in enumerate(cells)
        for column, rgb in enumerate(colours)
        for corner in (0, side - 1)
        for channel, level in enumerate(rgb)
        for seen in [pixels[3 * ((row * side + corner) * width + column * side + corner) + channel]]
    )


@given(_GRIDS)
@settings(deadline=None)
def test_a_png_shows_its_cells(cells: list[list[Rgb]]) -> None:
    data = encode_png(cells)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, at = {}, 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length)[0] == zlib.crc32(kind + body)
        chunks[kind] = body
        at += 12 + length
    assert struct.unpack_from(">II", chunks[b"IHDR"]) == (8 * len(cells[0]), 8 * len(cells))
    pixels, line = zlib.decompress(chunks[b"IDAT"]), 1 + 24 * len(cells[0])
    for y in range(8 * len(cells)):
        assert pixels[y * line] == 0
        for x in range(8 * len(cells[0])):
            at = y * line + 1 + 3 * x
            assert tuple(pixels[at : at + 3]) == cells[y // 8][x // 8]


def test_turning_goes_clockwise() -> None:
    red, blue = (255, 0, 0), (0, 0, 255)
    assert canvas.turned([[red, blue]], 90) == [[red], [blue]]
    assert canvas.turned([[red, blue]], 180) == [[blue, red]]
    assert canvas.turned([[red, blue]], 270) == [[blue], [red]]


@pytest.mark.parametrize(
    "subject", [*subjects.HOT_DOGS, *subjects.OTHERS], ids=lambda subject: subject.draw.__name__
)
def test_no_two_pictures_of_a_subject_are_alike(subject: subjects.Subject) -> None:
    drawn = [subject.draw(Chance(f"seed {number}")).cells for number in range(8)]
    assert all(one != other for one, other in pairwise(drawn))
    assert subject.draw(Chance("seed 0")).cells == drawn[0]
    assert all((len(cells), len(cells[0])) == (24, 32) for cells in drawn)


def test_every_class_of_a_subject_or_the_hierarchy_has_a_name() -> None:
    carried = {mid for subject in (*subjects.HOT_DOGS, *subjects.OTHERS) for mid in subject.classes}
    assert carried <= subjects.CLASSES.keys()
    assert set(_mids(subjects.HIERARCHY)) - {"/m/0bl9f"} <= subjects.CLASSES.keys()


def _mids(node: Mapping[str, Any]) -> list[str]:
    children = [*node.get("Subcategory", []), *node.get("Part", [])]
    return [node["LabelName"], *(mid for child in children for mid in _mids(child))]
