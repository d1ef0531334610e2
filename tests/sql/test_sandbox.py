"""An untrusted query can read the session's files and nothing else."""

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
#: The lines of a file, and queries that do not fit on a line.
ATTEMPTS = [
    *re.findall(r"^(?!--).+$", (HERE / "refused.sql").read_text("utf-8"), flags=re.MULTILINE),
    "",
    "-- nothing",
    "SELECT " + "(" * 100_000 + "1" + ")" * 100_000,
    "SELECT " + "1 + " * 700 + "1",
]
#: The paragraphs of a file, and queries that are too long for it.
ALLOWED = [
    *(HERE / "allowed.sql").read_text("utf-8").split("\n\n")[1:],
    "SELECT count(*) FROM images WHERE " + " OR ".join(["ImageID = 'x'"] * 3_000),
    "SELECT count(*) FROM images WHERE ImageID IN (" + ", ".join(["'x'"] * 30_000) + ")",
    "SELECT 1" + " + 1" * 100,
]
CLASSES = "oidv6-class-descriptions.csv"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Open Images, a dataset, and files that a query must not read."""
    root = tmp_path_factory.mktemp("root")
    small_open_images().write(root / "data")
    for name, text in {
        "dataset/manifest.csv": ",".join(COLUMNS) + "\n",
        "dataset/index.html": "<html>",
        "dataset/notes.txt": "to be read",
        "outside/secret.csv": "a,secret\n1,sesame\n",
        "data-other/x.csv": "a,secret\n1,sesame\n",
    }.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    (root / "data" / CLASSES).rename(root / "outside" / CLASSES)
    (root / "data" / CLASSES).symlink_to(root / "outside" / CLASSES)
    return root


@pytest.fixture(scope="module")
def database(root: Path) -> Iterator[Database]:
    with connect(DataOptions(root / "data")) as database:
        database.load_dataset(root / "dataset")
        yield database


def with_paths(query: str, root: Path, scratch: Path) -> str:
    paths = {name: root / name for name in ("data", "dataset", "outside")}
    paths |= {"classes": root / "data" / CLASSES, "secret": root / "outside" / "secret.csv"}
    for name, path in (paths | {"scratch": scratch}).items():
        query = query.replace(f"{{{name}}}", str(path))
    return query


def contents(*folders: Path) -> dict[Path, bytes]:
    return {
        path: path.read_bytes() if path.is_file() else b""
        for folder in folders
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt[:60])
def test_an_attempt_is_refused(attempt: str, root: Path, database: Database) -> None:
    before = contents(root, database.scratch), database.rows("FROM files")
    with pytest.raises(QueryError) as error:
        database.run_query(with_paths(attempt, root, database.scratch))
    assert "sesame" not in str(error.value)
    assert before == (contents(root, database.scratch), database.rows("FROM files"))


@pytest.mark.parametrize("query", ALLOWED, ids=lambda query: query[:60])
def test_reading_is_allowed(query: str, root: Path, database: Database) -> None:
    before = contents(root, database.scratch)
    database.run_query(with_paths(query, root, database.scratch))
    database.execute("DROP TABLE result")
    assert before == contents(root, database.scratch)


#: One that the parser refuses and one that the lock does, each run by every command.
SAMPLE = [
    "WITH x AS MATERIALIZED (COPY (SELECT 'pwned') TO '{classes}') SELECT 'a', 'b'",
    "SELECT content FROM read_text('{secret}')",
]


@pytest.mark.parametrize("attempt", SAMPLE)
@pytest.mark.parametrize("command", ["sql", "select --query", "select --from"])
def test_each_command(command: str, attempt: str, root: Path, run: Run, tmp_path: Path) -> None:
    query = with_paths(attempt, root, root)
    recipe = {"form": 1, "release": "v6", "splits": ["test"], "labels": "human"}
    recipe |= {"versions": {}, "sql_sha256": {}, "file_md5": {}, "partition": None}
    recipe["query"] = {"text": query, "variables": {}, "seed": 42, "sha256": ""}
    file = tmp_path / "query"
    file.write_text(json.dumps(recipe) if command == "select --from" else query)
    words = [*command.split(), query if command == "sql" else file]
    words += ["--dataset", root / "dataset"] if command == "sql" else []
    before = contents(root)
    done = run(*words, "--data-dir", root / "data", "--offline", code=3)
    assert done.stdout == ""
    assert "sesame" not in done.stderr
    assert "Traceback" not in done.stderr
    assert before == contents(root)
