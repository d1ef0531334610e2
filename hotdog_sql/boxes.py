"""Boxes on a dataset's photos: cropped, exported for detectors, or drawn in the gallery."""

import csv
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from hotdog_sql.database import Database, Parameters
from hotdog_sql.downloader.photo import is_image_id
from hotdog_sql.downloader.result import MANIFEST, invalid_row
from hotdog_sql.downloader.tars import in_tars, is_valid_path, tar_of
from hotdog_sql.downloader.validate import RejectedError
from hotdog_sql.errors import DatasetError, InputError, MissingExtraError
from hotdog_sql.files import locked, storage_errors
from hotdog_sql.lookup import find_mids
from hotdog_sql.options import BoxFormat, DataOptions
from hotdog_sql.recipe import Recipe
from hotdog_sql.text import one_line, printable

_PHOTOS = """
SELECT coalesce(COLUMNS(['ImageID', 'folder', 'partition', 'path', 'status', 'Subset']), ''), width
FROM manifest ORDER BY status DESC, path
"""
_FIND_BOXES = "FROM dataset_boxes($class, missing := $missing, negative_folder := $negative_folder)"
_COUNT_BOXES = "SELECT count(area), count(LabelName) - count(area) FROM found"
_CLASSES_WITHOUT_BOXES = "FROM requested_classes($class) ANTI JOIN found USING (LabelName)"
_GALLERY_BOXES = """
SELECT ImageID, to_json(list(json_array(DisplayName, XMin, XMax, YMin, YMax) ORDER BY number)) boxes
FROM found WHERE area IS NOT NULL GROUP BY ImageID ORDER BY ImageID
"""
_CROPS = "FROM crops('found', margin := $margin, min_pixels := $min_pixels)"
_CROP_COLUMNS = (
    *("path", "photo", "ImageID", "partition", "folder", "LabelName", "number"),
    *("XMin", "XMax", "YMin", "YMax"),
    *("IsOccluded", "IsTruncated", "IsGroupOf", "IsDepiction", "IsInside", "note"),
)


class DatasetBoxes(NamedTuple):
    """Boxes of some classes on a dataset's photos, as rows of the table `found`."""

    database: Database
    directory: Path
    classes: list[str]
    boxes: int

    def rows(self, query: str, values: Parameters = None) -> Iterator[dict[str, Any]]:
        """Return the rows of a query in its order, from a table that can spill to disk."""
        self.database.create_table(query, values, "streamed")
        return self.database.stream("FROM streamed")


def data_options(directory: Path, changes: dict[str, Any]) -> DataOptions:
    """Return the options of the data that a dataset was selected from, with changes."""
    if not (directory / MANIFEST).is_file():  # before any download
        raise DatasetError(f"{directory} has no {MANIFEST}: give the folder of a dataset")
    recipe = _recipe_of(directory)
    return DataOptions(**changes) if recipe is None else recipe.data_options(**changes)


def find_boxes(
    database: Database, directory: Path, classes: Sequence[str], warn: Callable[[str], None]
) -> DatasetBoxes:
    """Find the boxes of some classes, by default the selection's, on a dataset's photos.

    Photos that do not exist and impossible boxes are left out, with warnings.
    """
    recipe = _recipe_of(directory)
    names = tuple(classes) or (() if recipe is None else recipe.options.classes)
    if not names:
        raise InputError(f"{directory} has no recipe that names classes: give --class")
    mids = list(find_mids(database, names))
    database.load("dataset_boxes")
    database.load_dataset(directory)
    try:
        left_out = _unusable_photos(directory, database)
        missing = list({path for paths in left_out.values() for path in paths})
        negative_folder = "other" if recipe is None else recipe.options.negative_folder
        values = {"class": mids, "missing": missing, "negative_folder": negative_folder}
        database.create_table(_FIND_BOXES, values, "found")
    except duckdb.Error as error:  # in the manifest: one in an Open Images file is a DataError
        raise invalid_row(one_line(error)) from error
    ((boxes, impossible),) = database.rows(_COUNT_BOXES)
    for reason, paths in left_out.items():
        warn(f"warning: {reason}: {len(paths):,}")
    if impossible:
        warn(f"warning: {impossible:,} boxes are outside the photo, or have swapped coordinates")
    for row in database.rows(_CLASSES_WITHOUT_BOXES, {"class": mids}):
        warn(f"warning: no photo has a box of {printable(row.DisplayName)} ({row.LabelName})")
    return DatasetBoxes(database, directory, mids, boxes)


def gallery_boxes(
    database: Database, directory: Path, classes: Sequence[str], warn: Callable[[str], None]
) -> Iterator[tuple[str, str]]:
    """Yield the ImageID and the boxes of each photo, for the gallery."""
    found = find_boxes(database, directory, classes, warn)
    for row in found.rows(_GALLERY_BOXES):
        yield row["ImageID"], row["boxes"]


