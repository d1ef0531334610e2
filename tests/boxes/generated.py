"""Open Images with boxes, made up by hypothesis, and the rules on boxes in plain Python."""

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from hotdog_sql.options import SelectOptions
from tests.sql.test_select_images import MIDS, ids, open_images
from tests.support.openimages import OpenImages, box_row

#: Real ones, and some that are outside the photo; a pair of them may be swapped or empty.
_EDGES = st.sampled_from((0.0, 0.1, 0.25, 0.5, 0.50001, 0.9, 1.0)) | st.sampled_from((-0.1, 1.5))
_FLAG = st.sampled_from((0, 1, -1))


class Box(NamedTuple):
    """A row of the box file; flags are None where unknown."""

    image_id: str
    mid: str
    left: float
    right: float
    top: float
    bottom: float
    flags: tuple[bool | None, ...]


@st.composite
def boxed_images(draw: st.DrawFn) -> OpenImages:
    """Images and labels, with at least one box; some boxes are of unknown images."""
    data = draw(open_images())
    known = [image[0] for image in data.images]
    edges = st.tuples(_EDGES, _EDGES, _EDGES, _EDGES).map(
        lambda four: (*sorted(four[:2]), *sorted(four[2:]))
    ) | st.tuples(_EDGES, _EDGES, _EDGES, _EDGES)
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
    known = {"0": False, "1": True, "-1": None}
    return [
        Box(box[0], box[2], *_edges(box[4:8]), tuple(known[flag] for flag in box[8:]))
        for box in data.boxes
    ]


def _edges(values: Sequence[str | float]) -> tuple[float, float, float, float]:
    left, right, top, bottom = map(float, values)
    return left, right, top, bottom


def area_of(box: Box) -> float | None:
    if 0 <= box.left < box.right <= 1 and 0 <= box.top < box.bottom <= 1:
        return (box.right - box.left) * (box.bottom - box.top)
    return None


def fitting(data: OpenImages, asked: SelectOptions, mid: str) -> set[str]:
    """The images in which the largest box of a class follows the rules."""
    largest: dict[str, tuple[float, ...]] = {}
    for box in boxes_of(data):
        area, (_, truncated, group, depiction, _) = area_of(box), box.flags
        if box.mid == mid and area is not None:
            # Of the same size: unknown counts as more than true, which counts as more than false.
            flags = [2 if flag is None else int(flag) for flag in (group, depiction, truncated)]
            largest[box.image_id] = max(largest.get(box.image_id, ()), (area, *flags))
    least = 0 if asked.min_area is None else asked.min_area
    most = 1 if asked.max_area is None else asked.max_area
    return {
        image
        for image, (area, group, depiction, truncated) in largest.items()
        if least <= area <= most
        and not (asked.no_group_of and group == 1)
        and not (asked.no_depiction and depiction == 1)
        and not (asked.no_truncated and truncated == 1)
    }
