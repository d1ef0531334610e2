"""The manifest as a view in the DuckDB shell; other tests read it in Python's DuckDB."""

import csv
import io
from pathlib import Path

import pytest

from hotdog_sql.cli.query import find_shell
from hotdog_sql.downloader.result import COLUMNS
from hotdog_sql.sql_files import read_sql_file
from tests.conftest import Run, run_process
from tests.support.loopback import LoopbackServer, Reply
from tests.support.photos import Album, everywhere, manifest_rows, mirror_path, photo, run, serve

FILES = ("literal_path.sql", "dataset/manifest.sql", "dataset/losses.sql")
VIEWS = "".join(read_sql_file(name).text for name in FILES)


def ask(directory: Path, query: str) -> list[tuple[str, ...]]:
    """The rows that the DuckDB shell returns."""
    shell = [find_shell(), "-csv", "-noheader", "-nullvalue", ""]
    script = f"SET VARIABLE dataset_dir = '{directory}';\n{VIEWS}\n{query};"
    said = run_process(shell, directory, stdin=script)
    assert said.stderr == ""
    return [tuple(row) for row in csv.reader(io.StringIO(said.stdout))]


@pytest.fixture
def dataset(server: LoopbackServer, tmp_path: Path) -> Path:
    serve(server, [photo(1), photo(5)])
    gone = everywhere(server, photo(2, title="a, \"b\" 'c' 香腸", rotation=""))
    failing = photo(3, "hot_dog", rotation="90.0")
    server.on(mirror_path(failing), Reply(503))
    album = Album([failing, photo(1), gone], {"other": [photo(5)]})
    # The name of the other matches as a pattern, and to DuckDB = can mean another column.
    folder, other = tmp_path / "folder=x[1]", tmp_path / "folder=x1"
    run(server, folder, album, sources=("mirror", "original"))
    other.mkdir()
    (other / "manifest.csv").touch()
    return folder


def test_every_column_as_it_is_in_the_file(dataset: Path) -> None:
    expected = [tuple(row[column] for column in COLUMNS) for row in manifest_rows(dataset)]
    query = f"SELECT {', '.join(COLUMNS)} FROM manifest ORDER BY folder, rank"
    assert ask(dataset, query) == expected
    manifest = dataset / "manifest.csv"
    manifest.write_bytes(manifest.read_bytes().replace(b"\n", b"\r\n"))  # as Excel does
    assert ask(dataset, query) == expected
    names = ask(dataset, "SELECT column_name FROM (DESCRIBE manifest)")
    assert sorted(name for (name,) in names) == sorted(COLUMNS)


def test_the_last_line_of_a_photo_holds_and_a_torn_one_does_not(dataset: Path) -> None:
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


def test_losses_by_source_and_reason(dataset: Path) -> None:
    assert ask(dataset, "FROM losses") == [
        ("hot_dog", "failed", "mirror", "http 503", "1"),
        ("hot_dog", "failed", "original", "no address", "1"),
        ("other", "lost", "mirror", "http 404", "1"),
        ("other", "lost", "original", "http 404", "1"),
    ]


def test_the_shell_command_without_any_csv(dataset: Path, run: Run) -> None:
    """A user may have kept only the dataset."""
    done = run("shell", dataset, "--data-dir", dataset / "data", stdin="FROM losses;\n")
    assert "http 503" in done.stdout
    assert "Error" not in done.stderr + done.stdout
