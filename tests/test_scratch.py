"""Temporary folders: a killed process's go with the next run, a live one's stay."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import Run


def shell_in(folder: Path, data: Path) -> subprocess.Popen[str]:
    """`hotdog-sql shell`, which has begun and waits for input."""
    process = subprocess.Popen(
        [sys.executable, "-m", "hotdog_sql", "shell", "--data-dir", str(data)],
        env=os.environ | {"TMPDIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(".system echo begun\n")
    process.stdin.flush()
    while process.stdout.readline() != "begun\n":
        assert process.poll() is None
    return process


def test_the_next_run_removes_what_a_killed_one_left(
    small_data: Path, tmp_path: Path, run: Run
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    others = {temporary / "hotdog-sql-of-somebody", temporary / "other"}
    for other in others:
        other.mkdir()
    with shell_in(temporary, small_data) as killed, shell_in(temporary, small_data) as live:
        both = set(temporary.iterdir()) - others
        assert len(both) == 2
        killed.kill()
        killed.communicate()
        summary = ("summary", "--data-dir", small_data)
        assert run(*summary, TMPDIR=str(temporary)).returncode == 0
        (left,) = set(temporary.iterdir()) - others
        assert left in both
        said, _ = live.communicate("SELECT 6 * 7;\n")
    assert "42" in said
    assert live.returncode == 0
    assert set(temporary.iterdir()) == others
