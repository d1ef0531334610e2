"""Photos set upright, made smaller, decoded: judged by where known colours end up."""

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from typing import Any, NamedTuple

import pytest

pytest.importorskip("PIL", reason="needs the extra images")

from PIL import ExifTags, Image, ImageChops, ImageOps, ImageStat, JpegImagePlugin

from hotdog_sql.downloader.transform import decode, degrees, transform
from hotdog_sql.downloader.validate import RejectedError, detect_extension
from hotdog_sql.options import Source
from tests.conftest import ROOT
from tests.support.quarters import (
    BLUE,
    GREEN,
    ORIENTATION,
    RED,
    UPRIGHT,
    WHITE,
    corners,
    lying,
    quarters,
    saved,
    size,
)


class Made(NamedTuple):
    """What `transform` gives."""

    data: bytes
    note: str


def turned(data: bytes, rotation: int = 0, **options: Any) -> Made:
    made = transform(data, rotation, **({"upright": True, "max_side": None} | options))
    assert made is not None
    return Made(*made)


#: What is done to a photo of each EXIF orientation, as the manifest tells it.
NOTES = {
    2: "mirrored",
    3: "rotated 180",
    4: "mirrored, rotated 180",
    5: "mirrored, rotated 90",
    6: "rotated 270",
    7: "mirrored, rotated 270",
    8: "rotated 90",
}


@pytest.mark.parametrize("orientation", range(2, 9))
def test_every_exif_orientation_is_undone(orientation: int) -> None:
    data = lying(orientation)
    assert corners(data) != UPRIGHT
    made = turned(data)
    assert corners(made.data) == UPRIGHT
    assert size(made.data) == (96, 64)
    assert made.note == NOTES[orientation]
    shown = ImageOps.exif_transpose(Image.open(BytesIO(made.data)))
    assert shown.size == (96, 64), "no viewer turns it again"
    assert turned_again(made.data) is None


def turned_again(data: bytes) -> tuple[bytes, str] | None:
    return transform(data, 0, upright=True, max_side=None)


@pytest.mark.parametrize(
    ("rotation", "expected"),
    [
        (90, [GREEN, WHITE, RED, BLUE]),
        (180, [WHITE, BLUE, GREEN, RED]),
        (270, [BLUE, RED, WHITE, GREEN]),
    ],
)
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "GIF", "WEBP"])
def test_rotation_turns_counter_clockwise(
    rotation: int, expected: list[tuple[int, int, int]], format_name: str
) -> None:
    data = saved(quarters(), format_name)
    made = turned(data, rotation)
    assert corners(made.data) == expected
    assert size(made.data) == ((96, 64) if rotation == 180 else (64, 96))
    assert detect_extension(made.data) == detect_extension(data), (
        "the format, and so the file's name, is the same"
    )


def test_a_photo_is_not_turned_for_both_exif_and_rotation() -> None:
    assert corners(turned(lying(6), 270).data) == UPRIGHT


def test_an_exif_orientation_that_says_nothing_leaves_it_to_rotation() -> None:
    assert corners(turned(lying(1), 180).data) == [WHITE, BLUE, GREEN, RED]


@pytest.mark.parametrize("data", [saved(quarters()), lying(1), saved(quarters(), "PNG")])
def test_what_is_right_stays_byte_for_byte(data: bytes) -> None:
    assert transform(data, 0, upright=True, max_side=96) is None
    assert transform(data, 90, upright=False, max_side=None) is None


@pytest.mark.parametrize(
    ("before", "max_side", "after"),
    [((96, 64), 48, (48, 32)), ((64, 96), 48, (32, 48)), ((96, 1), 10, (10, 1))],
)
def test_the_longer_side_is_made_to_fit(
    before: tuple[int, int], max_side: int, after: tuple[int, int]
) -> None:
    made = turned(saved(quarters(*before)), max_side=max_side)
    assert size(made.data) == after
    assert made.note == "resized {}x{}".format(*after)


