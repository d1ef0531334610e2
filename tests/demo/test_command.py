"""`hotdog-sql demo`, as a process of its own."""

import csv
import re
from collections import Counter
from pathlib import Path

from tests.conftest import Run


def test_the_demo_makes_a_dataset(run: Run, tmp_path: Path) -> None:
    done = run("demo", "--data-dir", "files")
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

    asked = run("sql", "SELECT count(*) FROM images", "--data-dir", "files", "--format", "csv")
    assert asked.stdout.splitlines()[1:] == ["400"], asked.stderr

    recipe = tmp_path / "dataset" / "selection.json"
    text = recipe.read_text(encoding="utf-8")
    recipe.write_text(text.replace('"seed": 42', '"seed": 7'), encoding="utf-8")
    check_refusal(run, "dataset")


def test_a_folder_of_something_else_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "oidv6-class-descriptions.csv").touch()
    check_refusal(run, "taken")


def check_refusal(run: Run, folder: str) -> None:
    """A refusal names no option that demo lacks."""
    refused = run("demo", folder, "--quiet")
    assert refused.returncode == 6
    assert "choose another folder" in refused.stderr
    offered = re.findall(r"--[a-z-]+", run("demo", "--help").stdout)
    advised = re.findall(r"--[a-z-]+", refused.stderr)
    assert set(advised) <= {*offered, "--update"}
    assert "--update" not in advised or "select or download" in refused.stderr
