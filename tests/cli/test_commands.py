"""The commands as a user types them, each its own process."""

import csv
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.conftest import Run
from tests.support.loopback import LoopbackServer, file_reply
from tests.support.openimages import ROW_COLUMNS, OpenImages, image_row, small_open_images
from tests.support.pictures import jpeg

COMMANDS = {
    *("select", "download", "demo", "classes", "summary", "sql", "shell"),
    *("refresh", "index", "verify", "gallery"),
}
FILES = {
    "classes": "oidv6-class-descriptions.csv",
    "labels": "test-annotations-human-imagelabels.csv",
    "images": "test-images-with-rotation.csv",
}


def test_formats_agree(small_data: Path, run: Run, tmp_path: Path) -> None:
    wanted = ("select", "--class", "Hot dog", "--data-dir", small_data)
    piped = run(*wanted)
    rows = list(csv.reader(piped.stdout.splitlines()))
    assert tuple(rows[0]) == ROW_COLUMNS
    assert len(rows) == 1 + 12 + 120
    for ending in ("csv", "json", "parquet"):
        assert run(*wanted, "--output", f"rows.{ending}").returncode == 0
    assert (tmp_path / "rows.csv").read_text(encoding="utf-8") == piped.stdout
    with duckdb.connect() as connection:
        read = "SELECT * FROM read_parquet(?)"
        parquet = connection.execute(read, [str(tmp_path / "rows.parquet")]).fetchall()
    as_json = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
    assert [tuple(row.values()) for row in as_json] == parquet
    assert [["" if value is None else str(value) for value in row] for row in parquet] == rows[1:]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "rows.csv",
        "rows.json",
        "rows.parquet",
        "rows.selection.json",
    ]


def test_quiet_says_nothing(small_data: Path, run: Run) -> None:
    done = run("select", "--class", "Hot dog", "--data-dir", small_data, "--quiet")
    assert done.stderr == ""
    assert done.stdout.startswith("folder,rank,ImageID")


def test_table_shows_the_first_columns(small_data: Path, run: Run) -> None:
    done = run(
        "select", "--class", "Hot dog", "--data-dir", small_data, "--format", "table", COLUMNS="80"
    )
    assert done.stdout.split()[:3] == ["folder", "rank", "ImageID"]
    assert "more rows and" in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


def test_classes_needs_the_class_file_alone(run: Run, tmp_path: Path) -> None:
    small_open_images().write(tmp_path / "data")
    for name in ("labels", "images"):
        (tmp_path / "data" / FILES[name]).unlink()
    done = run("classes", "HOT DOG")
    assert done.stdout.splitlines()[1:] == [
        "/m/01b9xk,Hot dog",
        "/m/07vh6y,Hot dog bun",
        "/m/0bm1pg,Hot dog stand",
    ]


def test_sql_runs_a_select_of_ones_own(small_data: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "my.sql").write_text("SELECT count(*) AS n FROM images")
    done = run("sql", "--file", "my.sql", "--data-dir", small_data)
    assert done.stdout == "n\n300\n"
    done = run("sql", "-", "--data-dir", small_data, stdin="SELECT 1 AS one;")
    assert done.stdout == "one\n1\n"


def assert_one_line(stderr: str) -> None:
    assert len(stderr.splitlines()) == 1, stderr
    assert stderr.startswith("hotdog-sql: ")


def test_an_unknown_class_suggests_the_nearest(small_data: Path, run: Run) -> None:
    done = run("select", "--class", "hot dgo", "--data-dir", small_data)
    assert done.returncode == 3
    assert_one_line(done.stderr)
    assert "'Hot dog' (/m/01b9xk)" in done.stderr


def test_a_shared_name_lists_its_mids(small_data: Path, run: Run) -> None:
    done = run("select", "--class", "Jaguar", "--data-dir", small_data)
    assert done.returncode == 3
    assert_one_line(done.stderr)
    assert "/m/0a1" in done.stderr
    assert "/m/0a2" in done.stderr
    assert run("select", "--class", "/m/0a1", "--data-dir", small_data).returncode == 0


