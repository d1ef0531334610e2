"""Commands on the boxes of a dataset's photos: `crop` and `export`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from hotdog_sql.cli import api
from hotdog_sql.cli.data import open_data
from hotdog_sql.cli.options import BoxClassesOption, DatasetSettings, local_path
from hotdog_sql.cli.output import say
from hotdog_sql.errors import InputError
from hotdog_sql.options import BoxFormat
from hotdog_sql.text import counted

_Dataset = Annotated[Path, Argument(parser=local_path, help="Dataset in class folders.")]


def crop(
    dataset: _Dataset,
    crops: Annotated[Path, Argument(parser=local_path, help="New folder for the crops.")],
    *,
    classes: BoxClassesOption = None,
    margin: Annotated[
        float, Option(min=0.0, max=10.0, help="Margin on each side, as a share of the box.")
    ] = 0.1,
    min_pixels: Annotated[int, Option(min=1, help="Leave out boxes with a shorter side.")] = 64,
    data_settings: DatasetSettings,
) -> None:
    """Cut the boxes of a dataset's classes out of its photos.

    Examples:
      hotdog-sql crop dataset crops
      hotdog-sql crop dataset crops --class Person --margin 0 --min-pixels 128

    CROPS/manifest.csv lists the photo and the box of each crop, and why a box
    has none. Crops are upright. Needs Pillow.
    """
    with _open_boxes(dataset, classes, data_settings) as found:
        counts = api.boxes.crop(found, crops, margin=margin, min_pixels=min_pixels)
    for reason, count in counts.items():
        if reason:
            say(f"warning: boxes left out ({reason}): {count:,}")
    say(f"Cut out {counted(counts.get('', 0), 'box', 'boxes')} into {crops}")


def export(
    dataset: _Dataset,
    out: Annotated[Path, Argument(parser=local_path, help="New folder for the files.")],
    *,
    box_format: Annotated[
        BoxFormat,
        Option(
            "--format",
            help="yolo: for Ultralytics; coco: annotations.json; voc: Pascal VOC; jsonl: for "
            "Hugging Face datasets.",
        ),
    ],
    copy: Annotated[
        bool, Option(help="Copy photos instead of linking them: some trainers alter photos.")
    ] = False,
    classes: BoxClassesOption = None,
    data_settings: DatasetSettings,
) -> None:
    """Write a dataset's photos and boxes in a format for detectors.

    Examples:
      hotdog-sql export dataset yolo --format yolo
      hotdog-sql export dataset VOCdevkit/VOC2007 --format voc --copy

    Photos without a box are background.
    """
    with _open_boxes(dataset, classes, data_settings) as found:
        photos = api.boxes.export(found, out, box_format, copy=copy)
    boxes = counted(found.boxes, "box", "boxes")
    say(f"Wrote {counted(photos, 'photo')} and {boxes} to {out}")


@contextmanager
def _open_boxes(
    dataset: Path, classes: list[str] | None, data_settings: DatasetSettings
) -> "Iterator[api.boxes.DatasetBoxes]":
    """Find the boxes of a dataset; warn of photos and boxes that are left out."""
    data_options = api.boxes.data_options(dataset, data_settings)
    with open_data(data_options, ["dataset_boxes"]) as database:
        found = api.boxes.find_boxes(database, dataset, classes or (), warn=say)
        if not found.boxes:
            raise InputError(
                "no photo of the dataset has a box of the classes: see the warnings, or give "
                "another --class or --split"
            )
        yield found
