"""The README is true: its commands, options, exit codes and SQL are those of the program."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

from hotdog_sql.cli import exits
from hotdog_sql.cli.main import app
from hotdog_sql.database import connect
from hotdog_sql.options import DataOptions
from tests.conftest import ROOT
from tests.test_trainers import HUGGING_FACE, KERAS, TORCHVISION

README = (ROOT / "README.md").read_text(encoding="utf-8")
_PROGRAM: Any = typer.main.get_command(app)
COMMANDS: dict[str, Any] = _PROGRAM.commands


def section(title: str) -> str:
    """The text of a section, its subsections left out."""
    match = re.search(
        rf"^(#+) {re.escape(title)}$\n(.*?)(?=^#+ |\Z)", README, flags=re.MULTILINE | re.DOTALL
    )
    assert match, f"the README has no section {title!r}"
    return match[2]


def rows_of(title: str) -> set[str]:
    """The options in the first cells of a section's table."""
    cells = re.findall(r"^\| (`--[^|]*) \|", section(title).replace("\\|", "/"), re.MULTILINE)
    return {option for cell in cells for option in re.findall(r"`(--[a-z0-9-]+)", cell)}


def options_of(command: Any) -> set[str]:
    names = {
        name
        for parameter in command.params
        for name in (*parameter.opts, *parameter.secondary_opts)
    }
    return {name for name in names if name.startswith("--")} - {"--help"}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_command_lists_its_options(name: str) -> None:
    text = section(f"`{name}`")
    own = rows_of(f"`{name}`")
    inherited = rows_of("Shared options") if "shared options" in " ".join(text.split()) else set()
    if "those of `download`" in text:
        inherited |= rows_of("`download`")
    assert own <= options_of(COMMANDS[name]) <= own | inherited


def test_shared_options_exist() -> None:
    for option in rows_of("Shared options"):
        holders = [name for name, command in COMMANDS.items() if option in options_of(command)]
        assert len(holders) > 1, option


def test_no_option_is_mentioned_that_does_not_exist() -> None:
    known = {option for command in COMMANDS.values() for option in options_of(command)}
    for line in re.findall(r"^(?:\$ )?hotdog-sql .*$", README, flags=re.MULTILINE):
        for option in re.findall(r"(?<= )--[a-z0-9-]+", line):
            assert option in known | {"--help", "--version"}, line


def test_exit_codes() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+?) \|$", section("Exit codes"), flags=re.MULTILINE)
    assert {int(code): meaning for code, meaning in rows} == exits.MEANINGS


@pytest.mark.parametrize("example", [KERAS, HUGGING_FACE, TORCHVISION])
def test_the_trainers_examples_are_the_tested_ones(example: str) -> None:
    assert f"```python{example}```" in README


def test_the_sql_to_paste_runs(small_data: Path) -> None:
    blocks = re.findall(r"```sql\n(.*?)```", README, flags=re.DOTALL)
    assert blocks
    with connect(DataOptions(small_data)) as database:
        for block in blocks:
            for statement in database.connection.extract_statements(block):
                database.rows(statement.query)
