"""selection.json: its format, and how damaged and hostile ones are read."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from hotdog_sql.errors import SelectionFileError
from hotdog_sql.recipe import Recipe
from tests.conftest import Run, run_process

SELECT = ("select", "--class", "Hot dog", "--negatives", "20", "--partition", "80/20")


@pytest.fixture(scope="module")
def content(small_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The content of a recipe that the command wrote."""
    folder = tmp_path_factory.mktemp("saved")
    command = [sys.executable, "-m", "hotdog_sql", *SELECT, "--data-dir", str(small_data)]
    run_process([*command, "-q", "--output", "rows.csv"], folder)
    read: dict[str, Any] = json.loads((folder / "rows.selection.json").read_text())
    return read


def test_the_format_is_version_1(content: dict[str, Any]) -> None:
    assert list(content) == [
        *("form", "versions", "release", "splits", "labels", "classes", "partition"),
        *("sql_sha256", "file_md5", "rows_digest"),
    ]
    assert content["form"] == 1
    assert json.dumps(content["classes"]) == (
        '{"classes": ["/m/01b9xk"], "negatives": 20, "ratio": null, "seed": 42, "limit": null, '
        '"min_confidence": 1.0, "related": "prefix", "exclude": [], "overlap": "leave_out", '
        '"negatives_from": "random", "negative_folder": "other"}'
    )
    assert content["partition"] == {"shares": {"train": 0.8, "test": 0.2}, "group_by": "image"}


REMOVED = "removed"
MUTATIONS: list[Any] = [None, True, -1, 10**30, 1.5, "x", "\0", [], {}, [[]], {"a": []}, [None]]


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of each value in a JSON object."""
    result = [path] if path else []
    if isinstance(value, dict):
        for name, inner in value.items():
            result += paths(inner, (*path, name))
    return result


def test_every_mutation_is_read_or_refused(content: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "selection.json"

    def messages(mutated: dict[str, Any]) -> list[str]:
        file.write_text(json.dumps(mutated))
        try:
            return original.changes_since(Recipe.read(file))
        except SelectionFileError as error:
            return [str(error)]

    file.write_text(json.dumps(content))
    original = Recipe.read(file)
    for path in paths(content):
        for value in (*MUTATIONS, REMOVED):
            mutated = inner = json.loads(json.dumps(content))
            for name in path[:-1]:
                inner = inner[name]
            inner[path[-1]] = value
            if value is REMOVED:
                del inner[path[-1]]
            assert all(len(line.splitlines()) == 1 for line in messages(mutated)), (path, value)


def test_invalid_recipes_are_refused(tmp_path: Path, run: Run) -> None:
    file = tmp_path / "s.json"
    for text in ("[" * 100_000, '{"a":' * 100_000, "", "nul", "[]", "{}", '{"form": 1}', "\ud800"):
        file.write_bytes(text.encode(errors="surrogatepass"))
        with pytest.raises(SelectionFileError, match=r"s\.json is not a recipe \(.*; give the"):
            Recipe.read(file)
    file.write_text('{"form": 2}')
    done = run("select", "--from", "s.json", "--offline", code=3)
    assert "its format has another version: upgrade hotdog-sql" in done.stderr
