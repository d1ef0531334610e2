"""What makes a selection, written down so that it can be made again.

A recipe is the `selection.json` beside a dataset, or the `NAME.selection.json` beside a saved
selection. It has the options, and the digest of each SQL file and each file of Open Images that
took part.
"""

import hashlib
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

import duckdb

from hotdog_sql.config import VERSION
from hotdog_sql.connection import one_line
from hotdog_sql.database import Database
from hotdog_sql.downloader.photo import IMAGE_COLUMNS
from hotdog_sql.errors import InputError, SelectionFileError
from hotdog_sql.export import read_file
from hotdog_sql.files import whole_file
from hotdog_sql.options import BOX_RULES, DataOptions, SelectOptions
from hotdog_sql.selection import Selection, needs_of
from hotdog_sql.sql_files import SqlFile, load_order, needed_for
from hotdog_sql.text import printable

#: Written into each recipe; changes when the form of recipes changes.
_FORM = 1
#: The recipe of `rows.csv` is `rows.selection.json`.
_BESIDE = ".selection.json"
#: Memory of DuckDB while the workers of a cluster download; rows that outgrow it are kept on disk.
_COORDINATOR_MEMORY = "128MB"
#: The digests and versions in a recipe, and what they are of.
_DIGESTS = {
    "versions": "version of",
    "sql_sha256": "SQL file",
    "file_md5": "Open Images file",
}
#: What Python raises of JSON that is none, is nested too deeply, or has another form.
_WRONG_CONTENT = (ValueError, RecursionError, KeyError, TypeError, AttributeError)
#: The fields of a recipe that say what it reads.
_DATA = ("release", "splits", "labels")
#: The options that a recipe does not keep under `classes`.
_OTHER_OPTIONS = ("query", "variables", "ids", "partition", "group_by")
#: Every column that a selection can have, in order, with the type that it is kept in.
_TYPES = (
    {"partition": "VARCHAR", "folder": "VARCHAR", "rank": "BIGINT"}
    | dict.fromkeys(IMAGE_COLUMNS, "VARCHAR")
    | {"OriginalSize": "BIGINT", "Rotation": "DOUBLE"}
)
#: Reads every value once, so that what cannot be read is found before the first download.
_TRY = "SELECT count(COLUMNS(*)) FROM saved"
_WRONG_RANK = r"""
SELECT rank::VARCHAR FROM saved WHERE NOT regexp_full_match(rank::VARCHAR, '\d{1,18}') LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Recipe:
    """The content of a `selection.json`, and what it selects."""

    content: dict[str, Any]
    options: SelectOptions

    def data_options(self, data_dir: Path) -> DataOptions:
        """What the recipe reads, from a data folder."""
        release, splits, labels = (self.content[name] for name in _DATA)
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
            names = [one.name for one in fields(options) if one.name not in _OTHER_OPTIONS]
            request = {name: getattr(options, name) for name in names}
            if not options.has_box_rules:  # as before there were any
                request = {name: request[name] for name in request if name not in BOX_RULES}
            request |= {"classes": list(options.classes), "exclude": list(options.exclude)}
            requests["classes"] = request
        parts: dict[str, Any] | None = None
        if options.partition is not None:
            parts = {"shares": dict(options.partition), "group_by": options.group_by}
        content = {
            "form": _FORM,
            "versions": {"hotdog-sql": VERSION, "duckdb": duckdb.__version__},
            "release": database.options.release,
            "splits": list(database.options.splits),
            "labels": database.options.labels,
            **requests,
            "partition": parts,
            "sql_sha256": {file.name: file.digest for file in _sql_files(options)},
            "file_md5": _file_digests(database, options),
        }
        return cls(content, options)

    @classmethod
    def read(cls, path: Path) -> Self:
        """The recipe in a file, which may be a stranger's."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["form"] == _FORM:
                _check_digests(content)
                recipe = cls(content, _options(content))
                recipe.data_options(Path())
                return recipe
        except OSError as error:
            raise SelectionFileError(
                f"cannot read {path}: {error.strerror}; check the name"
            ) from error
        except (*_WRONG_CONTENT, InputError) as error:
            raise SelectionFileError(
                f"{path} is not a recipe ({printable(str(error))[:200]}); "
                "give the selection.json of a dataset"
            ) from error
        raise SelectionFileError(
            f"{path} has a form that this version does not know; upgrade hotdog-sql"
        )

    def changes_since(self, then: "Recipe") -> list[str]:
        """What has changed since an earlier recipe, in one line each."""
        was, now = then._asked(), self._asked()
        lines = [
            f"{name} was {_shown(was[name])}, is {_shown(now[name])}"
            for name in now
            if was[name] != now[name]
        ]
        for key, what in _DIGESTS.items():
            before, after = then.content[key], self.content[key]
            for name in sorted({*before, *after}):
                old, new = before.get(name), after.get(name)
                if old == new:
                    continue
                if old is None:
                    change = "is new"
                elif new is None:
                    change = "is gone"
                else:
                    change = f"was {printable(old)[:12]}, is {printable(new)[:12]}"
                lines.append(f"{what} {printable(name)} {change}")
        return lines

    def _asked(self) -> dict[str, object]:
        """The options and what they read, by their names."""
        options = {one.name: getattr(self.options, one.name) for one in fields(SelectOptions)}
        if options["ids"] is not None:
            listed = self.content["ids"]
            options["ids"] = f"{listed['name']} ({listed['sha256'][:12]})"
        return options | {name: self.content[name] for name in _DATA}


