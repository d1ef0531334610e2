"""What makes a selection, written down so that it can be made again.

A recipe is the `selection.json` beside a dataset, or the `NAME.selection.json` beside a saved
selection. It has the options, and the digest of each SQL file and each file of Open Images that
took part.
"""

import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

import duckdb

from hotdog_sql.config import VERSION
from hotdog_sql.database import Database, one_line
from hotdog_sql.downloader.photo import IMAGE_COLUMNS
from hotdog_sql.errors import InputError, SelectionFileError
from hotdog_sql.export import read_file
from hotdog_sql.files import check_exists, whole_file
from hotdog_sql.options import BOX_RULES, DataOptions, SelectOptions
from hotdog_sql.selection import Selection, needs_of
from hotdog_sql.sql_files import load_order, needed_for
from hotdog_sql.text import printable

#: Written into each recipe; changes when the form of recipes changes.
_FORM = 1
#: The recipe of `rows.csv` is `rows.selection.json`.
_BESIDE = ".selection.json"
#: The digests and versions in a recipe, and what they are of.
_DIGESTS = {
    "versions": "version of",
    "sql_sha256": "SQL file",
    "file_md5": "Open Images file",
}
#: What is raised of a file that cannot be read, is no JSON, is nested too deeply, or is another's.
_WRONG = (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError, InputError)
#: The options that a recipe does not keep under `classes`.
_OTHER_OPTIONS = ("query", "variables", "ids", "partition", "group_by")
#: Every column that a selection can have, in order, with the type that it is kept in.
_TYPES = (
    {"partition": "VARCHAR", "folder": "VARCHAR", "rank": "BIGINT"}
    | dict.fromkeys(IMAGE_COLUMNS, "VARCHAR")
    | {"OriginalSize": "BIGINT", "Rotation": "DOUBLE"}
)
#: Reads every value once, so that what cannot be read is found before the first download.
_TRY = r"""
SELECT
    count(COLUMNS(*)),
    any_value(rank::VARCHAR) FILTER (NOT regexp_full_match(rank::VARCHAR, '\d{1,18}'))
FROM saved
"""


