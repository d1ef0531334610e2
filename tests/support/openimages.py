"""A small Open Images on disk, written from lists of rows."""

import csv
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hotdog_sql.catalog import catalog
from hotdog_sql.database import Database
from hotdog_sql.options import DataOptions

CLASS_COLUMNS = ("LabelName", "DisplayName")
LABEL_COLUMNS = ("ImageID", "Source", "LabelName", "Confidence")
IMAGE_COLUMNS = (
    *("ImageID", "Subset", "OriginalURL", "OriginalLandingURL", "License", "AuthorProfileURL"),
    *("Author", "Title", "OriginalSize", "OriginalMD5", "Thumbnail300KURL", "Rotation"),
)
BOX_COLUMNS = (
    *("ImageID", "Source", "LabelName", "Confidence", "XMin", "XMax", "YMin", "YMax"),
    *("IsOccluded", "IsTruncated", "IsGroupOf", "IsDepiction", "IsInside"),
)
#: Additional columns of train's box file.
CLICK_COLUMNS = tuple(f"XClick{number}{axis}" for axis in "XY" for number in range(1, 5))
ROW_COLUMNS = ("folder", "rank", *IMAGE_COLUMNS)

CLASSES = (
    ("/m/01b9xk", "Hot dog"),
    ("/m/07vh6y", "Hot dog bun"),
    ("/m/0bm1pg", "Hot dog stand"),
    ("/m/01g317", "Person"),
    ("/m/02wbm", "Food"),
    ("/m/02wvth", 'Fiat 500 "topolino"'),
    ("/m/0h8n5zk", "Kitchen & dining room table, small"),
    ("/m/0a1", "Jaguar"),
    ("/m/0a2", "Jaguar"),
    ("/m/0a3", "Piñata"),
    ("/m/0663v", "Pizza"),
    ("/m/0cdn1", "Hamburger"),
    ("/m/02y6n", "French fries"),
    ("/m/0cxn2", "Ice cream"),
)


#: As in Open Images: Subcategory has kinds, Part has parts, and a class may occur several times.
HIERARCHY: dict[str, object] = {
    "LabelName": "/m/0bl9f",
    "Subcategory": [
        {
            "LabelName": "/m/02wbm",
            "Subcategory": [{"LabelName": "/m/01b9xk", "Part": [{"LabelName": "/m/07vh6y"}]}],
        },
        {"LabelName": "/m/0bm1pg", "Part": [{"LabelName": "/m/07vh6y"}]},
        {"LabelName": "/m/01g317"},
    ],
}


def image_row(image_id: str, subset: str = "test", **columns: str) -> tuple[str, ...]:
    """Return a row of the image file with default values for the other columns."""
    defaults = {
        "ImageID": image_id,
        "Subset": subset,
        "OriginalURL": f"https://farm1.staticflickr.com/1/{image_id}_o.jpg",
        "OriginalLandingURL": f"https://www.flickr.com/photos/somebody/{image_id}",
        "License": "https://creativecommons.org/licenses/by/2.0/",
        "AuthorProfileURL": "https://www.flickr.com/people/somebody/",
        "Author": "Somebody",
        "Title": "A photo",
        "OriginalSize": "123456",
        "OriginalMD5": "MDEyMzQ1Njc4OWFiY2RlZg==",
        "Thumbnail300KURL": f"https://c1.staticflickr.com/1/{image_id}_z.jpg",
        "Rotation": "0.0",
    }
    return tuple((defaults | columns).values())


def box_row(
    image_id: str,
    mid: str,
    edges: tuple[float, float, float, float],
    flags: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0),
) -> tuple[str, ...]:
    """Return a row of the box file; edges are XMin, XMax, YMin, YMax; flags as in `BOX_COLUMNS`."""
    return (image_id, "xclick", mid, "1", *map(str, edges), *map(str, flags))


