"""Decode, rotate, resize and crop photos. Needs the extra `images` (Pillow).

No maintained library rotates JPEGs without loss and installs everywhere, so a rotated photo is
encoded again, at a quality that looks the same.
"""

import struct
import warnings
from collections.abc import Sequence
from contextlib import suppress
from io import BytesIO

from PIL import ExifTags, Image, ImageSequence, JpegImagePlugin

from hotdog_sql.downloader.validate import Bytes, RejectedError
from hotdog_sql.options import Source

#: What Pillow opens as JPEG may become MPO: several JPEGs in one file, as cameras write them.
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")

#: Errors that Pillow raises on bytes that are not a picture, found by fuzzing.
_DECODE_ERRORS = (
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, AttributeError),
    struct.error,
)

# Pillow warns about malformed EXIF data and about panoramas, which the user cannot change.
warnings.filterwarnings("ignore", module="PIL")

#: Quality of JPEG and WebP. Pillow's documentation advises against higher values.
_QUALITY = 95

#: Operation that undoes each EXIF orientation (EXIF 2.32, 4.6.4.A), and its name in the manifest,
#: in degrees counter-clockwise. Orientations 5 and above swap width and height.
_TRANSPOSITIONS = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT, "mirrored"),
    3: (Image.Transpose.ROTATE_180, "rotated 180"),
    4: (Image.Transpose.FLIP_TOP_BOTTOM, "mirrored, rotated 180"),
    5: (Image.Transpose.TRANSPOSE, "mirrored, rotated 90"),
    6: (Image.Transpose.ROTATE_270, "rotated 270"),
    7: (Image.Transpose.TRANSVERSE, "mirrored, rotated 270"),
    8: (Image.Transpose.ROTATE_90, "rotated 90"),
}
#: EXIF orientations that mean the same as a `Rotation`.
_ORIENTATIONS_BY_DEGREES = {90: 8, 180: 3, 270: 6}

#: Maximum size of the EXIF data of a JPEG, which are one segment.
_MAX_EXIF_BYTES = 65_533
_ORIENTATION = ExifTags.Base.Orientation

#: Pillow's numbers of JPEG's chroma subsampling.
_CHROMA_444, _CHROMA_422 = 0, 1


def decode(data: Bytes) -> None:
    """Decode a photo, and raise `RejectedError` if that fails."""
    _load(data)


def degrees(rotation: str, source: Source) -> int:
    """Return 0, 90, 180 or 270: the rotation that a photo from this source needs.

    `Rotation` is in degrees counter-clockwise
    (https://storage.googleapis.com/openimages/web/2018-05-17-rotation-information.html) and refers
    to the original as uploaded, of which the mirror has copies. Flickr itself rotates its smaller
    sizes (https://www.flickr.com/services/api/flickr.photos.getInfo.html).
    """
    with suppress(ValueError):  # it may be empty
        if source is not Source.THUMBNAIL and float(rotation) in _ORIENTATIONS_BY_DEGREES:
            return int(float(rotation))
    return 0


def transform(
    data: Bytes, rotation: int, *, upright: bool, max_side: int | None
) -> tuple[bytes, str] | None:
    """Rotate a photo upright, resize it, or both; raise `RejectedError` if it cannot be decoded.

    The EXIF orientation takes precedence: `rotation` describes photos that have lost theirs, so
    applying both would rotate twice. The other EXIF data and the colour profile are kept.
    Animations are not changed.

    Returns:
        The new bytes, in the same format, and a note for the manifest such as
        `rotated 90; resized 768x1024`; None if the photo does not change.
    """
    image, is_animation, new_size = _load(data, max_side)
    orientation = _orientation(image, rotation) if upright and not is_animation else 1
    if orientation == 1 and new_size is None:
        return None
    output, notes = image, []
    if new_size is not None:
        output = _without_palette(output).resize(new_size, Image.Resampling.LANCZOS)
    if orientation != 1:
        transposition, note = _TRANSPOSITIONS[orientation]
        output = output.transpose(transposition)
        notes.append(note)
    if new_size is not None:
        notes.append(f"resized {output.width}x{output.height}")
    exif = _exif_bytes(image, without_orientation=upright)
    return _encode(output, image, orientation, exif), "; ".join(notes)