@dataclass(frozen=True, slots=True)
class Recipe:
    """The content of a `selection.json`, and what it selects."""

    content: dict[str, Any]
    options: SelectOptions

    def data_options(self, data_dir: Path) -> DataOptions:
        """What the recipe reads, from a data folder."""
        release, splits, labels = (self.content[name] for name in ("release", "splits", "labels"))
        return DataOptions(data_dir, release, tuple(splits), labels)

    @classmethod
    def of(cls, selection: Selection) -> Self:
        """The recipe of a selection, with the digests of what it was made from."""
        options, database = selection.options, selection.database
        if options is None:
            raise ValueError("only the rows of this selection are known")
        requests: dict[str, Any] = {}
        if options.ids is not None:
            digest = hashlib.sha256(options.ids.read_bytes()).hexdigest()
            requests["ids"] = {"name": options.ids.name, "sha256": digest, "seed": options.seed}
        if options.query is not None:
            requests["query"] = {
                "text": options.query,
                "variables": dict(options.variables),
                "seed": options.seed,
                "sha256": hashlib.sha256(options.query.encode()).hexdigest(),
            }
        elif options.classes:
            left_out = {*_OTHER_OPTIONS, *(() if options.has_box_rules else BOX_RULES)}
            names = [field.name for field in fields(options) if field.name not in left_out]
            requests["classes"] = {name: getattr(options, name) for name in names}
        parts: dict[str, Any] | None = None
        if options.partition is not None:
            parts = {"shares": dict(options.partition), "group_by": options.group_by}
        needs = needs_of(options)
        sql_files = needed_for(needs)
        if options.query is not None:
            sql_files = [*load_order()]  # the query may use any of them
            needs += ("classes", "labels")
        files = [file for file in database.files_needed_by(*needs) if file.path.exists()]
        content = {
            "form": _FORM,
            "versions": {"hotdog-sql": VERSION, "duckdb": duckdb.__version__},
            "release": database.options.release,
            "splits": list(database.options.splits),
            "labels": database.options.labels,
            **requests,
            "partition": parts,
            "sql_sha256": {file.name: file.digest for file in sql_files},
            "file_md5": {file.catalog.name: file.md5 for file in files},
        }
        return cls(content, options)

    @classmethod
    def read(cls, path: Path) -> Self:
        """The recipe in a file, which may be a stranger's."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["form"] != _FORM:
                raise ValueError("its form is of another version: upgrade hotdog-sql")
            recipe = cls(content, _options(content))
            recipe.data_options(Path())
            recipe._described()
        except _WRONG as error:
            raise SelectionFileError(
                f"{path} is not a recipe ({printable(str(error))[:200]}); "
                "give the selection.json of a dataset"
            ) from error
        return recipe

    def save(self, rows: Path) -> Path:
        """Write the recipe beside the rows of a selection; return its path."""
        beside = rows.with_suffix(_BESIDE)
        with whole_file(beside) as temporary:
            temporary.write_text(json.dumps(self.content, indent=2) + "\n", encoding="utf-8")
        return beside

    def changes_since(self, then: "Recipe") -> list[str]:
        """What has changed since an earlier recipe, in one line each."""
        was, now = then._described(), self._described()
        return [
            f"{printable(name)} was {_shown(was.get(name))}, is {_shown(now.get(name))}"
            for name in {**now, **was}
            if was.get(name) != now.get(name)
        ]

    def _described(self) -> dict[str, object]:
        """What makes the selection, by the names that messages give it."""
        described = {one.name: getattr(self.options, one.name) for one in fields(SelectOptions)}
        if "ids" in self.content:
            listed = self.content["ids"]
            described["ids"] = f"{listed['name']} ({listed['sha256'][:12]})"
        described |= {name: self.content[name] for name in ("release", "splits", "labels")}
        for key, what in _DIGESTS.items():
            for name, digest in self.content[key].items():
                described[f"{what} {name}"] = str(digest)[:12]
        return described


@contextmanager
def open_selection(path: Path, data_dir: Path) -> Iterator[Selection]:
    """Read a saved selection, and the recipe beside it if there is one; `-` is stdin.

    With the recipe and the Open Images files, lost photos can be replaced.
    """
    beside = path.with_suffix(_BESIDE)
    recipe = Recipe.read(beside) if beside.exists() else None
    data = DataOptions(data_dir) if recipe is None else recipe.data_options(data_dir)
    # More threads would read ahead of each other, and so of the photos.
    with Database(replace(data, threads=1)) as database:
        if str(path) == "-":
            path = _saved_stdin(database.scratch)
        check_exists(path)
        if problem := _problem_of_rows(database.connection, path):
            raise SelectionFileError(f"{path} {problem}; make it again with: hotdog-sql select")
        if recipe is None:
            yield Selection(database, None, "saved")
        else:
            yield Selection(database, recipe.options, "saved", recipe=recipe.content)


def _problem_of_rows(connection: duckdb.DuckDBPyConnection, path: Path) -> str | None:
    """Why a file does not have the rows of a selection; None: it has."""
    try:
        read_file(connection, path, _TYPES).create_view("saved")
        found = connection.view("saved").columns
        for name in _TYPES:
            if name not in found and name != "partition":
                return f"has no column {name}"
        ((*_, rank),) = connection.execute(_TRY).fetchall()
    except duckdb.Error as error:
        return f"cannot be read: {one_line(error)}"
    if rank is not None:
        return f"has the rank {printable(rank)[:40]!r}, which is not a whole number from 0"
    return None


def _options(content: dict[str, Any]) -> SelectOptions:
    """The options in a recipe's content."""
    asked = dict(content.get("classes", {}))
    if "ids" in content:
        asked |= {"ids": Path(content["ids"]["name"]), "seed": content["ids"]["seed"]}
    if "query" in content:
        query = content["query"]
        asked |= {"query": query["text"], "variables": query["variables"], "seed": query["seed"]}
    if content["partition"] is not None:
        asked["partition"] = content["partition"]["shares"]
        asked["group_by"] = content["partition"]["group_by"]
    return SelectOptions(**asked)


def _shown(value: object) -> str:
    if value is None:
        return "absent"
    parts = value if isinstance(value, tuple | list) else [value]
    return printable(", ".join(str(part) for part in parts))[:80]


def _saved_stdin(folder: Path) -> Path:
    """Stdin as a file with the extension of its format."""
    start = sys.stdin.buffer.read(4)
    extension = "parquet" if start == b"PAR1" else "json" if start[:1] == b"[" else "csv"
    path = folder / f"selection.{extension}"
    with path.open("wb") as file:
        file.write(start)
        shutil.copyfileobj(sys.stdin.buffer, file)
    return path
