"""The commands as a user types them, mostly run in this process to save time."""

import csv
import json
import re
import shlex
import sys
from pathlib import Path

import duckdb

from hotdog_sql.cli.main import COMMANDS
from tests.conftest import Run, run_process
from tests.support.loopback import LoopbackServer, file_reply
from tests.support.openimages import ROW_COLUMNS, OpenImages, image_row, small_open_images
from tests.support.pictures import jpeg


def assert_one_line(stderr: str) -> None:
    assert len(stderr.splitlines()) == 1, stderr
    assert stderr.startswith("hotdog-sql: ")


def test_formats_agree(small_data: Path, run: Run, call: Run, tmp_path: Path) -> None:
    select = ("select", "--class", "Hot dog", "--data-dir", small_data)
    piped = run(*select)
    rows = list(csv.reader(piped.stdout.splitlines()))
    assert tuple(rows[0]) == ROW_COLUMNS
    assert len(rows) == 1 + 12 + 120
    for ending in ("csv", "json", "parquet"):
        call(*select, "--output", f"rows.{ending}")
    assert (tmp_path / "rows.csv").read_text(encoding="utf-8") == piped.stdout
    with duckdb.connect() as connection:
        parquet = connection.read_parquet(str(tmp_path / "rows.parquet")).fetchall()
    as_json = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
    assert [tuple(row.values()) for row in as_json] == parquet
    assert [["" if value is None else str(value) for value in row] for row in parquet] == rows[1:]
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == ["rows.csv", "rows.json", "rows.parquet", "rows.selection.json"]
    quiet = call(*select, "--quiet")
    assert (quiet.stdout, quiet.stderr) == (piped.stdout, "")
    table = call(*select, "--format", "table", COLUMNS="80").stdout
    assert table.split()[:3] == ["folder", "rank", "ImageID"]
    assert "more rows and" in table
    assert all(len(line) <= 80 for line in table.splitlines())
    call(*select, "--format", "table", "-o", "rows.txt")
    assert (tmp_path / "rows.txt").read_text(encoding="utf-8").startswith("folder")
    text = """SELECT 1 / 0 AS a, 'nan' AS b, sum(9007199254740993) AS c, 2 AS "a.b", 3 AS "*" """
    query = ("sql", text, "--offline")
    expected = {"a": None, "b": "nan", "c": 9007199254740993, "a.b": 2, "*": 3}
    assert json.loads(call(*query, "--format", "json").stdout) == [expected]
    (tmp_path / "link.parquet").symlink_to("rows.parquet")
    call(*query, "--output", "link.parquet")
    (exact,) = duckdb.read_parquet(f"{tmp_path}/rows.parquet").fetchall()
    assert exact[2:] == (9007199254740993, 2, 3)
    long = ("sql", f"SELECT 16{'0' * 37}::HUGEINT AS long", "--offline")
    assert "cast the column to VARCHAR" in call(*long, "--output", "long.parquet", code=3).stderr


def test_a_selection_through_a_pipe(
    server: LoopbackServer, small_data: Path, run: Run, call: Run, tmp_path: Path
) -> None:
    select = ("select", "Hot dog", "--negatives", "3", "--data-dir", small_data, "-q")
    server.default(file_reply(jpeg()))
    for row_format in ("csv", "json"):
        rows = call(*select, "--format", row_format).stdout
        run("download", "-", row_format, stdin=rows, HOTDOG_SQL_MIRROR_URL=server.url("/"))
        assert len(list((tmp_path / row_format / "other").iterdir())) == 3
    assert_one_line(run("download", "-", "dataset", stdin="", code=3).stderr)


def test_the_command_in_an_error_message_repairs_the_file(
    server: LoopbackServer, call: Run, tmp_path: Path
) -> None:
    """With a data folder and a split that are not the defaults."""
    folder = tmp_path / "my data"
    small_open_images().write(folder, split="validation")
    labels = folder / "validation-annotations-human-imagelabels.csv"
    original = labels.read_bytes()
    server.on(f"/v5/{labels.name}", file_reply(original))
    select = ("select", "--class", "Hot dog", "--split", "validation", "--data-dir", folder)
    for content in (None, b"a,b,c\n1,2,3\n", original + b'"broken,x,y,1\n'):
        labels.unlink()
        if content is not None:
            labels.write_bytes(content)
        failed = call(*select, "--offline", code=4)
        _, found, command = failed.stderr.strip().partition("with: hotdog-sql ")
        assert found
        call(*shlex.split(command), HOTDOG_SQL_BASE_URL=server.url("/"))
        assert labels.read_bytes() == original


def test_absurd_values_are_usage_errors(small_data: Path, call: Run) -> None:
    for arguments in (
        *(("--negatives", value) for value in ("-1", "many", "99999999999", "x", "2y", "1e9x")),
        *(("--min-confidence", value) for value in ("0", "1.1")),
        *(("--seed", value) for value in ("-1", str(2**63))),
        ("--limit", "0"),
        ("--release", "v5"),
        ("--format", "xlsx"),
        ("--related", "cousins"),
        ("--threads", "0"),
        *(("--set", "a"), ("--set", "a=1"), ("--group-by", "author")),
        ("--no-such-option",),
        *(("--workers", "3"), ("--no-top-up",), ("--no-gallery",), ("--upright",)),
    ):
        done = call("select", "--class", "Hot dog", "--data-dir", small_data, *arguments, code=2)
        assert done.stdout == "", arguments
        assert arguments[0] in done.stderr