def crop(data: Bytes, boxes: Sequence[tuple[int, int, int, int]], rotation: int) -> list[bytes]:
    """Return parts of a photo, rotated upright; raise `RejectedError` if it cannot be decoded.

    Boxes are left, upper, right and lower edges in pixels of the photo as stored.
    """
    image, _, _ = _load(data)
    orientation = _orientation(image, rotation)
    parts = [image.crop(box) for box in boxes]
    if orientation in _TRANSPOSITIONS:
        parts = [part.transpose(_TRANSPOSITIONS[orientation][0]) for part in parts]
    return [_encode(part, image, orientation) for part in parts]


def _load(
    data: Bytes, max_side: int | None = None
) -> tuple[Image.Image, bool, tuple[int, int] | None]:
    """Decode a photo; return it, whether it is an animation, and the size to reduce it to."""
    try:
        image = Image.open(BytesIO(data), formats=_FORMATS)
        is_animation = image.format != "MPO" and getattr(image, "is_animated", False)
        longest, new_size = max(image.size), None
        if max_side is not None and longest > max_side and not is_animation:
            width, height = (max(1, round(side * max_side / longest)) for side in image.size)
            new_size = width, height
            # JPEGs can be decoded at a half, a quarter or an eighth of their size.
            image.draft(None, (2 * width, 2 * height))
        image.load()
        if is_animation:  # opened again, because Pillow does not return to the same first frame
            for frame in ImageSequence.Iterator(Image.open(BytesIO(data), formats=_FORMATS)):
                frame.load()
    except Image.DecompressionBombError as error:
        raise RejectedError("too many pixels") from error
    except _DECODE_ERRORS as error:
        raise RejectedError("not decodable") from error
    return image, is_animation, new_size


def _without_palette(image: Image.Image) -> Image.Image:
    """The image in a mode that can be resampled."""
    has_key = "transparency" in image.info and image.mode in ("1", "L", "P", "PA", "RGB")
    if has_key or image.mode in ("P", "PA"):
        return image.convert("RGBA" if has_key else "RGB")
    return image.convert("L") if image.mode == "1" else image


def _orientation(image: Image.Image, rotation: int) -> int:
    """The orientation of an image by its EXIF data, or else by its rotation."""
    with suppress(*_DECODE_ERRORS):
        orientation: int = _exif(image).get(_ORIENTATION, 1)
        if orientation in _TRANSPOSITIONS:
            return orientation
    return _ORIENTATIONS_BY_DEGREES.get(rotation, 1)


def _exif(image: Image.Image) -> Image.Exif:
    """The EXIF data; Pillow's `getexif` would take an orientation from XMP."""
    exif = Image.Exif()
    exif.load(image.info.get("exif", b""))
    return exif


def _exif_bytes(image: Image.Image, *, without_orientation: bool) -> bytes:
    """The EXIF data to save: the orientation alone if Pillow cannot write the rest."""
    smallest = Image.Exif()
    with suppress(*_DECODE_ERRORS):
        exif = _exif(image)
        if without_orientation:
            exif.pop(_ORIENTATION, None)
        elif (orientation := exif.get(_ORIENTATION)) in _TRANSPOSITIONS:
            smallest[_ORIENTATION] = int(orientation)
        if len(data := exif.tobytes()) <= _MAX_EXIF_BYTES:
            return data if len(exif) else b""
    return smallest.tobytes() if len(smallest) else b""


def _encode(output: Image.Image, source: Image.Image, orientation: int, exif: bytes = b"") -> bytes:
    """Encode an image in the format of the source, which had this orientation."""
    subsampling = JpegImagePlugin.get_sampling(source)  # -1, the default, for other formats
    if subsampling == _CHROMA_422 and orientation >= 5:
        subsampling = _CHROMA_444  # Pillow cannot write 4:4:0
    buffer = BytesIO()
    output.save(  # each format ignores the options of the others
        buffer,
        "JPEG" if source.format == "MPO" else source.format,
        exif=exif,
        icc_profile=source.info.get("icc_profile"),
        quality=_QUALITY,
        progressive="progressive" in source.info,
        subsampling=subsampling,
    )
    return buffer.getvalue()
