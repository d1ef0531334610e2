"""`hotdog-sql gallery`."""

from pathlib import Path
from typing import Annotated

import typer


def gallery(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The dataset's folder.")],
) -> None:
    """Write a page to look at: every photo of a dataset, and what became of the others.

    The page is DIR/index.html. It needs no network and opens from disk; its path goes to stdout.
    """
    from hotdog_sql.gallery import write_gallery

    typer.echo(str(write_gallery(directory)))
