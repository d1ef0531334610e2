"""A dataset with photos whose pixels say where they are, and its boxes in plain Python."""

import csv
from collections.abc import Iterator
from pathlib import Path

from hypothesis import strategies as st
from PIL import Image

from hotdog_sql.downloader.result import COLUMNS
from tests.boxes.generated import Box, area_of, boxed_images, boxes_of
from tests.support.openimages import OpenImages

CLASSES = ("/m/01b9xk", "/m/07vh6y", "/m/0bm1pg")
NAMES = ("Hot dog", "Hot dog bun", "Hot dog stand")
#: Note, source and Rotation of a photo, and what sets its boxes as it is.
_TURNED = st.sampled_from(
    (
        ("", "mirror", "", (False, 0)),
        ("", "mirror", "90.0", (False, 0)),
        ("rotated 90", "mirror", "90.0", (False, 90)),
        ("rotated 180; resized 20x30", "original", "180.0", (False, 180)),
        ("mirrored, rotated 90", "original", "", (True, 90)),
        ("mirrored", "original", "", (True, 0)),
        ("original changed; rotated 270", "original", "270.0", (False, 270)),
        ("", "thumbnail", "270.0", (False, 270)),
    )
)


class Photo:
    """A photo of the dataset."""

    def __init__(self, image_id: str, part: str, size: tuple[int, int], turn: tuple[bool, int]):
        self.image_id, self.part, self.size, self.turn = image_id, part, size, turn
        self.boxes: list[Box] = []

    def turned(self) -> Iterator[tuple[int, float, float, float, float, Box]]:
        """Category, left, right, upper and lower edge on the photo as it is."""
        for box in self.boxes:
            corners = [(box.left, box.top), (box.right, box.bottom)]
            if self.turn[0]:
                corners = [(1 - x, y) for x, y in corners]
            for _ in range(self.turn[1] // 90):
                corners = [(y, 1 - x) for x, y in corners]
            (x1, y1), (x2, y2) = corners
            category = CLASSES.index(box.mid)
            yield category, min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2), box


@st.composite
def boxed_datasets(draw: st.DrawFn) -> tuple[OpenImages, list[list[str]], list[Photo]]:
    """The files of Open Images, the rows of a manifest, and the photos that are there."""
    data = draw(boxed_images())
    rows, photos = [], []
    parted = draw(st.booleans())
    for image in data.images:
        note, source, rotation, turn = draw(_TURNED)
        lost = draw(st.integers(0, 5)) == 0
        part = draw(st.sampled_from(("train", "validation", "test"))) if parted else ""
        photo = Photo(image[0], part, (draw(st.integers(1, 99)), draw(st.integers(1, 99))), turn)
        photo.boxes = [
            box
            for box in boxes_of(data)
            if box.image_id == image[0] and box.mid in CLASSES and area_of(box) is not None
        ]
        for folder in draw(st.sampled_from((("hot_dog",), ("other",), ("hot_dog", "other")))):
            path = "" if lost else f"{part}/{folder}/{image[0]}.png".strip("/")
            known = {"ImageID": image[0], "folder": folder, "partition": part, "path": path}
            known |= {"status": "lost" if lost else "downloaded", "source": source, "note": note}
            known |= {"rank": "1", "reserve": "false", "Rotation": rotation}
            known |= dict(zip(("width", "height"), map(str, photo.size), strict=True))
            rows.append([known.get(name, "") for name in COLUMNS])
        if not lost:
            photos.append(photo)
    return data, rows, photos


def write_dataset(folder: Path, rows: list[list[str]], photos: list[Photo]) -> None:
    """Write the manifest and the photos."""
    folder.mkdir()
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    sizes = {photo.image_id: photo.size for photo in photos}
    for row in rows:
        image_id, path = row[0], row[COLUMNS.index("path")]
        if path:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            where_it_is(sizes[image_id]).save(folder / path)


def where_it_is(size: tuple[int, int]) -> Image.Image:
    """A picture in which red is the column and green the row."""
    image = Image.new("RGB", size)
    image.putdata([(x, y, 0) for y in range(size[1]) for x in range(size[0])])
    return image
