"""The DuckDB shell with `sql/shell.sql` returns the same rows as Python."""

import json
import re
import sys
from pathlib import Path

from hotdog_sql.cli.query import find_shell
from hotdog_sql.options import DataOptions, SelectOptions
from hotdog_sql.selection import select
from tests.conftest import ROOT, Run, run_process
from tests.support.loopback import LoopbackServer, file_reply
from tests.support.openimages import connect, small_open_images


def in_shell(query: str, folder: Path, **variables: str) -> list[dict[str, object]]:
    """Return the rows of a query in the shell, started in the checkout as in the README."""
    command = [find_shell(), "-init", "sql/shell.sql", "-json", "-c", query]
    done = run_process(command, ROOT, HOTDOG_SQL_DATA_DIR=str(folder), **variables)
    rows: list[dict[str, object]] = json.loads(done.stdout)
    return rows


def test_shell_and_python_agree_row_for_row(tmp_path: Path) -> None:
    """For a split from the environment."""
    small_open_images().write(tmp_path, split="validation")
    mids = ("/m/01b9xk", "/m/02wbm")
    options = SelectOptions(mids, overlap="both", exclude=("/m/01g317",), negatives_from="mixed")
    with connect(DataOptions(tmp_path, splits=("validation",))) as database:
        rows = list(select(database, options))
    query = (
        "FROM select_images(['Hot dog', 'Food'], overlap := 'both', exclude := 'Person',"
        " negatives_from := 'mixed')"
    )
    assert in_shell(query, tmp_path, HOTDOG_SQL_SPLIT="validation") == rows


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
    for text in ("Hot dog stand", "found 3", "256.0 MiB", "hotdog-sql-"):
        assert text in done.stdout
    assert "Error" not in done.stderr + done.stdout
    examples = re.findall(r"^  (FROM .+;)$", done.stdout, re.MULTILINE)
    assert len(examples) == 3
    quiet = run("shell", "--quiet", "--data-dir", small_data, stdin="\n".join(examples))
    assert "Error" not in quiet.stderr + quiet.stdout
    assert "To try" not in quiet.stdout
    shell = ("shell", "--data-dir", small_data)
    assert "--memory-limit" in call(*shell, "--memory-limit=much", code=3).stderr
    assert "manifest.csv" in call(*shell, tmp_path, code=6).stderr


def test_shell_command_downloads_what_is_missing(
    server: LoopbackServer, run: Run, tmp_path: Path
) -> None:
    small_open_images().write(tmp_path / "data")
    classes = tmp_path / "data" / "oidv6-class-descriptions.csv"
    content = classes.read_bytes()
    classes.unlink()
    query = "SELECT DisplayName FROM find_classes('hot dog stand');\n"
    server.on(f"/v6/{classes.name}", file_reply(content))
    done = run("shell", stdin=query, HOTDOG_SQL_BASE_URL=server.url("/"))
    for text in ("Hot dog stand", "others need", "--file test-annotations-bbox.csv", "To try:"):
        assert text in done.stdout
    assert classes.read_bytes() == content


def test_shell_command_opens_without_the_files(run: Run, tmp_path: Path) -> None:
    data = ("--data-dir", tmp_path, "--split", "validation", "--offline")
    done = run("shell", *data, stdin="SELECT count(*) FROM files;\n")
    assert "--file oidv6-class-descriptions.csv" in done.stdout
    assert "--file validation-images-with-rotation.csv" in done.stdout
    assert "find_classes" not in done.stdout
    assert "Error" not in done.stderr + done.stdout


def test_shell_command_says_how_to_get_the_shell(tmp_path: Path) -> None:
    # Neither Python's scripts folder nor the PATH has the shell.
    bare = tmp_path / "bin"
    bare.mkdir()
    program = (
        "import sysconfig, sys; sysconfig.get_path = lambda name: sys.argv[1];"
        "from hotdog_sql.cli.main import main; sys.argv = ['hotdog-sql', 'shell']; main()"
    )
    done = run_process([sys.executable, "-c", program, str(bare)], tmp_path, 3, PATH=str(bare))
    assert "pip install 'hotdog-sql[shell]'" in done.stderr
    assert "Traceback" not in done.stderr