@pytest.mark.parametrize("missing", ["classes", "labels", "images"])
def test_a_missing_file_is_named(run: Run, tmp_path: Path, missing: str) -> None:
    small_open_images().write(tmp_path / "data")
    (tmp_path / "data" / FILES[missing]).unlink()
    done = run("select", "--class", "Hot dog", "--offline")
    assert done.returncode == 4
    assert_one_line(done.stderr)
    assert FILES[missing] in done.stderr
    assert "hotdog-sql refresh" in done.stderr


@pytest.mark.parametrize("state", ["missing", "with other columns", "damaged"])
def test_the_command_that_an_error_names_mends_it(run: Run, tmp_path: Path, state: str) -> None:
    """In a folder and of a split that are not the default."""
    folder = tmp_path / "my data"
    small = small_open_images()
    small.write(folder, split="validation")
    labels = folder / FILES["labels"].replace("test", "validation")
    right = labels.read_bytes()
    select = ("select", "--class", "Hot dog", "--split", "validation", "--data-dir", folder)
    match state:
        case "missing":
            labels.unlink()
        case "with other columns":
            labels.write_text("a,b,c\n1,2,3\n")
        case _:
            labels.write_bytes(right + b'"broken,x,y,1\n')
    said = run(*select, "--offline")
    assert said.returncode == 4
    _, found, command = said.stderr.strip().partition("with: hotdog-sql ")
    assert found
    with LoopbackServer() as server:
        server.on(f"/v5/{labels.name}", file_reply(right))
        mended = run(*shlex.split(command), HOTDOG_SQL_BASE_URL=server.url("/"))
    assert mended.returncode == 0, mended.stderr
    assert run(*select, "--offline").returncode == 0


@pytest.mark.parametrize("wrong", ["classes", "labels", "images"])
@pytest.mark.parametrize("content", ["", "a,b,c\n1,2,3\n", "\x00\x01\x02"])
def test_wrong_columns_are_said(run: Run, tmp_path: Path, wrong: str, content: str) -> None:
    small_open_images().write(tmp_path / "data")
    (tmp_path / "data" / FILES[wrong]).write_text(content)
    done = run("select", "--class", "Hot dog", "--offline")
    assert done.returncode == 4
    assert_one_line(done.stderr)
    assert FILES[wrong] in done.stderr


