"""The gallery page: HTML, style and script, with the manifest's photos as data."""

import base64
import hashlib
import html
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from string import Template

from hotdog_sql.downloader.manifest import Manifest, open_manifest
from hotdog_sql.downloader.tars import in_tars
from hotdog_sql.files import atomic_write
from hotdog_sql.sql_files import read_sql_file
from hotdog_sql.storage import open_storage
from hotdog_sql.text import printable

#: The columns of the manifest that the page has.
_COLUMNS = (
    *("ImageID", "folder", "partition", "rank", "path", "status", "source", "bytes", "error"),
    *("note", "reserve", "OriginalLandingURL", "License", "AuthorProfileURL", "Author", "Title"),
    *("Rotation", "width", "height"),
)

#: JSON escapes for characters that could end a script element or begin a comment in one, and for
#: those that end a line in older JavaScript.
_ESCAPES = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})


def write_gallery(directory: Path, boxes: Iterable[tuple[str, str]] | None = None) -> Path:
    """Write `index.html` into a dataset, and return its path.

    `boxes` are an ImageID and a JSON list of its boxes each: the class's name, then left, right,
    upper and lower edge.

    The page shows the current manifest, even during a download. The old page stays until the new
    one is complete.
    """
    path = directory / "index.html"
    with open_manifest(open_storage(directory)) as manifest:
        if manifest.tars - {""}:
            raise in_tars(directory)
        with (
            atomic_write(path) as temporary,
            temporary.open("w", encoding="utf-8", newline="\n") as file,
        ):
            minute_ago = temporary.stat().st_mtime - 60
            for leftover in directory.glob(f".{path.name}.*.part"):
                with suppress(OSError):  # another process may be faster
                    if leftover.lstat().st_mtime < minute_ago:  # from a killed process
                        leftover.unlink()
            file.writelines(_page(directory, manifest, boxes))
    return path


def _page(
    directory: Path, manifest: Manifest, boxes: Iterable[tuple[str, str]] | None
) -> Iterator[str]:
    """Yield the page in pieces, so that it is never in memory as a whole."""
    page, style, script = (
        files(__package__).joinpath(f"page.{kind}").read_text("utf-8")
        for kind in ("html", "css", "js")
    )
    # Allow only this style, this script, and images beside the page.
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src 'self' file: data:; "
        f"style-src {_source_hash(style)}; script-src {_source_hash(script)}"
    )
    title = html.escape(printable(directory.resolve().name))
    values = {"policy": policy, "style": style, "script": script, "title": title}
    before, after = map(Template, page.split("$photos"))
    yield before.substitute(values)
    yield f'{{"columns":{_json(_COLUMNS)},"rows":['
    rows = map(manifest.columns, manifest.rows())
    yield from _lines(_json([row[column] for column in _COLUMNS]) for row in rows)
    yield "]"
    if boxes is not None:
        yield ',"boxes":['
        yield from _lines(f"[{_json(key)},{value.translate(_ESCAPES)}]" for key, value in boxes)
        yield "]"
    yield f',"recipe":{_json(_recipe(directory))}}}'
    yield after.substitute(values)


def _source_hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _lines(values: Iterable[str]) -> Iterator[str]:
    """Yield the values of a JSON list, one per line."""
    separator = "\n"
    for value in values:
        yield separator + value
        separator = ",\n"


def _recipe(directory: Path) -> dict[str, object] | None:
    """The SQL of the recipe, if this version still has it, or None if there is no recipe."""
    select_images = read_sql_file("selection/select_images.sql")
    try:
        recipe = json.loads((directory / "selection.json").read_text("utf-8"))
        if "query" in recipe:
            return {"sql": str(recipe["query"]["text"])}
        is_same = recipe["sql_sha256"].get(select_images.name) == select_images.digest
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    return {"sql": select_images.text if is_same else None}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)
