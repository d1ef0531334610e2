"""The options of the commands, each written once.

A command names the dataclasses of `hotdog_sql.options` that it needs; `takes` gives it an option
for each of their fields, with the field's default.
"""

import functools
import inspect
import math
from collections.abc import Callable
from dataclasses import MISSING, fields
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
NEGATIVES = "Negatives"
OUTPUT = "Output"
PARTITION = "Partition"
RECIPE = "Instead of classes"

#: What a command gets of a group: the options that were typed, by field; the rest have defaults.
Given = dict[str, Any]


def _number(value: float) -> float:
    """Refuses NaN, which older versions of Click let through any bounds."""
    if math.isnan(value):
        raise typer.BadParameter("nan is no number.")
    return value


def _partition(text: str) -> dict[str, float]:
    try:
        return parse_partition(text)
    except InputError as error:
        raise typer.BadParameter(str(error)) from error


def _data(*names: str, **settings: Any) -> Any:
    return typer.Option(*names, rich_help_panel=DATA, **settings)


def _download(*names: str, **settings: Any) -> Any:
    return typer.Option(*names, rich_help_panel=DOWNLOAD, **settings)


def _output(*names: str, **settings: Any) -> Any:
    return typer.Option(*names, rich_help_panel=OUTPUT, **settings)


OfflineOption = Annotated[
    bool, _data("--offline", help="Send no request; a missing file is an error.")
]
YesOption = Annotated[bool, _data("--yes", "-y", help="Start a large download without asking.")]
FormatOption = Annotated[
    RowFormat | None,
    _output(
        "--format",
        help="Format of the rows. The extension of --output decides if this does not.",
        show_default="table in a terminal, csv into a pipe",
    ),
]
OutputOption = Annotated[
    Path | None,
    _output("--output", "-o", dir_okay=False, help="Write the rows to this file, not to stdout."),
]
QuietOption = Annotated[bool, _output("--quiet", "-q", help="Print errors only.")]
VerboseOption = Annotated[bool, _output("--verbose", "-v", help="Print more detail.")]
GalleryOption = Annotated[
    bool | None,
    _download(
        "--gallery/--no-gallery",
        help="Write index.html, a page that shows the dataset's photos.",
        show_default="gallery",
    ),
]
MinConfidenceOption = Annotated[
    float,
    typer.Option(
        "--min-confidence",
        metavar="X",
        min=0.000001,
        max=1.0,
        callback=_number,
        help="Minimum confidence of a positive label.",
    ),
]

