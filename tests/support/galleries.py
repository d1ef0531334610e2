"""Datasets on disk for the tests of galleries and boxes: a manifest and a picture per row."""

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from hotdog_sql.downloader.result import HEADER, MANIFEST, Result, Status, encode
from tests.support.photos import photo
from tests.support.pictures import png

PICTURE = png()


def got(number: int, folder: str = "other", source: str = "mirror", **changes: Any) -> Result:
    """Return the result for a photo that is on disk."""
    one = photo(number, folder, **changes)
    return Result(one, Status.DOWNLOADED, f"{one.stem}.png", source, size=len(PICTURE))


def lost(
    number: int, folder: str = "other", error: str = "mirror: http 404", **changes: Any
) -> Result:
    return Result(photo(number, folder, **changes), Status.LOST, error=error)


def failed(number: int, folder: str = "other", **changes: Any) -> Result:
    return Result(photo(number, folder, **changes), Status.FAILED, error="mirror: silence")


def write_dataset(
    directory: Path,
    results: Iterable[Result],
    picture_of: Callable[[Result], bytes] = lambda _: PICTURE,
) -> Path:
    """Write a dataset, or add rows to the manifest of an existing one."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / MANIFEST).open("ab") as file:
        if not file.tell():
            file.write(HEADER)
        for result in results:
            file.write(encode(result.row()))
            if result.path:
                path = directory / result.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(picture_of(result))
    return directory


def carried(page: Path) -> list[dict[str, str]]:
    """Return the rows of photos that a page contains."""
    found = re.search(
        r'<script type="application/json" id="photos">(.*?)</script>', page.read_text(), re.DOTALL
    )
    assert found
    data = json.loads(found[1])
    return [dict(zip(data["columns"], row, strict=True)) for row in data["rows"]]
