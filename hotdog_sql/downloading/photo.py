"""A photo to be fetched: one row of a selection."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from operator import attrgetter
from pathlib import PurePosixPath
from typing import Self

from hotdog_sql.errors import SelectionFileError
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

#: The longest name that the common file systems allow, in bytes of UTF-8.
_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class Photo:
    """One row of a selection.

    Text is on one line: control characters have become spaces. Missing values are empty text.

    Attributes:
        folder: the class folder, such as `hot_dog`.
        rank: place in the seeded order within the folder, from 1.
        reserve: whether it is taken only where another photo is lost.
        partition: the part of the dataset it is in, such as `train`; empty where there are none.
        image_id: the image, unique within its folder.
        subset: the split that the image belongs to.
        original_url: address of the original.
        landing_url: its page, which shows title, author and licence.
        license: address of the licence.
        author_url: the author's page.
        author: the author's name.
        title: the photo's title.
        original_size: bytes of the original; None where unknown.
        original_md5: MD5 of the original's bytes, base64.
        thumbnail_url: address of a copy of about 300 KB.
        rotation: degrees counter-clockwise, such as `90.0`.
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
            reserve: what the photo is where the row has no column `reserve` of its own.

        Raises:
            SelectionFileError: a column is missing, or an ImageID or number is none.
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

    def __reduce__(self) -> tuple[type["Photo"], tuple[object, ...]]:
        # Many at once are sent to other machines: this takes a fifth of dataclasses' own time.
        return Photo, _values(self)

    @property
    def stem(self) -> str:
        """Where the photo goes below the dataset's folder, without its ending."""
        return stem_of(self.partition, self.folder, self.image_id)


_values = attrgetter(*(one.name for one in fields(Photo)))


def stem_of(partition: str, folder: str, image_id: str) -> str:
    """Where a photo goes below the dataset's folder, without its ending."""
    whole = f"{partition}/{folder}" if partition else folder
    return f"{safe_folder(whole)}/{image_id}"


def is_image_id(text: str) -> bool:
    """Whether it can be a file's name."""
    return _IMAGE_ID.fullmatch(text) is not None


@lru_cache(maxsize=1024)
def safe_folder(folder: str) -> str:
    """The folder as a relative POSIX path that stays below the dataset on any file system.

    Class names are anybody's text: what would leave the folder, hide it, or be refused by a file
    system becomes an underscore.
    """
    parts = [_safe_name(part) for part in PurePosixPath(folder).parts if part != "/"]
    return "/".join(parts) or "_"


def _safe_name(name: str) -> str:
    name = _FORBIDDEN_IN_NAMES.sub("_", printable(name)).strip()
    if name.startswith("."):
        name = "_" + name[1:]
    if name.endswith("."):
        name = name[:-1] + "_"
    return name.encode()[:_LONGEST_NAME].decode(errors="ignore") or "_"


def _text(value: object) -> str:
    """The value as text on one line; a number as DuckDB writes it into CSV."""
    if type(value) is str and value.isprintable():  # nearly always
        return value
    if value is None:
        return ""
    text = value if isinstance(value, str) else str(value)
    return "".join(" " if unicodedata.category(c) in _BREAKS_LINES else c for c in text)


def _number(row: Mapping[str, object], column: str) -> int | None:
    value = row[column]
    if isinstance(value, int):
        return value
    text = _text(value).strip()
    if not text:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise SelectionFileError(
            f"{column} {printable(text)!r} of image {printable(_text(row['ImageID']))} is not a "
            "whole number; correct the selection or make it again"
        ) from error
