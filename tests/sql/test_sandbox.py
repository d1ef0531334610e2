"""A stranger's query reads the session's files, and does nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotdog_sql.database import Database, connect
from hotdog_sql.downloader.result import COLUMNS
from hotdog_sql.errors import QueryError
from hotdog_sql.options import DataOptions
from tests.conftest import Run
from tests.support.openimages import small_open_images

#: Each writes, reads what is not the session's, or runs another statement. `{data}`, `{dataset}`,
#: `{scratch}` and `{outside}` are folders, `{classes}` and `{secret}` are files in two of them.
ATTEMPTS = [
    # Statements that write.
    "COPY labels TO '{outside}/o.csv'",
    "COPY (SELECT 1) TO '{classes}'",
    "COPY (SELECT 1) TO '{dataset}/manifest.csv'",
    "COPY files FROM '{secret}'",
    "EXPORT DATABASE '{data}/export'",
    "IMPORT DATABASE '{data}'",
    "CREATE TABLE t AS SELECT 1",
    "CREATE OR REPLACE TEMP VIEW labels AS SELECT 1",
    "CREATE OR REPLACE TEMP MACRO find_classes(x) AS TABLE SELECT 1",
    "CREATE SECRET s (TYPE http, BEARER_TOKEN 'x')",
    "INSERT INTO files SELECT * FROM files RETURNING *",
    "UPDATE files SET file = '{secret}' RETURNING *",
    "DELETE FROM files RETURNING *",
    "MERGE INTO files USING (SELECT 1 AS x) ON true WHEN MATCHED THEN DELETE RETURNING *",
    "TRUNCATE files",
    "DROP VIEW labels",
    "ALTER TABLE files ADD COLUMN x INTEGER",
    "COMMENT ON TABLE files IS 'x'",
    "CHECKPOINT",
    # Statements that change the session.
    "ATTACH '{data}/o.db' AS o (READ_WRITE)",
    "ATTACH ':memory:' AS m",
    "USE memory",
    "SET allowed_directories = ['/']",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "SET VARIABLE data_dir = '/etc'",
    "PRAGMA profiling_output = '{data}/o.json'",
    "PRAGMA enable_external_access = true",
    "INSTALL httpfs",
    "LOAD '{data}/x.duckdb_extension'",
    "BEGIN",
    "PREPARE p AS SELECT 1",
    "CALL pragma_version()",
    "EXPLAIN ANALYZE COPY labels TO '{data}/o.csv'",
    # Several statements, or none.
    "",
    "-- nothing",
    "SELECT 1; SELECT 2",
    "SELECT 1; COPY labels TO '{data}/o.csv'",
    "PIVOT labels ON Source USING count(*)",
    # Statements within a SELECT.
    "WITH x AS MATERIALIZED (COPY (SELECT 'pwned') TO '{classes}') SELECT 1",
    "WITH x AS (COPY (SELECT 'pwned') TO '{dataset}/index.html') FROM x",
    "WITH x AS (COPY (SELECT 'pwned') TO '{scratch}/o.csv') FROM x",
    "WITH x AS NOT MATERIALIZED (COPY labels TO '{data}/o.csv' (FORMAT csv)) FROM x, x",
    "with a as (select 1), X as (copy labels to '{data}/o.csv') select * from a",
    "WITH x AS (COPY labels TO '{data}/o' (PARTITION_BY (Source))) FROM x",
    "WITH RECURSIVE x AS (COPY labels TO '{data}/o.csv') FROM x",
    "WITH x AS (WITH y AS (COPY labels TO '{data}/o.csv') FROM y) FROM x",
    "SELECT (WITH x AS (COPY labels TO '{data}/o.csv') SELECT 1)",
    "SELECT 1 WHERE EXISTS (WITH x AS (COPY labels TO '{data}/o.csv') FROM x)",
    "SELECT 1 UNION ALL (WITH x AS (COPY labels TO '{data}/o.csv') SELECT 2)",
    "DESCRIBE (WITH x AS (COPY labels TO '{data}/o.csv') FROM x)",
    "WITH x AS (INSERT INTO files SELECT * FROM files RETURNING *) FROM x",
    "WITH x AS MATERIALIZED (DELETE FROM files) SELECT 1",
    "WITH x AS (MERGE INTO files USING (SELECT 1 AS x) ON true WHEN MATCHED THEN DELETE) SELECT 1",
    "FROM (COPY labels TO '{data}/o.csv')",
    # SQL in a string.
    "FROM query('WITH x AS (COPY labels TO ''{data}/o.csv'') FROM x')",
    "FROM QUERY('DELETE FROM files RETURNING *')",
    "FROM system.main.query('SELECT 1')",
    "FROM query(if(random() < 0.5, 'FROM files', 'DELETE FROM files RETURNING *'))",
    "SELECT * FROM labels, LATERAL (FROM query('SELECT 1'))",
    "FROM json_execute_serialized_sql("
    "json_serialize_sql('WITH x AS (COPY labels TO ''{data}/o.csv'') FROM x'))",
    # Functions with effects, or upon addresses in memory.
    "FROM checkpoint()",
    "FROM enable_logging(level := 'trace', storage := 'file', storage_path := '{data}/log')",
    "FROM truncate_duckdb_logs()",
    "FROM arrow_scan(1, 2, 3)",
    "FROM python_map_function(1)",
    "FROM create_external_resource('x')",
    "FROM read_duckdb('{data}/o.db')",
    "FROM '{data}/o.db'",
    # Files that are not the session's.
    "FROM '{secret}'",
    "FROM '{data}/../outside/secret.csv'",
    "FROM read_csv('{secret}')",
    "FROM read_csv(['{classes}', '{secret}'])",
    "FROM read_csv('{data}/../outside/secret.csv')",
    "FROM read_csv('file://{secret}')",
    "FROM read_csv('~/.ssh/id_rsa')",
    "FROM read_csv('{data}-other/x.csv')",
    "FROM read_csv('http://127.0.0.1:9/x.csv')",
    "FROM read_parquet('s3://bucket/x.parquet')",
    "FROM read_text('{secret}')",
    "FROM read_text('/proc/self/environ')",
    "FROM read_blob('/etc/passwd')",
    "FROM sniff_csv('{secret}')",
    "FROM glob('{outside}/*')",
    "FROM query_table('{secret}')",
    "SELECT (SELECT content FROM read_text('{secret}'))",
    "SELECT getenv('HOME')",
    "FROM duckdb_secrets()",
    # What does not exist, or only in the program that runs the query.
    "FROM text",
    "SELECT 'x'::INTEGER",
    "SELECT $1",
    "SELECT " + "(" * 100_000 + "1" + ")" * 100_000,
    "SELECT " + "1 + " * 700 + "1",
]

#: What a query may do.
ALLOWED = [
    "SELECT 1;",
    "FROM labels LIMIT 3 -- and a comment",
    "TABLE classes",
    "SUMMARIZE SELECT Confidence FROM labels",
    "SHOW TABLES",
    "FROM select_images('Hot dog', negatives := 3)",
    "FROM candidate_images('Hot dog')",
    "FROM class_hierarchy",
    "FROM manifest",
    "FROM losses",
    "FROM query_table('labels') LIMIT 1",
    "FROM range(3)",
    "FROM read_csv('{classes}')",
    "FROM '{classes}'",
    "FROM read_text('{dataset}/notes.txt')",
    "FROM glob('{data}/*.csv')",
    "SELECT getvariable('data_dir')",
    """
    WITH RECURSIVE numbers AS (
        SELECT 1 AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < 3
    ),
    more AS MATERIALIZED (FROM range(3)),
    less AS NOT MATERIALIZED (SELECT NULL AS nothing)
    SELECT DISTINCT
        n::DECIMAL(9, 2) AS decimal,
        1.5 AS constant,
        [n]::INTEGER[] AS list,
        [n, n]::INTEGER[2] AS array,
        {{'a': n}}::STRUCT(a BIGINT) AS struct,
        MAP {{'a': n}}::MAP(VARCHAR, BIGINT) AS map,
        'a'::ENUM ('a', 'b') AS enum,
        row_number() OVER (PARTITION BY n ORDER BY n DESC NULLS LAST) AS number,
        count(*) FILTER (WHERE n > 1) AS counted,
        CASE WHEN n > 1 THEN 'x' ELSE 'y' END AS what,
        list_transform([1, 2], lambda x: x + 1) AS transformed,
        n IN (SELECT range FROM more) AS within,
        DATE '2026-01-01' + INTERVAL 1 DAY AS day
    FROM numbers LEFT JOIN less ON nothing = n
    GROUP BY n, less.nothing
    HAVING n > 0
    QUALIFY number = 1
    ORDER BY n, list
    LIMIT 50%
    """,
    "SELECT 1 AS a UNION BY NAME SELECT 2 AS b EXCEPT SELECT 3, 4 ORDER BY 1 LIMIT 3 OFFSET 1",
    "FROM labels PIVOT (count(*) FOR Source IN ('verification', 'machine'))",
    "FROM (SELECT 1 AS a, 2 AS b) UNPIVOT (value FOR name IN (a, b))",
    "FROM labels TABLESAMPLE reservoir(3 ROWS)",
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
        database.use_dataset(world / "dataset")
        yield database


def written_out(query: str, world: Path, scratch: Path) -> str:
    places = {name: world / name for name in ("data", "dataset", "outside")}
    classes, secret = places["data"] / CLASSES, places["outside"] / "secret.csv"
    return query.format(**places, scratch=scratch, classes=classes, secret=secret)


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
        database.keep_query(written_out(attempt, world, database.scratch))
    assert "sesame" not in str(refusal.value)
    assert before == (contents(world, database.scratch), database.rows("FROM files"))


@pytest.mark.parametrize("query", ALLOWED, ids=lambda query: query[:60])
def test_reading_is_allowed(query: str, world: Path, database: Database) -> None:
    before = contents(world, database.scratch)
    database.keep_query(written_out(query, world, database.scratch))
    database.execute("DROP TABLE result")
    assert before == contents(world, database.scratch)


#: Some of each sort, for processes of their own.
SOME = [
    "WITH x AS MATERIALIZED (COPY (SELECT 'pwned') TO '{classes}') SELECT 'a', 'b'",
    "SELECT content FROM read_text('{secret}')",
]


@pytest.mark.parametrize("attempt", SOME)
@pytest.mark.parametrize("way", ["sql", "select --query", "select --from"])
def test_each_command_that_runs_a_query(way: str, attempt: str, world: Path, run: Run) -> None:
    query = written_out(attempt, world, world)
    file = world / "query"
    match way:
        case "sql":
            arguments = ["sql", query, "--dataset", str(world / "dataset")]
        case "select --query":
            file.write_text(query)
            arguments = ["select", "--query", str(file)]
        case _:
            recipe = {"form": 1, "release": "v6", "splits": ["test"], "labels": "human"}
            recipe |= {"versions": {}, "sql_sha256": {}, "file_md5": {}, "partition": None}
            asked = {"text": query, "variables": {}, "seed": 42, "sha256": ""}
            file.write_text(json.dumps(recipe | {"query": asked}))
            arguments = ["select", "--from", str(file)]
    check_refused(run, world, *arguments)
    file.unlink(missing_ok=True)


@pytest.mark.slow
@pytest.mark.parametrize("attempt", [a for a in ATTEMPTS if len(a) < 10_000], ids=lambda a: a[:60])
def test_every_attempt_from_outside(attempt: str, world: Path, run: Run) -> None:
    query = written_out(attempt, world, world)
    check_refused(run, world, "sql", "--dataset", str(world / "dataset"), "--", query)


def check_refused(run: Run, world: Path, command: str, *arguments: str) -> None:
    before = contents(world)
    done = run(command, "--data-dir", world / "data", "--offline", *arguments)
    assert done.returncode == 3
    assert done.stdout == ""
    assert "sesame" not in done.stderr
    assert "Traceback" not in done.stderr
    assert before == contents(world)
