"""What a notebook shows: a selection as a table and thumbnails, and how a download goes."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from html import escape

from hotdog_sql.downloader.photo import Photo
from hotdog_sql.options import Source
from hotdog_sql.progress import Progress
from hotdog_sql.text import printable


class Html:
    """HTML that a notebook shows.

    Attributes:
        html: the HTML.
    """

    def __init__(self, html: str) -> None:
        self.html = html

    def _repr_html_(self) -> str:
        return self.html


def table(columns: Sequence[str], rows: Iterable[Mapping[str, object]], more: int) -> str:
    """Rows as a table, and how many more there are."""
    head = "".join(f"<th>{_text(name)}</th>" for name in columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{_text(value)}</td>' for value in row.values())}</tr>" for row in rows
    )
    note = f"<p>… {more:,} more rows</p>" if more > 0 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}"


def thumbnails(folder: str, photos: Iterable[Photo], mirror_url: str) -> str:
    """Small pictures of a folder's photos, each a link to its page."""
    figures = []
    for photo in photos:
        page = _text(_address(photo.landing_url))
        image = _address(photo.thumbnail_url) or photo.url(Source.MIRROR, mirror_url)
        title = _text(f"{photo.title or photo.image_id}, by {photo.author or 'unknown'}")
        figures.append(
            f'<a href="{page}" target="_blank" rel="noreferrer"><img src="{_text(image)}" '
            f'alt="{title}" title="{title}" style="height: 120px" loading="lazy"></a>'
        )
    return f"<p>{_text(folder)}</p><div>{' '.join(figures)}</div>"


def shown(progress: Progress | None = None) -> AbstractContextManager[Progress | None]:
    """The caller's own progress; where there is none and this is a notebook, bars."""
    if progress is not None or not _is_notebook():
        return nullcontext(progress)
    from hotdog_sql.display import Display

    return Display()


def _is_notebook() -> bool:
    if "IPython" not in sys.modules:
        return False
    from rich.console import Console

    return Console().is_jupyter


def _address(text: str) -> str:
    """The address of a web page or picture; empty where the text is another, such as a script's."""
    return text if text.startswith(("https://", "http://")) else ""


def _text(value: object) -> str:
    return "" if value is None else escape(printable(str(value)))
