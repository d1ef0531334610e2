"""Each SQL file's header is true: parameters, columns and what it reads; and its example runs."""

import re
from collections.abc import Iterator

import pytest

from hotdog_sql.database import Database
from hotdog_sql.downloader.result import COLUMNS
from hotdog_sql.options import DataOptions
from hotdog_sql.sql_files import SqlFile, dataset_files, load_order, sql_dir
from tests.support.openimages import boxed_open_images, connect

FILES = (*load_order(), *dataset_files())
MADE = {sql_file.defines: sql_file for sql_file in FILES}
PARAMETERS = """
SELECT unnest(parameters)
FROM duckdb_functions() WHERE function_name = $name AND function_type LIKE '%macro'
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder = tmp_path_factory.mktemp("data")
    boxed_open_images().write(folder)
    (folder / "manifest.csv").write_text(",".join(COLUMNS) + "\n")
    with connect(DataOptions(folder)) as database:
        database.load_dataset(folder)
        yield database


def section(name: str, title: str) -> str:
    header = MADE[name].text.partition("\n\n")[0].replace("\n--", "\n")
    found = header.partition(f"\n {title}:")[2]
    return re.split(r"\n (?:Reads|Parameters|Columns|Returns|Example):", found)[0]


def columns_of(name: str) -> set[tuple[str, str]]:
    """The columns and types that a header lists, with those of the view that it refers to."""
    listed = section(name, "Columns")
    rows = re.findall(r"^   (\w+(?:, \w+)*) +([A-Z]+\S*)", listed, flags=re.MULTILINE)
    columns = {(column, type_) for names, type_ in rows for column in names.split(", ")}
    if like := re.match(r"\s+those of (\w+)(?: but (\w+)(?: and (\w+))?)?", listed):
        columns |= {column for column in columns_of(like[1]) if column[0] not in like.groups()}
    return columns


@pytest.mark.parametrize("name", MADE)
def test_header_is_true(name: str, database: Database) -> None:
    assert MADE[name].text.startswith(f"-- {name}: ")
    example = section(name, "Example")
    database.rows(example)
    if returned := section(name, "Returns").strip():
        call = re.search(rf"{name}\(.*?\)", example)
        assert call
        assert database.rows(f"DESCRIBE SELECT {call[0]} FROM images")[0][1] == returned
    else:
        call = re.search(rf"(WITH .*\)\s+)?FROM {name}(\(.*\))?", example)
        described = database.rows(f"DESCRIBE {call[0] if call else f'FROM {name}'}")
        types = {(row[0], re.sub(r"STRUCT\(.*\)", "STRUCT", row[1])) for row in described}
        assert types == columns_of(name)


@pytest.mark.parametrize("name", MADE)
def test_parameters_and_their_defaults(name: str, database: Database) -> None:
    taken = [parameter for (parameter,) in database.rows(PARAMETERS, {"name": name})]
    listed = section(name, "Parameters")
    while same := re.match(r" those of (\w+)", listed):
        listed = section(same[1], "Parameters") + listed[same.end() :]
    found = re.findall(r'^   "?(\w+)"?(?: := (\S+))?', listed, flags=re.MULTILINE)
    refers = "those of" in section(name, "Parameters")
    defaults = {one: default for one, default in found if one in taken or not refers}
    assert sorted(defaults) == sorted(taken)
    statement = MADE[name].text.partition("CREATE OR REPLACE")[2]
    for parameter, default in defaults.items():
        value = f" := {re.escape(default)}" if default else ""
        assert re.search(rf'[(\s]"?{parameter}"?{value}[,)\n]', statement)


@pytest.mark.parametrize("sql_file", FILES, ids=lambda sql_file: sql_file.name)
def test_reads_names_all_that_it_uses_and_no_more(sql_file: SqlFile) -> None:
    names = [other.defines for other in FILES]
    assert sql_file.reads <= set(names[: names.index(sql_file.defines)])
    body = re.sub(r"--.*|'[^']*'", "", sql_file.text)
    for name in sql_file.reads - {"files"}:
        assert re.search(rf"\b{name}\b", body), f"{sql_file.name} does not use {name}"
    said = re.findall(r"-- Reads:.*", sql_file.text)
    unsaid = set(names) - set(re.findall(r"\w+", " ".join(said)))
    for name in unsaid - {sql_file.defines, "files", "summary"}:
        used = re.search(rf"\b(FROM|JOIN)\s+{name}\b|\b{name}\(", body)
        assert not used, f"{sql_file.name} uses {name} and does not say so"
    for line in sql_file.text.splitlines():
        assert not line.startswith(".")
        assert len(line) <= 120 or ".csv" in line


@pytest.mark.parametrize("name", ["class_hierarchy", "largest_boxes", "fitting_boxes"])
def test_rows_are_in_order(name: str, database: Database) -> None:
    arguments = "" if name == "class_hierarchy" else "('Hot dog')"
    keys = [row[:2] for row in database.rows(f"FROM {name}{arguments}")]
    assert keys == sorted(keys)


def test_every_file_is_loaded() -> None:
    on_disk = {
        path.relative_to(sql_dir()).as_posix()
        for path in sql_dir().rglob("*.sql")
        if "examples" not in path.parts
    }
    assert on_disk == {sql_file.name for sql_file in FILES} | {"shell.sql"}
