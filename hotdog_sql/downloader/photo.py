"""A photo: one row of a selection, on its way to the dataset."""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import PurePosixPath
from typing import NamedTuple, Self
from urllib.parse import quote

from hotdog_sql.errors import SelectionFileError
from hotdog_sql.options import Source
from hotdog_sql.text import printable

#: The columns of an Open Images image file: the last fields of a photo, in the same order.
IMAGE_COLUMNS = (
    *("ImageID", "Subset", "OriginalURL", "OriginalLandingURL", "License", "AuthorProfileURL"),
    *("Author", "Title", "OriginalSize", "OriginalMD5", "Thumbnail300KURL", "Rotation"),
)

#: Open Images uses 16 hexadecimal digits. An ID becomes a file name and part of an address.
_IMAGE_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")

#: Control characters and line and paragraph separators: they have no place on one line of CSV.
_BREAKS_LINES = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

_FORBIDDEN_IN_NAMES = re.compile(r'[\\:*?"<>|]')

#: Names that Windows keeps for devices, whatever their extension.
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])([.].*)?", re.IGNORECASE)

#: The longest name that the common file systems allow, in bytes of UTF-8.
_LONGEST_NAME = 255


class Photo(NamedTuple):
    """One row of a selection, each text on one line and empty where it is missing.

    `rank` is its place in the seeded order of its folder; a `reserve` replaces a lost photo.
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
        """A photo from the columns of a selection, as CSV text or as typed values."""
        image_id, *others = [_text(row[column]) for column in IMAGE_COLUMNS]
        if not is_image_id(image_id):
            raise SelectionFileError(
                f"ImageID {printable(image_id)!r} cannot be a file name; "
                "correct the selection or make it again"
            )
        own = row.get("reserve")
        return cls(
            _text(row["folder"]),
            int(_text(row["rank"]) or 0),
            reserve if own is None else _text(own).lower() == "true",
            _text(row.get("partition")),
            image_id,
            *others,
        )

    def image_row(self) -> dict[str, str]:
        """The image file's own columns."""
        return dict(zip(IMAGE_COLUMNS, self[4:], strict=True))

    @property
    def stem(self) -> str:
        """Path of the photo in the dataset, without its extension."""
        return stem_of(self.partition, self.folder, self.image_id)

    def url(self, source: Source, mirror_url: str) -> str:
        """Address of the photo at a source; empty where it has none."""
        if source == Source.ORIGINAL:
            return self.original_url
        if source == Source.THUMBNAIL:
            return self.thumbnail_url
        subset = quote(self.subset, safe="")
        return f"{mirror_url}{subset}/{self.image_id}.jpg" if subset else ""


def stem_of(partition: str, folder: str, image_id: str) -> str:
    """Path of a photo in the dataset, without its extension."""
    whole = f"{partition}/{folder}" if partition else folder
    return f"{safe_folder(whole)}/{image_id}"


def is_image_id(text: str) -> bool:
    """Whether the text can be the name of a file."""
    return _IMAGE_ID.fullmatch(text) is not None and _RESERVED.fullmatch(text) is None


@lru_cache(maxsize=1024)
def safe_folder(folder: str) -> str:
    """The folder as a relative path with slashes that stays inside the dataset on any system.

    A folder's name is a stranger's text: what would leave the dataset, hide the folder, or be
    refused by a file system becomes an underscore.
    """
    parts = [_safe_name(part) for part in PurePosixPath(folder).parts if part != "/"]
    return "/".join(parts) or "_"


def _safe_name(name: str) -> str:
    name = _FORBIDDEN_IN_NAMES.sub("_", printable(name)).strip()
    if name.startswith("."):
        name = "_" + name[1:]
    if name.endswith("."):
        name = name[:-1] + "_"
    if _RESERVED.fullmatch(name):
        name += "_"
    return name.encode()[:_LONGEST_NAME].decode(errors="ignore") or "_"


def _text(value: object) -> str:
    """The value as text on one line."""
    text = "" if value is None else str(value)
    return text if text.isprintable() else _BREAKS_LINES.sub(" ", text)
