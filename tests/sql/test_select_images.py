"""`select_images` and `selection_report` against brute force in plain Python."""

from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotdog_sql.database import Database
from hotdog_sql.options import SelectOptions
from hotdog_sql.selection import select
from tests.support import brute_force
from tests.support.openimages import CLASSES, OpenImages, database_of, image_row

MIDS = tuple(mid for mid, _ in CLASSES)
FOLDERS = {
    "/m/01b9xk": "hot_dog",
    "/m/07vh6y": "hot_dog_bun",
    "/m/0bm1pg": "hot_dog_stand",
    "/m/01g317": "person",
    "/m/02wbm": "food",
    "/m/02wvth": "fiat_500_topolino",
    "/m/0h8n5zk": "kitchen_dining_room_table_small",
    "/m/0a1": "jaguar",
    "/m/0a2": "jaguar",
    "/m/0a3": "piñata",
}
# These look like numbers, but must stay text.
ODD_IDS = ("92157226691247e1", "0001234567890123", "0000000000000000", "1e10000000000000")

#: Options that are not parameters of the macro.
NOT_IN_SQL = {"query", "variables", "ids", "partition", "group_by"}

ids = st.one_of(st.sampled_from(ODD_IDS), st.text("0123456789abcdef", min_size=16, max_size=16))
# Free text of users: quotes, commas, any script, line breaks and control characters.
free_text = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@st.composite
def open_images(draw: st.DrawFn) -> OpenImages:
    images = draw(st.lists(ids, min_size=1, max_size=25, unique=True))
    labelled = st.sampled_from(images) | ids
    labels = draw(
        st.lists(
            st.tuples(
                labelled,
                st.sampled_from(("verification", "crowdsource-verification", "machine")),
                st.sampled_from(MIDS[:5]) | st.sampled_from(MIDS),
                st.sampled_from(("1", "1", "0", "0.8", "0.5")),
            ),
            min_size=1,
            max_size=60,
        )
    )
    rows = [image_row(image, Title=draw(free_text)) for image in images]
    # Sources are distinguished only if a model's labels are read.
    return OpenImages(images=rows, labels=labels, machine_labels=labels)


@st.composite
def requests(draw: st.DrawFn) -> SelectOptions:
    return SelectOptions(
        classes=tuple(draw(st.lists(st.sampled_from(MIDS[:8]), min_size=1, max_size=3))),
        negatives=draw(st.integers(0, 12)),
        seed=draw(st.integers(0, 2**63 - 1)),
        limit=draw(st.none() | st.integers(1, 4)),
        min_confidence=draw(st.sampled_from((1.0, 0.8, 0.5))),
        related=draw(st.sampled_from(("prefix", "none"))),
        exclude=tuple(draw(st.lists(st.sampled_from(MIDS), max_size=2))),
        overlap=draw(st.sampled_from(("leave_out", "first", "both"))),
        negatives_from=draw(st.sampled_from(("random", "verified", "mixed"))),
    )


def selected(database: Database, asked: SelectOptions) -> list[brute_force.Row]:
    rows = select(database, asked)
    return [(row["folder"], row["rank"], row["ImageID"]) for row in rows]


def selected_at_once(database: Database, asked: SelectOptions) -> list[brute_force.Row]:
    """The rows that users of the shell get from one statement."""
    values = {name: value for name, value in asdict(asked).items() if name not in NOT_IN_SQL}
    values["class"] = values.pop("classes")
    arguments = ", ".join(("$class", *(f'"{one}" := ${one}' for one in values if one != "class")))
    query = f"SELECT folder, rank, ImageID FROM select_images({arguments})"
    return [tuple(row) for row in database.rows(query, values)]


@pytest.mark.parametrize("examples", [12, pytest.param(200, marks=pytest.mark.slow)])
def test_every_rule_agrees_with_brute_force(examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(data=open_images(), asked=requests())
    def check(data: OpenImages, asked: SelectOptions) -> None:
        with database_of(data, labels="machine") as database:
            expected = brute_force.select(data, asked, FOLDERS)
            assert selected(database, asked) == expected
            assert selected_at_once(database, asked) == expected

    check()


@settings(max_examples=10, deadline=None)
@given(data=open_images())
def test_the_image_columns_come_through_unchanged(data: OpenImages) -> None:
    with database_of(data) as database:
        rows = database.rows("SELECT ImageID, Title FROM images")
    assert sorted(rows) == sorted((row[0], row[7] or None) for row in data.images)
