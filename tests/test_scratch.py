"""Temporary folders: a killed process's go with the next run, a live one's stay."""

import subprocess
from functools import partial
from pathlib import Path

from tests.conftest import Run, started


def wait_for(shell: subprocess.Popen[str]) -> None:
    """Until it has begun and takes input."""
    assert shell.stdin
    assert shell.stdout
    shell.stdin.write(".system echo begun\n")
    shell.stdin.flush()
    while shell.stdout.readline() != "begun\n":
        assert shell.poll() is None


def test_the_next_run_removes_what_a_killed_one_left(
    small_data: Path, tmp_path: Path, run: Run
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    others = {temporary / "hotdog-sql-of-somebody", temporary / "other"}
    for other in others:
        other.mkdir()
    data, variables = ("--data-dir", small_data), {"TMPDIR": str(temporary)}
    begun = partial(started, "shell", *data, variables=variables)
    with begun() as killed, begun() as live:
        wait_for(killed)
        wait_for(live)
        both = set(temporary.iterdir()) - others
        assert len(both) == 2
        killed.kill()
        killed.communicate()
        run("summary", *data, **variables)
        (left,) = set(temporary.iterdir()) - others
        assert left in both
        said, _ = live.communicate("SELECT 6 * 7;\n")
    assert "42" in said
    assert live.returncode == 0
    assert set(temporary.iterdir()) == others
