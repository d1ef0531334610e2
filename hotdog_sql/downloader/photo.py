"""A photo: one row of a selection, on its way to the dataset."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Self
from urllib.parse import quote

from hotdog_sql.errors import SelectionFileError
from hotdog_sql.options import Source
from hotdog_sql.text import printable

#: The columns of an Open Images image file, in its order.
IMAGE_COLUMNS = (
    "ImageID",
    "Subset",
    "OriginalURL",
    "OriginalLandingURL",
    "License",
    "AuthorProfileURL",
    "Author",
    "Title",
    "OriginalSize",
    "OriginalMD5",
    "Thumbnail300KURL",
    "Rotation",
)

#: Open Images uses 16 hexadecimal digits. An ID becomes a file name and part of an address.
_IMAGE_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")

#: Control characters and line and paragraph separators: they have no place on one line of CSV.
_BREAKS_LINES = frozenset({"Cc", "Zl", "Zp"})

_FORBIDDEN_IN_NAMES = re.compile(r'[\\:*?"<>|]')

#: Names that Windows keeps for devices, whatever their extension.
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])([.].*)?", re.IGNORECASE)

#: The longest name that the common file systems allow, in bytes of UTF-8.
_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class Photo:
    """One row of a selection; the fields after `partition` are those of the image file.

    Text is on one line: control characters have become spaces. Missing values are empty text.

    Attributes:
        folder: the class folder, such as `hot_dog`.
        rank: place in the seeded order within the folder, from 1.
        reserve: whether it replaces a lost photo.
        partition: such as `train`; empty where there are none.
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
    original_size: int | None
    original_md5: str
    thumbnail_url: str
    rotation: str

    @classmethod
    def from_row(cls, row: Mapping[str, object], *, reserve: bool = False) -> Self:
        """A photo from the columns of a selection, as CSV text or as typed values.

        Args:
            row: `folder`, `rank`, the image file's columns, and perhaps `partition` and `reserve`;
                others are ignored.
            reserve: whether the photo replaces a lost one, if the row has no column `reserve`.

        Raises:
            SelectionFileError: a column is missing, or an ImageID or a number is not valid.
        """
        try:
            image_id = _text(row["ImageID"])
            if not is_image_id(image_id):
                raise SelectionFileError(
                    f"ImageID {printable(image_id)!r} cannot be a file name; "
                    "correct the selection or make it again"
                )
            own = row.get("reserve")
            return cls(
                folder=_text(row["folder"]),
                rank=_number(row, "rank") or 0,
                reserve=reserve if own is None else _text(own).lower() == "true",
                partition=_text(row.get("partition")),
                image_id=image_id,
                subset=_text(row["Subset"]),
                original_url=_text(row["OriginalURL"]),
                landing_url=_text(row["OriginalLandingURL"]),
                license=_text(row["License"]),
                author_url=_text(row["AuthorProfileURL"]),
                author=_text(row["Author"]),
                title=_text(row["Title"]),
                original_size=_number(row, "OriginalSize"),
                original_md5=_text(row["OriginalMD5"]),
                thumbnail_url=_text(row["Thumbnail300KURL"]),
                rotation=_text(row["Rotation"]),
            )
        except KeyError as error:
            raise SelectionFileError(
                f"the selection has no column {error.args[0]}; make it again with "
                "`hotdog-sql select --output`"
            ) from error

    def image_row(self) -> dict[str, str]:
        """The image file's own columns as text."""
        values = (
            self.image_id,
            self.subset,
            self.original_url,
            self.landing_url,
            self.license,
            self.author_url,
            self.author,
            self.title,
            "" if self.original_size is None else str(self.original_size),
            self.original_md5,
            self.thumbnail_url,
            self.rotation,
        )
        return dict(zip(IMAGE_COLUMNS, values, strict=True))

    @property
    def stem(self) -> str:
        """Path of the photo in the dataset, without its extension."""
        return stem_of(self.partition, self.folder, self.image_id)

    def url(self, source: Source, mirror_url: str) -> str:
        """Address of the photo at a source; empty where it has none."""
        match source:
            case Source.MIRROR:
                subset = quote(self.subset, safe="")
                return f"{mirror_url}{subset}/{self.image_id}.jpg" if subset else ""
            case Source.ORIGINAL:
                return self.original_url
            case Source.THUMBNAIL:
                return self.thumbnail_url


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
    if type(value) is str and value.isprintable():  # nearly always
        return value
    if value is None:
        return ""
    text = value if isinstance(value, str) else str(value)
    return "".join(" " if unicodedata.category(c) in _BREAKS_LINES else c for c in text)


def _number(row: Mapping[str, object], column: str) -> int | None:
    text = _text(row[column]).strip()
    if not text:
        return None
    try:
        number = int(text)
    except ValueError:
        number = 1 << 64
    if number.bit_length() > 63:
        raise SelectionFileError(
            f"{column} {printable(text)[:40]!r} of image {printable(_text(row['ImageID']))} is not "
            "a whole number of at most 63 bits; correct the selection or make it again"
        )
    return number
