"""Options of `hotdog-sql select`, as a user types them."""

from pathlib import Path

from tests.conftest import Run


def test_a_number_of_negatives_for_each_positive(run: Run, small_data: Path) -> None:
    chosen = ("select", "Hot dog", "--data-dir", small_data, "--format", "csv", "--negatives")
    rows = run(*chosen, "2x").stdout.splitlines()[1:]
    folders = [row.split(",")[0] for row in rows]
    assert (folders.count("hot_dog"), folders.count("other")) == (12, 24)
    assert run(*chosen, "0.5x").stdout.count("\nother,") == 6
    for bad in ("x", "-1", "2y", "1e9x"):
        assert run(*chosen, bad).returncode == 2


def test_options_beside_from_change_the_recipe(run: Run, small_data: Path, tmp_path: Path) -> None:
    where = ("--data-dir", small_data)
    run("select", "Hot dog", *where, "--output", "one.csv")
    run("select", "Hot dog", *where, "--seed", "3", "--negatives", "9", "--output", "two.csv")
    said = run(
        "select", "--from", "one.selection.json", *where, "--seed", "3", "--negatives", "9",
        "--output", "three.csv",
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert "changed: seed was 42, is 3" in said.stderr
    assert "changed: negatives was 120, is 9" in said.stderr
    assert "nothing has changed" not in said.stderr
    assert (tmp_path / "three.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    again = run("select", "--from", "one.selection.json", *where)
    assert "nothing has changed" in again.stderr


def test_a_file_that_is_not_a_recipe(run: Run, tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"a": 1}')
    said = run("select", "--from", "other.json")
    assert said.returncode == 3
    assert "other.json is not a recipe; give the selection.json of a dataset" in said.stderr