@pytest.mark.parametrize(
    "row", ["0000000000000001,verification,/m/02wbm,yes", "only,three,fields", '"broken,x,y,1']
)
def test_a_damaged_row_is_said(run: Run, tmp_path: Path, row: str) -> None:
    small_open_images().write(tmp_path / "data")
    with (tmp_path / "data" / FILES["labels"]).open("a") as file:
        file.write(row + "\n")
    done = run("select", "--class", "Hot dog", "--offline")
    assert done.returncode == 4
    assert_one_line(done.stderr)
    assert FILES["labels"] in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--negatives", "-1"),
        ("--negatives", "many"),
        ("--negatives", "99999999999"),
        ("--seed", "-1"),
        ("--seed", str(2**63)),
        ("--limit", "0"),
        ("--min-confidence", "0"),
        ("--min-confidence", "1.1"),
        ("--min-confidence", "nan"),
        ("--split", "all-of-it"),
        ("--release", "v5"),
        ("--format", "xlsx"),
        ("--related", "cousins"),
        ("--threads", "0"),
        ("--no-such-option",),
    ],
)
def test_absurd_values_are_usage_errors(
    small_data: Path, run: Run, arguments: tuple[str, ...]
) -> None:
    done = run("select", "--class", "Hot dog", "--data-dir", small_data, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert arguments[0] in done.stderr
    assert "Traceback" not in done.stderr


def test_a_number_of_negatives_for_each_positive(run: Run, small_data: Path) -> None:
    chosen = ("select", "Hot dog", "--data-dir", small_data, "--format", "csv", "--negatives")
    rows = run(*chosen, "2x").stdout.splitlines()[1:]
    folders = [row.split(",")[0] for row in rows]
    assert (folders.count("hot_dog"), folders.count("other")) == (12, 24)
    assert run(*chosen, "0.5x").stdout.count("\nother,") == 6
    for bad in ("x", "-1", "2y", "1e9x"):
        assert run(*chosen, bad).returncode == 2


@pytest.mark.parametrize(("limit", "what"), [("much", "'much' is no"), ("20KB", "more memory")])
def test_a_memory_limit_that_will_not_do(small_data: Path, run: Run, limit: str, what: str) -> None:
    done = run("summary", "--data-dir", small_data, "--memory-limit", limit)
    assert done.returncode == 3
    assert_one_line(done.stderr)
    assert what in done.stderr
    assert "--memory-limit" in done.stderr


def test_a_negative_folder_stays_in_the_dataset(small_data: Path, run: Run) -> None:
    wanted = ("select", "--class", "Hot dog", "--data-dir", small_data, "-q")
    done = run(*wanted, "--negative-folder", "../elsewhere")
    assert done.returncode == 3
    assert_one_line(done.stderr)
    assert run(*wanted, "--negative-folder", "not hot dog").returncode == 0


def test_strangers_text_cannot_drive_the_terminal(run: Run, tmp_path: Path) -> None:
    title = "\x1b[31mred\x07 \u202etxt [b]not markup[/b]"
    name = "Hot\x1b]0;owned\x07dog"
    image = "0" * 16
    OpenImages(
        classes=[("/m/1", name)],
        images=[image_row(image, title=title)],
        labels=[(image, "verification", "/m/1", "1")],
    ).write(tmp_path / "data")
    done = run("select", "--class", "/m/1", "--format", "table", "--offline", COLUMNS="300")
    assert done.returncode == 0, done.stderr
    for character in ("\x1b", "\x07", "\u202e"):
        assert character not in done.stdout + done.stderr
    assert "[b]not markup[/b]" in done.stdout
    assert "hot_0_owned_dog" in done.stdout
    unknown = run("select", "--class", "\x1b[31m", "--offline")
    assert "\x1b" not in unknown.stderr


def modules_imported(*arguments: str) -> set[str]:
    """Those that the command has imported by its end."""
    program = (
        "import sys\nfrom hotdog_sql.cli.main import app\n"
        "try:\n    app(sys.argv[1:])\n"
        "except SystemExit:\n    print('\\n', *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_help_speaks_to_people(run: Run, command: str) -> None:
    done = run(command, "--help", COLUMNS="300")
    assert done.returncode == 0
    assert not re.search(r"<\w|x<=|x>=|<=x|list\[|\[\]|\(\)", done.stdout), done.stdout


@pytest.mark.parametrize("module", ["duckdb", "httpx"])
def test_help_imports_neither_duckdb_nor_httpx(module: str) -> None:
    imported = modules_imported("select", "--help")
    assert "typer" in imported
    assert module not in imported


def test_httpx_is_imported_only_to_fetch(small_data: Path, tmp_path: Path) -> None:
    rows = str(tmp_path / "rows.csv")
    asked = ("select", "--class", "Hot dog", "--data-dir", str(small_data), "--output", rows)
    imported = modules_imported(*asked)
    assert Path(rows).exists()
    assert "duckdb" in imported
    assert "httpx" not in imported


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("--class Hot", ["Hot dog", "Hot dog bun", "Hot dog stand"]),
        ("--exclude 'hOT dog b", ["Hot dog bun"]),
        ("hot", ["Hot dog", "Hot dog bun", "Hot dog stand"]),
        ("/m/0b", ["/m/0bm1pg"]),
        ("a_file", ["a_file"]),  # with nothing, the shell would offer the names of files
    ],
)
def test_class_names_complete(
    small_data: Path, tmp_path: Path, typed: str, offered: list[str]
) -> None:
    (tmp_path / "a_file_here").touch()
    words = f"hotdog-sql select {typed}"
    asked = {
        "COMP_WORDS": words,
        "COMP_CWORD": "3" if "--" in typed else "2",
        "_HOTDOG_SQL_COMPLETE": "complete_bash",
        "HOTDOG_SQL_DATA_DIR": str(small_data),
    }
    done = subprocess.run(
        [Path(sys.executable).with_name("hotdog-sql")],
        cwd=tmp_path,
        env=os.environ | asked,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.splitlines() == offered


def test_a_class_may_be_a_plain_argument(small_data: Path, run: Run) -> None:
    data = ("--data-dir", small_data)
    assert (
        run("select", "Hot dog", *data).stdout == run("select", "--class", "Hot dog", *data).stdout
    )
    both = run("select", "Hot dog", "--class", "Pizza", "--limit", "1", "--negatives", "0", *data)
    assert [row.split(",")[0] for row in both.stdout.splitlines()[1:]] == ["hot_dog", "pizza"]
    for wrong in ((), ("Hot dog", "--query", small_data / FILES["classes"])):
        done = run("select", *wrong, *data)
        assert (done.returncode, done.stdout) == (2, "")


def test_the_report_says_where_the_data_ran_out(small_data: Path, run: Run) -> None:
    """12 hot dogs; 300 images; a person said of 42 that there is none."""

    def said(*options: str) -> list[str]:
        done = run("select", "Hot dog", "--data-dir", small_data, *options)
        lines = done.stderr.splitlines()
        return [line for line in lines if " of " in line or line.startswith("warning:")]

    few = "warning: {} has fewer than 30 images; --split all or --labels both may find more"
    assert said() == [few.format("hot_dog")]
    assert said("--limit", "2", "--negatives", "3") == []
    (shortfall, *_) = said("--negatives-from", "verified")
    assert re.fullmatch(r"other: \d+ of 120: no more verified negatives", shortfall)
    assert said("--limit", "5", "--negatives", "100x")[0].endswith(" of 500: no more candidates")
    assert said("--limit", "5", "--negatives", "1x") == []


def test_classes_suggests_where_it_finds_nothing(small_data: Path, run: Run) -> None:
    done = run("classes", "hot dgo", "--data-dir", small_data)
    assert done.returncode == 0
    assert done.stdout == "LabelName,DisplayName\n"
    assert "no class contains 'hot dgo'; the nearest are 'Hot dog' (/m/01b9xk)" in done.stderr


@pytest.mark.parametrize(
    ("output", "code"),
    [("nowhere/rows.csv", 6), ("/nowhere/rows.csv", 6), ("rows.xlsx", 3), ("taken/rows.csv", 6)],
)
def test_an_output_is_checked_before_the_work(
    run: Run, tmp_path: Path, output: str, code: int
) -> None:
    """The data folder is empty, which the work would say first."""
    (tmp_path / "taken").write_text("a file, not a folder")
    for command in (("select", "Hot dog"), ("summary",), ("classes", "hot"), ("sql", "SELECT 1")):
        done = run(*command, "--offline", "--output", output)
        assert (done.returncode, done.stdout) == (code, ""), done.stderr
        assert_one_line(done.stderr)
        assert output.partition("/")[0] in done.stderr
    assert not Path("/nowhere").exists()


def test_a_folder_that_is_no_dataset_is_refused_before_the_work(
    small_data: Path, run: Run, tmp_path: Path
) -> None:
    """Nothing is selected, and nothing else is said."""
    saved = ("--data-dir", small_data, "--output", "rows.csv", "--quiet")
    assert run("select", "Hot dog", *saved).returncode == 0
    (tmp_path / "rows.selection.json").unlink()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("a file of mine")
    for command in (
        ("select", "Hot dog", "--offline", "--download", "mine"),  # there are no data either
        ("download", "rows.csv", "mine"),
        ("demo", "mine"),
    ):
        done = run(*command)
        assert (done.returncode, done.stdout) == (6, ""), done.stderr
        assert done.stderr == (
            "hotdog-sql: mine is not empty and not a dataset: choose another folder for the "
            "photos\n"
        )
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["diary.txt"]


def test_options_of_a_download_need_one(small_data: Path, run: Run) -> None:
    for option in (("--workers", "3"), ("--no-top-up",), ("--no-gallery",), ("--upright",)):
        done = run("select", "Hot dog", "--data-dir", small_data, *option)
        assert done.returncode == 2
        assert "add --download DEST" in done.stderr


def test_a_selection_through_a_pipe(small_data: Path, run: Run, tmp_path: Path) -> None:
    wanted = ("select", "Hot dog", "--negatives", "3", "--data-dir", small_data, "-q")
    with LoopbackServer() as server:
        server.default(file_reply(jpeg()))
        mirror = {"HOTDOG_SQL_MIRROR_URL": server.url("/")}
        for row_format in ("csv", "json"):
            rows = run(*wanted, "--format", row_format).stdout
            done = run("download", "-", row_format, stdin=rows, **mirror)
            assert done.returncode == 0, done.stderr
            assert len(list((tmp_path / row_format / "other").iterdir())) == 3
    done = run("download", "-", "dataset", stdin="")
    assert done.returncode == 3
    assert_one_line(done.stderr)


def test_a_selection_file_of_another_kind(run: Run, tmp_path: Path) -> None:
    (tmp_path / "rows.xlsx").write_text("folder,rank,ImageID")
    done = run("download", "rows.xlsx", "dataset")
    assert done.returncode == 3
    assert "--format" not in done.stderr  # which is about the dataset here
    assert ".csv, .json" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("sql", "--file", "bytes"), 3),
        (("select", "--query", "bytes"), 3),
        (("select", "--from", "bytes"), 3),
        (("select", "Hot\udcffdog"), 3),
        (("select", "Hot dog", "--exclude", "\udcff"), 3),
        (("classes", "\udcff"), 3),
        (("sql", "SELECT \udcff"), 3),
        (("download", "bytes.csv", "out"), 3),
        (("download", "\udcff.csv", "out"), 3),
        (("select", "Hot dog", "--download", "s3://"), 3),
        (("select", "Hot dog", "--download", "bytes"), 2),
        (("select", "Hot dog", "--data-dir", "bytes"), 2),
        (("summary", "--output", "/dev/null"), 6),
        (("summary", "--output", "folder.csv"), 2),
        (("verify", "nowhere"), 6),
        (("gallery", "bytes"), 6),
        (("refresh", "--file", "nothing.csv"), 3),
        (("select", "Hot dog", "--set", "a"), 2),
        (("select", "Hot dog", "--partition", "80/30"), 2),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(
    small_data: Path, run: Run, tmp_path: Path, arguments: tuple[str, ...], code: int
) -> None:
    for name in ("bytes", "bytes.csv"):
        (tmp_path / name).write_bytes(b'{"a": "\xff\xfe"}')
    (tmp_path / "folder.csv").mkdir()
    done = run(*arguments, HOTDOG_SQL_DATA_DIR=str(small_data))
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert "Traceback" not in done.stderr
    if code != 2:
        assert_one_line(done.stderr)
    assert Path("/dev/null").is_char_device()


def test_a_mirror_that_is_no_address(small_data: Path, run: Run) -> None:
    done = run(
        *("select", "Hot dog", "--data-dir", small_data, "-q", "--download", "dataset"),
        HOTDOG_SQL_MIRROR_URL="user:secret@nonsense",
    )
    assert done.returncode == 3
    assert_one_line(done.stderr)
    assert "HOTDOG_SQL_MIRROR_URL" in done.stderr
    assert "secret" not in done.stderr
