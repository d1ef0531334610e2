"""A user's query as a selection."""

import json
from pathlib import Path

import pytest

from hotdog_sql.errors import QueryError
from hotdog_sql.options import DataOptions, SelectOptions
from hotdog_sql.selection import select
from tests.conftest import Run
from tests.support.openimages import ROW_COLUMNS, connect


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT ImageID FROM images", "no column folder"),
        ("SELECT 'f' AS folder", "no column ImageID"),
        ("SELECT 'nobody' AS ImageID, 'f' AS folder", "'nobody' is not an ImageID"),
        ("SELECT NULL AS ImageID, 'f' AS folder", "'NULL' is not an ImageID"),
        ("SELECT ImageID, NULL AS folder FROM images", "is not a valid folder"),
        *(
            (f"SELECT ImageID, 'f' AS folder, {rank} AS rank FROM images", "is not a rank")
            for rank in ("'first'", "1.5", "-3", "9223372036854775807")
        ),
    ],
)
def test_invalid_queries_are_refused(small_data: Path, text: str, message: str) -> None:
    with connect(DataOptions(small_data)) as database, pytest.raises(QueryError, match=message):
        select(database, SelectOptions(query=text))


def test_invalid_variables_are_refused(small_data: Path) -> None:
    with connect(DataOptions(small_data)) as database:
        for name in ("data_dir", "Split", "LABEL_FILES", "a b", "x = 1; --", ""):
            with pytest.raises(QueryError):
                select(database, SelectOptions(query="SELECT 1", variables={name: 1}))
        with pytest.raises(QueryError, match="too large"):
            select(database, SelectOptions(query="SELECT 1", variables={"a": 10**40}))


def test_columns_in_any_case_and_variables_of_one_query(small_data: Path) -> None:
    text = "SELECT imageID, getvariable('F') AS FOLDER, 7.0 AS Rank FROM images LIMIT 1"
    with connect(DataOptions(small_data)) as database:
        (row,) = select(database, SelectOptions(query=text, variables={"f": "some"}))
        assert tuple(row) == ROW_COLUMNS
        assert (row["folder"], row["rank"]) == ("some", 7)
        with pytest.raises(QueryError, match="'NULL' is not a valid folder"):
            select(database, SelectOptions(query=text))


def test_the_command_and_its_recipe(small_data: Path, run: Run, tmp_path: Path) -> None:
    text = "SELECT ImageID, getvariable('f') AS folder FROM images LIMIT getvariable('n')"
    (tmp_path / "my.sql").write_text(text)
    settings = {"n": 40, "f": "few", "x": 0.5, "a": "00", "b": "1_000", "c": "1e3", "d": "nan"}
    options = [f"--set={name}={value}" for name, value in settings.items()]
    command = ("select", "--query", "my.sql", *options)
    assert "few" in run(*command, "--data-dir", small_data, "--output", "rows.csv").stderr
    assert len((tmp_path / "rows.csv").read_text().splitlines()) == 41
    recipe = json.loads((tmp_path / "rows.selection.json").read_text())
    assert recipe["query"]["text"] == text
    assert recipe["query"]["variables"] == settings
    again = ("select", "--from", "rows.selection.json", "--data-dir", small_data, "-q")
    assert run(*again).stdout == (tmp_path / "rows.csv").read_text()
    assert run(*again, "--set", "n=3").stdout.count("few") == 3
    assert "--limit needs --class" in run(*again, "--limit", "3", code=2).stderr
