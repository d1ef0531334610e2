"""Each SQL file's header is true: what it takes, gives and reads, and its example runs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from hotdog_sql.database import Database
from hotdog_sql.downloader.result import COLUMNS
from hotdog_sql.options import DataOptions
from hotdog_sql.sql_files import SqlFile, dataset_files, load_order, sql_dir
from tests.support.openimages import boxed_open_images, connect

FILES = (*load_order(), *dataset_files())
MADE = {sql_file.defines: sql_file for sql_file in FILES}


@dataclass(frozen=True, slots=True)
class Header:
    """What the comment at the top of a file says."""

    name: str
    parameters: dict[str, str | None]
    like: tuple[str, str, str]
    columns: list[tuple[str, str]]
    example: str


def header_of(sql_file: SqlFile) -> Header:
    comment = sql_file.text.partition("\n\n")[0]
    lines = [line.removeprefix("--").removeprefix(" ") for line in comment.splitlines()]
    sections: dict[str, list[str]] = {
        name: [] for name in ("", "Parameters", "Columns", "Returns", "Example")
    }
    section = ""
    for line in lines:
        if match := re.fullmatch(r"(Reads|Parameters|Columns|Returns|Example):(.*)", line):
            section = match[1]
            sections[section] = [match[2].strip()] if match[2].strip() else []
        else:
            sections[section].append(line)
    parameters: dict[str, str | None] = {}
    for line in sections["Parameters"]:
        # Lines that go on with a meaning are indented further.
        if match := re.match(r' {2}("?\w+"?)(?: := ((?:\'[^\']*\'|\S)+))?(?: {2,}|$)', line):
            parameters[match[1].strip('"')] = match[2]
    like = ("", "", "")
    if match := re.match(
        r"those of (\w+)(?: but (\w+))?(?:, (and|after))?", " ".join(sections["Columns"])
    ):
        like = (match[1], match[2] or "", match[3] or "")
    columns = [
        (match[1], match[2])
        for line in sections["Columns"]
        if (match := re.match(r" {2}(\w+) +([A-Z]+\S*)", line))
    ]
    columns += [("", line.strip()) for line in sections["Returns"]]
    example = "\n".join(line.strip() for line in sections["Example"])
    return Header(sections[""][0].partition(":")[0], parameters, like, columns, example)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder = tmp_path_factory.mktemp("data")
    boxed_open_images().write(folder)
    (folder / "manifest.csv").write_text(",".join(COLUMNS) + "\n")
    with connect(DataOptions(folder)) as database:
        database.use_dataset(folder)
        yield database


def columns_of(database: Database, header: Header) -> list[tuple[str, str]]:
    """The columns that a header names, those of the view that it refers to among them."""
    other, but, where = header.like
    if not other:
        return header.columns
    theirs = [one for one in columns_of(database, header_of(MADE[other])) if one[0] != but]
    return header.columns + theirs if where == "after" else theirs + header.columns


def check_parameters(sql_file: SqlFile, header: Header, database: Database) -> None:
    found = database.rows(
        "SELECT parameters FROM duckdb_functions() WHERE function_name = $name"
        " AND function_type LIKE '%macro' LIMIT 1",
        {"name": sql_file.defines},
    )
    parameters = found[0][0] if found else []
    if "-- Parameters: those of select_images" in sql_file.text:
        theirs = header_of(MADE["select_images"]).parameters
        header.parameters.update({name: theirs[name] for name in parameters})
    assert list(header.parameters) == parameters
    statement = sql_file.text[sql_file.text.index("CREATE OR REPLACE") :]
    for name, default in header.parameters.items():
        if default is not None:
            assert re.search(rf'"?\b{name}\b"? := {re.escape(default)}[,)\n]', statement)
        else:
            assert not re.search(rf'[(\s]"?{name}"? :=', statement.partition(" AS")[0])


def check_columns(header: Header, database: Database) -> None:
    called = re.search(rf"FROM {header.name}(\(.*\))?", header.example)
    columns = columns_of(database, header)
    if columns[0][0]:
        assert called or "FROM " + header.name not in header.example
        described = database.rows(f"DESCRIBE {called[0] if called else f'FROM {header.name}'}")
        found = [(row[0], re.sub(r"STRUCT\(.*\)", "STRUCT", row[1])) for row in described]
        assert columns == found
    else:
        call = re.search(rf"{header.name}\(.*?\)", header.example)
        assert call
        described = database.rows(f"DESCRIBE SELECT {call[0]} FROM images")
        assert columns[0][1] == described[0][1]


@pytest.mark.parametrize("sql_file", FILES, ids=lambda sql_file: sql_file.name)
def test_header_is_true(sql_file: SqlFile, database: Database) -> None:
    header = header_of(sql_file)
    assert header.name == sql_file.defines
    check_parameters(sql_file, header, database)
    database.rows(header.example)
    check_columns(header, database)
    for line in sql_file.text.splitlines():
        assert not line.startswith(".")
        assert "\t" not in line
        assert len(line) <= 120 or ".csv" in line


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


def test_every_file_is_loaded() -> None:
    on_disk = {
        path.relative_to(sql_dir()).as_posix()
        for path in sql_dir().rglob("*.sql")
        if "examples" not in path.parts
    }
    assert on_disk == {sql_file.name for sql_file in FILES} | {"shell.sql"}
