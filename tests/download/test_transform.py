"""Rotating, resizing and decoding photos, checked by the position of known colours."""

import random
from contextlib import suppress
from io import BytesIO
from typing import Any, NamedTuple

import pytest

pytest.importorskip("PIL", reason="needs the extra images")

from PIL import ExifTags, Image, ImageChops, ImageOps, ImageStat, JpegImagePlugin

from hotdog_sql.downloader.transform import decode, transform
from hotdog_sql.downloader.validate import RejectedError, inspect
from tests.support.quarters import ORIENTATION, TURNED, UPRIGHT, corners, lying, quarters, saved


class Made(NamedTuple):
    """The result of `transform`."""

    data: bytes
    note: str

    @property
    def image(self) -> Image.Image:
        return Image.open(BytesIO(self.data))


def turned(data: bytes, rotation: int = 0, **options: Any) -> Made:
    made = transform(data, rotation, **({"upright": True, "max_side": None} | options))
    assert made is not None
    return Made(*made)


@pytest.mark.parametrize(
    ("orientation", "note"),
    [
        (2, "mirrored"),
        (3, "rotated 180"),
        (4, "mirrored, rotated 180"),
        (5, "mirrored, rotated 90"),
        (6, "rotated 270"),
        (7, "mirrored, rotated 270"),
        (8, "rotated 90"),
    ],
)
def test_every_exif_orientation_is_undone(orientation: int, note: str) -> None:
    data = lying(orientation)
    assert corners(data) != UPRIGHT
    made = turned(data)
    assert (corners(made.data), made.image.size, made.note) == (UPRIGHT, (96, 64), note)
    assert ImageOps.exif_transpose(made.image).size == (96, 64), "no viewer turns it again"
    assert transform(made.data, 0, upright=True, max_side=None) is None


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "GIF", "WEBP"])
def test_rotation_turns_counter_clockwise(format_name: str) -> None:
    data = saved(quarters(), format_name)
    for rotation, expected in TURNED.items():
        made = turned(data, rotation)
        assert corners(made.data) == expected
        assert made.image.size == ((96, 64) if rotation == 180 else (64, 96))
        assert inspect(made.data).extension == inspect(data).extension


def test_exif_comes_before_rotation_if_it_says_anything() -> None:
    assert corners(turned(lying(6), 270).data) == UPRIGHT
    assert corners(turned(lying(1), 180).data) == TURNED[180]


def test_upright_photos_do_not_change() -> None:
    for data in (saved(quarters()), lying(1), saved(quarters(), "PNG")):
        assert transform(data, 0, upright=True, max_side=96) is None
        assert transform(data, 90, upright=False, max_side=None) is None


def test_the_longer_side_is_reduced() -> None:
    for before, after in [((96, 64), (48, 32)), ((64, 96), (32, 48)), ((96, 1), (48, 1))]:
        made = turned(saved(quarters(*before)), max_side=48)
        assert made.image.size == after
        assert made.note == "resized {}x{}".format(*after)
    made = turned(lying(6), max_side=48)
    assert (corners(made.data), made.image.size) == (UPRIGHT, (48, 32))
    assert made.note == "rotated 270; resized 48x32"
    as_it_lies = turned(lying(6), upright=False, max_side=48)
    assert as_it_lies.image.getexif()[ORIENTATION] == 6
    assert as_it_lies.image.size == (32, 48)


def test_large_pictures_are_resized_exactly() -> None:
    """As if every pixel were resampled, although JPEG is decoded at a reduced size."""
    noise = Image.effect_noise((2000, 1500), 60).resize((1000, 750)).resize((2000, 1500))
    data = saved(noise.convert("RGB"), quality=95)
    whole = Image.open(BytesIO(data)).convert("L").resize((200, 150), Image.Resampling.LANCZOS)
    made = turned(data, max_side=200).image.convert("L")
    assert ImageStat.Stat(ImageChops.difference(made, whole)).mean[0] < 3


