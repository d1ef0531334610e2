"""Positives selected by their boxes: compared with brute force, and by the command."""

import csv
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotdog_sql.errors import InputError
from hotdog_sql.options import DataOptions, SelectOptions
from hotdog_sql.selection import select
from tests.boxes.generated import Box, boxed_images, boxes_of, fitting
from tests.conftest import Run
from tests.sql.test_select_images import FOLDERS, requests, selected, selected_at_once
from tests.support import brute_force
from tests.support.openimages import (
    BOX_COLUMNS,
    OpenImages,
    boxed_open_images,
    connect,
    database_of,
    write_csv,
)

HOT_DOG = "/m/01b9xk"
BOXES = "test-annotations-bbox.csv"
_AREAS = st.none() | st.sampled_from((0.0, 0.04, 0.25, 0.4))


@st.composite
def box_requests(draw: st.DrawFn, data: OpenImages) -> SelectOptions:
    """Generate options with rules on boxes, for classes that have boxes."""
    boxed = sorted({box[2] for box in data.boxes})
    min_area = draw(_AREAS)
    return replace(
        draw(requests()),
        classes=tuple(draw(st.lists(st.sampled_from(boxed), min_size=1, max_size=3))),
        min_area=min_area,
        max_area=draw(st.none() | st.sampled_from((0.4, 0.81, 1.0))),
        no_group_of=draw(st.booleans()),
        no_depiction=draw(st.booleans()),
        no_truncated=draw(st.booleans()) or min_area is None,
    )


@pytest.mark.parametrize("examples", [20, pytest.param(150, marks=pytest.mark.slow)])
def test_every_rule_agrees_with_brute_force(examples: int) -> None:
    settings(max_examples=examples, deadline=None)(given(st.data(), boxed_images())(check_rules))()


def check_rules(drawn: st.DataObject, data: OpenImages) -> None:
    options = drawn.draw(box_requests(data))
    found = {mid: fitting(data, options, mid) for mid in options.classes}
    expected = brute_force.select(data, options, FOLDERS, found)
    with database_of(data, labels="machine") as database:
        assert selected(database, options) == expected
        assert selected_at_once(database, options) == expected
        problems = select(database, options).box_problems()
    labelled = {(image, mid) for image, _, mid, confidence in data.labels if float(confidence) >= 0}
    known = {image[0] for image in data.images}
    boxes = [box for box in boxes_of(data) if box.mid in options.classes]
    strays = [
        box for box in boxes if box.image_id not in known or (box.image_id, box.mid) not in labelled
    ]
    impossible = [box for box in boxes if box.area is None]
    least = options.min_confidence
    denied = {(one[0], one[2]) for one in data.labels if one[1] != "machine" and one[3] == "0"}
    positives = {
        (image, mid)
        for image, source, mid, share in data.labels
        if float(share) >= least and (source != "machine" or (image, mid) not in denied)
    }
    unboxed = [
        (image, mid)
        for image, mid in positives - {(box.image_id, box.mid) for box in boxes}
        if image in known and mid in options.classes
    ]
    counts = sorted(len(some) for some in (strays, impossible, unboxed) if some)
    assert sorted(problems.values()) == counts


@settings(max_examples=15, deadline=None)
@given(data=boxed_images())
def test_the_view_has_the_rows_of_every_split(data: OpenImages) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for split in ("test", "train"):  # the file of train has more columns
            data.write(Path(folder), split)
        for splits in (("train",), ("test", "train")):
            with connect(DataOptions(Path(folder), splits=splits)) as database:
                rows = database.rows("FROM boxes")
            found = [Box(row[0], row[2], row[4:8], row[8:13]) for row in rows]
            assert sorted(found, key=str) == sorted(boxes_of(data) * len(splits), key=str)
            assert [row[13] for row in rows] == [box.area for box in found]


def test_a_recipe_has_the_rules_only_if_there_are_any(
    call: Run, small_data: Path, tmp_path: Path
) -> None:
    base = ("select", "Hot dog", "--data-dir", small_data, "--output", "rows.csv")
    for rules in ((), ("--min-area", "0.3", "--no-depiction")):
        call(*base, *rules)
        recipe = json.loads((tmp_path / "rows.selection.json").read_text(encoding="utf-8"))
        rules_saved = {name: recipe["classes"].get(name) for name in ("min_area", "no_depiction")}
        expected = {"min_area": 0.3, "no_depiction": True} if rules else dict.fromkeys(rules_saved)
        assert rules_saved == expected
        assert (BOXES in recipe["file_md5"]) == bool(rules)
        again = call("select", "--from", "rows.selection.json", "--data-dir", small_data)
        assert again.stdout == (tmp_path / "rows.csv").read_text()
        assert len(again.stdout.splitlines()) == 1 + 120 + (5 if rules else 12)


def test_boxes_are_read_only_if_needed(call: Run, tmp_path: Path) -> None:
    data = boxed_open_images()
    data.boxes = ()
    data.write(tmp_path / "data")
    (tmp_path / "data" / BOXES).write_text("no boxes at all")
    call("select", "Hot dog", "--data-dir", "data", "--offline")
    done = call("select", "Hot dog", "--no-group-of", "--data-dir", "data", "--offline", code=4)
    assert "has no rows" in done.stderr
    (tmp_path / "data" / BOXES).unlink()
    call("classes", "hot", "--counts", "--data-dir", "data", "--offline")
    done = call("classes", "hot", "--boxes", "--data-dir", "data", "--offline", code=4)
    assert BOXES in done.stderr


def test_columns_are_read_by_name(call: Run, tmp_path: Path) -> None:
    data = boxed_open_images()
    data.write(tmp_path / "data")
    backwards = [tuple(reversed(box)) for box in data.boxes]
    write_csv(tmp_path / "data" / BOXES, reversed(BOX_COLUMNS), backwards)
    done = call("sql", "SELECT ImageID, XMax FROM boxes LIMIT 1", "--data-dir", "data")
    assert done.stdout.splitlines() == ["ImageID,XMax", f"{25:016x},0.1625"]


def test_counts_and_the_index(call: Run, tmp_path: Path) -> None:
    boxed_open_images().write(tmp_path / "data")
    for _ in range(2):
        done = call("classes", "hot dog", "--boxes", "--data-dir", "data")
        rows = list(csv.reader(done.stdout.splitlines()))
        assert rows[0][-1] == "boxes"
        assert [row[-1] for row in rows[1:]] == ["12", "0", "0"]
        assert done.stderr.strip() == "3 classes"
        indexed = call("index", "--data-dir", "data")
        assert BOXES in indexed.stdout
    assert (tmp_path / "data" / BOXES).with_suffix(".parquet").exists()


def test_impossible_rules_are_refused() -> None:
    with pytest.raises(InputError, match="min_area"):
        SelectOptions(("Hot dog",), min_area=0.5, max_area=0.4)
    with pytest.raises(InputError, match="needs classes"):
        SelectOptions(query="FROM images", min_area=0.1)
