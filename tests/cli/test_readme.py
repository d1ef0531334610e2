"""The README's commands, options, exit codes and SQL are those of the program."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main

from hotdog_sql.cli.main import app
from hotdog_sql.cli.output import ERROR_CODES, VERIFY_FAILED
from hotdog_sql.options import DataOptions
from hotdog_sql.sql_files import dataset_files, load_order
from tests.conftest import ROOT
from tests.support.openimages import connect

README = (ROOT / "README.md").read_text(encoding="utf-8")
SQL_README = (ROOT / "sql" / "README.md").read_text(encoding="utf-8")
_PROGRAM: Any = typer.main.get_command(app)
COMMANDS: dict[str, Any] = _PROGRAM.commands

#: Options of other programs that the README names.
FOREIGN = {"--help", "--nthreads", "--tls-ca-file", "--tls-cert", "--tls-key"}


def section(title: str) -> str:
    match = re.search(rf"^## {title}$\n(.*?)(?=^## |\Z)", README, flags=re.MULTILINE | re.DOTALL)
    assert match, f"the README has no section {title!r}"
    return match[1]


def rows(title: str) -> list[list[str]]:
    """Return the cells of a section's table, without its header."""
    lines = re.findall(r"^\| (.*) \|$", section(title), flags=re.MULTILINE)
    return [[cell.strip() for cell in line.split(" | ")] for line in lines[1:]]


def test_it_is_one_page() -> None:
    assert len(README.splitlines()) <= 250


def test_the_options_have_these_defaults() -> None:
    table = rows("Options")
    assert len(table) == 10
    parameters = {name: one for one in COMMANDS["select"].params for name in one.opts}
    for row in table:
        default = parameters[row[0].strip("`")].default
        if default is None:
            continue
        if isinstance(default, list):
            default = ", ".join(default)
        stated = row[2].strip("`") if len(row) > 2 else ""
        assert stated == str(default or ""), row[0]


def test_every_command_and_no_other_option_is_named() -> None:
    for name in COMMANDS:
        assert re.search(rf"hotdog-sql {name}\b|`{name}`", README), name
    known = {
        name
        for command in COMMANDS.values()
        for parameter in command.params
        for name in (*parameter.opts, *parameter.secondary_opts)
    }
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", README)) <= known | FOREIGN


def test_exit_codes() -> None:
    codes = [int(code) for cell, _ in rows("Exit codes") for code in cell.split(", ")]
    assert codes == [0, 2, *sorted([*ERROR_CODES.values(), VERIFY_FAILED]), 129, 130, 143]


def test_variables_and_extras() -> None:
    text = section("Options")
    source = "".join(path.read_text("utf-8") for path in (ROOT / "hotdog_sql").rglob("*.py"))
    assert set(re.findall(r"HOTDOG_SQL_\w+", text)) == set(re.findall(r"HOTDOG_SQL_\w+", source))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = re.findall(r"`(\w+)`", text.partition("Extras:")[2])
    assert extras == sorted(project["optional-dependencies"])


def test_links_lead_to_files() -> None:
    for page, folder in ((README, ROOT), (SQL_README, ROOT / "sql")):
        targets = re.findall(r"\]\(([^)#]+)\)|(?:src|srcset)=\"([^\"]+)\"", page)
        for target in (one or other for one, other in targets):
            assert target.startswith("https://") or (folder / target).exists(), target


@pytest.mark.parametrize("page", [README, SQL_README], ids=["README.md", "sql/README.md"])
def test_the_sql_to_paste_runs(small_data: Path, page: str) -> None:
    blocks = re.findall(r"```sql\n(.*?)```", page, flags=re.DOTALL)
    assert blocks
    with connect(DataOptions(small_data)) as database:
        for block in blocks:
            for statement in database.connection.extract_statements(block):
                database.rows(statement.query)


def test_the_walk_through_the_sql_is_in_the_order_of_loading() -> None:
    linked = re.findall(r"\]\(((?!examples)\w+(?:/\w+)?\.sql)\)", SQL_README)
    files = [sql_file.name for sql_file in (*load_order(), *dataset_files())]
    assert list(dict.fromkeys(linked)) == ["shell.sql", *files]