def test_untrusted_text_cannot_control_the_terminal(call: Run, tmp_path: Path) -> None:
    title = "\x1b[31mred\x07 \u202etxt [b]not markup[/b]"
    name = "Hot\x1b]0;owned\x07dog"
    image = "0" * 16
    OpenImages(
        classes=[("/m/1", name)],
        images=[image_row(image, Title=title, License="")],
        labels=[(image, "verification", "/m/1", "1")],
    ).write(tmp_path / "data")
    done = call("select", "--class", "/m/1", "--format", "table", "--offline", COLUMNS="300")
    for character in ("\x1b", "\x07", "\u202e"):
        assert character not in done.stdout + done.stderr
    assert "[b]not markup[/b]" in done.stdout
    assert "no licence" in done.stderr
    assert "hot_0_owned_dog" in done.stdout
    assert "\x1b" not in call("select", "--class", "\x1b[31m", "--offline", code=3).stderr


def test_addresses_are_no_folders_and_passwords_are_not_shown(call: Run) -> None:
    address = "sftp://me:secret@host/dataset"
    for arguments in (
        ("crop", address, "out"),
        ("export", "dataset", address, "--format", "yolo"),
        ("sql", "FROM manifest", "--dataset", address),
        ("select", "Hot dog", "--output", address),
        *(("shell", address), ("demo", address)),
    ):
        assert "sftp://host/dataset is not on" in call(*arguments, code=2).stderr
    assert "secret" not in call("gallery", address, code=3).stderr


def test_libraries_are_imported_only_if_needed(small_data: Path, tmp_path: Path) -> None:
    program = (
        "import sys\nfrom hotdog_sql.cli.main import app\n"
        "try:\n    app(sys.argv[1:])\n"
        "except SystemExit:\n    print('\\n', *sys.modules)"
    )
    select = ["select", "Hot dog", "--data-dir", str(small_data), "--output", "rows.csv"]
    for arguments, libraries in ((["select", "--help"], set()), (select, {"duckdb"})):
        done = run_process([sys.executable, "-c", program, *arguments], tmp_path)
        assert {"duckdb", "httpx", "rich.progress"} & set(done.stdout.split()) == libraries


def test_help_has_examples_and_no_python_types(call: Run) -> None:
    for command in COMMANDS:
        done = call(command.__name__, "--help", COLUMNS="300")
        assert not re.search(r"<\w|x<=|x>=|<=x|list\[|\[\]|\(\)|None", done.stdout), done.stdout
        assert 2 <= len(re.findall(r"^ +hotdog-sql .*$", done.stdout, flags=re.MULTILINE)) <= 5


def test_help_lists_the_commands(call: Run) -> None:
    """Each with a full sentence in a terminal of 80 columns."""
    listed = call("--help", COLUMNS="80").stdout.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == [one.__name__ for one in COMMANDS]
    assert all(line.endswith(".") and "..." not in line for line in listed)


def test_help_shows_the_basic_options_first_and_the_defaults(call: Run) -> None:
    text = call("select", "--help", COLUMNS="300").stdout
    sections = re.split(r"^(\S.*):$", text, flags=re.MULTILINE)
    basic = " ".join(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", sections[4], flags=re.MULTILINE))
    assert basic == "--class --negatives --limit --seed --split --output --download --help"
    panels = ["Images", "Boxes", "Folders", "Instead of classes", "Data", "Output", "Download"]
    assert sections[5::2] == panels
    assert "[default: 1500MB]" in call("index", "--help", COLUMNS="300").stdout


def test_class_names_complete(small_data: Path, call: Run, tmp_path: Path) -> None:
    """Without a match, the typed text is the completion: otherwise the shell completes files."""
    (tmp_path / "a_file_here").touch()
    for typed, completions in {
        "--class Hot": [r"Hot\ dog", r"Hot\ dog\ bun", r"Hot\ dog\ stand"],
        "--exclude 'hOT dog b": ["hOT dog bun"],
        "/m/0b": ["/m/0bm1pg"],
        "a_file": ["a_file"],
    }.items():
        variables = {
            "COMP_WORDS": f"hotdog-sql select {typed}",
            "COMP_CWORD": "3" if "--" in typed else "2",
            "_HOTDOG_SQL_COMPLETE": "complete_bash",
        }
        done = call(HOTDOG_SQL_DATA_DIR=str(small_data), **variables)
        assert done.stdout.splitlines() == completions
    few = ("--data-dir", small_data, "--limit", "1", "--negatives", "1", "--quiet")
    call("select", "fOOD", "--exclude", "hOT dog bun", *few)


def test_text_that_is_not_utf_8(call: Run) -> None:
    for arguments in (("select", "Hot\udcffdog"), ("download", "\udcff.csv", "out")):
        done = call(*arguments, code=3)
        assert done.stdout == ""
        assert_one_line(done.stderr)
