"""A row of the manifest: a photo and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Self

from hotdog_sql.downloading.photo import IMAGE_COLUMNS, Photo, is_image_id
from hotdog_sql.downloading.tarnames import is_own_path
from hotdog_sql.errors import DatasetError, SelectionFileError
from hotdog_sql.text import printable

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
            raise _not_ours(error) from error
        check_place(row)
        return entry


class Known(NamedTuple):
    """What an index of the manifest has to know of a row beside its text.

    Attributes:
        rank: the photo's.
        reserve: whether it was taken as a reserve.
        status: what became of it.
        size: bytes on disk; None unless downloaded.
    """

    rank: int
    reserve: bool
    status: Status
    size: int | None

    @classmethod
    def from_row(cls, row: Mapping[str, str]) -> Self:
        """From a row of the manifest, of which nine million are gone through.

        Raises:
            DatasetError: the row is not one of ours.
        """
        try:
            known = cls(
                int(row["rank"] or 0),
                row["reserve"] == "true",
                Status(row["status"]),
                int(row["bytes"]) if row["bytes"] else None,
            )
        except ValueError as error:
            raise _not_ours(error) from error
        check_place(row)
        return known


def check_place(row: Mapping[str, str]) -> None:
    """See that a row of the manifest names a file that is its photo's own.

    Raises:
        DatasetError: it would lead to others.
    """
    path, image_id = row["path"], row["ImageID"]
    if not is_image_id(image_id):
        raise _not_ours(f"ImageID {printable(image_id)!r}")
    if path and not is_own_path(path, row["partition"], row["folder"], image_id):
        raise DatasetError(
            f"manifest.csv has a photo in a place that is not its own ({path}); "
            "move it away and download again"
        )


def _not_ours(reason: object) -> DatasetError:
    return DatasetError(
        f"manifest.csv has a row that is not one of ours ({reason}); "
        "move it away and download again"
    )


def join_errors(errors: list[tuple[str, str]]) -> str:
    """(source, reason) pairs as the manifest's `error`."""
    return _NEXT.join(f"{source}: {reason}" for source, reason in errors)


def split_errors(error: str) -> list[tuple[str, str]]:
    """The (source, reason) pairs of an `error`."""
    pairs = (part.partition(": ") for part in error.split(_NEXT) if part)
    return [(source, reason) for source, _, reason in pairs]


def join_notes(*notes: str) -> str:
    """Several things that should be known, as one `note`."""
    return _NEXT.join(filter(None, notes))


def with_replaced(note: str, replaced: str) -> str:
    """The note of a reserve, saying whose place it took.

    Args:
        note: the note so far, which may name another photo already.
        replaced: ImageID of the lost photo; empty for none.
    """
    own = [part for part in note.split(_NEXT) if part and not part.startswith(_IN_PLACE_OF)]
    return _NEXT.join([f"{_IN_PLACE_OF}{replaced}", *own] if replaced else own)
