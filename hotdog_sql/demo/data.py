"""The files that Open Images publishes, about the demo's photos.

Columns, quoting and oddities are those of the real files
(https://storage.googleapis.com/openimages/web/download_v7.html).
"""

import csv
import hashlib
import io
from base64 import b64encode
from collections.abc import Iterable, Sequence
from importlib.resources import files

from hotdog_sql.demo.photos import Photo, photos

_LABEL_COLUMNS = ("ImageID", "Source", "LabelName", "Confidence")

#: A domain that is never anybody's (RFC 2606): the photographers are invented.
_PEOPLE = "https://photos.example"


def file_bytes(kind: str, split: str | None, photos_url: str) -> bytes:
    """One file of the catalog.

    Args:
        kind: `classes`, `images`, `human_labels`, `machine_labels` or `hierarchy`.
        split: `test`, `validation` or `train`; None for the files that serve all splits.
        photos_url: address, ending in a slash, below which the originals and thumbnails lie.
    """
    if split is None:
        name = "hierarchy.json" if kind == "hierarchy" else "classes.csv"
        return files(__package__).joinpath(name).read_bytes()
    rows = photos(split)
    if kind == "images":
        described = [_image_row(photo, photos_url) for photo in rows]
        return _csv(list(described[0]), (list(row.values()) for row in described))
    return _csv(
        _LABEL_COLUMNS,
        (
            (photo.image_id, *label)
            for photo in sorted(rows)
            for label in (photo.labels if kind == "human_labels" else photo.machine_labels)
        ),
    )


def original_name(photo: Photo) -> str:
    """The original's address below `photos_url`, in the form of Flickr's."""
    return f"{photo.number}_{photo.original_id[:10]}_o.jpg"


def thumbnail_name(photo: Photo) -> str:
    """The thumbnail's address below `photos_url`, in the form of Flickr's."""
    return f"{photo.number}_{photo.original_id[-10:]}_z.jpg"


def _image_row(photo: Photo, photos_url: str) -> dict[str, str | int]:
    original = photo.original_bytes()
    author = hashlib.md5(photo.author.encode(), usedforsecurity=False).hexdigest()[:8]
    thumbnail = "" if photo.thumbnail == "unlisted" else photos_url + thumbnail_name(photo)
    if thumbnail and photo.number % 50 == 0:
        thumbnail += "?zz=1"
    digest = hashlib.md5(original, usedforsecurity=False).digest()
    return {
        "ImageID": photo.image_id,
        "Subset": photo.split,
        "OriginalURL": photos_url + original_name(photo),
        "OriginalLandingURL": f"{_PEOPLE}/photos/{photo.number}",
        "License": "https://creativecommons.org/licenses/by/2.0/",
        "AuthorProfileURL": f"{_PEOPLE}/people/{author}/",
        "Author": photo.author,
        "Title": photo.title,
        "OriginalSize": len(original),
        "OriginalMD5": b64encode(digest).decode(),
        "Thumbnail300KURL": thumbnail,
        "Rotation": "" if photo.rotation is None else f"{photo.rotation}.0",
    }


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str | int]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()
