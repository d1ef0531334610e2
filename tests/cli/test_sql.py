"""`hotdog-sql sql`: queries, their files, and error messages."""

import os
import signal
import subprocess
from pathlib import Path
from threading import Thread

from hotdog_sql.sql_files import dataset_files, load_order
from tests.conftest import Run, started
from tests.support.loopback import LoopbackServer, file_reply
from tests.support.openimages import small_open_images


def test_messages_keep_the_hints_of_duckdb(small_data: Path, call: Run) -> None:
    """Similar names, the line and the caret; `messages.txt` has more of them."""
    for query, parts in {
        "SELECT\n  ImageId2 FROM images": (
            'Candidate bindings: "ImageID"',
            "LINE 2:   ImageId2 FROM images\n          ^",
        ),
        "FROM find_clases('x')": ("may not call find_clases(); did you mean find_classes()?",),
        "FROM select_images('Chef''s hat')": (
            "No class is named Chef's hat",
            "see FROM similar_classes('Chef''s hat')",
        ),
        "FROM select_images('Hot dog stand', min_area := 0.1)": ("No box is of the class Hot dog",),
        "FROM select_images(getvariable('typo'))": ("Give a class",),
        "FROM select_images([])": ("Give a class",),
        "FROM select_images(['Hot dog', NULL])": ("No class is named NULL",),
        "FROM select_images('Hot dog', exclude := 5)": ("Give a class",),
        "FROM select_images('Hot dog', negatives_from := 'verifed')": ("negatives_from is random",),
        "FROM excluded_classes('Hot dog', related := 'classes')": ("related is prefix",),
        "WITH p AS (FROM select_images('Hot dog')) "
        "FROM partition_selection('p', ['a'], [1], group_by := 'x')": ("group_by is image",),
        "SELECT Source::INTEGER FROM labels": ("Could not convert string",),
        "SELECT 'two' -- \x1b[31m\n + 'x'": ("LINE",),
    }.items():
        done = call("sql", query, "--data-dir", small_data, code=3)
        assert done.stdout == ""
        assert done.stderr.startswith("hotdog-sql: ")
        assert "\x1b" not in done.stderr
        assert "query(" not in done.stderr
        for part in parts:
            assert part in done.stderr


def test_only_the_files_that_are_read_are_needed(call: Run, tmp_path: Path) -> None:
    small_open_images().write(tmp_path / "data")
    labels = tmp_path / "data" / "test-annotations-human-imagelabels.csv"
    labels.rename(tmp_path / "away.csv")
    (tmp_path / "query.sql").write_text("SELECT ImageID, 'any' AS folder FROM images LIMIT 3")
    done = call("select", "--query", "query.sql", "--offline")
    assert len(done.stdout.splitlines()) == 4, done.stderr
    (tmp_path / "away.csv").rename(labels)
    (tmp_path / "data" / "test-images-with-rotation.csv").unlink()
    done = call("sql", "SELECT count(*) AS labels FROM labels", "--offline")
    assert done.stdout.startswith("labels\n"), done.stderr
    for query in ("FROM select_images('Hot dog')", "FROM query_table('images')"):
        done = call("sql", query, "--offline", code=4)
        assert done.stderr.startswith("hotdog-sql: missing data/test-images-with-rotation.csv")
        assert "get it with: hotdog-sql refresh" in done.stderr
    labels.unlink()
    found = call("classes", "HOT DOG", "--offline").stdout.splitlines()[1:]
    assert [line.partition(",")[2] for line in found] == ["Hot dog", "Hot dog bun", "Hot dog stand"]


def test_files_are_downloaded_only_for_valid_queries(
    server: LoopbackServer, call: Run, tmp_path: Path
) -> None:
    small_open_images().write(tmp_path / "data")
    images = tmp_path / "data" / "test-images-with-rotation.csv"
    content = images.read_bytes()
    images.unlink()
    server.on(f"/2018_04/test/{images.name}", file_reply(content))
    base = {"HOTDOG_SQL_BASE_URL": server.url("/")}
    call("sql", "SELECT FROM images WHERE", **base, code=3)
    call("sql", "WITH x AS (DELETE FROM images) FROM x", **base, code=3)
    assert not images.exists()
    done = call("sql", "SELECT count(*) AS images FROM images", **base)
    assert done.stdout == "images\n300\n", done.stderr
    assert images.read_bytes() == content


