"""The real DuckDB shell over `sql/shell.sql` gives the rows that Python gives."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hotdog_sql.cli.look import find_shell
from hotdog_sql.database import connect
from hotdog_sql.options import DataOptions, SelectOptions
from hotdog_sql.selection import select
from tests.conftest import ROOT, Run
from tests.support.loopback import LoopbackServer, file_reply
from tests.support.openimages import small_open_images


def in_shell(query: str, folder: Path, **variables: str) -> list[dict[str, object]]:
    """The rows of a query in the shell, started as the README says, from the repository root."""
    done = subprocess.run(
        [find_shell(), "-init", "sql/shell.sql", "-json", "-c", query],
        cwd=ROOT,
        env=os.environ | {"HOTDOG_SQL_DATA_DIR": str(folder)} | variables,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    rows: list[dict[str, object]] = json.loads(done.stdout)
    return rows


@pytest.mark.parametrize(
    ("call", "request_"),
    [
        ("select_images('Hot dog')", SelectOptions(("/m/01b9xk",))),
        (
            "select_images('/m/01b9xk', seed := 7, negatives := 20, \"limit\" := 3)",
            SelectOptions(("/m/01b9xk",), seed=7, negatives=20, limit=3),
        ),
        (
            "select_images(['Hot dog', 'Food'], overlap := 'both', exclude := 'Person',"
            " negatives_from := 'mixed')",
            SelectOptions(
                ("/m/01b9xk", "/m/02wbm"),
                overlap="both",
                exclude=("/m/01g317",),
                negatives_from="mixed",
            ),
        ),
    ],
)
def test_shell_and_python_agree_row_for_row(
    small_data: Path, call: str, request_: SelectOptions
) -> None:
    with connect(DataOptions(small_data)) as database:
        rows = list(select(database, request_))
    assert in_shell(f"FROM {call}", small_data) == rows


def test_shell_reads_split_and_release_from_the_environment(tmp_path: Path) -> None:
    small_open_images().write(tmp_path, split="validation")
    rows = in_shell("FROM summary()", tmp_path, HOTDOG_SQL_SPLIT="validation")
    assert rows[0]["images"] == 300


def test_shell_command_opens_anywhere_with_the_limits_of_the_others(
    small_data: Path, run: Run, call: Run, tmp_path: Path
) -> None:
    script = """
        FROM find_classes('hot dog');
        FROM select_images('Hot dog');
        FROM read_csv('local.csv');
        SELECT 'found ' || current_setting('threads'), current_setting('memory_limit');
        SELECT 'folder ' || current_setting('temp_directory');
    """
    (tmp_path / "local.csv").write_text("a\n1\n")
    limits = ("--threads", "3", "--memory-limit", "256MiB")
    done = run("shell", "--data-dir", small_data, *limits, stdin=script)
    assert done.returncode == 0, done.stderr
    for text in ("Hot dog stand", "found 3", "256.0 MiB", "hotdog-sql-"):
        assert text in done.stdout
    assert "Error" not in done.stderr + done.stdout
    for wrong, what in {
        "--memory-limit=much": "--memory-limit",
        str(tmp_path): "manifest.csv",
    }.items():
        refused = call("shell", "--data-dir", small_data, wrong)
        assert refused.returncode == 3
        assert what in refused.stderr


def test_shell_command_downloads_what_is_missing(run: Run, tmp_path: Path) -> None:
    small_open_images().write(tmp_path / "data")
    classes = tmp_path / "data" / "oidv6-class-descriptions.csv"
    content = classes.read_bytes()
    classes.unlink()
    query = "SELECT DisplayName FROM find_classes('hot dog stand');\n"
    with LoopbackServer() as server:
        server.on(f"/v6/{classes.name}", file_reply(content))
        done = run("shell", stdin=query, HOTDOG_SQL_BASE_URL=server.url("/"))
    assert done.returncode == 0, done.stderr
    assert "Hot dog stand" in done.stdout
    assert classes.read_bytes() == content


def test_shell_command_opens_without_the_files(run: Run, tmp_path: Path) -> None:
    what = ("--data-dir", tmp_path, "--split", "validation", "--offline")
    done = run("shell", *what, stdin="SELECT count(*) FROM files;\n")
    assert done.returncode == 0, done.stderr
    assert "hotdog-sql refresh --file oidv6-class-descriptions.csv" in done.stdout
    assert "--file validation-images-with-rotation.csv" in done.stdout
    assert "find_classes" not in done.stdout
    assert "Error" not in done.stderr + done.stdout


def test_shell_command_says_how_to_get_the_shell(tmp_path: Path) -> None:
    # A Python of its own without duckdb-cli beside it, and a PATH without the shell.
    bare = tmp_path / "bin"
    bare.mkdir()
    program = (
        "import sysconfig, sys; sysconfig.get_path = lambda name: sys.argv[1];"
        "from hotdog_sql.cli.main import main; sys.argv = ['hotdog-sql', 'shell']; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(bare)],
        env={"PATH": str(bare), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert "pip install 'hotdog-sql[shell]'" in done.stderr
    assert "Traceback" not in done.stderr
