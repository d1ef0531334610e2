"""`hotdog-sql sql`: what it says of a query that DuckDB refuses."""

from pathlib import Path

import pytest

from tests.conftest import Run


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            "FROM labelz",
            ["Table with name labelz", 'Did you mean "labels"?', "LINE 1: FROM labelz", "^"],
        ),
        (
            "SELECT\n  ImageId2 FROM images",
            ['Candidate bindings: "ImageID"', "LINE 2:   ImageId2 FROM images\n          ^"],
        ),
        ("SELECT 1 1", ["syntax error", "LINE 1: SELECT 1 1\n                 ^"]),
        ("FROM find_clases('x')", ["may not call find_clases(); did you mean find_classes()?"]),
        ("SELECT Source::INTEGER FROM labels", ["Could not convert string"]),
        ("SELECT 'two' -- \x1b[31m\n + 'x'", ["LINE"]),
    ],
)
def test_duckdbs_own_help_is_kept(small_data: Path, run: Run, query: str, said: list[str]) -> None:
    done = run("sql", query, "--data-dir", small_data)
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.startswith("hotdog-sql: ")
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stderr
    assert "query(" not in done.stderr
    for part in said:
        assert part in done.stderr
