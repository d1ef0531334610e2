"""The output of `export` and `crop`, compared box by box with brute force."""

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from math import ceil, floor
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import assume, given, settings
from PIL import Image

from hotdog_sql.boxes import DatasetBoxes, crop, export, find_boxes
from hotdog_sql.database import Database
from hotdog_sql.downloader.result import Result
from hotdog_sql.options import BoxFormat, DataOptions
from tests.boxes.generated import NAMES, Photo, boxed_datasets, coordinate_image
from tests.support.galleries import write_dataset
from tests.support.openimages import OpenImages
from tests.support.photos import manifest_rows

#: ImageID, category, left, top, width and height, in pixels.
Found = tuple[str, int, float, float, float, float]
Drawn = tuple[OpenImages, list[Result], list[Photo]]
Opened = tuple[Path, DatasetBoxes, list[str]]


@contextmanager
def boxes_of(data: OpenImages, results: list[Result]) -> Iterator[Opened]:
    """Yield a folder with a dataset, and the boxes and warnings that the program finds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data.write(folder / "data")
        write_dataset(folder / "dataset", results, picture_of)
        with Database(DataOptions(folder / "data")) as database:
            warnings: list[str] = []
            found = find_boxes(database, folder / "dataset", tuple(NAMES), warnings.append)
            yield folder, found, warnings


def picture_of(result: Result) -> bytes:
    file = BytesIO()
    coordinate_image((result.width or 0, result.height or 0)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("examples", [10, pytest.param(100, marks=pytest.mark.slow)])
def test_every_format_agrees_with_brute_force(examples: int) -> None:
    settings(max_examples=examples, deadline=None)(given(boxed_datasets())(check_formats))()


def check_formats(drawn: Drawn) -> None:
    data, results, photos = drawn
    assume(photos)
    by_id = {photo.image_id: photo for photo in photos}
    expected = rounded(
        (photo.image_id, category, *in_pixels(photo, (left, top, right - left, bottom - top)))
        for photo in photos
        for category, left, right, top, bottom in photo.boxes
    )
    with boxes_of(data, results) as (folder, found, warnings):
        assert found.boxes == len(expected)
        lost = sum(result.status == "lost" for result in results)
        assert any(f" have failed: {lost:,}" in warning for warning in warnings) == bool(lost)
        for one in BoxFormat:
            assert export(found, folder / one, one) == len(photos)
            written = (folder / one).rglob("*.jpg" if one == BoxFormat.VOC else "*.png")
            assert {path.stem: size_of(path) for path in written} == {
                photo.image_id: photo.size for photo in photos
            }
        assert rounded(yolo_boxes(folder / "yolo", by_id)) == expected
        assert rounded(coco_boxes(folder / "coco", photos)) == expected
        assert rounded(jsonl_boxes(folder / "jsonl", by_id)) == expected
        # Pascal VOC has whole pixels, so its boxes may be off by one pixel.
        rest = list(voc_boxes(folder / "voc", photos))
        for box in expected:
            close = pytest.approx(box[2:], abs=1.001)
            rest.remove(next(one for one in rest if one[:2] == box[:2] and one[2:] == close))
        assert rest == []


def rounded(boxes: Iterable[Found]) -> list[Found]:
    return sorted(
        (image_id, category, round(left, 3), round(top, 3), round(wide, 3), round(high, 3))
        for image_id, category, left, top, wide, high in boxes
    )


def in_pixels(photo: Photo, box: Sequence[float]) -> tuple[float, float, float, float]:
    (wide, high), (left, top, width, height) = photo.size, box
    return left * wide, top * high, width * wide, height * high


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def part_of(photo: Photo) -> str:
    """Return the name of the part in YOLO and Pascal VOC."""
    return "val" if photo.part == "validation" else photo.part


def yolo_boxes(folder: Path, photos: dict[str, Photo]) -> Iterator[Found]:
    lines = [line.strip() for line in (folder / "data.yaml").read_text().splitlines()]
    assert lines[-3:] == [f'{place}: "{name}"' for place, name in enumerate(NAMES.values())]
    assert all((folder / line.partition(": ")[2]).is_dir() for line in lines[:2])
    for path in folder.rglob("*.txt"):
        photo = photos[path.stem]
        assert path == folder / "labels" / part_of(photo) / f"{photo.image_id}.txt"
        assert (folder / "images" / part_of(photo) / f"{photo.image_id}.png").exists()
        for line in path.read_text().splitlines():
            category, x, y, wide, high = map(float, line.split())
            assert 0 <= min(x, y, wide, high) <= max(x, y, wide, high) <= 1
            box = in_pixels(photo, (x - wide / 2, y - high / 2, wide, high))
            yield photo.image_id, int(category), *box


def coco_boxes(folder: Path, photos: list[Photo]) -> Iterator[Found]:
    ids: list[int] = []
    for part in {photo.part for photo in photos}:
        content = json.loads((folder / part / "annotations.json").read_text())
        assert [one["name"] for one in content["categories"]] == list(NAMES.values())
        images = {}
        for image in content["images"]:
            path = folder / part / image["file_name"]
            assert size_of(path) == (image["width"], image["height"])
            images[image["id"]] = path.stem
        for one in content["annotations"]:
            left, top, wide, high = one["bbox"]
            assert one["area"] == pytest.approx(wide * high)
            ids.append(one["id"])
            yield images[one["image_id"]], one["category_id"] - 1, left, top, wide, high
    assert len(set(ids)) == len(ids)


def jsonl_boxes(folder: Path, photos: dict[str, Photo]) -> Iterator[Found]:
    for path in folder.rglob("metadata.jsonl"):
        for row in map(json.loads, path.read_text().splitlines()):
            assert (row["width"], row["height"]) == photos[row["image_id"]].size
            assert (path.parent / row["file_name"]).exists()
            objects = row["objects"]
            assert objects["names"] == [list(NAMES.values())[one] for one in objects["categories"]]
            for category, box in zip(objects["categories"], objects["bbox"], strict=True):
                yield row["image_id"], category, *box


def voc_boxes(folder: Path, photos: list[Photo]) -> Iterator[Found]:
    for photo in photos:
        part = part_of(photo) or "trainval"
        assert photo.image_id in (folder / f"ImageSets/Main/{part}.txt").read_text().split()
        root = ElementTree.parse(folder / f"Annotations/{photo.image_id}.xml").getroot()
        assert (folder / "JPEGImages" / str(root.findtext("filename"))).exists()
        for one in root.iter("object"):
            edges = ("xmin", "ymin", "xmax", "ymax")
            left, top, right, bottom = (int(str(one.findtext(f"bndbox/{edge}"))) for edge in edges)
            assert 1 <= left <= right <= photo.size[0]
            assert 1 <= top <= bottom <= photo.size[1]
            category = list(NAMES.values()).index(str(one.findtext("name")))
            box = (left - 1, top - 1, right - left + 1, bottom - top + 1)
            yield photo.image_id, category, *box


@settings(max_examples=10, deadline=None)
@given(drawn=boxed_datasets())
def test_every_crop_has_the_pixels_of_its_box(drawn: Drawn) -> None:
    data, results, photos = drawn
    assume(photos)
    expected = []
    for photo in photos:
        picture = coordinate_image(photo.size)
        for category, *edges in photo.boxes:
            left, top, right, bottom = pixels(edges, photo.size, margin=0)
            part = picture.crop(pixels(edges, photo.size, margin=0.25))
            part = part.rotate(photo.to_turn, expand=True)
            content = part.tobytes() if min(right - left, bottom - top) >= 10 else b""
            key = (photo.image_id, list(NAMES)[category], *(round(edge, 6) for edge in edges))
            expected.append((*key, content))
    with boxes_of(data, results) as (folder, found, _):
        crops = folder / "crops"
        notes = crop(found, crops, margin=0.25, min_pixels=10)
        lines = manifest_rows(crops)
        written = [row for row in lines if row["path"]]
        assert notes[""] == len(written) == len(list(crops.rglob("*.png")))
        assert all(row["note"] == "" for row in written)
        assert notes["smaller than 10 pixels"] == len(lines) - len(written)
        contents = []
        for row in lines:
            edges = [round(float(row[edge]), 6) for edge in ("XMin", "XMax", "YMin", "YMax")]
            content = b""
            if row["path"]:
                with Image.open(crops / row["path"]) as image:
                    content = image.convert("RGB").tobytes()
            contents.append((row["ImageID"], row["LabelName"], *edges, content))
        assert sorted(contents) == sorted(expected)


def pixels(
    edges: Sequence[float], size: tuple[int, int], margin: float
) -> tuple[int, int, int, int]:
    """Return the left, upper, right and lower edge of a box with a margin."""
    (left, right, top, bottom), (wide, high) = edges, size
    across, along = margin * (right - left), margin * (bottom - top)
    return (
        max(0, floor(round((left - across) * wide, 6))),
        max(0, floor(round((top - along) * high, 6))),
        min(wide, ceil(round((right + across) * wide, 6))),
        min(high, ceil(round((bottom + along) * high, 6))),
    )