def test_it_is_made_smaller_and_turned_at_once() -> None:
    made = turned(lying(6), max_side=48)
    assert size(made.data) == (48, 32)
    assert corners(made.data) == UPRIGHT
    assert made.note == "rotated 270; resized 48x32"


def test_a_smaller_copy_that_is_not_turned_says_how_it_lies() -> None:
    made = turned(lying(6), upright=False, max_side=48)
    assert Image.open(BytesIO(made.data)).getexif()[ORIENTATION] == 6
    assert size(made.data) == (32, 48)


def test_large_pictures_are_made_smaller_truly() -> None:
    """As if every pixel had been resampled, though JPEG is decoded at a part of its size."""
    noise = Image.effect_noise((2000, 1500), 60).resize((1000, 750)).resize((2000, 1500))
    data = saved(noise.convert("RGB"), quality=95)
    made = Image.open(BytesIO(turned(data, max_side=200).data)).convert("L")
    whole = Image.open(BytesIO(data)).convert("L").resize((200, 150), Image.Resampling.LANCZOS)
    assert ImageStat.Stat(ImageChops.difference(made, whole)).mean[0] < 3


@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_jpegs_keep_their_colours_fineness_and_quality(subsampling: int) -> None:
    data = saved(quarters(), subsampling=subsampling, quality=80, progressive=True)
    made = Image.open(BytesIO(turned(data, 180).data))
    assert JpegImagePlugin.get_sampling(made) == subsampling
    assert made.info["progressive"]
    on_its_side = Image.open(BytesIO(turned(data, 90).data))
    finest = {0: 0, 1: 0, 2: 2}[subsampling]
    assert JpegImagePlugin.get_sampling(on_its_side) == finest


def test_the_other_exif_data_and_the_colour_profile_stay() -> None:
    profile = b"a colour profile"
    data = lying(3, Artist="Søren", Copyright="CC BY 2.0")
    with_profile = BytesIO()
    image = Image.open(BytesIO(data))
    image.save(with_profile, "JPEG", exif=image.getexif(), icc_profile=profile)
    made = Image.open(BytesIO(turned(with_profile.getvalue()).data))
    exif = made.getexif()
    assert exif[ExifTags.Base.Copyright] == "CC BY 2.0"
    assert ORIENTATION not in exif
    assert made.info["icc_profile"] == profile


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "I;16"])
def test_pngs_of_every_kind_are_made_smaller(mode: str) -> None:
    image = quarters().convert("L").convert(mode) if mode == "I;16" else quarters().convert(mode)
    data = saved(image, "PNG")
    made = Image.open(BytesIO(turned(data, 90, max_side=24).data))
    assert made.size == (16, 24)
    before = Image.open(BytesIO(data)).mode
    assert made.mode == {"1": "L", "P": "RGB"}.get(before, before)


def test_ink_colours_stay() -> None:
    data = saved(quarters().convert("CMYK"))
    made = turned(data, 180)
    assert Image.open(BytesIO(made.data)).mode == "CMYK"
    assert corners(made.data) == [WHITE, BLUE, GREEN, RED]


def test_the_first_of_several_jpegs_in_one_file_is_the_photo() -> None:
    data = saved(quarters(), "MPO", save_all=True, append_images=[Image.new("RGB", (96, 64))])
    made = turned(data, 180)
    assert Image.open(BytesIO(made.data)).format == "JPEG"
    assert corners(made.data) == [WHITE, BLUE, GREEN, RED]


@pytest.mark.parametrize("format_name", ["GIF", "WEBP", "PNG"])
def test_animations_are_left_as_they_are(format_name: str) -> None:
    data = saved(quarters(), format_name, save_all=True, append_images=[Image.new("RGB", (96, 64))])
    assert transform(data, 90, upright=True, max_side=10) is None


def _noise(chance: random.Random) -> Image.Image:
    """The same on every machine, unlike Pillow's own."""
    return Image.frombytes("L", (64, 48), chance.randbytes(64 * 48))


