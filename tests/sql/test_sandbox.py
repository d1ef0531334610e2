"""A stranger's query reads the session's files, and does nothing else."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotdog_sql.database import Database
from hotdog_sql.downloader.result import COLUMNS
from hotdog_sql.errors import QueryError
from hotdog_sql.options import DataOptions
from tests.conftest import Run
from tests.support.openimages import connect, small_open_images

HERE = Path(__file__).parent
#: The lines of a file, and what cannot be a line of it.
ATTEMPTS = [
    *re.findall(r"^(?!--).+$", (HERE / "refused.sql").read_text("utf-8"), flags=re.MULTILINE),
    "",
    "-- nothing",
    "SELECT " + "(" * 100_000 + "1" + ")" * 100_000,
    "SELECT " + "1 + " * 700 + "1",
]
#: The paragraphs of a file, and what is too long for it.
ALLOWED = [
    *(HERE / "allowed.sql").read_text("utf-8").split("\n\n")[1:],
    "SELECT count(*) FROM images WHERE " + " OR ".join(["ImageID = 'x'"] * 3_000),
    "SELECT count(*) FROM images WHERE ImageID IN (" + ", ".join(["'x'"] * 30_000) + ")",
    "SELECT 1" + " + 1" * 100,
]
CLASSES = "oidv6-class-descriptions.csv"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Open Images, a dataset and a file that a query must not see, side by side."""
    world = tmp_path_factory.mktemp("world")
    small_open_images().write(world / "data")
    for name, text in {
        "dataset/manifest.csv": ",".join(COLUMNS) + "\n",
        "dataset/index.html": "<html>",
        "dataset/notes.txt": "to be read",
        "outside/secret.csv": "a,secret\n1,sesame\n",
        "data-other/x.csv": "a,secret\n1,sesame\n",
    }.items():
        (world / name).parent.mkdir(exist_ok=True)
        (world / name).write_text(text)
    return world


@pytest.fixture(scope="module")
def database(world: Path) -> Iterator[Database]:
    with connect(DataOptions(world / "data")) as database:
        database.load_dataset(world / "dataset")
        yield database


def written_out(query: str, world: Path, scratch: Path) -> str:
    places = {name: world / name for name in ("data", "dataset", "outside")}
    places |= {"classes": world / "data" / CLASSES, "secret": world / "outside" / "secret.csv"}
    for name, place in (places | {"scratch": scratch}).items():
        query = query.replace(f"{{{name}}}", str(place))
    return query


def contents(*folders: Path) -> dict[Path, bytes]:
    return {
        path: path.read_bytes() if path.is_file() else b""
        for folder in folders
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt[:60])
def test_an_attempt_is_refused(attempt: str, world: Path, database: Database) -> None:
    before = contents(world, database.scratch), database.rows("FROM files")
    with pytest.raises(QueryError) as refusal:
        database.run_query(written_out(attempt, world, database.scratch))
    assert "sesame" not in str(refusal.value)
    assert before == (contents(world, database.scratch), database.rows("FROM files"))


@pytest.mark.parametrize("query", ALLOWED, ids=lambda query: query[:60])
def test_reading_is_allowed(query: str, world: Path, database: Database) -> None:
    before = contents(world, database.scratch)
    database.run_query(written_out(query, world, database.scratch))
    database.execute("DROP TABLE result")
    assert before == contents(world, database.scratch)


#: Some of each sort, for processes of their own.
SOME = [
    "WITH x AS MATERIALIZED (COPY (SELECT 'pwned') TO '{classes}') SELECT 'a', 'b'",
    "SELECT content FROM read_text('{secret}')",
]


@pytest.mark.parametrize("attempt", SOME)
@pytest.mark.parametrize("way", ["sql", "select --query", "select --from"])
def test_each_command_that_runs_a_query(
    way: str, attempt: str, world: Path, run: Run, tmp_path: Path
) -> None:
    query = written_out(attempt, world, world)
    recipe = {"form": 1, "release": "v6", "splits": ["test"], "labels": "human"}
    recipe |= {"versions": {}, "sql_sha256": {}, "file_md5": {}, "partition": None}
    asked = {"text": query, "variables": {}, "seed": 42, "sha256": ""}
    file = tmp_path / "query"
    file.write_text(json.dumps(recipe | {"query": asked}) if way == "select --from" else query)
    what = ["sql", query, "--dataset", world / "dataset"] if way == "sql" else [*way.split(), file]
    before = contents(world)
    done = run(*what, "--data-dir", world / "data", "--offline", code=3)
    assert done.stdout == ""
    assert "sesame" not in done.stderr
    assert "Traceback" not in done.stderr
    assert before == contents(world)