@dataclass(slots=True)
class OpenImages:
    """Rows of the CSV files; `write` gives the files the names of release v6."""

    classes: Sequence[tuple[str, str]] = CLASSES
    images: Sequence[tuple[str, ...]] = ()
    labels: Sequence[tuple[str, str, str, str]] = ()
    hierarchy: dict[str, object] = field(default_factory=lambda: HIERARCHY)
    machine_labels: Sequence[tuple[str, str, str, str]] = field(default_factory=list)
    boxes: Sequence[tuple[str, ...]] = field(default_factory=list)

    def write(self, folder: Path, split: str = "test") -> None:
        """Write the files of one split."""
        folder.mkdir(parents=True, exist_ok=True)
        names = file_names(split)
        write_csv(folder / names["classes"], CLASS_COLUMNS, self.classes)
        (folder / names["hierarchy"]).write_text(json.dumps(self.hierarchy))
        write_csv(folder / names["images"], IMAGE_COLUMNS, self.images)
        write_csv(folder / names["human_labels"], LABEL_COLUMNS, self.labels)
        write_csv(folder / names["machine_labels"], LABEL_COLUMNS, self.machine_labels)
        clicks = CLICK_COLUMNS if split == "train" else ()
        if self.boxes:
            boxes = [(*box, *("0.5",) * len(clicks)) for box in self.boxes]
            write_csv(folder / names["boxes"], (*BOX_COLUMNS, *clicks), boxes)


def file_names(split: str) -> dict[str, str]:
    """Return the names of a split's files in release v6, by kind."""
    files = [file for file in catalog() if file.release == "v6" and file.split in (None, split)]
    return {file.kind: file.name for file in files}


def small_open_images() -> OpenImages:
    """Return 300 images: every 25th is a hot dog, every 30th a hot dog stand, and most are food.

    Some images have the other classes of the example queries.
    """
    ids = [f"{number:016x}" for number in range(1, 301)]
    labels = []
    for number, image in enumerate(ids, 1):
        if number % 25 == 0:
            labels.append((image, "verification", "/m/01b9xk", "1"))
        if number % 7 == 0:
            labels.append((image, "verification", "/m/01b9xk", "0"))
        if number % 30 == 0:
            labels.append((image, "crowdsource-verification", "/m/0bm1pg", "1"))
        if number % 50 == 0:
            labels.append((image, "verification", "/m/01g317", "1"))
        for remainder, mid in enumerate(("/m/0663v", "/m/0cdn1", "/m/02y6n", "/m/0cxn2"), 4):
            if number % 20 == remainder:
                labels.append((image, "verification", mid, "1"))
        if number % 10 != 3:
            labels.append((image, "verification", "/m/02wbm", "1"))
    return OpenImages(images=[image_row(image) for image in ids], labels=labels)


def boxed_open_images() -> OpenImages:
    """Return the same images with a box around each hot dog, wider in each next image."""
    data = small_open_images()
    for number, image in enumerate(data.images, 1):
        if number % 25 == 0:
            edges = (0.1, 0.1 + number / 400, 0.2, 0.8)
            data.boxes = (*data.boxes, box_row(image[0], "/m/01b9xk", edges))
    return data


def write_csv(path: Path, header: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Write a CSV like the official files: quotes only where needed, and line feeds."""
    with path.open("w", encoding="utf-8", newline="") as file:
        for row in (header, *rows):
            file.write(",".join(_quoted(field) for field in row) + "\n")


def csv_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV as dicts."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, strict=True))


def _quoted(field: str) -> str:
    # Python's csv module does not quote a lone carriage return, which other readers reject.
    if any(character in field for character in ',"\r\n'):
        return '"' + field.replace('"', '""') + '"'
    return field


def connect(options: DataOptions) -> Database:
    """Open a database with every view and macro whose files exist."""
    database = Database(options)
    database.load_all()
    return database


@contextmanager
def database_of(data: OpenImages, **options: Any) -> Iterator[Database]:
    """Open a database of temporary files."""
    with tempfile.TemporaryDirectory() as folder:
        data.write(Path(folder))
        with connect(DataOptions(Path(folder), **options)) as database:
            yield database
