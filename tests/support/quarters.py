"""Pictures that show how they are rotated and mirrored, for the tests of transformations."""

from io import BytesIO
from typing import Any

from PIL import ExifTags, Image

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 180, 60), (40, 60, 210), (250, 250, 250)
UPRIGHT = [RED, GREEN, BLUE, WHITE]
#: The colours by degrees counter-clockwise.
TURNED = {
    90: [GREEN, WHITE, RED, BLUE],
    180: [WHITE, BLUE, GREEN, RED],
    270: [BLUE, RED, WHITE, GREEN],
}
ORIENTATION = ExifTags.Base.Orientation
#: The operations that lead to the EXIF orientations from 2 to 8.
TO_ORIENTATION = (
    *("FLIP_LEFT_RIGHT", "ROTATE_180", "FLIP_TOP_BOTTOM", "TRANSPOSE"),
    *("ROTATE_90", "TRANSVERSE", "ROTATE_270"),
)


def quarters(width: int = 96, height: int = 64) -> Image.Image:
    """Return a picture with red and green above, blue and white below: not symmetric in any way."""
    image = Image.new("RGB", (width, height))
    half = (width // 2, height // 2)
    corners = ((0, 0), (half[0], 0), (0, half[1]), half)
    for colour, (left, top) in zip(UPRIGHT, corners, strict=True):
        image.paste(colour, (left, top, left + half[0], top + half[1]))
    return image


def saved(image: Image.Image, format_name: str = "JPEG", **options: Any) -> bytes:
    target = BytesIO()
    image.save(target, format_name, **options)
    return target.getvalue()


def lying(orientation: int, **tags: str) -> bytes:
    """Return a JPEG with an EXIF orientation; displayed upright, it is `quarters`."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    for name, text in tags.items():
        exif[ExifTags.Base[name]] = text
    image = quarters()
    if orientation > 1:
        image = image.transpose(Image.Transpose[TO_ORIENTATION[orientation - 2]])
    return saved(image, exif=exif, quality=95)


def corners(data: bytes) -> list[tuple[int, int, int]]:
    """Return the nearest of the four colours in the middle of each quarter, by rows."""
    image = Image.open(BytesIO(data)).convert("RGB")
    width, height = image.size
    found = []
    for across, along in ((1, 1), (3, 1), (1, 3), (3, 3)):
        pixel = image.getpixel((width * across // 4, height * along // 4))
        assert isinstance(pixel, tuple)
        distances = [sum((a - b) ** 2 for a, b in zip(one, pixel, strict=True)) for one in UPRIGHT]
        found.append(UPRIGHT[distances.index(min(distances))])
    return found


def size(data: bytes) -> tuple[int, int]:
    return Image.open(BytesIO(data)).size
