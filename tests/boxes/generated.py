"""Generated Open Images and datasets with boxes, and the rules on boxes in plain Python."""

from dataclasses import replace
from typing import NamedTuple

from hypothesis import strategies as st
from PIL import Image

from hotdog_sql.downloader.result import Result
from hotdog_sql.options import SelectOptions
from tests.sql.test_select_images import MIDS, ids, open_images
from tests.support.galleries import got, lost
from tests.support.openimages import OpenImages, box_row

#: Valid edges, and some outside the photo; two of them may be equal or in the wrong order.
_EDGES = st.sampled_from((0.0, 0.1, 0.25, 0.5, 0.50001, 0.9, 1.0)) | st.sampled_from((-0.1, 1.5))
_FLAG = st.sampled_from((0, 1, -1))
#: Classes of the boxes that tests look for on a dataset's photos.
NAMES = {"/m/01b9xk": "Hot dog", "/m/07vh6y": "Hot dog bun", "/m/0bm1pg": "Hot dog stand"}
#: Note, source and Rotation of a photo; whether it was mirrored; by how many degrees it was turned
#: after that; and by how many it must still be turned.
_TURNS = st.sampled_from(
    (
        ("", "mirror", "", False, 0, 0),
        ("", "mirror", "90.0", False, 0, 90),
        ("rotated 90", "mirror", "90.0", False, 90, 0),
        ("rotated 180; resized 20x30", "original", "180.0", False, 180, 0),
        ("mirrored, rotated 90", "original", "", True, 90, 0),
        ("mirrored", "original", "", True, 0, 0),
        ("original changed; rotated 270", "original", "270.0", False, 270, 0),
        ("", "thumbnail", "270.0", False, 270, 0),
    )
)


class Box(NamedTuple):
    """A row of the box file: edges are XMin, XMax, YMin, YMax; flags are None where unknown."""

    image_id: str
    mid: str
    edges: tuple[float, ...]
    flags: tuple[bool | None, ...]

    @property
    def area(self) -> float | None:
        left, right, top, bottom = self.edges
        if 0 <= left < right <= 1 and 0 <= top < bottom <= 1:
            return (right - left) * (bottom - top)
        return None


class Photo(NamedTuple):
    """A photo of a dataset, and its boxes as it is turned now: number of the class, and edges."""

    image_id: str
    part: str
    size: tuple[int, int]
    to_turn: int
    boxes: list[tuple[int, float, float, float, float]]


@st.composite
def boxed_images(draw: st.DrawFn) -> OpenImages:
    """Generate Open Images with at least one box; some boxes are of unknown images."""
    data = draw(open_images())
    known = [image[0] for image in data.images]
    any_edges = st.tuples(_EDGES, _EDGES, _EDGES, _EDGES)
    edges = any_edges | any_edges.map(lambda four: (*sorted(four[:2]), *sorted(four[2:])))
    data.boxes = draw(
        st.lists(
            st.builds(
                box_row,
                st.sampled_from(known) | ids,
                st.sampled_from(MIDS[:5]),
                edges,
                st.tuples(_FLAG, _FLAG, _FLAG, _FLAG, _FLAG),
            ),
            min_size=1,
            max_size=60,
        )
    )
    return data


def boxes_of(data: OpenImages) -> list[Box]:
    flags = {"0": False, "1": True, "-1": None}
    return [
        Box(box[0], box[2], tuple(map(float, box[4:8])), tuple(flags[flag] for flag in box[8:]))
        for box in data.boxes
    ]


def fitting(data: OpenImages, options: SelectOptions, mid: str) -> set[str]:
    """Return the images in which the largest box of a class satisfies the rules."""
    largest: dict[str, tuple[float, ...]] = {}
    for box in boxes_of(data):
        area, (_, truncated, group, depiction, _) = box.area, box.flags
        if box.mid == mid and area is not None:
            # Among boxes of equal area, unknown ranks above true, and true above false.
            flags = [2 if flag is None else int(flag) for flag in (group, depiction, truncated)]
            largest[box.image_id] = max(largest.get(box.image_id, ()), (area, *flags))
    min_area = 0 if options.min_area is None else options.min_area
    max_area = 1 if options.max_area is None else options.max_area
    return {
        image
        for image, (area, group, depiction, truncated) in largest.items()
        if min_area <= area <= max_area
        and not (options.no_group_of and group == 1)
        and not (options.no_depiction and depiction == 1)
        and not (options.no_truncated and truncated == 1)
    }


@st.composite
def boxed_datasets(draw: st.DrawFn) -> tuple[OpenImages, list[Result], list[Photo]]:
    """Generate Open Images, the results of a download, and the downloaded photos."""
    data = draw(boxed_images())
    results, photos = [], []
    parts = ("train", "validation", "test") if draw(st.booleans()) else ("",)
    for image_id, *_ in data.images:
        note, source, rotation, mirrored, turned, to_turn = draw(_TURNS)
        is_lost = draw(st.integers(0, 5)) == 0
        size = draw(st.tuples(st.integers(1, 99), st.integers(1, 99)))
        part = draw(st.sampled_from(parts))
        for folder in draw(st.sampled_from((("hot_dog",), ("other",), ("hot_dog", "other")))):
            fields = {"image_id": image_id, "partition": part, "rotation": rotation}
            result = got(1, folder, source, **fields)
            result = replace(result, note=note, width=size[0], height=size[1])
            results.append(lost(1, folder, **fields) if is_lost else result)
        if not is_lost:
            boxes = [
                (list(NAMES).index(box.mid), *_turned_edges(box.edges, mirrored, turned))
                for box in boxes_of(data)
                if box.image_id == image_id and box.mid in NAMES and box.area is not None
            ]
            photos.append(Photo(image_id, part, size, to_turn, boxes))
    return data, results, photos


def _turned_edges(
    edges: tuple[float, ...], mirrored: bool, turned: int
) -> tuple[float, float, float, float]:
    """Return the edges on a photo that was mirrored and turned."""
    left, right, top, bottom = edges
    corners = [(left, top), (right, bottom)]
    if mirrored:
        corners = [(1 - x, y) for x, y in corners]
    for _ in range(turned // 90):
        corners = [(y, 1 - x) for x, y in corners]
    (x1, y1), (x2, y2) = corners
    return min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)


def coordinate_image(size: tuple[int, int]) -> Image.Image:
    """Return an image in which red is the column and green is the row."""
    image = Image.new("RGB", size)
    image.putdata([(x, y, 0) for y in range(size[1]) for x in range(size[0])])
    return image
