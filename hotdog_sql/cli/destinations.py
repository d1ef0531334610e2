"""Where a download goes and who does it: the options beyond one folder and one machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hotdog_sql.cli.download_options import PANEL
from hotdog_sql.downloading.destination import Destination
from hotdog_sql.options import DatasetFormat

if TYPE_CHECKING:
    from hotdog_sql.downloading.fleet import Fleet
    from hotdog_sql.downloading.layout import Layout
    from hotdog_sql.downloading.options import DownloadOptions

_LARGEST_SHARD = 1_000_000


def destination_of(text: str) -> Destination:
    """What DEST names.

    Raises:
        typer.BadParameter: it is a file.
        InputError: it names no place.
    """
    destination = Destination.of(text)
    if not destination.is_remote and destination.folder.is_file():
        raise typer.BadParameter(f"Directory {text!r} is a file.")
    return destination


def _format_option(*names: str) -> Any:
    return typer.Option(
        *names,
        help="How photos are kept. files: in class folders; webdataset: in tars, each with the "
        "class and the row of its photos.",
        rich_help_panel=PANEL,
    )


#: Where `--format` is that of rows, the long name alone.
DatasetFormatOption = Annotated[DatasetFormat, _format_option("--dataset-format")]
FormatOption = Annotated[DatasetFormat, _format_option("--dataset-format", "--format")]
ShardSizeOption = Annotated[
    int | None,
    typer.Option(
        "--shard-size",
        metavar="N",
        min=1,
        max=_LARGEST_SHARD,
        help="Photos in a tar, or handed at once to a worker of a cluster.",
        show_default="10000 in a tar, 1000 to a worker",
        rich_help_panel=PANEL,
    ),
]
SchedulerOption = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="Have the workers of a Dask cluster do it, such as tcp://host:8786.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]


def layout_of(
    format_name: DatasetFormat, shard_size: int | None, options: "DownloadOptions"
) -> "Layout":
    """What the options of the same names ask for.

    Raises:
        InputError: it does not go together with the other options.
    """
    from hotdog_sql.downloading.layout import Layout

    layout = Layout(format_name, shard_size)
    layout.check(options)
    return layout


@contextmanager
def fleet_of(scheduler: str | None) -> "Iterator[Fleet | None]":
    """The cluster of `--scheduler`; None without one.

    Raises:
        MissingExtraError: Dask is not installed.
        ClusterError: the scheduler does not answer.
    """
    if scheduler is None:
        yield None
        return
    # Imports httpx, which only a download needs.
    from hotdog_sql.downloading.scheduler import dask_fleet

    with dask_fleet(scheduler) as fleet:
        yield fleet