def crop(found: DatasetBoxes, crops: Path, *, margin: float, min_pixels: int) -> Counter[str]:
    """Write crops and their manifest; count the boxes by note, which is "" for those cut out."""
    if find_spec("PIL") is None:
        raise MissingExtraError("crop needs Pillow: pip install 'hotdog-sql[images]'")
    notes: Counter[str] = Counter()
    with (
        _output_folder(crops, found.directory) as folder,
        storage_errors(crops / "manifest.csv"),
        (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.DictWriter(file, _CROP_COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        rows = found.rows(_CROPS, {"margin": margin, "min_pixels": min_pixels})
        for photo, group in groupby(rows, key=itemgetter("photo")):
            boxes = list(group)
            _write_crops(found.directory / photo, folder, [box for box in boxes if box["path"]])
            writer.writerows(boxes)
            notes.update(box["note"] or "" for box in boxes)
    return notes


def export(found: DatasetBoxes, out: Path, box_format: BoxFormat, *, copy: bool = False) -> int:
    """Write the photos and labels; return the number of photos.

    Photos are hard links where possible, else symbolic links, or copies on request.
    """
    photos, put = 0, shutil.copyfile if copy else _link
    with _output_folder(out, found.directory) as folder:
        rows = found.rows(f"FROM {box_format}_files($class, 'found')", {"class": found.classes})
        for (name, photo), group in groupby(rows, key=itemgetter("file", "photo")):
            path = folder / name
            with storage_errors(out / name):
                path.parent.mkdir(parents=True, exist_ok=True)
                if photo is None:
                    with path.open("w", encoding="utf-8", newline="\n") as file:
                        file.writelines(f"{row['line']}\n" for row in group)
                else:
                    put(found.directory / photo, path)
                    photos += 1
    return photos


def _recipe_of(directory: Path) -> Recipe | None:
    path = directory / "selection.json"
    return Recipe.read(path) if path.exists() else None


def _unusable_photos(directory: Path, database: Database) -> dict[str, list[str]]:
    """Return the paths of photos to leave out, by reason; lost photos have none."""
    left_out: dict[str, list[str]] = defaultdict(list)
    database.create_table(_PHOTOS, name="photos")
    for row in database.stream("FROM photos"):
        image_id, folder, part, path, status, subset, width = row.values()
        if status != "downloaded":
            left_out["photos that were lost or have failed"].append(path)
            continue
        if not is_image_id(image_id) or not is_valid_path(path, part, folder, image_id):
            # The paths of the output are made of these values, and must not leave its folder.
            raise invalid_row(f"the path {path!r}")
        if tar_of(path):
            raise in_tars(directory)
        if width is None:
            left_out["photos whose size the manifest does not have"].append(path)
        elif (directory / path).is_symlink() or not (directory / path).is_file():
            left_out["photos that are not in the dataset's folders"].append(path)
        elif subset not in database.options.splits:
            left_out[f"photos whose boxes need --split {printable(subset)}"].append(path)
    return left_out


@contextmanager
def _output_folder(path: Path, dataset: Path) -> Iterator[Path]:
    """Make an output folder; yield a hidden folder inside it, whose files move up at the end.

    An error leaves an empty folder, so the same command can run again. The photos' attribution is
    the first file.
    """
    hidden, lock = path / ".unfinished", path / ".unfinished.lock"
    attribution = dataset / "ATTRIBUTION.csv"
    with storage_errors(path):
        path.mkdir(parents=True, exist_ok=True)
        if any(entry not in (hidden, lock) for entry in path.iterdir()):
            raise DatasetError(f"{path} is not empty: choose another folder")
        with locked(lock) as is_alone:
            if not is_alone:
                raise DatasetError(f"another command is writing {path}: choose another folder")
            try:
                shutil.rmtree(hidden, ignore_errors=True)  # of a killed run
                hidden.mkdir()
                if attribution.is_file():
                    shutil.copyfile(attribution, hidden / attribution.name)
                yield hidden
                for entry in list(hidden.iterdir()):
                    entry.rename(path / entry.name)
            finally:
                shutil.rmtree(hidden, ignore_errors=True)
                with suppress(OSError):  # Windows does not delete open files
                    lock.unlink()


def _write_crops(photo: Path, crops: Path, boxes: list[dict[str, Any]]) -> None:
    """Write the crops of a photo; if it cannot be decoded, note that on its boxes."""
    if not boxes:
        return
    from hotdog_sql.downloader.transform import crop  # needs Pillow

    with storage_errors(photo):
        data = photo.read_bytes()
    try:
        parts = crop(data, [box["pixels"] for box in boxes], boxes[0]["to_turn"])
    except RejectedError as error:
        for box in boxes:
            box.update(path=None, note=str(error))
        return
    for box, part in zip(boxes, parts, strict=True):
        path = crops / box["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(part)


def _link(photo: Path, path: Path) -> None:
    try:
        os.link(photo, path)
    except OSError:  # another file system
        path.symlink_to(photo.resolve())
