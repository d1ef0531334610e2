"""What `export` and `crop` write, box for box against brute force."""

import csv
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import ceil, floor
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import assume, given, settings
from PIL import Image

from hotdog_sql.boxes import DatasetBoxes, crop, export, find_boxes
from hotdog_sql.database import Database
from hotdog_sql.downloader.result import COLUMNS
from hotdog_sql.options import BoxFormat, DataOptions
from tests.boxes.boxed_dataset import (
    CLASSES,
    NAMES,
    Photo,
    boxed_datasets,
    where_it_is,
    write_dataset,
)
from tests.support.openimages import OpenImages

Given = tuple[OpenImages, list[list[str]], list[Photo]]
#: ImageID, category, left, top, width and height, in pixels.
Found = list[tuple[str, int, float, float, float, float]]


@contextmanager
def boxes_of(
    data: OpenImages, rows: list[list[str]], photos: list[Photo]
) -> Iterator[tuple[Path, DatasetBoxes]]:
    """A new folder with a dataset in it, and what the program finds there."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data.write(folder / "data")
        write_dataset(folder / "dataset", rows, photos)
        with Database(DataOptions(folder / "data")) as database:
            yield folder, find_boxes(database, folder / "dataset", CLASSES)


@settings(max_examples=10, deadline=None)
@given(given_=boxed_datasets())
def test_every_format_agrees_with_brute_force(given_: Given) -> None:
    check_formats(*given_)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(given_=boxed_datasets())
def test_every_format_agrees_with_brute_force_often(given_: Given) -> None:
    check_formats(*given_)


def check_formats(data: OpenImages, rows: list[list[str]], photos: list[Photo]) -> None:
    assume(photos)
    by_id = {photo.image_id: photo for photo in photos}
    expected = rounded(
        (
            photo.image_id,
            category,
            left * photo.size[0],
            top * photo.size[1],
            (right - left) * photo.size[0],
            (bottom - top) * photo.size[1],
        )
        for photo in photos
        for category, left, right, top, bottom, _ in photo.turned()
    )
    with boxes_of(data, rows, photos) as (folder, found):
        assert found.boxes == len(expected)
        lost = sum("lost" in row for row in rows)
        assert (f"photos that were lost or have failed: {lost:,}" in found.problems) == bool(lost)
        for one in BoxFormat:
            out = folder / one
            assert export(found, out, one) == len(photos)
            pictures = [path for path in out.rglob("*.png") if path.is_file()]
            assert {path.stem: size_of(path) for path in pictures} == {
                photo.image_id: photo.size for photo in photos
            }
        assert rounded(yolo_boxes(folder / "yolo", by_id)) == expected
        assert rounded(coco_boxes(folder / "coco", photos)) == expected
        assert rounded(jsonl_boxes(folder / "jsonl", by_id)) == expected
        # Pascal VOC has whole pixels.
        assert near(expected, voc_boxes(folder / "voc", by_id))


def rounded(boxes: object) -> Found:
    assert hasattr(boxes, "__iter__")
    return sorted((box[0], box[1], *(round(edge, 3) for edge in box[2:])) for box in boxes)


def near(mine: Found, theirs: Found) -> bool:
    """Whether each box has another that is at most a pixel off."""
    left = list(theirs)
    for box in mine:
        for other in left:
            if box[:2] == other[:2] and all(
                abs(a - b) <= 1.001 for a, b in zip(box[2:], other[2:], strict=True)
            ):
                left.remove(other)
                break
    return not left and len(mine) == len(theirs)


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def part_of(photo: Photo, validation: str = "val") -> str:
    part = validation if photo.part == "validation" else photo.part
    return f"{part}/" if part else ""


def yolo_boxes(folder: Path, photos: dict[str, Photo]) -> Found:
    names = [line.strip() for line in (folder / "data.yaml").read_text().splitlines()]
    assert names[-3:] == [f'{place}: "{name}"' for place, name in enumerate(NAMES)]
    for line in names[:2]:
        assert (folder / line.partition(": ")[2]).is_dir()
    found = []
    for path in folder.rglob("*.txt"):
        photo = photos[path.stem]
        assert path == folder / "labels" / part_of(photo) / f"{photo.image_id}.txt"
        assert (folder / "images" / part_of(photo) / f"{photo.image_id}.png").exists()
        for line in path.read_text().splitlines():
            category, x, y, wide, high = map(float, line.split())
            assert 0 <= min(x, y, wide, high) <= max(x, y, wide, high) <= 1
            scaled = ((x - wide / 2), (y - high / 2), wide, high)
            found.append((path.stem, int(category), *in_pixels(photo, scaled)))
    return found


def in_pixels(photo: Photo, box: Sequence[float]) -> tuple[float, float, float, float]:
    (wide, high), (left, top, width, height) = photo.size, box
    return left * wide, top * high, width * wide, height * high


def coco_boxes(folder: Path, photos: list[Photo]) -> Found:
    found: Found = []
    ids = set()
    for part in {part_of(photo, "validation") for photo in photos}:
        content = json.loads((folder / part / "annotations.json").read_text())
        assert [one["name"] for one in content["categories"]] == list(NAMES)
        images = {}
        for image in content["images"]:
            path = folder / part / image["file_name"]
            assert size_of(path) == (image["width"], image["height"])
            images[image["id"]] = path.stem
        for one in content["annotations"]:
            ids.add(one["id"])
            box = one["bbox"]
            assert one["area"] == pytest.approx(box[2] * box[3])
            found.append((images[one["image_id"]], one["category_id"] - 1, *box))
    assert len(ids) == len(found)
    return found


def jsonl_boxes(folder: Path, photos: dict[str, Photo]) -> Found:
    found: Found = []
    for path in folder.rglob("metadata.jsonl"):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            photo = photos.pop(row["image_id"])
            assert (row["width"], row["height"]) == photo.size
            assert (path.parent / row["file_name"]).exists()
            objects = row["objects"]
            assert objects["names"] == [NAMES[one] for one in objects["categories"]]
            for category, box in zip(objects["categories"], objects["bbox"], strict=True):
                found.append((photo.image_id, category, *box))
            photos[photo.image_id] = photo
    return found


def voc_boxes(folder: Path, photos: dict[str, Photo]) -> Found:
    found: Found = []
    for photo in photos.values():
        part = part_of(photo).strip("/") or "trainval"
        assert photo.image_id in (folder / f"ImageSets/Main/{part}.txt").read_text().split()
        root = ElementTree.parse(folder / f"Annotations/{photo.image_id}.xml").getroot()
        assert (folder / "JPEGImages" / str(root.findtext("filename"))).exists()
        for one in root.iter("object"):
            left, top, right, bottom = (
                int(str(one.findtext(f"bndbox/{edge}")))
                for edge in ("xmin", "ymin", "xmax", "ymax")
            )
            assert 1 <= left <= right <= photo.size[0]
            assert 1 <= top <= bottom <= photo.size[1]
            box = (left - 1, top - 1, right - left + 1, bottom - top + 1)
            found.append((photo.image_id, NAMES.index(str(one.findtext("name"))), *box))
    return found


@settings(max_examples=10, deadline=None)
@given(given_=boxed_datasets())
def test_every_crop_has_the_pixels_of_its_box(given_: Given) -> None:
    data, rows, photos = given_
    assume(photos)
    by_id = {photo.image_id: photo for photo in photos}
    rotations = {row[0]: row[COLUMNS.index("Rotation")] for row in rows}
    with boxes_of(data, rows, photos) as (folder, found):
        notes = crop(found, folder / "crops", margin=0.25, min_pixels=10)
        lines = (folder / "crops" / "manifest.csv").read_text(encoding="utf-8").splitlines()
        crops = list(csv.DictReader(lines))
        files = {path for path in (folder / "crops").rglob("*.png") if path.is_file()}
        assert files == {folder / "crops" / row["path"] for row in crops if row["path"]}
        assert sum(notes.values()) == len(crops) == sum(len(photo.boxes) for photo in photos)
        for row in crops:
            photo = by_id[row["ImageID"]]
            (wide, high), edges = photo.size, [float(row[f"{one}{end}"]) for one, end in EDGES]
            left, right, top, bottom = edges
            same = [one for one in photo.turned() if one[1:5] == pytest.approx(tuple(edges))]
            assert CLASSES.index(row["LabelName"]) in [one[0] for one in same]
            sides = (
                ceil(round(right * wide, 6)) - floor(round(left * wide, 6)),
                ceil(round(bottom * high, 6)) - floor(round(top * high, 6)),
            )
            assert (row["note"] == "") == (min(sides) >= 10)
            if row["path"]:
                part = where_it_is(photo.size).crop(
                    (
                        max(0, floor(round((left - (right - left) / 4) * wide, 6))),
                        max(0, floor(round((top - (bottom - top) / 4) * high, 6))),
                        min(wide, ceil(round((right + (right - left) / 4) * wide, 6))),
                        min(high, ceil(round((bottom + (bottom - top) / 4) * high, 6))),
                    )
                )
                if photo.turn == (False, 0):  # it is as it was uploaded
                    part = part.rotate(float(rotations[photo.image_id] or 0), expand=True)
                with Image.open(folder / "crops" / row["path"]) as image:
                    assert image.convert("RGB").tobytes() == part.tobytes()


EDGES = (("X", "Min"), ("X", "Max"), ("Y", "Min"), ("Y", "Max"))
