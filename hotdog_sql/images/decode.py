"""From bytes to pixels, or a few words on why there are none."""

import mmap
import struct
import warnings
from io import BytesIO

from PIL import Image

#: Pillow's names for what a dataset may hold. What it opens as JPEG may turn out to be MPO: several
#: JPEGs in one file, as cameras write them.
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")

#: What Pillow raises on bytes that are no picture, as fuzzing it shows.
_ERRORS = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error)

# Pillow warns of EXIF data that a camera wrote badly, and of panoramas: nobody need hear of it.
warnings.filterwarnings("ignore", module="PIL")


class UndecodableError(Exception):
    """No picture can be made of these bytes.

    Attributes:
        reason: a few words, fit for the manifest.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def opened(data: bytes | mmap.mmap) -> Image.Image:
    """The picture, of which only the header has been read.

    Raises:
        UndecodableError: there is none, or it is too large to be one.
    """
    try:
        return Image.open(BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise UndecodableError("too many pixels") from error
    except _ERRORS as error:
        raise UndecodableError("not decodable") from error


def decode(image: Image.Image) -> None:
    """Read every pixel.

    Raises:
        UndecodableError: some cannot be read.
    """
    try:
        image.load()
    except _ERRORS as error:
        raise UndecodableError("not decodable") from error


def is_animation(image: Image.Image) -> bool:
    """Whether there is more than one picture to be seen; a GIF's second one is looked for.

    Raises:
        UndecodableError: what follows the first one is damaged.
    """
    try:
        return image.format != "MPO" and getattr(image, "is_animated", False)
    except _ERRORS as error:
        raise UndecodableError("not decodable") from error


def check(data: bytes | mmap.mmap) -> None:
    """Decode a photo, to see whether it can be.

    Raises:
        UndecodableError: it cannot.
    """
    decode(opened(data))
