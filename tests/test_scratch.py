"""A run removes temporary folders of killed processes, and keeps those of live ones."""

import subprocess
from functools import partial
from pathlib import Path

from tests.conftest import Run, started


def wait_for(shell: subprocess.Popen[str]) -> None:
    """Wait until the shell accepts input."""
    assert shell.stdin
    assert shell.stdout
    shell.stdin.write(".system echo ready\n")
    shell.stdin.flush()
    while shell.stdout.readline() != "ready\n":
        assert shell.poll() is None


def test_the_next_run_removes_the_folder_of_a_killed_one(
    small_data: Path, tmp_path: Path, run: Run
) -> None:
    temporary = tmp_path / "temporary"
    foreign = {temporary / "hotdog-sql-of-somebody", temporary / "other"}
    for folder in foreign:
        folder.mkdir(parents=True)
    data, variables = ("--data-dir", small_data), {"TMPDIR": str(temporary)}
    start_shell = partial(started, "shell", *data, variables=variables)
    with start_shell() as killed, start_shell() as live:
        wait_for(killed)
        wait_for(live)
        both = set(temporary.iterdir()) - foreign
        assert len(both) == 2
        killed.kill()
        killed.communicate()
        run("summary", *data, **variables)
        (remaining,) = set(temporary.iterdir()) - foreign
        assert remaining in both
        output, _ = live.communicate("SELECT 6 * 7;\n")
    assert "42" in output
    assert live.returncode == 0
    assert set(temporary.iterdir()) == foreign