def save_recipe(path: Path, recipe: Recipe) -> Path:
    """Write the recipe of a saved selection beside it."""
    beside = path.with_suffix(_BESIDE)
    with whole_file(beside) as temporary:
        temporary.write_text(json.dumps(recipe.content, indent=2) + "\n", encoding="utf-8")
    return beside


@contextmanager
def open_selection(
    path: Path, data_dir: Path, *, cluster: bool = False
) -> Iterator[tuple[Selection, Recipe | None]]:
    """Read a saved selection, and the recipe beside it if there is one; `-` is stdin.

    With the recipe and the Open Images files, lost photos can be replaced. Where the workers of a
    cluster download, little memory is needed here.
    """
    piped, beside = str(path) == "-", path.with_suffix(_BESIDE)
    recipe = Recipe.read(beside) if beside.exists() and not piped else None
    data = DataOptions(data_dir) if recipe is None else recipe.data_options(data_dir)
    # More threads would read ahead of each other, and so of the photos.
    data = replace(data, threads=1)
    if cluster:
        data = replace(data, memory_limit=_COORDINATOR_MEMORY)
    with Database(data) as database:
        if piped:
            path = _saved_stdin(database.scratch)
        yield read_selection(database, path, recipe), recipe


def missing_for_replacements(selection: Selection) -> str | None:
    """What is missing to replace lost photos of a saved selection; None: nothing."""
    if selection.options is None:
        return "the recipe of the selection"
    missing = selection.database.missing(*needs_of(selection.options))
    return str(missing[0].path) if missing else None


def read_selection(database: Database, path: Path, recipe: Recipe | None = None) -> Selection:
    """The rows of a saved selection, in the connection's view `saved`."""
    if problem := _problem_of_rows(database.connection, path):
        raise SelectionFileError(f"{path} {problem}; make it again with: hotdog-sql select")
    return Selection(database, None if recipe is None else recipe.options, "saved")


def _problem_of_rows(connection: duckdb.DuckDBPyConnection, path: Path) -> str | None:
    """Why a file does not have the rows of a selection; None: it has."""
    try:
        path.open("rb").close()
        read_file(connection, path, _TYPES).create_view("saved")
        found = connection.view("saved").columns
        for name in _TYPES:
            if name not in found and name != "partition":
                return f"has no column {name}"
        connection.execute(_TRY).fetchall()
        for (rank,) in connection.execute(_WRONG_RANK).fetchall():
            return f"has the rank {printable(rank)[:40]!r}, which is not a whole number from 0"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    except duckdb.Error as error:
        return f"cannot be read: {one_line(error)}"
    return None


def _check_digests(content: dict[str, Any]) -> None:
    for key in _DIGESTS:
        if not all(isinstance(value, str) for value in content[key].values()):
            raise TypeError(f"{key} has a value that is not text")


def _options(content: dict[str, Any]) -> SelectOptions:
    """The options in a recipe's content."""
    parts: dict[str, Any] = {}
    if content["partition"] is not None:
        parts["partition"] = content["partition"]["shares"]
        parts["group_by"] = content["partition"]["group_by"]
    if "ids" in content:
        parts["ids"] = Path(content["ids"]["name"])
        int(content["ids"]["sha256"], base=16)
    if "query" in content:
        query = content["query"]
        return SelectOptions(
            query=query["text"], variables=query["variables"], seed=query["seed"], **parts
        )
    if "ids" in content:
        return SelectOptions(seed=content["ids"]["seed"], **parts)
    request = dict(content["classes"])
    for name in ("classes", "exclude"):
        if not isinstance(request[name], list):
            raise TypeError(f"{name} is not a list")
        request[name] = tuple(request[name])
    return SelectOptions(**request, **parts)


def _sql_files(options: SelectOptions) -> Sequence[SqlFile]:
    """The SQL files that take part in a selection."""
    if options.query is not None:
        return load_order()  # the query may use any of them
    names = list(needs_of(options)) if options.ids is not None else ["select_images"]
    if options.related == "hierarchy":
        names.append("descendant_classes")
    if options.has_box_rules:
        names.append("largest_boxes")
    if options.partition is not None:
        names.append("partition_selection")
    return needed_for(names)


def _file_digests(database: Database, options: SelectOptions) -> dict[str, str]:
    unread = set() if options.related == "hierarchy" else {"hierarchy"}
    if not options.classes and options.query is None:
        unread |= {"classes", "human_labels", "machine_labels"}
    if "boxes" not in {file.defines for file in needed_for(needs_of(options))}:
        unread.add("boxes")
    files = [file for file in database.files if file.catalog.kind not in unread]
    return {file.catalog.name: file.md5 for file in files if file.path.exists()}


def _shown(value: object) -> str:
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
