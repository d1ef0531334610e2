"""Commands on the data folder, `refresh` and `index`; functions that open it for the others."""

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

from typer import BadParameter, Option

from hotdog_sql.cli import api
from hotdog_sql.cli.options import Settings
from hotdog_sql.cli.output import QUIET, say
from hotdog_sql.config import INDEX_MEMORY_LIMIT
from hotdog_sql.options import DataOptions
from hotdog_sql.text import counted, size_text

if TYPE_CHECKING:
    from hotdog_sql.display import Display


@contextmanager
def open_data(
    options: DataOptions, needs: Sequence[str], *, load_all: bool = False
) -> "Iterator[api.Database]":
    """Open a database; show the download of missing files, and warn of unusable indexes."""
    confirm = partial(confirm_download, options)
    with api.open_database(
        options, needs, load_all=load_all, confirm=confirm, progress=display
    ) as database:
        for warning in database.index_warnings:
            say(f"{warning}; renew the index with: {_index_command(options)}")
        yield database


def display(*, verbose: bool = False) -> "Display":
    """Return a progress display."""
    # Imported here because most commands download nothing.
    from hotdog_sql.display import Display

    return Display(quiet=QUIET.get(), verbose=verbose)


def _index_command(options: DataOptions) -> str:
    words = [word for split in options.splits for word in ("--split", split)]
    words += ["--release", options.release, "--labels", options.labels]
    return shlex.join(["hotdog-sql", "index", *words, "--data-dir", str(options.data_dir)])


def confirm_download(options: DataOptions, count: int, total: int | None) -> bool:
    """Return whether to start a large download: ask the user, unless `--yes` is set."""
    if options.large or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return options.large
    # Typer's prompt would treat Ctrl-C as an answer.
    sys.stderr.write(f"Download {counted(count, 'file')}, {size_text(total)}? [y/N]: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def refresh(
    data_settings: Annotated[
        Settings, DataOptions, "splits", "release", "labels", "data_dir", "large"
    ],
    every: Annotated[bool, Option(help="All splits.", rich_help_panel="Data")] = False,
    file: Annotated[
        list[str] | None,
        Option(
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

    Prints for each file whether it is new, changed, unchanged, or kept because
    the server could not be reached. Resumes interrupted downloads.
    """
    if (every, "splits" in data_settings, bool(file)).count(True) > 1:
        raise BadParameter("give one of --split, --all and --file")
    if every:
        data_settings["splits"] = ("all",)
    options = DataOptions(**data_settings)
    confirm = partial(confirm_download, options)
    with display() as progress:
        results, error = api.refresh(options, file or (), confirm=confirm, progress=progress)
    for result in results:
        size = "-" if result.file.size is None else size_text(result.file.size)
        note = f"  ({result.note})" if result.note else ""
        say(f"{result.status:<9}  {size:>9}  {result.file.path.name}{note}", err=False)
    if error is not None:
        raise error


def index(
    options: Annotated[DataOptions, {"memory_limit": INDEX_MEMORY_LIMIT, "indexed": False}],
) -> None:
    """Write Parquet copies of the CSVs, which make commands faster.

    Examples:
      hotdog-sql index
      hotdog-sql index --split validation --threads 2

    They hold the same rows in a fifth of the space. Boxes are indexed if their
    CSV is there. After a CSV has changed, commands read the CSV until it is
    indexed again.
    """
    with open_data(options, ["images", "labels"]):
        pass  # the missing files of all splits are fetched together
    for split in options.splits:
        with open_data(replace(options, splits=(split,)), ["images", "labels"]) as database:
            if split == "train":
                say("the train split takes about a minute")
            for csv, parquet in database.build_index():
                sizes = [size_text(path.stat().st_size) for path in (csv, parquet)]
                say(f"{csv.name}: {' to '.join(sizes)}", err=False)