def _broken() -> Iterator[bytes]:
    for format_name in ("JPEG", "PNG", "GIF", "WEBP"):
        whole = saved(_noise(random.Random(format_name)), format_name)
        yield whole[: len(whole) // 2]
        yield whole[:20]
        yield whole[:10] + bytes(len(whole) - 10)
    yield b""
    yield b"not a picture"


@pytest.mark.parametrize("data", list(_broken()))
@pytest.mark.parametrize(
    "use", [decode, lambda data: transform(data, 0, upright=True, max_side=None)]
)
def test_what_is_no_picture_is_said_to_be_none(data: bytes, use: Callable[[bytes], object]) -> None:
    with pytest.raises(RejectedError) as raised:
        use(data)
    assert str(raised.value) == "not decodable"


@pytest.mark.parametrize("rest", [b",", b",1234567", b"!\xf9\x01\x00\x00"])
def test_a_damaged_second_picture_is_refused(rest: bytes) -> None:
    """A GIF has to be read further to know whether it moves."""
    data = saved(quarters(), "GIF")[:-1] + rest  # instead of the end mark
    with pytest.raises(RejectedError):
        transform(data, 0, upright=True, max_side=None)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "GIF", "WEBP", "MPO"])
def test_damaged_pictures_are_transformed_or_refused(format_name: str) -> None:
    """Nothing else comes of them: no other error, and nothing that is no picture."""
    chance = random.Random(format_name)
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    whole = saved(_noise(chance), format_name, exif=exif)
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(chance.choice((1, 2, 8))):
            place = chance.randrange(chance.choice((60, len(damaged))))
            damaged[place : place + chance.choice((0, 1, 1, 3))] = chance.randbytes(1)
        with suppress(RejectedError):
            made = transform(bytes(damaged), 90, upright=True, max_side=20)
            if made is not None:
                decode(made[0])


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "GIF", "WEBP"])
def test_a_picture_passes_the_decode(format_name: str) -> None:
    decode(saved(quarters(), format_name))


#: In a process of its own, because pytest makes errors of the warnings that this leaves unsaid.
_TRANSFORM = """
import sys
from hotdog_sql.downloader.transform import transform
try:
    data, note = transform(sys.stdin.buffer.read(), 180, upright=True, max_side=None)
    sys.stdout.buffer.write(data)
except Exception as error:
    print(type(error).__name__, error)
"""


def transformed_quietly(data: bytes) -> bytes:
    command = [sys.executable, "-c", _TRANSFORM]
    done = subprocess.run(command, cwd=ROOT, input=data, capture_output=True, check=True)
    assert done.stderr == b""
    return done.stdout


def test_exif_data_that_cannot_be_read_are_left_out() -> None:
    made = transformed_quietly(saved(quarters(), exif=b"Exif\0\0MM\0*nonsense"))
    assert corners(made) == [WHITE, BLUE, GREEN, RED]


def test_only_monstrous_sizes_are_refused() -> None:
    panorama = saved(Image.new("1", (10_000, 9_000)), "PNG")
    assert transformed_quietly(panorama)[1:4] == b"PNG"
    monster = saved(Image.new("1", (14_000, 14_000)), "PNG")
    assert transformed_quietly(monster) == b"RejectedError too many pixels\n"


@pytest.mark.parametrize(
    ("rotation", "source", "expected"),
    [
        ("90.0", Source.MIRROR, 90),
        ("270", Source.ORIGINAL, 270),
        ("180.0", Source.THUMBNAIL, 0),
        ("0.0", Source.MIRROR, 0),
        ("", Source.MIRROR, 0),
        ("nan", Source.MIRROR, 0),
        ("45.0", Source.MIRROR, 0),
        ("up", Source.MIRROR, 0),
    ],
)
def test_rotation_is_read_as_the_dataset_writes_it(
    rotation: str, source: Source, expected: int
) -> None:
    assert degrees(rotation, source) == expected


def test_without_the_extra_it_says_how_to_get_it() -> None:
    """Python without its installed packages has no Pillow."""
    code = "from hotdog_sql.download_options import DownloadOptions; DownloadOptions(decode=True)"
    command = [sys.executable, "-E", "-S", "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "MissingExtraError" in done.stderr
    assert 'pip install "hotdog-sql[images]"' in done.stderr