@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_jpegs_keep_their_chroma_subsampling(subsampling: int) -> None:
    data = saved(quarters(), subsampling=subsampling, quality=80, progressive=True)
    made = turned(data, 180).image
    assert JpegImagePlugin.get_sampling(made) == subsampling
    assert made.info["progressive"]
    finest = {0: 0, 1: 0, 2: 2}[subsampling]
    assert JpegImagePlugin.get_sampling(turned(data, 90).image) == finest


def test_other_exif_data_and_the_colour_profile_stay() -> None:
    image = Image.open(BytesIO(lying(3, Artist="Søren", Copyright="CC BY 2.0")))
    data = saved(image, exif=image.getexif(), icc_profile=b"a colour profile")
    made = turned(data).image
    assert made.getexif()[ExifTags.Base.Copyright] == "CC BY 2.0"
    assert ORIENTATION not in made.getexif()
    assert made.info["icc_profile"] == b"a colour profile"


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "I;16"])
def test_pngs_of_every_mode_are_resized(mode: str) -> None:
    image = quarters().convert("L").convert(mode) if mode == "I;16" else quarters().convert(mode)
    data = saved(image, "PNG")
    made = turned(data, 90, max_side=24).image
    assert made.size == (16, 24)
    before = Image.open(BytesIO(data)).mode
    assert made.mode == {"1": "L", "P": "RGB"}.get(before, before)


def test_cmyk_and_mpo() -> None:
    ink = turned(saved(quarters().convert("CMYK")), 180)
    assert (ink.image.mode, corners(ink.data)) == ("CMYK", TURNED[180])
    several = saved(quarters(), "MPO", save_all=True, append_images=[Image.new("RGB", (96, 64))])
    first = turned(several, 180)
    assert (first.image.format, corners(first.data)) == ("JPEG", TURNED[180])


@pytest.mark.parametrize("format_name", ["GIF", "WEBP", "PNG"])
def test_animations_do_not_change(format_name: str) -> None:
    data = saved(quarters(), format_name, save_all=True, append_images=[Image.new("RGB", (96, 64))])
    assert transform(data, 90, upright=True, max_side=10) is None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "GIF", "WEBP", "MPO"])
def test_damaged_pictures_are_transformed_or_rejected(format_name: str) -> None:
    """No other error is raised, and every result is a picture."""
    chance = random.Random(format_name)
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    noise = Image.frombytes("L", (64, 48), chance.randbytes(64 * 48))
    whole = saved(noise, format_name, exif=exif)
    decode(whole)
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(chance.choice((1, 2, 8))):
            place = chance.randrange(chance.choice((60, len(damaged))))
            damaged[place : place + chance.choice((0, 1, 1, 3))] = chance.randbytes(1)
        with suppress(RejectedError):
            made = transform(bytes(damaged), 90, upright=True, max_side=20)
            if made is not None:
                decode(made[0])


def with_segment(data: bytes, body: bytes) -> bytes:
    """Return a JPEG with one more segment of EXIF or XMP."""
    return data[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2) + body + data[2:]


def test_an_orientation_in_xmp_does_not_count() -> None:
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta tiff:Orientation="6"/>'
    data = with_segment(saved(quarters()), xmp)
    assert transform(data, 0, upright=True, max_side=None) is None
    assert ORIENTATION not in turned(data, upright=False, max_side=32).image.getexif()


def test_an_orientation_survives_exif_that_pillow_cannot_write() -> None:
    make = (0x10F).to_bytes(2) + b"\0\5\0\0\0\1\0\0\0\x26"  # a fraction instead of a text
    orientation = b"\1\x12\0\3\0\0\0\1\0\6\0\0"
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\2" + make + orientation + bytes(4) + b"\0\0\0\1" * 2
    data = with_segment(saved(quarters()), exif)
    assert turned(data, upright=False, max_side=32).image.getexif()[ORIENTATION] == 6
    odd = data.replace(orientation, b"\1\x12\0\1\0\0\0\1\6\0\0\0")  # a byte
    assert turned(odd, upright=False, max_side=32).image.size == (32, 21)


def test_every_frame_is_decoded() -> None:
    whole = saved(quarters(), "GIF", save_all=True, append_images=[quarters().rotate(180)])
    decode(whole)
    with pytest.raises(RejectedError, match="not decodable"):
        decode(whole[:-100])
