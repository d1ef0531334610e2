"""The SQL files: where they are, the order in which they load, and what their headers say.

`sql/shell.sql` is the one list of the files: the DuckDB shell follows its `.read` lines, and so
does `load_order`.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SqlFile:
    """One file of `sql/`, by its path below that folder, with slashes."""

    name: str
    text: str

    @property
    def defines(self) -> str:
        """The view or macro that the file makes, which has the file's name."""
        return self.name.rpartition("/")[2].removesuffix(".sql")

    @property
    def reads(self) -> set[str]:
        """The views and macros that it uses, as the header's `Reads:` line says."""
        line = self.text.partition("-- Reads:")[2].partition("\n")[0]
        # What follows a semicolon is read only with some values of the parameters.
        names = line.partition(";")[0].split(",")
        return {name.strip() for name in names if name.strip()}

    @property
    def summary(self) -> str:
        """What the view or macro is, as the first line of the file says."""
        return self.text.partition("\n")[0].partition(": ")[2].removesuffix(".")

    @property
    def digest(self) -> str:
        """SHA-256 of the text as hexadecimal digits: the version of the query by content."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@cache
def sql_dir() -> Path:
    """The folder of the SQL files: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / "sql"
    return installed if installed.is_dir() else package.parent / "sql"


@cache
def load_order() -> tuple[SqlFile, ...]:
    """Every file that `shell.sql` reads, in its order."""
    return _read_by_shell(".read sql/")


@cache
def dataset_files() -> tuple[SqlFile, ...]:
    """The views and macros over a dataset, which `shell.sql` names in its comment."""
    return _read_by_shell("--   .read sql/")


def _read_by_shell(beginning: str) -> tuple[SqlFile, ...]:
    lines = (sql_dir() / "shell.sql").read_text(encoding="utf-8").splitlines()
    names = [line.partition("sql/")[2] for line in lines if line.startswith(beginning)]
    return tuple(read_sql_file(name.strip()) for name in names)


def needed_for(names: Iterable[str]) -> list[SqlFile]:
    """The files that make views and macros, and all that those read, in the order to load them."""
    needed = set(names)
    # What a file reads is made by files before it.
    for sql_file in reversed((*load_order(), *dataset_files())):
        if sql_file.defines in needed:
            needed.update(sql_file.reads)
    return [sql_file for sql_file in load_order() if sql_file.defines in needed]


def read_sql_file(name: str) -> SqlFile:
    """One file of `sql/` by its path below it."""
    return SqlFile(name, (sql_dir() / name).read_text(encoding="utf-8"))
