"""A photo to download: one row of a selection."""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import PurePosixPath
from typing import NamedTuple, Self
from urllib.parse import quote

from hotdog_sql.errors import SelectionFileError
from hotdog_sql.options import Source
from hotdog_sql.text import printable

#: Columns of an Open Images image file, in the order of the last fields of `Photo`.
IMAGE_COLUMNS = (
    *("ImageID", "Subset", "OriginalURL", "OriginalLandingURL", "License", "AuthorProfileURL"),
    *("Author", "Title", "OriginalSize", "OriginalMD5", "Thumbnail300KURL", "Rotation"),
)

#: Open Images uses 16 hexadecimal digits. An ID becomes a file name and part of a URL.
_IMAGE_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")

#: Control characters and line and paragraph separators, which would break a line of CSV.
_LINE_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

#: Characters that are forbidden in names, a dot that hides a file, and one that Windows drops.
_FORBIDDEN_IN_NAMES = re.compile(r'^[.]|[\\:*?"<>|]|[.]$')

#: Names that Windows reserves for devices, with any extension.
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])([.].*)?", re.IGNORECASE)


class Photo(NamedTuple):
    """One row of a selection. Every text is a single line; a missing value is empty.

    `rank` is the position in the seeded order of the folder; a `reserve` replaces a lost photo.
    """

    folder: str
    rank: int
    reserve: bool
    partition: str
    image_id: str
    subset: str
    original_url: str
    landing_url: str
    license: str
    author_url: str
    author: str
    title: str
    original_size: str
    original_md5: str
    thumbnail_url: str
    rotation: str

    @classmethod
    def from_row(cls, row: Mapping[str, object], *, reserve: bool = False) -> Self:
        """Return the photo in a row of a selection, whose values are CSV text or typed."""
        image_id, *others = [_text(row[column]) for column in IMAGE_COLUMNS]
        if not is_image_id(image_id):
            raise SelectionFileError(
                f"ImageID {printable(image_id)!r} cannot be a file name; "
                "correct the selection or make it again"
            )
        recorded = row.get("reserve")
        return cls(
            _text(row["folder"]),
            int(_text(row["rank"]) or 0),
            reserve if recorded is None else _text(recorded).lower() == "true",
            _text(row.get("partition")),
            image_id,
            *others,
        )

    @property
    def stem(self) -> str:
        """Path of the photo in the dataset, without its extension."""
        return stem_of(self.partition, self.folder, self.image_id)

    def url(self, source: Source, mirror_url: str) -> str:
        """Return the photo's URL at a source, or an empty text if it has none."""
        if source == Source.ORIGINAL:
            return self.original_url
        if source == Source.THUMBNAIL:
            return self.thumbnail_url
        subset = quote(self.subset, safe="")
        return f"{mirror_url}{subset}/{self.image_id}.jpg" if subset else ""


def stem_of(partition: str, folder: str, image_id: str) -> str:
    """Return the path of a photo in the dataset, without its extension."""
    full_folder = f"{partition}/{folder}" if partition else folder
    return f"{safe_folder(full_folder)}/{image_id}"


def is_image_id(text: str) -> bool:
    """Return whether the text can be an image ID and a file name."""
    return _IMAGE_ID.fullmatch(text) is not None and _RESERVED.fullmatch(text) is None


@lru_cache(maxsize=1024)
def safe_folder(folder: str) -> str:
    """Return the folder as a relative path with slashes that stays inside the dataset.

    Folder names are untrusted: an underscore replaces whatever would leave the dataset, hide the
    folder, or be refused by a file system.
    """
    parts = [_safe_name(part) for part in PurePosixPath(folder).parts if part != "/"]
    return "/".join(parts) or "_"


def _safe_name(name: str) -> str:
    name = _FORBIDDEN_IN_NAMES.sub("_", printable(name).strip())
    if _RESERVED.fullmatch(name):
        name += "_"
    return name.encode()[:255].decode(errors="ignore") or "_"  # the longest that file systems allow


def _text(value: object) -> str:
    """The value as text without line breaks."""
    text = "" if value is None else str(value)
    return text if text.isprintable() else _LINE_BREAKS.sub(" ", text)
