"""Recipes: everything that is needed to repeat a selection.

A recipe is the `selection.json` of a dataset, or the `NAME.selection.json` beside a saved
selection. It has the options, and the digests of the SQL files and Open Images files.
"""

import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import duckdb

from hotdog_sql.config import VERSION
from hotdog_sql.database import Database
from hotdog_sql.downloader.photo import IMAGE_COLUMNS
from hotdog_sql.downloader.selection_json import part_shares
from hotdog_sql.duckdb_errors import our_error
from hotdog_sql.errors import InputError, SelectionFileError
from hotdog_sql.export import read_file
from hotdog_sql.files import atomic_write, check_exists
from hotdog_sql.options import BOX_RULES, WITHOUT_CLASSES, DataOptions, SelectOptions
from hotdog_sql.selection import Selection, needs_of
from hotdog_sql.sql_files import load_order, needed_for
from hotdog_sql.text import one_line, printable

#: Version of the format of recipes.
_FORMAT_VERSION = 1
#: The recipe of `rows.csv` is `rows.selection.json`.
_SUFFIX = ".selection.json"
#: Key of the digest of the saved rows. A dataset's recipe does not have it.
_ROWS_DIGEST = "rows_digest"
#: Keys of the digests and versions in a recipe, and what messages call them.
_DIGESTS = {"versions": "version of", "sql_sha256": "SQL file", "file_md5": "Open Images file"}
#: Errors of a file that is unreadable, not JSON, nested too deeply, or not a recipe.
_ERRORS = (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError, InputError)
#: Every column that a selection can have, in order, with its type.
_COLUMN_TYPES = (
    {"partition": "VARCHAR", "folder": "VARCHAR", "rank": "BIGINT"}
    | dict.fromkeys(IMAGE_COLUMNS, "VARCHAR")
    | {"OriginalSize": "BIGINT", "Rotation": "DOUBLE"}
)
#: A digest that depends neither on the order of the rows nor on the file format.
_DIGEST_ROWS = """
SELECT concat(sum(md5_number_lower(concat_ws('/', partition, folder, rank, ImageID))))
FROM (
    SELECT NULL::VARCHAR AS partition WHERE false UNION ALL BY NAME FROM query_table($table)
)
"""
#: Reads every value, so that errors are found before the first download.
_READ_ALL = r"""
SELECT
    count(COLUMNS(*)),
    any_value(rank::VARCHAR) FILTER (NOT regexp_full_match(rank::VARCHAR, '\d{1,18}'))
FROM saved
"""


@dataclass(frozen=True, slots=True)
class Recipe:
    """The content of a recipe, and its options."""

    content: dict[str, Any]
    options: SelectOptions

    def data_options(self, **changes: Any) -> DataOptions:
        """Return the release, splits and labels that the recipe reads, with changes."""
        recorded = {name: self.content[name] for name in ("release", "splits", "labels")}
        return DataOptions(**(recorded | changes))

    @classmethod
    def of(cls, selection: Selection) -> Self:
        """Return the recipe of a selection."""
        options, database = selection.options, selection.database
        needs = needs_of(options)
        sql_files = needed_for(needs)
        content: dict[str, Any] = {
            "form": _FORMAT_VERSION,
            "versions": {"hotdog-sql": VERSION, "duckdb": duckdb.__version__},
            "release": database.options.release,
            "splits": list(database.options.splits),
            "labels": database.options.labels,
        }
        if options.ids is not None:
            check_exists(options.ids)
            digest = hashlib.sha256(options.ids.read_bytes()).hexdigest()
            content["ids"] = {"name": options.ids.name, "sha256": digest, "seed": options.seed}
        if options.query is not None:
            content["query"] = {
                "text": options.query,
                "variables": dict(options.variables),
                "seed": options.seed,
                "sha256": hashlib.sha256(options.query.encode()).hexdigest(),
            }
            sql_files = [*load_order()]  # the query may use any of them
            needs += ("classes", "labels")
        elif options.classes:
            omitted = {*WITHOUT_CLASSES, *(() if options.has_box_rules else BOX_RULES)} - {"seed"}
            settings = asdict(options).items()
            content["classes"] = {name: value for name, value in settings if name not in omitted}
        content["partition"] = None
        if options.partition is not None:
            content["partition"] = {"shares": dict(options.partition), "group_by": options.group_by}
        content["sql_sha256"] = {file.name: file.digest for file in sql_files}
        files = [file for file in database.files_needed_by(*needs) if file.path.exists()]
        content["file_md5"] = {file.catalog.name: file.md5 for file in files}
        database.check_unchanged(*needs)
        return cls(content, options)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a recipe, which is not trusted."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["form"] != _FORMAT_VERSION:
                raise ValueError("its format has another version: upgrade hotdog-sql")
            recipe = cls(content, _options(content))
            recipe.data_options()
            recipe._settings()
        except _ERRORS as error:
            reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
            raise SelectionFileError(
                f"{path} is not a recipe ({printable(reason)[:200]}); "
                "give the selection.json of a dataset"
            ) from error
        return recipe

    def save(self, rows: Path, selection: Selection) -> Path:
        """Write the recipe beside the saved rows of its selection; return its path."""
        path = rows.with_suffix(_SUFFIX)
        digest = _digest_rows(selection.database, selection.table)
        text = json.dumps(self.content | {_ROWS_DIGEST: digest}, indent=2)
        with atomic_write(path) as temporary:
            temporary.write_text(f"{text}\n", encoding="utf-8")
        return path

    def changes_since(self, earlier: "Recipe") -> list[str]:
        """Return what has changed since an earlier recipe, one line each."""
        old, new = earlier._settings(), self._settings()
        return [
            f"{printable(name)} was {_format(old.get(name))}, is {_format(new.get(name))}"
            for name in {**new, **old}
            if old.get(name) != new.get(name)
        ]

    def _settings(self) -> dict[str, object]:
        """Everything that determines the selection, by its name in messages."""
        settings = asdict(self.options)
        if "ids" in self.content:
            ids = self.content["ids"]
            settings["ids"] = f"{ids['name']} ({ids['sha256'][:12]})"
        if self.options.partition is not None:
            shares = self.options.partition.items()
            settings["partition"] = [f"{name}={share}" for name, share in shares]
        settings |= {name: self.content[name] for name in ("release", "splits", "labels")}
        for key, label in _DIGESTS.items():
            for name, digest in self.content[key].items():
                settings[f"{label} {name}"] = str(digest)[:12]
        return settings


