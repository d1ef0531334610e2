"""The options of the commands: those of the dataclasses, and others."""

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from hotdog_sql.cli.completion import complete_class
from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.errors import InputError
from hotdog_sql.options import (
    LARGEST_COUNT,
    LARGEST_SEED,
    DataOptions,
    DatasetFormat,
    GroupBy,
    Labels,
    NegativesFrom,
    Overlap,
    Related,
    Release,
    RowFormat,
    SelectOptions,
    Source,
    Split,
    parse_partition,
)

DATA = "Data"
DOWNLOAD = "Download"
OUTPUT = "Output"
RECIPE = "Instead of classes"


def _number(value: float) -> float:
    """Refuse NaN, which some versions of Click accept within any bounds."""
    if math.isnan(value):
        raise typer.BadParameter("nan is not a number.")
    return value


def _partition(text: str) -> dict[str, float]:
    try:
        return parse_partition(text)
    except InputError as error:
        raise typer.BadParameter(str(error)) from error


OfflineOption = Annotated[
    bool,
    typer.Option(
        "--offline", help="Send no request; a missing file is an error.", rich_help_panel=DATA
    ),
]
YesOption = Annotated[
    bool,
    typer.Option(
        "--yes", "-y", help="Start a large download without asking.", rich_help_panel=DATA
    ),
]
FormatOption = Annotated[
    RowFormat | None,
    typer.Option(
        "--format",
        help="Format of the rows. The extension of --output decides if this does not.",
        show_default="table in a terminal, csv into a pipe",
        rich_help_panel=OUTPUT,
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        dir_okay=False,
        help="Write the rows to this file, not to stdout.",
        rich_help_panel=OUTPUT,
    ),
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print errors only.", rich_help_panel=OUTPUT)
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print more detail.", rich_help_panel=OUTPUT)
]
GalleryOption = Annotated[
    bool | None,
    typer.Option(
        "--gallery/--no-gallery",
        help="Write index.html, a page that shows the dataset's photos.",
        show_default="gallery",
        rich_help_panel=DOWNLOAD,
    ),
]
_CONFIDENCE: dict[str, Any] = {"metavar": "X", "min": 0.000001, "max": 1.0, "callback": _number}
MIN_CONFIDENCE = "Minimum confidence of a positive label."
MinConfidenceOption = Annotated[float, typer.Option(help=MIN_CONFIDENCE, **_CONFIDENCE)]


def _typed(kind: Any, text: str, **settings: Any) -> tuple[Any, str, dict[str, Any]]:
    """An option: its type, its help text, and other settings of `typer.Option`.

    By default it has the name of the field and is in the panel of the group.
    """
    return kind, text, settings


def _group(panel: str | None, **options: tuple[Any, str, dict[str, Any]]) -> dict[str, Any]:
    """The annotations of a group's options, by field."""
    found = {}
    for field, (kind, text, settings) in options.items():
        name = settings.pop("name", f"--{field.replace('_', '-')}")
        settings = {"rich_help_panel": panel} | settings
        found[field] = Annotated[kind, typer.Option(name, help=text, **settings)]
    return found


_NUMBER: dict[str, Any] = {"metavar": "N", "min": 1}
_NEGATIVES: dict[str, Any] = {"rich_help_panel": "Negatives"}
_PARTITION: dict[str, Any] = {"rich_help_panel": "Partition"}
_RECIPE: dict[str, Any] = {"rich_help_panel": RECIPE, "show_default": False}
_CLASS: dict[str, Any] = {
    "metavar": "NAME_OR_MID",
    "autocompletion": complete_class,
    "show_default": False,
}

