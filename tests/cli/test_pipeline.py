"""From a class to photos in folders, with the demo's server and real files."""

import json
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.support.photos import manifest_rows, tree


@pytest.fixture
def online(addresses: dict[str, str], call: Run) -> Run:
    """A function that calls `hotdog-sql` with the addresses of the demo's server."""
    return partial(call, **addresses)


def test_select_fetches_selects_and_downloads(online: Run, tmp_path: Path) -> None:
    assert online("select", "--class", "Hot dog", "--download", "dataset").stdout == ""
    files = tree(tmp_path / "dataset")
    on_disk = [row for row in manifest_rows(tmp_path / "dataset") if row["status"] == "downloaded"]
    records = {"ATTRIBUTION.csv", "manifest.csv", "selection.json"}
    assert files.keys() == records | {row["path"] for row in on_disk}
    assert (tmp_path / "dataset" / "index.html").is_file()

    again = online("select", "--class", "Hot dog", "--download", "dataset")
    assert "0 downloaded now" in again.stderr
    assert tree(tmp_path / "dataset") == files

    (tmp_path / "rows1.parquet").touch()  # which the name matches as a pattern
    for name in ("rows[1].parquet", "rows[1].csv", "rows[1].json"):  # which share a recipe
        online("select", "Hot dog", "--quiet", "--output", name)
    online("download", "rows[1].parquet", "saved")
    assert tree(tmp_path / "saved") == files


def test_the_recipe_of_other_rows_is_not_used(online: Run, tmp_path: Path) -> None:
    online("select", "Hot dog", "-q", "-o", "rows.csv")
    online("select", "Pizza", "-q", "-o", "rows.json")
    done = online("download", "rows.csv", "dataset")
    assert "warning: rows.selection.json is not the recipe of rows.csv" in done.stderr
    assert {row["reserve"] for row in manifest_rows(tmp_path / "dataset")} == {"false"}
    assert not (tmp_path / "dataset" / "selection.json").exists()


def test_parts_become_folders_and_are_topped_up(online: Run, tmp_path: Path) -> None:
    parts = ("--partition", "train=0.8,test=0.2", "--limit", "30")
    online("select", "--class", "Hot dog", *parts, "--download", "dataset")
    rows = manifest_rows(tmp_path / "dataset")
    on_disk = [row for row in rows if row["status"] == "downloaded"]
    folders = [row["folder"] for row in on_disk]
    assert (folders.count("hot_dog"), folders.count("other")) == (30, 120)
    assert len(rows) > 150
    assert {row["partition"] for row in on_disk} == {"train", "test"}
    for row in on_disk:
        assert row["path"].startswith(f"{row['partition']}/{row['folder']}/")
        assert (tmp_path / "dataset" / row["path"]).is_file()

    # The recipe gives the same parts again, also one of a release that sorted its keys.
    online("select", "--class", "Hot dog", *parts, "-q", "-o", "rows.csv")
    recipe = tmp_path / "dataset" / "selection.json"
    for sort_keys in (False, True):
        content = json.loads(recipe.read_text(encoding="utf-8"))
        recipe.write_text(json.dumps(content, sort_keys=sort_keys), encoding="utf-8")
        again = online("select", "--from", str(recipe))
        assert again.stdout == (tmp_path / "rows.csv").read_text(encoding="utf-8")
        assert "nothing has changed" in again.stderr
    other = online("select", "--from", str(recipe), "--partition", "test=0.2,train=0.8")
    assert "changed: partition was train=0.8, test=0.2, is test=0.2, train=0.8" in other.stderr
    other_order = ("--partition", "test=0.2,train=0.8", "--limit", "30", "--download", "dataset")
    refused = online("select", "Hot dog", *other_order, code=6)
    assert "another selection (partition)" in refused.stderr


def test_a_repeated_selection_reports_what_has_changed(online: Run, tmp_path: Path) -> None:
    select = ("select", "Hot dog", "--negatives", "100")
    online(*select, "-q", "-o", "rows.csv")
    again = ("select", "--from", "rows.selection.json")
    same = online(*again)
    assert "nothing has changed" in same.stderr
    assert same.stdout == (tmp_path / "rows.csv").read_text(encoding="utf-8")

    changed = online(*again, "--seed", "3", "--negatives", "5")
    assert changed.stdout == online(*select[:-1], "5", "--seed", "3").stdout
    assert [line for line in changed.stderr.splitlines() if line.startswith("changed: ")] == [
        "changed: negatives was 100, is 5",
        "changed: seed was 42, is 3",
    ]
    assert online(*again, "Pizza", code=2).stdout == ""

    recipe = tmp_path / "rows.selection.json"
    content = json.loads(recipe.read_text(encoding="utf-8"))
    content["sql_sha256"]["selection/select_images.sql"] = "0" * 64
    content["versions"]["duckdb"] = "0.0.1"
    recipe.write_text(json.dumps(content), encoding="utf-8")
    labels = tmp_path / "data" / "test-annotations-human-imagelabels.csv"
    labels.write_text(labels.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    changed = online(*again)
    changes = [line for line in changed.stderr.splitlines() if line.startswith("changed: ")]
    assert len(changes) == 3
    for text in ("select_images.sql", "duckdb was 0.0.1", labels.name):
        assert any(text in line for line in changes), text
    done = online("download", "rows.csv", "dataset")
    assert f"not replaced without the earlier data/{labels.name}: it has changed" in done.stderr
