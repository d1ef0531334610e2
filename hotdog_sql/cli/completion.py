"""Class names for the shell to complete, from the class files at hand."""

import csv
import os
from itertools import islice
from pathlib import Path
from typing import Any

_CLASS_FILES = "oid*-class-descriptions.csv"
#: A shell shows no more than a screenful.
_MOST = 100


class _Match(str):
    """A completion; Typer would drop a plain string that differs from the typed text in case."""

    __slots__ = ()

    def startswith(self, *_arguments: Any) -> bool:
        """It has been matched already."""
        return True


def complete_class(incomplete: str) -> list[str]:
    """The names that begin with what has been typed, in any case, or the MIDs.

    Read without DuckDB, whose start would be felt at each press of the key.
    """
    folder = Path(os.environ.get("HOTDOG_SQL_DATA_DIR") or "data")
    typed, column = incomplete.casefold(), 0 if incomplete.startswith("/") else 1
    names = {
        row[column]
        for path in sorted(folder.glob(_CLASS_FILES))
        for row in _rows(path)
        if len(row) > 1 and row[column].casefold().startswith(typed) and row[column].isprintable()
    }
    # Where there is nothing to offer, the shell would offer the names of files.
    return [_Match(name) for name in sorted(names)[:_MOST]] or [incomplete]


def _rows(path: Path) -> list[list[str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(islice(csv.reader(file), 1, None))
    except (OSError, UnicodeDecodeError, csv.Error):
        return []  # a file that cannot be read completes nothing; the command will say why
