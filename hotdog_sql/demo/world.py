"""Open Images, its mirror and the photo service, all on one server of this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from hotdog_sql.catalog import all_splits, catalog
from hotdog_sql.demo.images import (
    changed_original_bytes,
    mirror_bytes,
    original_bytes,
    thumbnail_bytes,
    unavailable_bytes,
)
from hotdog_sql.demo.openimages import file_bytes, original_name, thumbnail_name
from hotdog_sql.demo.photos import Photo, photos
from hotdog_sql.demo.server import Answer, Site, serving

_JPEG, _PNG = "image/jpeg", "image/png"
_MISSING = Answer(404, b"not found\n")
_REMOVED = Answer(410, b"gone\n")


@dataclass(frozen=True, slots=True)
class World:
    """Where the demo's copy of the world is, in the terms of `hotdog_sql.settings`.

    Attributes:
        base_url: address below which the catalog's paths lie.
        mirror_url: address below which `{split}/{ImageID}.jpg` lies.
    """

    base_url: str
    mirror_url: str


@contextmanager
def serve(port: int = 0) -> Iterator[World]:
    """Serves the demo's world on 127.0.0.1 until the block ends.

    Pictures and files are made when they are asked for. The addresses in the image files are the
    server's own, so the files are the same from run to run only on the same port; everything else
    in them always is.

    Args:
        port: where to listen; 0 takes any port that is free.
    """
    with serving(port) as server:
        server.site = _site(server.url)
        yield World(base_url=f"{server.url}openimages/", mirror_url=f"{server.url}mirror/")


def _site(url: str) -> Site:
    """Everything that the server at this address has to offer."""
    photos_url = f"{url}photos/"
    files = {f"/openimages/{file.path}": file for file in catalog()}
    everything = [photo for split in all_splits() for photo in photos(split)]
    mirrored = {f"/mirror/{photo.split}/{photo.image_id}.jpg": photo for photo in everything}
    originals = {f"/photos/{original_name(photo)}": photo for photo in everything}
    thumbnails = {f"/photos/{thumbnail_name(photo)}": photo for photo in everything}

    @cache
    def file_answer(kind: str, split: str | None) -> Answer:
        media = "application/json" if kind == "hierarchy" else "text/csv"
        return Answer(body=file_bytes(kind, split, photos_url), kind=media)

    def site(path: str) -> Answer:
        if path in files:
            return file_answer(files[path].kind, files[path].split)
        if path in mirrored:
            return _from_mirror(mirrored[path])
        if path in originals:
            return _from_service(originals[path], photos_url)
        if path in thumbnails and thumbnails[path].thumbnail != "gone":
            return Answer(body=thumbnail_bytes(thumbnails[path]), kind=_JPEG)
        if path == "/photos/photo_unavailable.png":
            return Answer(body=unavailable_bytes(), kind=_PNG)
        return _MISSING

    return site


def _from_mirror(photo: Photo) -> Answer:
    if photo.mirror == "gone":
        return _MISSING
    return Answer(body=mirror_bytes(photo), kind=_JPEG)


def _from_service(photo: Photo, photos_url: str) -> Answer:
    match photo.original:
        case "missing":
            return _MISSING
        case "removed":
            return _REMOVED
        case "unavailable":
            return Answer(302, location=f"{photos_url}photo_unavailable.png")
        case "changed":
            return Answer(body=changed_original_bytes(photo), kind=_JPEG)
        case _:
            return Answer(body=original_bytes(photo), kind=_JPEG)
