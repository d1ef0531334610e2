"""The result of a photo, as the manifest records it."""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from hotdog_sql.downloader.photo import IMAGE_COLUMNS, Photo
from hotdog_sql.errors import DatasetError, SelectionFileError

#: The file that a line of each photo is in.
MANIFEST = "manifest.csv"

#: The columns that every manifest has. ImageID comes first: with folder, it is the key.
FIRST_COLUMNS = (
    *("ImageID", "folder", "partition", "rank", "path", "status", "source", "url"),
    *("bytes", "md5", "error", "note", "reserve", *IMAGE_COLUMNS[1:]),
)
#: The manifest's columns, in their order. Those of later releases come last, so they say which
#: release wrote it.
COLUMNS = (*FIRST_COLUMNS, "width", "height")

#: Separates what two sources answered in `error`, and two remarks in `note`.
_NEXT = "; "


class Status(StrEnum):
    """How the download of a photo ended."""

    #: It is in the dataset.
    DOWNLOADED = "downloaded"
    #: Every source said for good that it does not have it, or it failed in several runs.
    LOST = "lost"
    #: No source gave it, but one of them may another time.
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Result:
    """The result of downloading one photo; empty is what only a downloaded one has.

    `path` is where it is, relative to the dataset; below the name of its tar where it is in one.
    `url` is the address that was asked, before any redirect. `error` says why the sources before
    that one, or all of them, did not give it: `mirror: http 404; original: placeholder`. `width`
    and `height` are in pixels as stored; photos of earlier releases have none.
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
    width: int | None = None
    height: int | None = None

    def row(self) -> tuple[object, ...]:
        """The values of its line in the manifest."""
        photo = self.photo
        _, *image = photo.image_row().values()
        return (
            *(photo.image_id, photo.folder, photo.partition, photo.rank),
            *(self.path, self.status, self.source, self.url),
            *(self.size, self.md5, self.error, self.note),
            *("true" if photo.reserve else "false", *image, self.width, self.height),
        )

    @classmethod
    def from_row(cls, row: Mapping[str, str]) -> Self:
        """The result in a line of the manifest; `DatasetError` where it is not one of ours."""
        try:
            return cls(
                Photo.from_row(row),
                Status(row["status"]),
                size=_optional_int(row["bytes"]),
                width=_optional_int(row["width"]),
                height=_optional_int(row["height"]),
                **{name: row[name] for name in ("path", "source", "url", "md5", "error", "note")},
            )
        except (KeyError, ValueError, SelectionFileError) as error:
            raise invalid_row(error) from error


@dataclass(slots=True)
class DownloadReport:
    """How a download ended: the dataset as it is now, and what this run did.

    Attributes:
        on_disk: photos that the dataset has.
        downloaded: those of them that were downloaded in this run.
        received: bytes of these.
        lost: photos that no source has.
        failed: photos that are worth another try.
        replaced: lost photos that another photo in the dataset replaces.
        short: lost photos that could not be replaced, because no more photos are left; by folder.
        sources: photos in the dataset by source.
        lost_reasons: how often each (source, reason) occurs among the lost photos.
        failed_reasons: the same among those that failed.
    """

    on_disk: int = 0
    downloaded: int = 0
    received: int = 0
    lost: int = 0
    failed: int = 0
    replaced: int = 0
    short: dict[str, int] = field(default_factory=dict)
    sources: Counter[str] = field(default_factory=Counter)
    lost_reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    failed_reasons: Counter[tuple[str, str]] = field(default_factory=Counter)

    def count(self, row: Mapping[str, str]) -> None:
        """Count a line of the finished manifest."""
        reasons = split_errors(row["error"])
        match row["status"]:
            case Status.DOWNLOADED:
                self.on_disk += 1
                self.replaced += row["reserve"] == "true"
                self.sources[row["source"]] += 1
            case Status.LOST:
                self.lost += 1
                self.lost_reasons.update(reasons)
            case Status.FAILED:
                self.failed += 1
                self.failed_reasons.update(reasons)


def invalid_row(reason: object) -> DatasetError:
    """The error for a line of a manifest that is not one of ours."""
    return DatasetError(
        f"manifest.csv has a row that hotdog-sql did not write ({reason}); move the file away and "
        "download again"
    )


def split_errors(error: str) -> list[tuple[str, str]]:
    """The (source, reason) pairs of an `error`."""
    pairs = (part.partition(": ") for part in error.split(_NEXT) if part)
    return [(source, reason) for source, _, reason in pairs]


def join_notes(*notes: str) -> str:
    """Several remarks as one `note`."""
    return _NEXT.join(filter(None, notes))


def encode(values: Iterable[object]) -> bytes:
    """One line of CSV with its end; None is an empty field."""
    line: str = _WRITER.writerow(values)
    return line.encode("utf-8", "replace")


def decode(line: bytes, columns: Sequence[str] = COLUMNS) -> dict[str, str] | None:
    """A line by its columns; None where it is not one of ours."""
    try:
        values = next(csv.reader([line.decode()], strict=True))
    except (UnicodeDecodeError, csv.Error):
        return None
    return dict(zip(columns, values, strict=True)) if len(values) == len(columns) else None


class _Line:
    """What `csv.writer` writes to: it gives the line back."""

    def write(self, line: str) -> str:
        return line


def _optional_int(text: str) -> int | None:
    return int(text) if text else None


_WRITER = csv.writer(_Line(), lineterminator="\n")
HEADER = encode(COLUMNS)
