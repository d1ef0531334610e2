"""Finding classes by name in any case, by similar names and by whole words; and counts."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotdog_sql.database import Database
from hotdog_sql.options import DataOptions
from tests.conftest import Run
from tests.support.openimages import OpenImages, connect, image_row

CLASSES = (
    *(("/m/0hot", "Hot dog"), ("/m/0hotel", "Hotel"), ("/m/0hat", "Hat"), ("/m/0hut", "Hut")),
    *(("/m/0ant", "Ant"), ("/m/0shot", "Buckshot"), ("/m/0car", "Car"), ("/m/0door", "Car door")),
    *(("/m/0carrot", "Carrot"), ("/m/0cafe", "Café"), ("/m/0cafeteria", "Caféteria")),
    *(("/m/0wash", "Car-wash"), ("/m/0cart", "Carß"), ("/m/0car2", "Car2"), ("/m/0con", "Con")),
    *(("/m/0upper", "Piano"), ("/m/0lower", "piano")),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classes")
    labels = [(f"{n:016x}", "verification", "/m/0carrot", "1") for n in range(4)]
    labels.append(("0" * 16, "verification", "/m/0con", "1"))
    images = [image_row(f"{n:016x}") for n in range(4)]
    OpenImages(classes=CLASSES, images=images, labels=labels).write(folder)
    return folder


@pytest.fixture
def database(folder: Path) -> Iterator[Database]:
    with connect(DataOptions(folder)) as database:
        yield database


def names(database: Database, call: str) -> list[str]:
    return [name for (name,) in database.rows(f"SELECT DisplayName FROM {call}")]


def test_a_name_is_found_as_written_or_in_another_case(database: Database) -> None:
    for name, mids in {
        "Hot dog": ["/m/0hot"],
        "hot DOG": ["/m/0hot"],
        "/M/0HOT": ["/m/0hot"],
        "CAFÉ": ["/m/0cafe"],
        "Cafe\u0301": ["/m/0cafe"],
        "piano": ["/m/0lower"],
        "PIANO": ["/m/0lower", "/m/0upper"],
        "nothing": [None],
    }.items():
        rows = database.rows("SELECT LabelName FROM matching_classes($name)", {"name": name})
        assert [mid for (mid,) in rows] == mids, name


def test_accents_need_not_be_typed(database: Database) -> None:
    assert names(database, "find_classes('cafe')") == ["Café", "Caféteria"]


def test_similar_names_begin_with_the_text_or_contain_it(database: Database, call: Run) -> None:
    assert names(database, "similar_classes('/m/0hutt', \"limit\" := 1)") == ["Hut"]
    done = call("select", "--class", "hot", "--data-dir", database.options.data_dir, code=3)
    assert "'Hotel' (/m/0hotel), 'Hot dog' (/m/0hot), 'Buckshot' (/m/0shot)" in done.stderr


def test_related_classes_share_whole_words(database: Database) -> None:
    assert names(database, "excluded_classes('Car')") == ["Car", "Car door", "Car-wash"]
    assert names(database, "excluded_classes('Café')") == ["Café"]
    assert len(names(database, "excluded_classes('/m/0lower')")) == 2  # in any case


def test_exact_matches_come_first_and_counts_largest_first(call: Run, folder: Path) -> None:
    found = call("classes", "car", "--data-dir", folder).stdout
    assert [row["DisplayName"] for row in csv.DictReader(found.splitlines())] == [
        *("Car", "Car door", "Car-wash", "Car2", "Carrot", "Carß")
    ]
    counted = call("classes", "c", "--counts", "--data-dir", folder).stdout
    rows = list(csv.DictReader(counted.splitlines()))
    assert [(row["DisplayName"], row["positives"]) for row in rows[:3]] == [
        *(("Carrot", "4"), ("Con", "1"), ("Buckshot", "0"))
    ]


def test_folders_that_not_every_system_takes(database: Database) -> None:
    for name in ("CON", "nul", "Com1", "LPT9", "a:b", "a.", " a", "a ", ""):
        assert database.rows("SELECT is_valid_folder($name)", {"name": name}) == [(False,)]
    rows = database.rows("SELECT folder FROM requested_classes('Con')")
    assert rows == [("con_m_0con",)]
