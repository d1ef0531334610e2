"""The manifest as a view, in Python's DuckDB and in the shell's."""

import csv
import io
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from hotdog_sql.downloader.result import COLUMNS
from hotdog_sql.sql_files import read_sql_file
from tests.conftest import Run
from tests.support.loopback import LoopbackServer, Reply
from tests.support.photos import Album, everywhere, manifest_rows, mirror_path, photo, run, serve

VIEWS = "".join(read_sql_file(f"dataset/{name}.sql").text for name in ("manifest", "losses"))

Rows = list[tuple[str, ...]]


def in_python(directory: Path, query: str) -> Rows:
    with duckdb.connect() as connection:
        connection.execute("SET VARIABLE dataset_dir = ?", [str(directory)])
        connection.execute(VIEWS)
        found = connection.execute(f"SELECT columns(*)::VARCHAR FROM ({query})").fetchall()
    return [tuple("" if value is None else value for value in row) for row in found]


def in_the_shell(directory: Path, query: str) -> Rows:
    binary = shutil.which("duckdb", path=str(Path(sys.executable).parent)) or shutil.which("duckdb")
    if binary is None:
        pytest.skip("the DuckDB shell is not installed: pip install duckdb-cli")
    setting = f"SET VARIABLE dataset_dir = '{directory}';\n"
    said = subprocess.run(
        [binary, "-csv", "-noheader", "-nullvalue", ""],
        input=f"{setting}{VIEWS}\n{query};",
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stderr == ""
    return [tuple(row) for row in csv.reader(io.StringIO(said.stdout))]


@pytest.fixture(params=[in_python, in_the_shell])
def ask(request: pytest.FixtureRequest) -> Callable[[Path, str], Rows]:
    run_query: Callable[[Path, str], Rows] = request.param
    return run_query


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    with LoopbackServer() as server:
        serve(server, [photo(1), photo(5)])
        gone = everywhere(server, photo(2, title="a, \"b\" 'c' 香腸", rotation=""))
        failing = photo(3, "hot_dog", rotation="90.0")
        server.on(mirror_path(failing), Reply(503))
        album = Album([failing, photo(1), gone], {"other": [photo(5)]})
        run(server, tmp_path, album, sources=("mirror", "original"))
    return tmp_path


def test_every_column_as_it_is_in_the_file(dataset: Path, ask: Callable[[Path, str], Rows]) -> None:
    expected = [tuple(row[column] for column in COLUMNS) for row in manifest_rows(dataset)]
    query = f"SELECT {', '.join(COLUMNS)} FROM manifest ORDER BY folder, rank"
    assert ask(dataset, query) == expected
    names = ask(dataset, "SELECT column_name FROM (DESCRIBE manifest)")
    assert sorted(name for (name,) in names) == sorted(COLUMNS)


def test_the_last_line_of_a_photo_holds_and_a_torn_one_does_not(
    dataset: Path, ask: Callable[[Path, str], Rows]
) -> None:
    manifest = dataset / "manifest.csv"
    lines = manifest.read_text(encoding="utf-8").splitlines(keepends=True)
    with manifest.open("a", encoding="utf-8") as file:
        file.write(lines[1].replace("failed", "lost"))
        file.write(lines[2].replace("downloaded", "lost")[:60])
    query = "SELECT folder, status, count(*) AS n FROM manifest GROUP BY ALL ORDER BY ALL"
    assert ask(dataset, query) == [
        ("hot_dog", "lost", "1"),
        ("other", "downloaded", "2"),
        ("other", "lost", "1"),
    ]


def test_losses_by_source_and_reason(dataset: Path, ask: Callable[[Path, str], Rows]) -> None:
    assert ask(dataset, "FROM losses") == [
        ("hot_dog", "failed", "mirror", "http 503", "1"),
        ("hot_dog", "failed", "original", "no address", "1"),
        ("other", "lost", "mirror", "http 404", "1"),
        ("other", "lost", "original", "http 404", "1"),
    ]


def test_the_shell_command_without_any_csv(dataset: Path, run: Run) -> None:
    """Nothing but the dataset may be left of a download."""
    done = run("shell", dataset, "--data-dir", dataset / "data", stdin="FROM losses;\n")
    assert done.returncode == 0, done.stderr
    assert "http 503" in done.stdout
    assert "Error" not in done.stderr + done.stdout
