"""Boxes of a dataset's photos: `crop` and `export`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hotdog_sql.cli.data import opened
from hotdog_sql.cli.options import Given, complete_class, takes
from hotdog_sql.cli.output import say
from hotdog_sql.errors import InputError
from hotdog_sql.options import BoxFormat, DataOptions
from hotdog_sql.text import printable

if TYPE_CHECKING:
    from hotdog_sql.api import boxes

_Dataset = Annotated[
    Path,
    typer.Argument(
        metavar="DATASET", exists=True, file_okay=False, help="Dataset in class folders."
    ),
]
_Classes = Annotated[
    list[str] | None,
    typer.Option(
        "--class",
        metavar="NAME_OR_MID",
        autocompletion=complete_class,
        help="Class whose boxes are taken, by default those of the selection. Repeat it for "
        "several.",
    ),
]


@takes(data=DataOptions)
def crop(
    dataset: _Dataset,
    crops: Annotated[Path, typer.Argument(metavar="CROPS", help="New folder for the crops.")],
    *,
    classes: _Classes = None,
    margin: Annotated[
        float,
        typer.Option(
            metavar="X", min=0.0, max=10.0, help="Added at each side, as a share of the box."
        ),
    ] = 0.1,
    min_pixels: Annotated[
        int,
        typer.Option(metavar="N", min=1, help="Leave out boxes whose shorter side has fewer."),
    ] = 64,
    data: Given,
) -> None:
    """Cut the boxes of a dataset's classes out of its photos.

    Examples:
      hotdog-sql crop dataset crops
      hotdog-sql crop dataset crops --class Person --margin 0 --min-pixels 128

    CROPS/manifest.csv names the photo and the box of each crop, and why a box
    has none. Crops are upright. Needs Pillow.
    """
    from hotdog_sql import api

    with _opened_boxes(dataset, classes, data) as found:
        notes = api.boxes.crop(found, crops, margin=margin, min_pixels=min_pixels)
    for note, count in notes.items():
        if note:
            say(f"warning: boxes left out ({note}): {count:,}")
    say(f"Cut out {notes.get('', 0):,} boxes into {crops}")


@takes(data=DataOptions)
def export(
    dataset: _Dataset,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="New folder for what is written.")],
    *,
    box_format: Annotated[
        BoxFormat,
        typer.Option(
            "--format",
            metavar="yolo|coco|voc|jsonl",
            help="yolo: for Ultralytics; coco: annotations.json; voc: Pascal VOC; jsonl: for "
            "Hugging Face datasets.",
        ),
    ],
    copy: Annotated[bool, typer.Option("--copy", help="Copy photos, do not link them.")] = False,
    classes: _Classes = None,
    data: Given,
) -> None:
    """Write a dataset's photos and boxes in a format for detectors.

    Examples:
      hotdog-sql export dataset hotdogs --format yolo
      hotdog-sql export dataset VOCdevkit/VOC2012 --format voc --copy

    Photos without a box are background.
    """
    from hotdog_sql import api

    with _opened_boxes(dataset, classes, data) as found:
        photos = api.boxes.export(found, out, box_format, copy=copy)
    say(f"Wrote {photos:,} photos and {found.boxes:,} boxes to {out}")


@contextmanager
def _opened_boxes(
    dataset: Path, classes: list[str] | None, data: Given
) -> "Iterator[boxes.DatasetBoxes]":
    """Find the boxes of a dataset; print a warning for each reason to skip photos or boxes."""
    from hotdog_sql import api

    wanted = api.boxes.data_options(dataset, data)
    with opened(wanted, ["dataset_boxes"]) as database:
        found = api.boxes.find_boxes(database, dataset, classes or ())
        for problem in found.problems:
            say(f"warning: {printable(problem)}")
        if not found.boxes:
            raise InputError(
                "no photo of the dataset has a box of the classes: give another --class"
            )
        yield found