def test_a_temporary_folder_that_is_full(small_data: Path, in_sh: Run) -> None:
    """A limit on the size of files has the same effect as a full disk."""
    query = "FROM range(3_000_000) a, range(3) b ORDER BY ALL"
    line = f"ulimit -f 8; $program sql '{query}' --memory-limit 64MB"
    done = in_sh(line, HOTDOG_SQL_DATA_DIR=str(small_data), code=6)
    assert done.stderr.startswith("hotdog-sql: cannot write the temporary folder (IO Error: ")
    assert done.stderr.endswith("; make room or set TMPDIR\n")


def test_too_little_memory(small_data: Path, call: Run, tmp_path: Path) -> None:
    for limit, command in (("20KB", ["summary"]), ("2MB", ["sql", "FROM images ORDER BY ALL"])):
        done = call(*command, "--data-dir", small_data, "--memory-limit", limit, code=3)
        assert done.stdout == ""
        assert done.stderr.startswith("hotdog-sql: DuckDB needs more memory (")
        assert len(done.stderr.splitlines()) == 1
    rows = ("sql", "SELECT range AS n, repeat('x', 500) AS text FROM range(250_000)", "--offline")
    call(*rows, "--memory-limit", "100MB", "--threads", "2", "--output", "rows.json")
    assert (tmp_path / "rows.json").read_text().count('},\n\t{"n":') == 249_999


def test_where_the_query_comes_from(small_data: Path, run: Run, call: Run, tmp_path: Path) -> None:
    data = ("--data-dir", small_data)
    (tmp_path / "my.sql").write_text("SELECT count(*) AS n FROM images")
    assert call("sql", "--file", "my.sql", *data).stdout == "n\n300\n"
    assert run("sql", "-", *data, stdin="SELECT 1 AS one;").stdout == "one\n1\n"
    for arguments in (("SELECT 1", "--file", "my.sql"), ("-o", "x.csv"), ("--format", "csv")):
        call("sql", *arguments, code=2)


def test_without_a_query_it_lists_views_and_macros(call: Run) -> None:
    done = call("sql")
    assert done.stderr == ""
    listed = {line[:22].strip(): line[22:] for line in done.stdout.splitlines()}
    assert list(listed) == [sql_file.defines for sql_file in (*load_order(), *dataset_files())]
    assert listed["classes"] == "every class, read in place from the class descriptions"
    for sql_file in load_order():
        # Each line is the first sentence of its file.
        first = sql_file.text.partition("\n")[0]
        assert first == f"-- {sql_file.defines}: {listed[sql_file.defines]}."
    assert all(len(line) <= 120 for line in done.stdout.splitlines())
    assert all("--dataset" in listed[sql_file.defines] for sql_file in dataset_files())


def _open_after_exit(process: subprocess.Popen[str], pipe: Path) -> None:
    process.wait()
    os.close(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))


def test_ctrl_c_ends_a_query_that_would_take_minutes(tmp_path: Path) -> None:
    small_open_images().write(tmp_path / "data")
    pipe = tmp_path / "data" / "pipe.csv"
    os.mkfifo(pipe)
    query = f"""
        SELECT count(*)
        FROM read_csv('{pipe}', auto_detect = false, header = false, columns = {{'n': 'BIGINT'}}),
            range(50_000) a, range(1_000_000) b
        WHERE (n + a.range) * b.range % 7 = 3
    """
    with started("sql", query, "--data-dir", tmp_path / "data", variables={}) as process:
        # Opening the pipe blocks until the query reads it; the thread unblocks it if that fails.
        Thread(target=_open_after_exit, args=(process, pipe), daemon=True).start()
        pipe.write_text("1\n")
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=20)
    assert process.returncode == 130
    assert stderr == "hotdog-sql: stopped; run the same command again to resume\n"
