"""Crops: the boxes of a dataset's photos cut out into class folders. Needs Pillow."""

import csv
from itertools import groupby
from math import ceil, floor
from pathlib import Path
from typing import Any, NamedTuple

from hotdog_sql.dataset_boxes import TABLE, DatasetBoxes, new_folder
from hotdog_sql.downloader.photo import safe_folder
from hotdog_sql.downloader.validate import RejectedError
from hotdog_sql.files import storage_errors
from hotdog_sql.options import Source

_COLUMNS = (
    *("path", "photo", "ImageID", "partition", "folder", "LabelName", "number"),
    *("XMin", "XMax", "YMin", "YMax"),
    *("IsOccluded", "IsTruncated", "IsGroupOf", "IsDepiction", "IsInside", "note"),
)
_BOXES = """
SELECT
    path, width, height, source, Rotation, ImageID, coalesce("partition", '') AS "partition",
    folder, LabelName, number, XMin, XMax, YMin, YMax,
    IsOccluded, IsTruncated, IsGroupOf, IsDepiction, IsInside
FROM query_table($table) WHERE area IS NOT NULL ORDER BY path, number
"""


class _Box(NamedTuple):
    photo: str
    width: int
    height: int
    source: str
    rotation: float | None
    image_id: str
    partition: str
    folder: str
    mid: str
    number: int
    left: float
    right: float
    top: float
    bottom: float
    flags: tuple[bool | None, ...]

    def pixels(self, margin: float) -> tuple[int, int, int, int]:
        """Left, upper, right and lower edge on the photo; a margin is a share of the box's side."""
        wide, high = margin * (self.right - self.left), margin * (self.bottom - self.top)
        return (
            max(0, floor(round((self.left - wide) * self.width, 6))),
            max(0, floor(round((self.top - high) * self.height, 6))),
            min(self.width, ceil(round((self.right + wide) * self.width, 6))),
            min(self.height, ceil(round((self.bottom + high) * self.height, 6))),
        )

    def shorter_side(self) -> int:
        left, top, right, bottom = self.pixels(0)
        return min(right - left, bottom - top)


def crop(found: DatasetBoxes, crops: Path, *, margin: float, min_pixels: int) -> dict[str, int]:
    """Write the crops and their manifest; return how many boxes have which note, "" if cut out."""
    new_folder(crops, found.directory)
    notes: dict[str, int] = {}
    rows = found.rows(_BOXES, {"table": TABLE})
    boxes = (_Box._make([*row[:14], row[14:]]) for row in rows)
    manifest = crops / "manifest.csv"
    with storage_errors(manifest), manifest.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for photo, some in groupby(boxes, key=lambda box: box.photo):
            for box, path, note in _cut_out(found, photo, list(some), crops, margin, min_pixels):
                notes[note] = notes.get(note, 0) + 1
                writer.writerow(_row(box, path, note))
    return notes


def _cut_out(
    found: DatasetBoxes,
    photo: str,
    boxes: list[_Box],
    crops: Path,
    margin: float,
    min_pixels: int,
) -> list[tuple[_Box, str, str]]:
    """Each box of a photo with the path of its crop, or why it has none."""
    large = [box for box in boxes if box.shorter_side() >= min_pixels]
    small = f"smaller than {min_pixels} pixels"
    done = [(box, "", small) for box in boxes if box.shorter_side() < min_pixels]
    if not large:
        return done
    from hotdog_sql.downloader.transform import cut, degrees  # which needs Pillow

    # A photo of a dataset made with --upright lies on its side no more.
    lying = "" if found.upright else str(large[0].rotation or "")
    turn = degrees(lying, Source(large[0].source))
    try:
        data = (found.directory / photo).read_bytes()
        parts = cut(data, [box.pixels(margin) for box in large], turn)
    except RejectedError as error:
        return done + [(box, "", str(error)) for box in large]
    for box, part in zip(large, parts, strict=True):
        folder = safe_folder(f"{box.partition}/{box.folder}".strip("/"))
        path = f"{folder}/{box.image_id}_{box.number}{Path(photo).suffix}"
        (crops / folder).mkdir(parents=True, exist_ok=True)
        (crops / path).write_bytes(part)
        done.append((box, path, ""))
    return sorted(done, key=lambda one: one[0].number)


def _row(box: _Box, path: str, note: str) -> list[Any]:
    flags = ["" if flag is None else str(flag).lower() for flag in box.flags]
    key = (path, box.photo, box.image_id, box.partition, box.folder, box.mid, box.number)
    return [*key, box.left, box.right, box.top, box.bottom, *flags, note]
