"""The data folder: opened for the other commands, `refresh` and `index`."""

import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from hotdog_sql.cli.options import Given, takes
from hotdog_sql.cli.output import QUIET, say
from hotdog_sql.config import INDEX_MEMORY_LIMIT
from hotdog_sql.options import DataOptions
from hotdog_sql.text import size_text

if TYPE_CHECKING:
    from hotdog_sql.api import Database
    from hotdog_sql.display import Display


@contextmanager
def opened(data: DataOptions, needs: Sequence[str]) -> "Iterator[Database]":
    """Open a database, show the download of missing files, and warn of an index not in use."""
    from hotdog_sql import api

    with api.open_database(data, needs, confirm=asker(data), progress=display) as database:
        for warning in database.index_warnings:
            say(f"{warning}; renew the index with: {_index_command(data)}")
        yield database


def display(*, verbose: bool = False) -> "Display":
    """What shows how a download goes."""
    # Imported only here: most commands have their files and draw no progress.
    from hotdog_sql.display import Display

    return Display(quiet=QUIET.get(), verbose=verbose)


def _index_command(data: DataOptions) -> str:
    splits = [word for split in data.splits for word in ("--split", split)]
    command = ["hotdog-sql", "index", *splits, "--release", data.release, "--labels", data.labels]
    return shlex.join([*command, "--data-dir", str(data.data_dir)])


def asker(data: DataOptions) -> Callable[..., bool]:
    """A function that asks the user before a large download, unless the options allow it."""

    def confirm(count: int, total: int | None) -> bool:
        if data.large or not (sys.stdin.isatty() and sys.stderr.isatty()):
            return data.large
        # Typer's own prompt would treat Ctrl-C as an answer.
        sys.stderr.write(f"Download {count} files, {size_text(total)}? [y/N]: ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().casefold() in ("y", "yes")

    return confirm


@takes(data=(DataOptions, "splits", "release", "labels", "data_dir", "large"))
def refresh(
    data: Given,
    every_split: Annotated[
        bool, typer.Option("--all", help="All splits.", rich_help_panel="Data")
    ] = False,
    file: Annotated[
        list[str] | None,
        typer.Option(
            "--file",
            metavar="NAME",
            help="Only the file of this name. Repeat it for several.",
            rich_help_panel="Data",
        ),
    ] = None,
) -> None:
    """Download the Open Images files that are missing or have changed.

    Examples:
      hotdog-sql refresh
      hotdog-sql refresh --split validation --data-dir data
      hotdog-sql refresh --file oidv6-class-descriptions.csv

    Says of each file whether it is new, changed, unchanged, or kept because
    the server could not be reached. An interrupted download is resumed.
    """
    from hotdog_sql import api

    wanted = DataOptions(**(data | ({"splits": ("all",)} if every_split else {})))
    with display() as shown:
        results, error = api.refresh(wanted, file or (), confirm=asker(wanted), progress=shown)
    for result in results:
        size = "-" if result.file.size is None else size_text(result.file.size)
        note = f"  ({result.note})" if result.note else ""
        say(f"{result.status:<9}  {size:>9}  {result.file.path.name}{note}", err=False)
    if error is not None:
        raise error


@takes(data=DataOptions)
def index(data: Given) -> None:
    """Write Parquet copies of the CSVs, which make commands faster.

    Examples:
      hotdog-sql index
      hotdog-sql index --split validation --threads 2

    They hold the same rows in a fifth of the space. Boxes are indexed if their
    CSV is there. When a CSV changes, the commands read the CSV until it is
    indexed again.
    """
    defaults: Given = {"memory_limit": INDEX_MEMORY_LIMIT, "indexed": False}
    wanted = DataOptions(**(defaults | data))
    with opened(wanted, ["images", "labels"]) as database:
        if "train" in wanted.splits:
            say("the train split takes about a minute")
        for csv, parquet in database.build_index():
            sizes = [size_text(path.stat().st_size) for path in (csv, parquet)]
            say(f"{csv.name}: {' to '.join(sizes)}", err=False)
