"""Rules outside `select_images`: the hierarchy, ratios, whose labels count, and the report."""

from collections import defaultdict
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from hotdog_sql.options import DataOptions, SelectOptions
from hotdog_sql.selection import select
from tests.sql.test_select_images import FOLDERS, MIDS, open_images, selected
from tests.support import brute_force
from tests.support.openimages import OpenImages, connect, database_of, image_row

HOT_DOG, BUN, STAND = "/m/01b9xk", "/m/07vh6y", "/m/0bm1pg"
FOOD, PERSON = "/m/02wbm", "/m/01g317"
CHOSEN = st.lists(st.sampled_from(MIDS[:5]), min_size=1, max_size=3, unique=True)


@settings(max_examples=8, deadline=None)
@given(data=open_images())
def test_hierarchy_agrees_with_brute_force(data: OpenImages) -> None:
    """For kinds and parts, on several levels, and for a class with two parents."""
    for chosen, below in {FOOD: {HOT_DOG, BUN}, STAND: {BUN}, PERSON: set()}.items():
        asked = SelectOptions((chosen,), negatives=9, exclude=tuple(below))
        with database_of(data, labels="machine") as database:
            rows = selected(database, SelectOptions((chosen,), negatives=9, related="hierarchy"))
        assert rows == brute_force.select(data, asked, FOLDERS)


@settings(max_examples=8, deadline=None)
@given(data=open_images(), chosen=CHOSEN)
def test_the_report_agrees_with_brute_force(data: OpenImages, chosen: list[str]) -> None:
    with database_of(data, labels="machine") as database:
        request = SelectOptions(tuple(chosen), min_confidence=0.8, related="none")
        report = select(database, request).report
    assert report is not None
    known = {image[0] for image in data.images}
    marks: dict[tuple[str, str], set[str]] = defaultdict(set)
    for image, source, mid, confidence in data.labels:
        people = source != "machine"
        if float(confidence) >= 0.8:
            marks[mid, "people" if people else "machine"].add(image)
        elif float(confidence) == 0 and people:
            marks[mid, "denied"].add(image)
    positives = {image for (_, who), images in marks.items() if who != "denied" for image in images}
    for mid in MIDS:
        marks[mid, "machine"] -= marks[mid, "denied"]
    carriers = {mid: marks[mid, "people"] | marks[mid, "machine"] for mid in MIDS}
    names = dict(data.classes)
    classes = []
    for mid in chosen:
        others = set().union(*(carriers[other] for other in chosen if other != mid))
        sets = [carriers[mid], *(marks[mid, who] for who in ("people", "machine", "denied"))]
        counts = [len(images & known) for images in (*sets, carriers[mid] & others)]
        classes.append((FOLDERS[mid], mid, names[mid], *counts, None, None))
    assert report.classes == classes
    near = set().union(*(carriers[mid] for mid in chosen))
    assert (report.labelled, report.candidates) == (len(positives), len(positives - near))
    unknown = {image for image, _, mid, _ in data.labels if mid in chosen} - known
    assert report.problems == ({"not in the image file": len(unknown)} if unknown else {})


def test_a_ratio_counts_from_the_positives_taken(small_data: Path) -> None:
    with connect(DataOptions(small_data)) as database:
        for limit, positives in ((None, 12), (4, 4)):
            request = SelectOptions((HOT_DOG,), ratio=2.5, limit=limit)
            folders = {one.folder: one.images for one in select(database, request).folders}
            assert folders == {"hot_dog": positives, "other": round(2.5 * positives)}
        # The shell's literals are decimal numbers, of which 15 times 4.1 is 61.5.
        assert len(database.rows("FROM select_images('Pizza', ratio := 4.1)")) == 15 + 61


def test_machine_labels_enlarge_a_class() -> None:
    """Ten labels of people, and of a model five above and three below the minimum confidence."""
    ids = [f"{number:016x}" for number in range(18)]
    data = OpenImages(images=[image_row(image) for image in ids])
    data.labels = [(image, "verification", HOT_DOG, "1") for image in ids[:10]]
    sure = [(image, "machine", HOT_DOG, "0.9") for image in ids[10:15]]
    data.machine_labels = [*sure, *((image, "machine", HOT_DOG, "0.7") for image in ids[15:])]
    for labels, by_people, by_machine in (("human", 10, 0), ("machine", 0, 5), ("both", 10, 5)):
        with database_of(data, labels=labels) as database:
            selection = select(database, SelectOptions((HOT_DOG,), min_confidence=0.8))
            assert selection.folders[0].images == by_people + by_machine
            assert selection.report is not None
            (counts,) = selection.report.classes
        assert (counts.by_people, counts.by_machine) == (by_people, by_machine)