#: How the fields of each group of options are typed.
_TYPED: dict[type, dict[str, Any]] = {
    DataOptions: {
        "splits": Annotated[
            list[Split], _data("--split", help="Split to read. Repeat it for several.")
        ],
        "release": Annotated[Release, _data("--release", help="Release of Open Images.")],
        "labels": Annotated[Labels, _data("--labels", help="Whose labels count.")],
        "data_dir": Annotated[
            Path,
            _data(
                "--data-dir",
                envvar="HOTDOG_SQL_DATA_DIR",
                file_okay=False,
                help="Folder of the Open Images CSV files.",
            ),
        ],
        "threads": Annotated[
            int | None,
            _data(
                "--threads",
                metavar="N",
                min=1,
                help="Threads of DuckDB.",
                show_default="one per core",
            ),
        ],
        "memory_limit": Annotated[
            str,
            _data(
                "--memory-limit",
                metavar="SIZE",
                help="Memory for DuckDB. When it needs more, it uses the disk.",
            ),
        ],
    },
    SelectOptions: {
        "classes": Annotated[
            list[str],
            typer.Option(
                "--class",
                metavar="NAME_OR_MID",
                autocompletion=complete_class,
                help="Class to select, by name or MID. Repeat it for several: each gets a folder.",
                show_default=False,
            ),
        ],
        "limit": Annotated[
            int | None,
            typer.Option(
                "--limit",
                metavar="N",
                min=1,
                max=LARGEST_COUNT,
                help="Maximum number of positives in each folder.",
                show_default="all",
            ),
        ],
        "overlap": Annotated[
            Overlap, typer.Option("--overlap", help="What to do with an image of several classes.")
        ],
        "min_confidence": MinConfidenceOption,
        "seed": Annotated[
            int,
            typer.Option(
                "--seed", metavar="N", min=0, max=LARGEST_SEED, help="Seed of the random order."
            ),
        ],
        "negatives": Annotated[
            str,
            typer.Option(
                "--negatives",
                metavar="N|Nx",
                help="Images without the classes: a number, or a multiple of the positives "
                "such as 2x.",
                rich_help_panel=NEGATIVES,
            ),
        ],
        "negatives_from": Annotated[
            NegativesFrom,
            typer.Option(
                "--negatives-from",
                help="verified: images in which a person did not find the class; mixed: those "
                "first, then random ones.",
                rich_help_panel=NEGATIVES,
            ),
        ],
        "related": Annotated[
            Related,
            typer.Option(
                "--related",
                help="Related classes, which no negative may carry. prefix: their names begin "
                "with the class's name; hierarchy: they are below it in Open Images' hierarchy.",
                rich_help_panel=NEGATIVES,
            ),
        ],
        "exclude": Annotated[
            list[str],
            typer.Option(
                "--exclude",
                metavar="NAME_OR_MID",
                autocompletion=complete_class,
                help="Another class that no negative may carry. Repeat it for several.",
                rich_help_panel=NEGATIVES,
                show_default=False,
            ),
        ],
        "negative_folder": Annotated[
            str,
            typer.Option(
                "--negative-folder", help="Folder of the negatives.", rich_help_panel=NEGATIVES
            ),
        ],
        "partition": Annotated[
            Any,
            typer.Option(
                "--partition",
                metavar="SHARES",
                parser=_partition,
                help="Divide the dataset, such as 80/20, 80/10/10 or train=0.8,test=0.2.",
                rich_help_panel=PARTITION,
                show_default=False,
            ),
        ],
        "group_by": Annotated[
            GroupBy,
            typer.Option(
                "--group-by",
                help="What stays in one part: all copies of an image, or all images of an author.",
                rich_help_panel=PARTITION,
            ),
        ],
        "query": Annotated[
            Path | None,
            typer.Option(
                "--query",
                exists=True,
                dir_okay=False,
                help="File with one SELECT that yields ImageID, folder and, if it likes, rank.",
                rich_help_panel=RECIPE,
                show_default=False,
            ),
        ],
        "variables": Annotated[
            list[str],
            typer.Option(
                "--set",
                metavar="NAME=VALUE",
                help="Variable that the query reads with getvariable.",
                rich_help_panel=RECIPE,
                show_default=False,
            ),
        ],
    },
    DownloadOptions: {
        "sources": Annotated[
            list[Source],
            _download(
                "--source", help="Where to look for photos. Repeat it for the next in order."
            ),
        ],
        "workers": Annotated[
            int,
            _download(
                "--workers",
                metavar="N",
                min=1,
                max=512,
                help="Transfers at the same time, for each worker of a cluster.",
            ),
        ],
        "per_host": Annotated[
            int,
            _download(
                "--per-host",
                metavar="N",
                min=1,
                max=512,
                help="Transfers at the same time from one host, for all workers together.",
            ),
        ],
        "max_bytes": Annotated[
            int,
            _download(
                "--max-bytes",
                metavar="N",
                min=1,
                help="Size of the largest photo in bytes. A larger one is rejected.",
            ),
        ],
        "strict_md5": Annotated[
            bool,
            _download(
                "--strict-md5",
                help="Reject an original whose bytes have changed since Open Images listed it.",
            ),
        ],
        "retry_failed": Annotated[
            bool,
            _download("--retry-failed", help="Try photos again that an earlier run found lost."),
        ],
        "replace_failed": Annotated[
            bool,
            _download("--replace-failed", help="Replace photos that fail in this run, as if lost."),
        ],
        "top_up": Annotated[
            bool,
            _download(
                "--top-up/--no-top-up",
                help="Replace lost photos by the next in the random order.",
            ),
        ],
        "update": Annotated[
            bool,
            _download(
                "--update",
                help="Change a dataset of another selection into this one: download what is new, "
                "remove what is no longer selected.",
            ),
        ],
        "upright": Annotated[
            bool,
            _download("--upright", help="Rotate photos as Rotation or EXIF says. Needs Pillow."),
        ],
        "max_side": Annotated[
            int | None,
            _download(
                "--max-side",
                metavar="N",
                min=1,
                max=65_535,
                help="Reduce photos whose longer side has more pixels. Needs Pillow.",
                show_default=False,
            ),
        ],
        "dataset_format": Annotated[
            DatasetFormat,
            _download(
                "--dataset-format",
                help="files: photos in class folders; webdataset: photos in tar files, each with "
                "its class and its row.",
            ),
        ],
        "shard_size": Annotated[
            int | None,
            _download(
                "--shard-size",
                metavar="N",
                min=1,
                max=1_000_000,
                help="Photos in a tar, or given to a worker of a cluster at a time.",
                show_default="10000 in a tar, 1000 to a worker",
            ),
        ],
        "scheduler": Annotated[
            str | None,
            _download(
                "--scheduler",
                metavar="ADDRESS",
                help="Download with the workers of a Dask cluster, such as tcp://host:8786.",
                show_default=False,
            ),
        ],
    },
}


