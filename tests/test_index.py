"""The index gives the rows that its CSVs give, and only while it is true to them."""

import json
import os
import shlex
import tempfile
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotdog_sql.database import Database, connect
from hotdog_sql.index.build import build_index
from hotdog_sql.index.state import index_of, labelled_index_of
from hotdog_sql.options import DataOptions
from hotdog_sql.selection import select
from tests.conftest import Run
from tests.support.brute_force import Asked
from tests.support.openimages import IMAGE_COLUMNS, OpenImages, small_open_images
from tests.test_sql_selection import ODD_IDS, free_text, open_images, request_of, requests

IMAGES = "test-images-with-rotation.csv"
LABELS = "test-annotations-human-imagelabels.csv"

# Values that an index must not take for what it works out or packs: no MD5, an MD5 with other
# padding bits, texts of 16 characters and of the length of the mark for "kept as text".
odd_md5s = st.one_of(
    free_text,
    st.binary(min_size=16, max_size=16).map(lambda data: b64encode(data).decode()),
    st.sampled_from(
        (
            "",
            "MDEyMzQ1Njc4OWFiY2RlZh==",
            "0123456789abcdef",
            "as it is written:",
            "as it is written:0",
            "*****************+*+*w==",
        )
    ),
)
odd_pages = st.one_of(
    free_text,
    st.sampled_from(
        (
            "",
            "https://www.flickr.com/photos/somebody/",
            "https://www.flickr.com/people/somebody/",
        )
    ),
)


@st.composite
def odd_images(draw: st.DrawFn) -> OpenImages:
    data = draw(open_images())
    rows = []
    for row in data.images:
        named = dict(zip(IMAGE_COLUMNS, row, strict=True))
        for column, values in (
            ("OriginalMD5", odd_md5s),
            ("OriginalLandingURL", odd_pages),
            ("AuthorProfileURL", odd_pages),
            ("OriginalURL", odd_pages),
            ("OriginalSize", st.sampled_from(("", "0", "123456"))),
            ("Rotation", st.sampled_from(("", "0.0", "270.0"))),
        ):
            if draw(st.booleans()):
                named[column] = draw(values)
        rows.append(tuple(named.values()))
    data.images = rows
    return data


def rows_of(database: Database, view: str) -> list[tuple[object, ...]]:
    return database.rows(f"FROM {view} ORDER BY ALL")


@settings(max_examples=6, deadline=None)
@given(data=odd_images(), asked=requests())
def test_every_row_and_every_selection_is_the_csvs(data: OpenImages, asked: Asked) -> None:
    check_index(data, asked)


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(data=odd_images(), asked=requests())
def test_every_row_and_every_selection_is_the_csvs_often(data: OpenImages, asked: Asked) -> None:
    check_index(data, asked)


def check_index(data: OpenImages, asked: Asked) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data.write(Path(folder))
        list(build_index(DataOptions(Path(folder))))
        with (
            connect(DataOptions(Path(folder), indexed=False)) as plain,
            connect(DataOptions(Path(folder))) as indexed,
        ):
            assert indexed.index.views
            for view in ("images", "labels", "labelled_images"):
                assert rows_of(indexed, view) == rows_of(plain, view)
            selections = [select(database, request_of(asked)) for database in (plain, indexed)]
            assert list(selections[0]) == list(selections[1])
            assert selections[0].report == selections[1].report


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    small_open_images().write(tmp_path)
    list(build_index(DataOptions(tmp_path)))
    return tmp_path


def views_of(folder: Path, **session: object) -> tuple[set[str], list[str]]:
    """Which views read the index, and the names of the CSVs whose index is stale."""
    with Database(DataOptions(folder, **session)) as database:  # type: ignore[arg-type]
        return set(database.index.views), [path.name for path in database.index.stale]


ALL = {"images", "labels", "labelled_images", "relevant_rows"}


def test_an_index_is_read_without_being_asked_for(folder: Path) -> None:
    assert views_of(folder) == (ALL, [])


def test_one_without_an_index_is_read_itself(folder: Path) -> None:
    index_of(folder / IMAGES).unlink()
    assert views_of(folder) == (ALL - {"images"}, [])


def test_half_an_index_of_labels_is_none(folder: Path) -> None:
    labelled_index_of(folder / LABELS).unlink()
    assert views_of(folder) == ({"images"}, [])


def test_a_changed_csv_is_read_itself(folder: Path) -> None:
    labels = folder / LABELS
    labels.write_text(labels.read_text() + f"{ODD_IDS[0]},verification,/m/01b9xk,1\n")
    assert views_of(folder) == ({"images"}, [LABELS])
    with connect(DataOptions(folder)) as database:
        found = database.rows("FROM labels WHERE ImageID = $id", {"id": ODD_IDS[0]})
        assert len(found) == 1


