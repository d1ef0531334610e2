"""The result of downloading a photo, as the manifest records it."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from hotdog_sql.downloader.photo import IMAGE_COLUMNS, Photo
from hotdog_sql.errors import DatasetError, SelectionFileError

#: File with one line per photo.
MANIFEST = "manifest.csv"

#: Columns that every manifest has. The key is ImageID with folder.
FIRST_COLUMNS = (
    *("ImageID", "folder", "partition", "rank", "path", "status", "source", "url"),
    *("bytes", "md5", "error", "note", "reserve", *IMAGE_COLUMNS[1:]),
)
#: Columns of the manifest, in order. Later releases add columns at the end.
COLUMNS = (*FIRST_COLUMNS, "width", "height")

#: Separates the sources' reasons in `error`, and the remarks in `note`.
_SEPARATOR = "; "


class Status(StrEnum):
    """How the download of a photo ended."""

    #: The photo is in the dataset.
    DOWNLOADED = "downloaded"
    #: No source has the photo, or it failed in several runs.
    LOST = "lost"
    #: The download failed, but may succeed in a later run.
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Result:
    """The result of downloading one photo. Only a downloaded photo has a path, source and so on.

    `path` is relative to the dataset; for a photo in a tar, it begins with the path of the tar.
    `url` is the requested URL, before any redirect. `error` says why the sources tried before, or
    all sources, failed: `mirror: http 404; original: placeholder`. `width` and `height` are in
    pixels as stored; photos of earlier releases have none.
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
        """Return the values of the photo's line in the manifest."""
        folder, rank, reserve, partition, image_id, *image = self.photo
        return (
            *(image_id, folder, partition, rank, self.path, self.status, self.source, self.url),
            *(self.size, self.md5, self.error, self.note, "true" if reserve else "false"),
            *(*image, self.width, self.height),
        )

    @classmethod
    def from_row(cls, row: Mapping[str, str]) -> Self:
        """Return the result in a line of the manifest; raise `DatasetError` if it is invalid."""
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
    """The state of the dataset after a download, and what the run did.

    Attributes:
        on_disk: photos in the dataset.
        downloaded: photos downloaded in this run.
        received: bytes of the photos downloaded in this run.
        lost: photos that no source has.
        failed: photos whose download may succeed in a later run.
        replaced: lost photos that another photo in the dataset replaces.
        unselected: photos of another selection in the dataset.
        short: lost photos, by folder, for which no replacement is left.
        sources: photos in the dataset, by source.
        lost_reasons: how often each (source, reason) occurs among the lost photos.
        failed_reasons: how often each (source, reason) occurs among the failed photos.
    """

    on_disk: int = 0
    downloaded: int = 0
    received: int = 0
    lost: int = 0
    failed: int = 0
    replaced: int = 0
    unselected: int = 0
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
                self.replaced += row["reserve"].lower() == "true"
                self.sources[row["source"]] += 1
            case Status.LOST:
                self.lost += 1
                self.lost_reasons.update(reasons)
            case Status.FAILED:
                self.failed += 1
                self.failed_reasons.update(reasons)


def invalid_row(reason: object) -> DatasetError:
    """Return the error for an invalid line of a manifest."""
    return DatasetError(
        f"manifest.csv has a row that hotdog-sql did not write ({reason}); "
        "correct the row or choose another folder"
    )


def split_errors(error: str) -> list[tuple[str, str]]:
    """Return the (source, reason) pairs of an `error`."""
    pairs = (part.partition(": ") for part in error.split(_SEPARATOR) if part)
    return [(source, reason) for source, _, reason in pairs]


def join_notes(*notes: str) -> str:
    """Join the remarks that are not empty into one `note`."""
    return _SEPARATOR.join(filter(None, notes))


def encode(values: Iterable[object]) -> bytes:
    """Return a line of CSV with its line end; None becomes an empty field."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(values)
    return line.getvalue().encode("utf-8", "replace")


def decode(line: bytes, columns: Sequence[str] = COLUMNS) -> dict[str, str] | None:
    """Return the values of a line by column, or None if it is invalid."""
    try:
        values = next(csv.reader([line.decode()], strict=True))
    except (UnicodeDecodeError, csv.Error):
        return None
    return dict(zip(columns, values, strict=True)) if len(values) == len(columns) else None


def _optional_int(text: str) -> int | None:
    return int(text) if text else None


HEADER = encode(COLUMNS)
