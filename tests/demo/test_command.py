"""`hotdog-sql demo`, as a process of its own."""

import csv
from collections import Counter
from pathlib import Path

from tests.conftest import Run


def test_the_demo_makes_a_dataset(run: Run, call: Run, tmp_path: Path) -> None:
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
    asked = call("sql", "SELECT count(*) FROM images", "--data-dir", "files", "--format", "csv")
    assert asked.stdout.splitlines()[1:] == ["400"], asked.stderr