def test_a_touched_csv_is_stale_unless_its_md5_was_known(folder: Path) -> None:
    images = folder / IMAGES
    os.utime(images, (0, 0))
    assert views_of(folder) == (ALL - {"images"}, [IMAGES])
    # Now its MD5 is known, as it is after every selection.
    list(build_index(DataOptions(folder)))
    assert views_of(folder) == (ALL, [])
    os.utime(images, (1, 1))
    assert views_of(folder) == (ALL, [])


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"not parquet at all"])
def test_a_damaged_index_is_stale(folder: Path, damage: bytes) -> None:
    index_of(folder / IMAGES).write_bytes(damage)
    assert views_of(folder) == (ALL - {"images"}, [IMAGES])


def test_both_sorts_of_labels_are_read_from_the_csvs(folder: Path) -> None:
    list(build_index(DataOptions(folder, labels="both")))
    assert views_of(folder, labels="machine") == (ALL, [])
    assert views_of(folder, labels="both") == ({"images"}, [])


def test_several_splits(tmp_path: Path) -> None:
    small_open_images().write(tmp_path, "test")
    small_open_images().write(tmp_path, "validation")
    splits = ("test", "validation")
    assert [
        one.csv.name.partition("-")[0] for one in build_index(DataOptions(tmp_path, splits=splits))
    ]
    with (
        connect(DataOptions(tmp_path, splits=splits, indexed=False)) as plain,
        connect(DataOptions(tmp_path, splits=splits)) as indexed,
    ):
        assert indexed.index.views == ALL
        assert rows_of(indexed, "labels") == rows_of(plain, "labels")
        assert rows_of(indexed, "images") == rows_of(plain, "images")


def test_the_sandbox_of_a_users_query_lets_the_index_be_read(folder: Path) -> None:
    with connect(DataOptions(folder)) as database:
        database.keep_query("SELECT count(*) AS images FROM images")
        assert database.rows("FROM result")[0][0] > 0


def test_the_command_and_what_it_says_of_a_changed_csv(run: Run, tmp_path: Path) -> None:
    small_open_images().write(tmp_path)
    wanted = ("select", "--class", "Hot dog", "--data-dir", tmp_path, "--offline")
    plain = run(*wanted)
    done = run("index", "--data-dir", tmp_path, "--threads", "1", "--memory-limit", "500MB")
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == [IMAGES, LABELS]
    indexed = run(*wanted, "--output", "rows.csv")
    assert (indexed.stdout, indexed.stderr) == ("", plain.stderr)
    assert (tmp_path / "rows.csv").read_text(encoding="utf-8") == plain.stdout
    record = json.loads((tmp_path / "rows.selection.json").read_text(encoding="utf-8"))
    assert {name for name in record["versions"] if name.startswith("index/")} == {
        f"index/{view}.sql" for view in ALL
    }
    labels = tmp_path / LABELS
    labels.write_text(labels.read_text() + f"{ODD_IDS[0]},verification,/m/01b9xk,1\n")
    changed = run(*wanted)
    assert f"{LABELS} has changed since its index was made" in changed.stderr
    assert changed.stdout == plain.stdout


def test_the_command_that_renews_an_index(run: Run, tmp_path: Path) -> None:
    """Of all that was asked for, in a folder and of splits that are not the default."""
    folder = tmp_path / "my data"
    splits = ("validation", "test")
    for split in splits:
        small_open_images().write(folder, split)
        list(build_index(DataOptions(folder, splits=(split,))))
    options = ("--data-dir", folder, "--split", "validation", "--split", "test", "--offline")
    summary = ("summary", *options)
    assert "renew" not in run(*summary).stderr
    for split in splits:
        labels = folder / LABELS.replace("test", split)
        labels.write_text(labels.read_text() + f"{ODD_IDS[0]},verification,/m/01b9xk,1\n")
    stale = [line for line in run(*summary).stderr.splitlines() if "renew" in line]
    assert len(stale) == len(splits)
    for line in stale:
        command = shlex.split(line.partition("renew the index with: hotdog-sql ")[2])
        assert run(*command).returncode == 0
        assert "renew" not in run(*summary).stderr


def test_the_shell_reads_the_index(folder: Path, run: Run) -> None:
    query = "SELECT sql FROM duckdb_views() WHERE view_name = 'labels'"
    script = f".mode csv\n{query};\nFROM select_images('Hot dog');\n"
    done = run("shell", "--data-dir", folder, stdin=script)
    assert "read_parquet" in done.stdout
    assert "hot_dog,1," in done.stdout