def takes(**groups: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of some dataclasses.

    Args:
        groups: by the name of the command's parameter, a dataclass, or a pair of a dataclass and
            the fields that the command has options for. The parameter gets a `Given`.
    """

    def wrap(command: Callable[..., None]) -> Callable[..., None]:
        by_group = {
            name: _parameters(*group) if isinstance(group, tuple) else _parameters(group)
            for name, group in groups.items()
        }
        parameters = [
            inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
        ]
        for name, parameter in inspect.signature(command).parameters.items():
            parameters += by_group[name].values() if name in by_group else [parameter]
        parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters]

        @functools.wraps(command)
        def run(context: typer.Context, **values: Any) -> None:
            given: dict[str, Given] = {}
            for name, fields_of_group in by_group.items():
                typed = {field: values.pop(field) for field in fields_of_group}
                given[name] = {
                    field: value for field, value in typed.items() if _is_given(context, field)
                }
            command(**values, **given)

        # Typer reads both.
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        run.__dict__["__signature__"] = inspect.Signature(parameters)
        return run

    return wrap


def download_options(given: Given) -> DownloadOptions:
    """The options of a download that were given.

    Raises:
        InputError: they contradict each other.
        MissingExtraError: photos are to be altered, and Pillow is not installed.
    """
    if "sources" in given:
        given = given | {"sources": tuple(dict.fromkeys(given["sources"]))}
    return DownloadOptions(**given)


def refuse_without_download(given: Given, *, gallery: bool | None) -> None:
    """Say of a download's options that they mean nothing without one.

    Raises:
        typer.BadParameter: some are given.
    """
    names = [_TYPED[DownloadOptions][field].__metadata__[0].default for field in given]
    if gallery is not None:
        names.append("--gallery" if gallery else "--no-gallery")
    if names:
        shown = " and ".join(name.partition("/")[0] for name in names)
        raise typer.BadParameter(f"{shown} without --download: add --download DEST")


def _is_given(context: typer.Context, field: str) -> bool:
    source = context.get_parameter_source(field)
    return source is not None and source.name in ("COMMANDLINE", "ENVIRONMENT")


def _parameters(group: type, *names: str) -> dict[str, inspect.Parameter]:
    """A parameter for each field that can be typed, or for those that are named."""
    defaults = {field.name: field for field in fields(group)}
    found = {}
    for name, annotation in _TYPED[group].items():
        if names and name not in names:
            continue
        field = defaults[name]
        default = field.default
        if field.default_factory is not MISSING:
            default = field.default_factory()
        if isinstance(default, tuple | dict):
            default = list(default)
        found[name] = inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
        )
    return found
