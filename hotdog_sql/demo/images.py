"""The bytes of the demo's photos: as taken, as the mirror copied them, and made small."""

from hotdog_sql.demo.canvas import turned
from hotdog_sql.demo.chance import Chance
from hotdog_sql.demo.jpeg import Rgb, encode_jpeg
from hotdog_sql.demo.photos import Photo
from hotdog_sql.demo.png import encode_png
from hotdog_sql.demo.scenery import gone


def original_bytes(photo: Photo) -> bytes:
    """The photo as it was taken: 512 x 384 pixels, or 384 x 512 if it lies on its side."""
    return encode_jpeg(_cells(photo), scale=2, comment=f"original {photo.original_id}".encode())


def changed_original_bytes(photo: Photo) -> bytes:
    """The original after the photo service wrote it anew."""
    return encode_jpeg(_cells(photo), scale=2, comment=b"saved again by the photo service")


def mirror_bytes(photo: Photo) -> bytes:
    """The mirror's copy, half as large; for some photos a PNG behind the name of a JPEG."""
    if photo.mirror == "png":
        return encode_png(_cells(photo))
    return encode_jpeg(_cells(photo), comment=f"copy of {photo.image_id}".encode())


def thumbnail_bytes(photo: Photo) -> bytes:
    """A quarter of the original's width and height, set upright by the photo service."""
    small = [row[::2] for row in _drawn(photo)[::2]]
    return encode_jpeg(small, comment=f"thumbnail of {photo.image_id}".encode())


def unavailable_bytes() -> bytes:
    """The picture that the photo service shows for one that is no longer there."""
    return encode_png(gone().cells)


def _cells(photo: Photo) -> list[list[Rgb]]:
    """The picture as the camera stored it; turned back by its rotation it is upright."""
    return turned(_drawn(photo), photo.rotation or 0)


def _drawn(photo: Photo) -> list[list[Rgb]]:
    return photo.subject.draw(Chance(photo.original_id)).cells
