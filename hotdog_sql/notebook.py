"""What a notebook shows: a selection as a table or thumbnails, and progress bars."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from html import escape

from hotdog_sql.downloader.photo import Photo
from hotdog_sql.options import Source
from hotdog_sql.progress import Progress
from hotdog_sql.text import printable


class Html:
    """HTML that a notebook renders."""

    def __init__(self, html: str) -> None:
        self.html = html

    def _repr_html_(self) -> str:
        return self.html


def table(columns: Sequence[str], rows: Iterable[Mapping[str, object]], more: int) -> str:
    """Return the HTML of a table of rows, with a note about `more` rows."""
    head = "".join(f"<th>{_escaped(name)}</th>" for name in columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{_escaped(value)}</td>' for value in row.values())}</tr>"
        for row in rows
    )
    note = f"<p>… {more:,} more rows</p>" if more > 0 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}"


def thumbnails(folder: str, photos: Iterable[Photo], mirror_url: str) -> str:
    """Return the HTML of a folder's thumbnails, each a link to the photo's page."""
    figures = []
    for photo in photos:
        page = _escaped(_web_address(photo.landing_url))
        image = _web_address(photo.thumbnail_url) or photo.url(Source.MIRROR, mirror_url)
        title = _escaped(f"{photo.title or photo.image_id}, by {photo.author or 'unknown'}")
        figures.append(
            f'<a href="{page}" target="_blank" rel="noreferrer"><img src="{_escaped(image)}" '
            f'alt="{title}" title="{title}" style="height: 120px" loading="lazy"></a>'
        )
    return f"<p>{_escaped(folder)}</p><div>{' '.join(figures)}</div>"


def notebook_progress(progress: Progress | None = None) -> AbstractContextManager[Progress | None]:
    """Return the caller's progress, or bars if there is none and this is a notebook."""
    if progress is not None or "IPython" not in sys.modules:
        return nullcontext(progress)
    from rich.console import Console

    from hotdog_sql.display import Display

    return Display() if Console().is_jupyter else nullcontext()


def _web_address(text: str) -> str:
    """Return the text if it is a web address, else "": it may be a script's."""
    return text if text.startswith(("https://", "http://")) else ""


def _escaped(value: object) -> str:
    return "" if value is None else escape(printable(str(value)))
