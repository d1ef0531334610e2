"""A row of the manifest: a photo and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from hotdog_sql.downloading.photo import IMAGE_COLUMNS, Photo
from hotdog_sql.downloading.tarnames import is_own_path
from hotdog_sql.errors import DatasetError, SelectionFileError

#: The manifest's columns, in their order. ImageID comes first: with folder, it is the key.
COLUMNS = (
    "ImageID",
    "folder",
    "partition",
    "rank",
    "path",
    "status",
    "source",
    "url",
    "bytes",
    "md5",
    "error",
    "note",
    "reserve",
    *IMAGE_COLUMNS[1:],
)

#: Stands between what two sources answered, in `error`.
_NEXT = "; "
_IN_PLACE_OF = "in place of "


class Status(StrEnum):
    """What became of a photo."""

    #: It is on disk.
    DOWNLOADED = "downloaded"
    #: Every source said for good that it does not have it.
    LOST = "lost"
    #: No source gave it, but one of them may another time.
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one photo.

    Attributes:
        photo: the photo.
        status: see `Status`.
        path: where it is, relative to the dataset, with slashes, in a tar's folder where it is in
            a tar; empty unless downloaded.
        source: where its bytes come from; empty unless downloaded.
        url: the address that was asked for them, before any redirect; empty unless downloaded.
        size: bytes on disk; None unless downloaded.
        md5: MD5 of the bytes on disk, hexadecimal; empty unless downloaded.
        error: why the sources before that one, or all of them, did not have it:
            `mirror: http 404; original: placeholder`.
        note: what else should be known of it.
    """

    photo: Photo
    status: Status
    path: str = ""
    source: str = ""
    url: str = ""
    size: int | None = None
    md5: str = ""
    error: str = ""
    note: str = ""

    def values(self) -> list[str]:
        """The row as text, in the order of `COLUMNS`."""
        photo = self.photo
        image = photo.image_row()
        return [
            image.pop("ImageID"),
            photo.folder,
            photo.partition,
            str(photo.rank),
            self.path,
            self.status,
            self.source,
            self.url,
            "" if self.size is None else str(self.size),
            self.md5,
            self.error,
            self.note,
            "true" if photo.reserve else "false",
            *image.values(),
        ]

    @classmethod
    def from_row(cls, row: Mapping[str, str]) -> Self:
        """An entry from a row of the manifest.

        Raises:
            DatasetError: the row is not one of ours.
        """
        try:
            entry = cls(
                photo=Photo.from_row(row),
                status=Status(row["status"]),
                path=row["path"],
                source=row["source"],
                url=row["url"],
                size=int(row["bytes"]) if row["bytes"] else None,
                md5=row["md5"],
                error=row["error"],
                note=row["note"],
            )
        except (KeyError, ValueError, SelectionFileError) as error:
            raise DatasetError(
                f"manifest.csv has a row that is not one of ours ({error}); "
                "move it away and download again"
            ) from error
        if entry.path and not is_own_path(entry.path, entry.photo):
            raise DatasetError(
                f"manifest.csv has a photo in a place that is not its own ({entry.path}); "
                "move it away and download again"
            )
        return entry


def join_errors(errors: list[tuple[str, str]]) -> str:
    """(source, reason) pairs as the manifest's `error`."""
    return _NEXT.join(f"{source}: {reason}" for source, reason in errors)


def split_errors(error: str) -> list[tuple[str, str]]:
    """The (source, reason) pairs of an `error`."""
    pairs = (part.partition(": ") for part in error.split(_NEXT) if part)
    return [(source, reason) for source, _, reason in pairs]


def with_replaced(note: str, replaced: str) -> str:
    """The note of a reserve, saying whose place it took.

    Args:
        note: the note so far, which may name another photo already.
        replaced: ImageID of the lost photo; empty for none.
    """
    own = [part for part in note.split(_NEXT) if part and not part.startswith(_IN_PLACE_OF)]
    return _NEXT.join([f"{_IN_PLACE_OF}{replaced}", *own] if replaced else own)
