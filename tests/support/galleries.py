"""Datasets for the tests of the gallery: real manifests, tiny pictures."""

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hotdog_sql.download.manifest import NAME, Manifest
from hotdog_sql.download.result import Result, Status
from tests.support.photos import photo
from tests.support.pictures import png

PICTURE = png()


def got(number: int, folder: str = "other", source: str = "mirror", **changes: Any) -> Result:
    """A photo that is on disk."""
    one = photo(number, folder, **changes)
    return Result(
        one,
        Status.DOWNLOADED,
        path=f"{one.stem}.png",
        source=source,
        url=f"https://mirror.example/{one.image_id}",
        size=len(PICTURE),
        md5="0" * 32,
    )


def lost(number: int, folder: str = "other", error: str = "", **changes: Any) -> Result:
    return Result(photo(number, folder, **changes), Status.LOST, error=error or "mirror: http 404")


def failed(number: int, folder: str = "other", error: str = "", **changes: Any) -> Result:
    return Result(photo(number, folder, **changes), Status.FAILED, error=error or "mirror: silence")


def write_dataset(directory: Path, entries: Iterable[Result]) -> Path:
    """A dataset's manifest, and a picture for every photo that it says is there."""
    directory.mkdir(parents=True, exist_ok=True)
    picture = directory / ".picture"
    picture.write_bytes(PICTURE)
    with Manifest(directory / NAME) as manifest:
        for entry in entries:
            manifest.append(entry)
            if entry.path:
                path = directory / entry.path
                path.parent.mkdir(parents=True, exist_ok=True)
                os.link(picture, path)
    picture.unlink()
    return directory


def carried(page: Path) -> list[dict[str, Any]]:
    """The photos that a page carries, by their columns."""
    found = re.search(
        r'<script type="application/json" id="photos">(.*?)</script>', page.read_text(), re.DOTALL
    )
    assert found
    data = json.loads(found[1])
    tables = data["tables"]
    return [
        {
            column: tables[column][value] if column in tables else value
            for column, value in zip(data["columns"], row, strict=True)
        }
        for row in data["rows"]
    ]
