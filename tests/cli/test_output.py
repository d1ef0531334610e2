"""Where rows go: checked before the work, and told plainly where it fails."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Run

#: Nothing listens there: a command that gets so far as to download ends with code 5.
NOWHERE = {"HOTDOG_SQL_BASE_URL": "http://127.0.0.1:9/"}
COMMANDS = [("summary",), ("classes", "dog"), ("sql", "FROM images"), ("select", "Hot dog")]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("output", "code", "said"),
    [
        ("new/rows.csv", 6, "cannot write new/rows.csv: there is no folder new; "),
        ("rows.xlsx", 3, "rows.xlsx ends in none of .csv, .json, .parquet: "),
    ],
)
def test_an_output_is_checked_before_the_work(
    run: Run, tmp_path: Path, command: tuple[str, ...], output: str, code: int, said: str
) -> None:
    done = run(*command, "--output", output, **NOWHERE)
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith(f"hotdog-sql: {said}")
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_parquet_is_not_written_to_a_terminal(command: tuple[str, ...], tmp_path: Path) -> None:
    terminal, stdout = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "hotdog_sql", *command, "--format", "parquet"],
        cwd=tmp_path,
        env=os.environ | NOWHERE,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(stdout)
    os.close(terminal)
    assert done.returncode == 3
    assert done.stderr == "hotdog-sql: Parquet is not text for a terminal: add --output FILE\n"


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("stdout", "said"), [(">&-", "Bad file descriptor"), (">/dev/full", "No space left on device")]
)
def test_stdout_that_cannot_be_written(
    small_data: Path, command: tuple[str, ...], stdout: str, said: str
) -> None:
    program = [sys.executable, "-m", "hotdog_sql", *command, "--data-dir", str(small_data)]
    quiet = [] if command[0] == "sql" else ["--quiet"]
    done = subprocess.run(
        ["sh", "-c", f'"$@" {stdout}', "sh", *program, *quiet],
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 6
    assert done.stderr == f"hotdog-sql: cannot read or write: {said}\n"
