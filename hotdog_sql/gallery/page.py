"""The page: its own parts, a policy that lets nothing else in, and the photos as data."""

import base64
import hashlib
import html
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources

from hotdog_sql.download.result import Result as Entry

#: In the order in which they build on each other; the page has them as one style and one module.
_STYLES = ("base.css", "head.css", "controls.css", "sheet.css", "lightbox.css")
_SCRIPTS = ("data.js", "chart.js", "tabs.js", "sheet.js", "lightbox.js", "main.js")

#: What the page knows of a photo: columns of the manifest, under their names there.
_COLUMNS = (
    "ImageID",
    "folder",
    "partition",
    "rank",
    "path",
    "status",
    "source",
    "bytes",
    "error",
    "note",
    "reserve",
    "OriginalLandingURL",
    "License",
    "AuthorProfileURL",
    "Author",
    "Title",
    "Rotation",
)

#: Columns with few values: a row has a number, and a table says what it stands for.
_TABLES = ("folder", "partition", "status", "source", "error", "License", "Rotation")

#: Inside a script element, these could end it or begin a comment; JSON can do without them.
#: The separators end a line in older JavaScript.
_ESCAPES = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})


def page(name: str, entries: Iterable[Entry]) -> Iterator[str]:
    """The page in pieces, in order, so that it never is in memory as a whole.

    Args:
        name: what the dataset is called.
        entries: every row of its manifest, by folder and rank.
    """
    style = "\n".join(map(_part, _STYLES))
    script = "\n".join(map(_part, _SCRIPTS))
    before, _, after = _part("page.html").partition("{{photos}}")
    fill = {
        "{{policy}}": _policy(style, script),
        "{{style}}": style,
        "{{script}}": script,
        "{{title}}": html.escape(name),  # last: it may look like one of the others
    }
    yield _filled(before, fill)
    yield from _photos(entries)
    yield _filled(after, fill)


def _part(file: str) -> str:
    return resources.files(__package__).joinpath("page", file).read_text("utf-8")


def _filled(text: str, fill: Mapping[str, str]) -> str:
    for mark, content in fill.items():
        text = text.replace(mark, content)
    return text


def _policy(style: str, script: str) -> str:
    """A Content-Security-Policy: this style, this script, pictures beside the page, no more."""
    return (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src 'self' file: data:; "
        f"style-src {_source_hash(style)}; script-src {_source_hash(script)}"
    )


def _source_hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _photos(entries: Iterable[Entry]) -> Iterator[str]:
    """The photos as one JSON object: columns, rows, and the tables that the rows point into."""
    tables: dict[str, dict[object, int]] = {column: {} for column in _TABLES}
    yield f'{{"columns":{_json(_COLUMNS)},"rows":['
    separator = "\n"
    for entry in entries:
        row: list[object] = []
        for column, value in zip(_COLUMNS, _values(entry), strict=True):
            table = tables.get(column)
            row.append(value if table is None else table.setdefault(value, len(table)))
        yield separator + _json(row)
        separator = ",\n"
    lists = {column: list(table) for column, table in tables.items()}
    yield f'\n],"tables":{_json(lists)}}}'


def _values(entry: Entry) -> tuple[object, ...]:
    """What the page knows of a photo, in the order of `_COLUMNS`."""
    photo = entry.photo
    return (
        photo.image_id,
        photo.folder,
        photo.partition,
        photo.rank,
        entry.path,
        entry.status,
        entry.source,
        entry.size or 0,
        entry.error,
        entry.note,
        photo.reserve,
        photo.landing_url,
        photo.license,
        photo.author_url,
        photo.author,
        photo.title,
        photo.rotation,
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)
