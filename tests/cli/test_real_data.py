"""The real validation labels and classes, where they are at hand: known true answers."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

from tests.cli.test_shell import in_shell
from tests.conftest import Run
from tests.support.openimages import ROW_COLUMNS

LABELS = "validation-annotations-human-imagelabels.csv"
RELATED = {"/m/01b9xk", "/m/07vh6y", "/m/0bm1pg"}


def labels(folder: Path) -> Iterator[dict[str, str]]:
    with (folder / LABELS).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def test_the_tutorials_selection(real_data: Path, run: Run) -> None:
    wanted = ("select", "--class", "Hot dog", "--split", "validation", "--data-dir", real_data)
    as_csv = run(*wanted, "--format", "csv")
    assert as_csv.returncode == 0, as_csv.stderr
    rows = list(csv.DictReader(as_csv.stdout.splitlines()))
    assert list(rows[0]) == list(ROW_COLUMNS)
    folders = [row["folder"] for row in rows]
    assert folders == ["hot_dog"] * 13 + ["other"] * 120
    assert [int(row["rank"]) for row in rows] == [*range(1, 14), *range(1, 121)]

    others = {row["ImageID"] for row in rows if row["folder"] == "other"}
    positives = [row for row in labels(real_data) if float(row["Confidence"]) == 1]
    assert not [r for r in positives if r["ImageID"] in others and r["LabelName"] in RELATED]
    assert {row["ImageID"] for row in positives if row["LabelName"] == "/m/01b9xk"} == {
        row["ImageID"] for row in rows if row["folder"] == "hot_dog"
    }

    for number in ("13", "41,316", "41,303"):
        assert number in as_csv.stderr

    as_json = json.loads(run(*wanted, "--format", "json").stdout)
    shell = in_shell("FROM select_images('Hot dog')", real_data, HOTDOG_SQL_SPLIT="validation")
    assert as_json == shell
    as_text = [
        {name: "" if value is None else str(value) for name, value in row.items()} for row in shell
    ]
    assert rows == as_text
