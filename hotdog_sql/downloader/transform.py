"""A photo decoded, set upright and made smaller. Needs the extra `images` (Pillow).

No well-kept library rotates JPEGs without loss and installs everywhere, so a rotated photo is
encoded anew, at a quality that the eye does not tell from the one before.
"""

import struct
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import Any

from PIL import ExifTags, Image, JpegImagePlugin

from hotdog_sql.downloader.validate import Bytes, RejectedError
from hotdog_sql.options import Source

#: What Pillow opens as JPEG may turn out to be MPO: several JPEGs in one file, as cameras write.
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")

#: What Pillow raises on bytes that are not a picture, as fuzzing it shows.
_ERRORS = (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, struct.error)

# Pillow warns of EXIF data that a camera wrote badly, and of panoramas: nobody need hear of it.
warnings.filterwarnings("ignore", module="PIL")

#: Of JPEG and WebP: Pillow's documentation advises against more.
_QUALITY = 95

#: What sets a picture upright, by the EXIF orientation it has (EXIF 2.32, 4.6.4.A), and what that
#: is called in the manifest, in degrees counter-clockwise. From 5 it lies on its side.
_TURNS = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT, "mirrored"),
    3: (Image.Transpose.ROTATE_180, "rotated 180"),
    4: (Image.Transpose.FLIP_TOP_BOTTOM, "mirrored, rotated 180"),
    5: (Image.Transpose.TRANSPOSE, "mirrored, rotated 90"),
    6: (Image.Transpose.ROTATE_270, "rotated 270"),
    7: (Image.Transpose.TRANSVERSE, "mirrored, rotated 270"),
    8: (Image.Transpose.ROTATE_90, "rotated 90"),
}
#: The orientation that says the same as a `Rotation`.
_BY_DEGREES = {90: 8, 180: 3, 270: 6}

#: Pillow's numbers for how JPEG stores colours.
_FULL_COLOUR, _HALF_WIDTH_COLOUR = 0, 1


def decode(data: Bytes) -> None:
    """Decode a photo, to see whether it can be; `RejectedError` where it cannot."""
    with _rejects():
        _open(data).load()


def degrees(rotation: str, source: Source) -> int:
    """0, 90, 180 or 270: how far a photo from this source lies on its side by its `Rotation`.

    `Rotation` is how many degrees counter-clockwise an image must be turned
    (https://storage.googleapis.com/openimages/web/2018-05-17-rotation-information.html), with
    regard to the original as it was uploaded, of which the mirror has copies. The photo service
    makes its smaller sizes upright itself
    (https://www.flickr.com/services/api/flickr.photos.getInfo.html).
    """
    if source is Source.THUMBNAIL:
        return 0
    try:
        turn = float(rotation or 0)
    except ValueError:
        return 0
    return int(turn) if turn in _BY_DEGREES else 0


def transform(
    data: Bytes, rotation: int, *, upright: bool, max_side: int | None
) -> tuple[bytes, str] | None:
    """Set a photo upright, make it smaller, or both; `RejectedError` where it cannot be decoded.

    The EXIF orientation decides where a photo has one: `rotation` says the same of photos that
    have lost theirs, so doing both would rotate twice. The other EXIF data and the colour profile
    stay. Animations are left as they are.

    Returns:
        Its new bytes, of the same format as before, and what was done, for the manifest's note,
        such as `rotated 90; resized 768x1024`. None where it stays as it is, byte for byte.
    """
    with _rejects():
        image = _open(data)
        is_animation = image.format != "MPO" and getattr(image, "is_animated", False)
        smaller = None if is_animation else _smaller(image.size, max_side)
        if smaller is not None:
            # JPEGs can be decoded at a half, a quarter, an eighth of their size.
            image.draft(None, (2 * smaller[0], 2 * smaller[1]))
        image.load()
    if is_animation:
        return None
    orientation = _orientation(image, rotation) if upright else 1
    turn = _TURNS.get(orientation)
    if turn is None and smaller is None:
        return None
    made, notes = image, []
    if smaller is not None:
        made = _full_coloured(made).resize(smaller, Image.Resampling.LANCZOS)
    if turn is not None:
        made = made.transpose(turn[0])
        notes.append(turn[1])
    if smaller is not None:
        notes.append(f"resized {made.width}x{made.height}")
    exif = _exif(image, without_orientation=upright)
    return _encoded(made, image, orientation, exif=exif), "; ".join(notes)


def cut(data: Bytes, boxes: Sequence[tuple[int, int, int, int]], rotation: int) -> list[bytes]:
    """Parts of a photo set upright, in its format; `RejectedError` where it cannot be decoded.

    Boxes are left, upper, right and lower edges in pixels of the photo as it is stored.
    """
    with _rejects():
        image = _open(data)
        image.load()
    orientation = _orientation(image, rotation)
    parts = [image.crop(box) for box in boxes]
    if orientation in _TURNS:
        parts = [part.transpose(_TURNS[orientation][0]) for part in parts]
    return [_encoded(part, image, orientation) for part in parts]


def _open(data: Bytes) -> Image.Image:
    """The picture, of which only the header has been read."""
    return Image.open(BytesIO(data), formats=_FORMATS)


@contextmanager
def _rejects() -> Iterator[None]:
    """Reject what Pillow cannot read."""
    try:
        yield
    except Image.DecompressionBombError as error:
        raise RejectedError("too many pixels") from error
    except _ERRORS as error:
        raise RejectedError("not decodable") from error


def _smaller(size: tuple[int, int], max_side: int | None) -> tuple[int, int] | None:
    """The size that fits; None where it does already."""
    longest = max(size)
    if max_side is None or longest <= max_side:
        return None
    width, height = (max(1, round(side * max_side / longest)) for side in size)
    return width, height


def _full_coloured(image: Image.Image) -> Image.Image:
    """The picture without a palette, whose colours cannot be mixed."""
    match image.mode:
        case "1":
            return image.convert("L")
        case "P" | "PA":
            return image.convert("RGBA" if "transparency" in image.info else "RGB")
        case _:
            return image


def _orientation(image: Image.Image, rotation: int) -> int:
    """How a picture lies by its EXIF data, or by its rotation if those say nothing."""
    with suppress(*_ERRORS):
        orientation: int = image.getexif().get(ExifTags.Base.Orientation, 1)
        if orientation in _TURNS:
            return orientation
    return _BY_DEGREES.get(rotation, 1)


def _exif(image: Image.Image, *, without_orientation: bool) -> bytes:
    """The EXIF data to be saved: none where there are none, or they cannot be read."""
    with suppress(*_ERRORS):
        exif = image.getexif()
        if without_orientation:
            exif.pop(ExifTags.Base.Orientation, None)
        return exif.tobytes() if len(exif) else b""
    return b""


def _encoded(made: Image.Image, image: Image.Image, orientation: int, **options: Any) -> bytes:
    """What was made of a picture that lay so, in the picture's format."""
    format_name = "JPEG" if image.format == "MPO" else image.format
    options["icc_profile"] = image.info.get("icc_profile")
    if format_name in ("JPEG", "WEBP"):
        options["quality"] = _QUALITY
    if format_name == "JPEG":
        options["progressive"] = "progressive" in image.info
        colour = JpegImagePlugin.get_sampling(image)
        if colour == _HALF_WIDTH_COLOUR and orientation >= 5:
            colour = _FULL_COLOUR  # half the height is none of Pillow's choices
        if colour >= 0:
            options["subsampling"] = colour
    target = BytesIO()
    made.save(target, format_name, **options)
    return target.getvalue()
