"""Where a download goes and who does it: the options beyond one folder and one machine."""

from pathlib import Path
from typing import Annotated, Any

import typer

from hotdog_sql.cli.download_options import PANEL
from hotdog_sql.options import DatasetFormat

_LARGEST_SHARD = 1_000_000


def destination_of(text: str) -> str:
    """What DEST names.

    Raises:
        typer.BadParameter: it is a file.
    """
    from hotdog_sql.storage import is_remote

    if not is_remote(text) and Path(text).is_file():
        raise typer.BadParameter(f"Directory {text!r} is a file.")
    return text


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
