"""The gallery's page: its HTML, style and script, and the manifest's photos as data."""

import base64
import hashlib
import html
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from importlib.resources import files
from pathlib import Path

from hotdog_sql.downloader.manifest import rows_of
from hotdog_sql.errors import DatasetError
from hotdog_sql.files import whole_file
from hotdog_sql.sql_files import sql_dir
from hotdog_sql.text import printable

NAME = "index.html"
_MANIFEST = "manifest.csv"
_RECIPE = "selection.json"
_SELECT_IMAGES = "selection/select_images.sql"

#: What the page knows of a photo: columns of the manifest, under their names there.
_COLUMNS = (
    *("ImageID", "folder", "partition", "rank", "path", "status", "source", "bytes", "error"),
    *("note", "reserve", "OriginalLandingURL", "License", "AuthorProfileURL", "Author", "Title"),
    *("Rotation", "width", "height"),
)

#: Columns with few values: a row has a number, and a table says what it stands for.
_TABLES = ("folder", "partition", "status", "source", "error", "License", "Rotation")

_STATUSES = ("downloaded", "lost", "failed")
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)

#: Inside a script element, these could end it or begin a comment; JSON can do without them.
#: The separators end a line in older JavaScript.
_ESCAPES = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})


def write_gallery(directory: Path, boxes: Iterable[tuple[str, str]] | None = None) -> Path:
    """Write `index.html` into a dataset, and return its path.

    Boxes are an ImageID and a JSON list each, the rows of `sql/export/gallery_boxes.sql`.

    The page shows what the manifest says now, also while a download is still running. The old page
    stays until the new one is whole.
    """
    manifest = directory / _MANIFEST
    if not manifest.is_file():
        raise DatasetError(
            f"{directory} has no {_MANIFEST}: name the folder of a dataset, "
            "as `hotdog-sql select --download` makes it"
        )
    path = directory / NAME
    with (
        whole_file(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="\n") as file,
    ):
        file.writelines(_page(directory, boxes))
    return path


def _page(directory: Path, boxes: Iterable[tuple[str, str]] | None) -> Iterator[str]:
    """The page in pieces, so that it is never in memory as a whole."""
    parts = files(__package__)
    style, script = (
        "".join(parts.joinpath(f"{part}.{kind}").read_text("utf-8") for part in ("page", "boxes"))
        for kind in ("css", "js")
    )
    before, _, after = parts.joinpath("page.html").read_text("utf-8").partition("{{photos}}")
    # A page with this style, this script, images beside it, and nothing else.
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src 'self' file: data:; "
        f"style-src {_source_hash(style)}; script-src {_source_hash(script)}"
    )
    fill = {"{{policy}}": policy, "{{style}}": style, "{{script}}": script}
    # The last, because a name may look like one of the others.
    fill["{{title}}"] = html.escape(printable(directory.resolve().name))
    yield _filled(before, fill)
    yield from _photos(_rows(directory / _MANIFEST), _recipe(directory), boxes)
    yield _filled(after, fill)


def _filled(text: str, fill: Mapping[str, str]) -> str:
    for mark, content in fill.items():
        text = text.replace(mark, content)
    return text


def _source_hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _rows(manifest: Path) -> Iterator[dict[str, str]]:
    with manifest.open("rb") as file:
        yield from rows_of(file, str(manifest))


def _recipe(directory: Path) -> dict[str, object]:
    """Whether the dataset has a recipe, and the SQL that it ran if this version still has it."""
    try:
        recipe = json.loads((directory / _RECIPE).read_text("utf-8"))
        if "query" in recipe:
            return {"hasRecipe": True, "sql": str(recipe["query"]["text"])}
        sql = (sql_dir() / _SELECT_IMAGES).read_text("utf-8")
        digest = hashlib.sha256(sql.encode()).hexdigest()
        same = recipe["sql_sha256"].get(_SELECT_IMAGES) == digest
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {"hasRecipe": False, "sql": None}
    return {"hasRecipe": True, "sql": sql if same else None}


def _photos(
    rows: Iterable[dict[str, str]],
    recipe: dict[str, object],
    boxes: Iterable[tuple[str, str]] | None,
) -> Iterator[str]:
    """One JSON object: columns, rows, the tables that the rows point into, and the recipe.

    A later row of a photo replaces an earlier one. SQLite sorts the rows in a temporary file, so
    that memory does not grow with the dataset.
    """
    tables: dict[str, dict[str, int]] = {column: {} for column in _TABLES}
    with closing(sqlite3.connect("", isolation_level=None)) as sorter:
        sorter.execute("PRAGMA cache_size = -1024")
        sorter.execute(
            "CREATE TABLE photos (folder, image_id, rank, json, PRIMARY KEY (folder, image_id))"
        )
        for row in rows:
            known = _typed(row)
            for column, table in tables.items():
                known[column] = table.setdefault(row[column], len(table))
            values = (known["folder"], row["ImageID"], known["rank"])
            line = _json([known[column] for column in _COLUMNS])
            sorter.execute("REPLACE INTO photos VALUES (?, ?, ?, ?)", (*values, line))
        yield f'{{"columns":{_json(_COLUMNS)},"rows":['
        separator = "\n"
        for (line,) in sorter.execute("SELECT json FROM photos ORDER BY folder, rank, image_id"):
            yield separator + line
            separator = ",\n"
    yield "\n],"
    if boxes is not None:
        separator = '"boxes":{\n'
        for image_id, found in boxes:
            yield f"{separator}{_json(image_id)}:{found.translate(_ESCAPES)}"
            separator = ",\n"
        yield "}," if separator.startswith(",") else '"boxes":{},'
    lists = {column: list(table) for column, table in tables.items()}
    yield _json({"tables": lists, **recipe}).removeprefix("{")


def _typed(row: dict[str, str]) -> dict[str, object]:
    """The row with numbers where the page calculates with them."""
    numbers = {column: row[column] or "0" for column in ("rank", "bytes", "width", "height")}
    if row["status"] in _STATUSES and all(map(_NUMBER.fullmatch, numbers.values())):
        typed = {column: int(number) for column, number in numbers.items()}
        return {**row, **typed, "reserve": row["reserve"] == "true"}
    raise DatasetError(
        f"{_MANIFEST} has a row that hotdog-sql did not write "
        f"(ImageID {printable(row['ImageID'])!r}); move the file away and download again"
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)
