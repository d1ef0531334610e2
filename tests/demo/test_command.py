"""`hotdog-sql demo`, as a process of its own."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import Run


def test_the_demo_makes_a_dataset(run: Run, tmp_path: Path) -> None:
    done = run("demo")
    assert done.returncode == 0, done.stderr
    with (tmp_path / "dataset" / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    ends = Counter((row["folder"], row["status"]) for row in rows)
    assert ends["hot_dog", "downloaded"] == 35
    assert ends["other", "downloaded"] == 120
    assert ends["hot_dog", "lost"] + ends["other", "lost"] == 3
    assert [row["folder"] for row in rows if row["reserve"] == "true"] == ["other"] * 2
    assert len(list((tmp_path / "dataset" / "other").iterdir())) == 120
    assert "files to download" not in done.stderr, "with the sizes of the real ones"
    assert run("verify", "dataset").returncode == 0


def test_the_demo_keeps_its_files_where_it_is_told(run: Run) -> None:
    assert run("demo", "--data-dir", "files", "--quiet").returncode == 0
    asked = run("sql", "SELECT count(*) FROM images", "--data-dir", "files", "--format", "csv")
    assert asked.stdout.splitlines()[1:] == ["400"], asked.stderr


@pytest.mark.parametrize("taken", ["data", "another selection"])
def test_a_refusal_names_no_option_that_demo_lacks(run: Run, tmp_path: Path, taken: str) -> None:
    folder = tmp_path / "taken"
    if taken == "data":
        folder.mkdir()
        (folder / "oidv6-class-descriptions.csv").touch()
    else:
        assert run("demo", "taken", "--quiet").returncode == 0
        recipe = folder / "selection.json"
        text = recipe.read_text(encoding="utf-8")
        recipe.write_text(text.replace('"seed": 42', '"seed": 7'), encoding="utf-8")
    refused = run("demo", "taken", "--quiet")
    assert refused.returncode == 6
    assert "choose another folder" in refused.stderr
    offered = re.findall(r"--[a-z-]+", run("demo", "--help").stdout)
    advised = re.findall(r"--[a-z-]+", refused.stderr)
    assert set(advised) <= {*offered, "--update"}
    assert "--update" not in advised or "select or download" in refused.stderr
