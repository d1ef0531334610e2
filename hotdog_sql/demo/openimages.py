"""The files that Open Images publishes, about the demo's photos.

Columns, quoting and oddities are those of the real files
(https://storage.googleapis.com/openimages/web/download_v7.html).
"""

import csv
import hashlib
import io
import json
from base64 import b64encode
from collections.abc import Iterable, Sequence

from hotdog_sql.demo.images import original_bytes
from hotdog_sql.demo.photos import Photo, photos
from hotdog_sql.demo.subjects import CLASSES, HIERARCHY
from hotdog_sql.downloading.photo import IMAGE_COLUMNS

LICENSE = "https://creativecommons.org/licenses/by/2.0/"

#: A domain that is never anybody's (RFC 2606): the photographers are invented.
_PEOPLE = "https://photos.example"


def file_bytes(kind: str, split: str | None, photos_url: str) -> bytes:
    """One file of the catalog.

    Args:
        kind: `classes`, `images`, `human_labels`, `machine_labels` or `hierarchy`.
        split: `test`, `validation` or `train`; None for the files that serve all splits.
        photos_url: address, ending in a slash, below which the originals and thumbnails lie.
    """
    if kind == "classes":
        return _csv(("LabelName", "DisplayName"), CLASSES.items())
    if kind == "hierarchy":
        return json.dumps(HIERARCHY).encode()
    rows = photos(split or "test")
    if kind == "images":
        return _csv(IMAGE_COLUMNS, (_image_row(photo, photos_url) for photo in rows))
    return _csv(
        ("ImageID", "Source", "LabelName", "Confidence"),
        (
            (photo.image_id, label.source, label.mid, label.confidence)
            for photo in sorted(rows, key=lambda photo: photo.image_id)
            for label in (photo.labels if kind == "human_labels" else photo.machine_labels)
        ),
    )


def original_name(photo: Photo) -> str:
    """The original's address below `photos_url`, in the form of Flickr's."""
    return f"{photo.number}_{photo.original_id[:10]}_o.jpg"


def thumbnail_name(photo: Photo) -> str:
    """The thumbnail's address below `photos_url`, in the form of Flickr's."""
    return f"{photo.number}_{photo.original_id[-10:]}_z.jpg"


def _image_row(photo: Photo, photos_url: str) -> Sequence[str | int]:
    original, author = (
        original_bytes(photo),
        hashlib.md5(photo.author.encode(), usedforsecurity=False),
    )
    thumbnail = "" if photo.thumbnail == "unlisted" else photos_url + thumbnail_name(photo)
    if thumbnail and photo.number % 50 == 0:
        thumbnail += "?zz=1"
    profile = f"{_PEOPLE}/people/{author.hexdigest()[:8]}"
    return (
        photo.image_id,
        photo.split,
        photos_url + original_name(photo),
        f"{_PEOPLE}/photos/{photo.number}",
        LICENSE,
        f"{profile}/",
        photo.author,
        photo.title,
        len(original),
        b64encode(hashlib.md5(original, usedforsecurity=False).digest()).decode(),
        thumbnail,
        "" if photo.rotation is None else f"{photo.rotation}.0",
    )


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str | int]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()