#: The options of each dataclass, by field.
TYPED: dict[type, dict[str, Any]] = {
    DataOptions: _group(
        DATA,
        splits=_typed(list[Split], "Split to read. Repeat it for several.", name="--split"),
        release=_typed(Release, "Release of Open Images."),
        labels=_typed(Labels, "Whose labels count."),
        data_dir=_typed(
            Path,
            "Folder of the Open Images CSV files.",
            envvar="HOTDOG_SQL_DATA_DIR",
            file_okay=False,
        ),
        threads=_typed(int | None, "Threads of DuckDB.", **_NUMBER, show_default="one per core"),
        memory_limit=_typed(
            str, "Memory for DuckDB. When it needs more, it uses the disk.", metavar="SIZE"
        ),
    ),
    SelectOptions: _group(
        None,
        classes=_typed(
            list[str],
            "Class to select, by name or MID. Repeat it for several: each gets a folder.",
            name="--class",
            **_CLASS,
        ),
        limit=_typed(
            int | None,
            "Maximum number of positives in each folder.",
            **_NUMBER,
            max=LARGEST_COUNT,
            show_default="all",
        ),
        overlap=_typed(Overlap, "What to do with an image of several classes."),
        min_confidence=_typed(float, MIN_CONFIDENCE, **_CONFIDENCE),
        seed=_typed(int, "Seed of the random order.", metavar="N", min=0, max=LARGEST_SEED),
        negatives=_typed(
            str,
            "Images without the classes: a number, or a multiple of the positives such as 2x.",
            metavar="N|Nx",
            **_NEGATIVES,
        ),
        negatives_from=_typed(
            NegativesFrom,
            "verified: images in which a person did not find the class; mixed: those first, then "
            "random ones.",
            **_NEGATIVES,
        ),
        related=_typed(
            Related,
            "Related classes, which no negative may carry. prefix: their names begin with the "
            "class's name; hierarchy: they are below it in Open Images' hierarchy.",
            **_NEGATIVES,
        ),
        exclude=_typed(
            list[str],
            "Another class that no negative may carry. Repeat it for several.",
            **_CLASS,
            **_NEGATIVES,
        ),
        negative_folder=_typed(str, "Folder of the negatives.", **_NEGATIVES),
        partition=_typed(
            Any,
            "Divide the dataset, such as 80/20, 80/10/10 or train=0.8,test=0.2.",
            metavar="SHARES",
            parser=_partition,
            show_default=False,
            **_PARTITION,
        ),
        group_by=_typed(
            GroupBy,
            "What stays in one part: all copies of an image, or all images of an author.",
            **_PARTITION,
        ),
        query=_typed(
            Path | None,
            "File with one SELECT that yields ImageID, folder and, optionally, rank.",
            exists=True,
            dir_okay=False,
            **_RECIPE,
        ),
        variables=_typed(
            list[str],
            "Variable that the query reads with getvariable.",
            name="--set",
            metavar="NAME=VALUE",
            **_RECIPE,
        ),
    ),
    DownloadOptions: _group(
        DOWNLOAD,
        sources=_typed(
            list[Source], "Where to look for photos. Repeat it for the next one.", name="--source"
        ),
        workers=_typed(
            int, "Transfers at the same time, for each worker of a cluster.", **_NUMBER, max=512
        ),
        per_host=_typed(
            int,
            "Transfers at the same time from one host, for all workers together.",
            **_NUMBER,
            max=512,
        ),
        max_bytes=_typed(
            int, "Size of the largest photo in bytes. A larger one is rejected.", **_NUMBER
        ),
        strict_md5=_typed(
            bool, "Reject an original whose bytes have changed since Open Images listed it."
        ),
        retry_failed=_typed(bool, "Try photos again that an earlier run found lost."),
        replace_failed=_typed(bool, "Replace photos that fail in this run, as if lost."),
        top_up=_typed(
            bool,
            "Replace lost photos with the next in the random order.",
            name="--top-up/--no-top-up",
        ),
        update=_typed(
            bool,
            "Change a dataset of another selection into this one: download what is new, remove "
            "what is no longer selected.",
        ),
        upright=_typed(bool, "Rotate photos as Rotation or EXIF says. Needs Pillow."),
        max_side=_typed(
            int | None,
            "Reduce photos whose longer side has more pixels. Needs Pillow.",
            **_NUMBER,
            max=65_535,
            show_default=False,
        ),
        dataset_format=_typed(
            DatasetFormat,
            "files: photos in class folders; webdataset: photos in tar files, each with its class "
            "and its row.",
        ),
        shard_size=_typed(
            int | None,
            "Photos in a tar, or given to a worker of a cluster at a time.",
            **_NUMBER,
            max=1_000_000,
            show_default="10000 in a tar, 1000 to a worker",
        ),
        scheduler=_typed(
            str | None,
            "Download with the workers of a Dask cluster, such as tcp://host:8786.",
            metavar="ADDRESS",
            show_default=False,
        ),
    ),
}