@contextmanager
def open_selection(path: Path, data_dir: Path, warn: Callable[[str], None]) -> Iterator[Selection]:
    """Open a saved selection, with the recipe beside it if it is of these rows; `-` is stdin.

    Replacing lost photos needs the recipe and the Open Images files.
    """
    recipe_path = path.with_suffix(_SUFFIX)
    recipe = Recipe.read(recipe_path) if recipe_path.exists() else None
    # With more threads, DuckDB would read far ahead of the downloads.
    changes: Any = {"data_dir": data_dir, "threads": 1}
    with Database(recipe.data_options(**changes) if recipe else DataOptions(**changes)) as database:
        name = str(path)
        if name == "-":
            name, path = "stdin", _save_stdin(database.scratch)
        check_exists(path)
        if problem := _problem(database, path):
            raise SelectionFileError(f"{name} {problem}; make it again with: hotdog-sql select")
        digest = None if recipe is None else recipe.content.pop(_ROWS_DIGEST, None)
        if digest is not None and digest != _digest_rows(database, "saved"):
            warn(
                f"warning: {recipe_path} is not the recipe of {path}, so lost photos are not "
                "replaced; to replace them, save the selection again"
            )
            recipe = None
        options = recipe.options if recipe else SelectOptions(query="FROM saved")
        yield Selection(database, options, "saved", recipe=recipe.content if recipe else {})


def _digest_rows(database: Database, table: str) -> str:
    ((digest,),) = database.rows(_DIGEST_ROWS, {"table": table})
    return str(digest)


def _problem(database: Database, path: Path) -> str | None:
    """Create the view `saved` of a file; return why it is not a selection, or None."""
    connection = database.connection
    if path.stat().st_size == 0:
        return "is empty"
    try:
        read_file(connection, path, _COLUMN_TYPES).create_view("saved")
        columns = connection.view("saved").columns
        for name in _COLUMN_TYPES:
            if name not in columns and name != "partition":
                return f"has no column {name}"
        ((*_, rank),) = connection.execute(_READ_ALL).fetchall()
    except duckdb.Error as error:
        if ours := our_error(error, database.scratch, ()):
            raise ours from error
        return f"cannot be read: {one_line(error)}"
    if rank is not None:
        return f"has the rank {printable(rank)[:40]!r}, which is not a whole number from 0"
    return None


def _options(content: dict[str, Any]) -> SelectOptions:
    """The options in a recipe's content."""
    values = dict(content.get("classes", {}))
    if "ids" in content:
        values |= {"ids": Path(content["ids"]["name"]), "seed": content["ids"]["seed"]}
    if "query" in content:
        query = content["query"]
        values |= {"query": query["text"], "variables": query["variables"], "seed": query["seed"]}
    if content["partition"] is not None:
        values["partition"] = part_shares(content)
        values["group_by"] = content["partition"]["group_by"]
    return SelectOptions(**values)


def _format(value: object) -> str:
    if value is None:
        return "absent"
    parts = value if isinstance(value, tuple | list) else [value]
    return printable(", ".join(str(part) for part in parts))[:80]


def _save_stdin(folder: Path) -> Path:
    """Save stdin to a file with the extension of its format."""
    start = sys.stdin.buffer.read(4)
    extension = "parquet" if start == b"PAR1" else "json" if start[:1] == b"[" else "csv"
    path = folder / f"selection.{extension}"
    with path.open("wb") as file:
        file.write(start)
        shutil.copyfileobj(sys.stdin.buffer, file)
    return path
