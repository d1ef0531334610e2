"""The SQL files: where they are, in which order they load, and what their headers say.

`sql/shell.sql` is the only list of the files. The DuckDB shell and `load_order` both follow its
`.read` lines.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SqlFile:
    """A file of `sql/`; its name is its path relative to that folder, with slashes."""

    name: str
    text: str

    @property
    def defines(self) -> str:
        """The view or macro that the file creates, which has the file's name."""
        return self.name.rpartition("/")[2].removesuffix(".sql")

    @property
    def reads(self) -> set[str]:
        """The views and macros that the file uses, from the `Reads:` line of its header."""
        # The names after a semicolon are read only for some values of the parameters.
        line = re.search("-- Reads:([^;\n]*)", self.text)
        return set() if line is None else set(re.findall(r"\w+", line[1]))

    @property
    def summary(self) -> str:
        """The description of the view or macro, from the first line of the file."""
        return self.text.partition("\n")[0].partition(": ")[2].removesuffix(".")

    @property
    def digest(self) -> str:
        """The SHA-256 of the text in hexadecimal digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@cache
def sql_dir() -> Path:
    """Return the folder of the SQL files: in the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / "sql"
    return installed if installed.is_dir() else package.parent / "sql"


@cache
def load_order() -> tuple[SqlFile, ...]:
    """Return every file that `shell.sql` reads, in its order."""
    return _files_listed(".read sql/")


@cache
def dataset_files() -> tuple[SqlFile, ...]:
    """Return the files for a dataset, which `shell.sql` lists in a comment."""
    return _files_listed("--   .read sql/")


def _files_listed(prefix: str) -> tuple[SqlFile, ...]:
    lines = (sql_dir() / "shell.sql").read_text(encoding="utf-8").splitlines()
    names = [line.partition("sql/")[2] for line in lines if line.startswith(prefix)]
    return tuple(read_sql_file(name.strip()) for name in names)


def needed_for(names: Iterable[str]) -> list[SqlFile]:
    """Return the files of some views and macros and of all that these read, in load order."""
    needed = set(names)
    # A file reads only what earlier files create.
    for sql_file in reversed((*load_order(), *dataset_files())):
        if sql_file.defines in needed:
            needed.update(sql_file.reads)
    return [sql_file for sql_file in load_order() if sql_file.defines in needed]


def read_sql_file(name: str) -> SqlFile:
    """Return a file of `sql/` by its path relative to that folder."""
    return SqlFile(name, (sql_dir() / name).read_text(encoding="utf-8"))
