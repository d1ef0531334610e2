"""The boxes on the photos of a dataset, for crops, for detectors and for the gallery."""

import csv
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from hotdog_sql.class_names import find_mids, without_boxes
from hotdog_sql.database import Database
from hotdog_sql.downloader.photo import is_image_id
from hotdog_sql.downloader.tars import is_own_path
from hotdog_sql.errors import DatasetError, InputError, MissingExtraError
from hotdog_sql.files import storage_errors
from hotdog_sql.options import DataOptions
from hotdog_sql.recipe import Recipe

#: The views and macros that the boxes of a dataset need.
NEEDS = ("boxes", "requested_classes", "matching_classes", "similar_boxed_classes")
#: The table with the rows of `dataset_boxes`.
TABLE = "found"
_PHOTOS = """
SELECT path, coalesce("partition", ''), folder, ImageID
FROM manifest WHERE status = 'downloaded' ORDER BY path
"""
_SIZES = """
FROM read_csv(
    $file, header = false, columns = {'path': 'VARCHAR', 'width': 'BIGINT', 'height': 'BIGINT'}
)
"""
_FOUND = "FROM dataset_boxes($class, 'photos', negative_folder := $negative_folder)"
_LOST = "SELECT count(*) FROM manifest WHERE status <> 'downloaded'"
_BOXES = "SELECT count(area), count(LabelName) - count(area) FROM query_table($table)"
_UNSEEN = """
SELECT LabelName, DisplayName
FROM requested_classes($class) ANTI JOIN (FROM query_table($table)) USING (LabelName)
WHERE LabelName NOT IN (SELECT LabelName FROM boxes)
"""


class DatasetBoxes(NamedTuple):
    """A dataset's photos and boxes, which are in the table `found`.

    `problems` are messages: how many photos or boxes are left out, and why.
    """

    database: Database
    directory: Path
    classes: tuple[str, ...]
    upright: bool
    boxes: int
    problems: list[str]

    def rows(self, query: str, values: dict[str, object]) -> Iterator[tuple[Any, ...]]:
        """The rows of a query in its order, which are kept on disk if they are many."""
        _keep(self.database, query, values, "streamed")
        with self.database.connection.cursor() as cursor:
            cursor.execute("FROM streamed")
            while rows := cursor.fetchmany(1000):
                yield from rows


def recipe_of(directory: Path) -> Recipe | None:
    """The recipe of a dataset, or None where it has none."""
    path = directory / "selection.json"
    return Recipe.read(path) if path.exists() else None


def data_of(directory: Path, changes: dict[str, Any]) -> DataOptions:
    """The files that a dataset was selected from, with some options changed."""
    recipe = recipe_of(directory)
    data = DataOptions() if recipe is None else recipe.data_options(DataOptions().data_dir)
    return replace(data, **changes)


def find_boxes(
    database: Database, directory: Path, classes: Sequence[str] = (), *, sizes: bool = True
) -> DatasetBoxes:
    """Find the boxes of some classes on a dataset's photos, by default those of its selection.

    Photos that are lost or unreadable and boxes that are impossible are left out. With `sizes`, the
    photos are opened, which needs Pillow.
    """
    recipe = recipe_of(directory)
    asked = None if recipe is None else recipe.options
    if sizes and find_spec("PIL") is None:
        raise MissingExtraError("photos are opened with Pillow: pip install 'hotdog-sql[images]'")
    names = tuple(classes) or (asked.classes if asked is not None else ())
    if not names:
        raise InputError(f"the recipe of {directory} names no classes: give --class")
    mids = tuple(dict.fromkeys(find_mids(database, names).values()))
    database.use(*NEEDS)
    database.use_dataset(directory)
    problems = _keep_photos(database, directory, sizes=sizes)
    folder = "other" if asked is None else asked.negative_folder
    _keep(database, _FOUND, {"class": list(mids), "negative_folder": folder}, TABLE)
    ((boxes, impossible),) = database.rows(_BOXES, {"table": TABLE})
    if impossible:
        problems.append(f"{impossible:,} boxes are outside the photo, or have swapped coordinates")
    for mid, name in database.rows(_UNSEEN, {"class": list(mids), "table": TABLE}):
        problems.append(without_boxes(database, mid, name))
    images = {} if recipe is None else recipe.content.get("images") or {}
    return DatasetBoxes(database, directory, mids, bool(images.get("upright")), boxes, problems)


def for_gallery(database: Database, directory: Path) -> Iterator[tuple[Any, ...]] | None:
    """The boxes of each photo, as the gallery takes them; None where there is no such folder."""
    if not directory.is_dir():
        return None
    found = find_boxes(database, directory, sizes=False)
    return found.rows("FROM gallery_boxes($rows)", {"rows": TABLE})


def _keep_photos(database: Database, directory: Path, *, sizes: bool) -> list[str]:
    """Fill the table `photos` with the readable photos and their sizes; return the problems."""
    missing: Counter[str] = Counter()
    file = database.scratch / "photos.csv"
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        for path, partition, folder, image_id in database.rows(_PHOTOS):
            if not is_image_id(image_id) or not is_own_path(path, partition, folder, image_id):
                raise DatasetError(f"the manifest of {directory} has the foreign path {path!r}")
            size = _size(directory / path) if sizes else (None, None)
            if isinstance(size, str):
                missing[size] += 1
            else:
                writer.writerow((path, *size))
    _keep(database, _SIZES, {"file": str(file)}, "photos")
    (lost,) = database.rows(_LOST)[0]
    told = {"photos that were lost or have failed": lost, **missing}
    return [f"{problem}: {count:,}" for problem, count in told.items() if count]


def _keep(database: Database, query: str, values: dict[str, object], table: str) -> None:
    """Keep the rows of a query as a table, in place of one of this name."""
    database.execute(f"DROP TABLE IF EXISTS {table}")
    database.keep_rows(query, values, table)


def _size(path: Path) -> tuple[int, int] | str:
    """Width and height of a photo, or what is wrong with it."""
    from PIL import Image, UnidentifiedImageError

    if path.is_symlink() or not path.is_file():
        return "photos that are not in the dataset's folders"
    try:
        with Image.open(path) as image:
            return image.size
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return "photos that cannot be read"


def new_folder(path: Path, dataset: Path) -> None:
    """Make a folder for what is made of a dataset's photos, with their credits.

    One with files in it is refused.
    """
    attribution = dataset / "ATTRIBUTION.csv"
    with storage_errors(path):
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise InputError(f"{path} is not empty: choose another folder")
        if attribution.is_file():
            shutil.copyfile(attribution, path / attribution.name)
