"""Datasets for the tests of the gallery: manifests, and a tiny picture for each photo."""

import csv
import json
import re
from collections.abc import Iterable
from pathlib import Path

from tests.support.openimages import IMAGE_COLUMNS, image_row
from tests.support.pictures import png

PICTURE = png()
COLUMNS = (
    *("ImageID", "folder", "partition", "rank", "path", "status", "source", "url", "bytes", "md5"),
    *("error", "note", "reserve", *IMAGE_COLUMNS[1:], "width", "height"),
)

#: A row of a manifest.
Row = dict[str, str]


def got(number: int, folder: str = "other", source: str = "mirror", **columns: str) -> Row:
    """A photo that is on disk."""
    row = _row(number, folder, status="downloaded", source=source, bytes=str(len(PICTURE)))
    row["path"] = "/".join(filter(None, (columns.get("partition"), folder, f"{number:016x}.png")))
    return row | columns


def lost(number: int, folder: str = "other", **columns: str) -> Row:
    return _row(number, folder, status="lost", error="mirror: http 404") | columns


def failed(number: int, folder: str = "other", **columns: str) -> Row:
    return _row(number, folder, status="failed", error="mirror: silence") | columns


def _row(number: int, folder: str, **columns: str) -> Row:
    image = dict(zip(IMAGE_COLUMNS, image_row(f"{number:016x}"), strict=True))
    image |= {
        "OriginalLandingURL": f"https://www.flickr.com/photos/somebody/{number}",
        "Author": "Somebody, Else",
        "Title": f'Photo "{number}"',
    }
    known = image | {"folder": folder, "rank": str(number), "reserve": "false"} | columns
    return {column: known.get(column, "") for column in COLUMNS}


def write_dataset(directory: Path, rows: Iterable[Row]) -> Path:
    """Write a dataset, or add rows to the manifest of one that is there."""
    directory.mkdir(parents=True, exist_ok=True)
    manifest = directory / "manifest.csv"
    is_new = not manifest.exists()
    with manifest.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if is_new:
            writer.writeheader()
        for row in rows:
            writer.writerow(row)
            if row["path"]:
                path = directory / row["path"]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(PICTURE)
    return directory


def carried(page: Path) -> list[Row]:
    """The photos that a page carries, by their columns."""
    found = re.search(
        r'<script type="application/json" id="photos">(.*?)</script>', page.read_text(), re.DOTALL
    )
    assert found
    data = json.loads(found[1])
    return [dict(zip(data["columns"], row, strict=True)) for row in data["rows"]]
