"""Datasets: `download`, `verify`, `gallery` and `demo`."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hotdog_sql.cli import options
from hotdog_sql.cli.data import asker, display, opened
from hotdog_sql.cli.options import Given, takes
from hotdog_sql.cli.output import ExitCode, say
from hotdog_sql.cli.report import print_download, print_selection
from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.options import DataOptions, SelectOptions
from hotdog_sql.text import printable, size_text

if TYPE_CHECKING:
    from hotdog_sql.api import Selection


def destination_of(text: str | None) -> str | None:
    """Refuse a file in the place of a dataset, which is a mistake in typing."""
    if text is not None and Path(text).is_file():
        raise typer.BadParameter(f"Directory {text!r} is a file.")
    return text


_Destination = Annotated[
    str,
    typer.Argument(
        metavar="DEST",
        callback=destination_of,
        help="Dataset: a folder, or an address such as s3://bucket/prefix.",
    ),
]


@takes(how=DownloadOptions, data=(DataOptions, "splits", "data_dir", "offline", "large"))
def download(
    selection_file: Annotated[
        Path,
        typer.Argument(
            metavar="SELECTION_FILE",
            dir_okay=False,
            help="Selection saved as .csv, .json or .parquet; - reads it from a pipe. Or a list of "
            "ImageIDs, as for select --ids, with --split to say where to look.",
        ),
    ],
    destination: _Destination,
    how: Given,
    gallery: options.GalleryOption = True,
    *,
    data: Given,
    verbose: options.VerboseOption = False,
) -> None:
    """Download the photos of a saved selection into class folders.

    Examples:
      hotdog-sql download hotdogs.csv dataset
      hotdog-sql download hotdogs.csv tars --dataset-format webdataset
      hotdog-sql download ids.txt mirrored --source mirror --no-gallery

    Run it again to resume: photos that are in the dataset are not downloaded
    again. The folder gets manifest.csv, with a row per photo, and
    ATTRIBUTION.csv, which names every author and licence.
    """
    from hotdog_sql import api

    wanted = DownloadOptions(**how)
    source = DataOptions(**data)
    with ExitStack() as stack:
        if api.is_list(selection_file):
            request = SelectOptions(ids=selection_file)
            source = api.data_for(request, source, splits_given="splits" in data)
            database = stack.enter_context(opened(source, api.needs_of(request)))
            selection = api.select(database, options=request)
            print_selection(selection, verbose=verbose)
        else:
            saved = api.open_selection(selection_file, source.data_dir)
            selection = stack.enter_context(saved)
        code = run_download(selection, destination, wanted, gallery=gallery, verbose=verbose)
    raise typer.Exit(code)


def run_download(
    selection: "Selection",
    destination: str,
    wanted: DownloadOptions,
    *,
    gallery: bool = True,
    boxes: bool = False,
    verbose: bool = False,
) -> int:
    """Download a selection, show how it goes, and say how it ended; return the exit code."""
    from hotdog_sql import api

    with display(verbose=verbose) as shown:
        report = api.download(selection, destination, wanted, progress=shown)
    page = None
    if gallery and not wanted.in_tars:
        has_boxes = boxes or selection.boxes is not None
        page = api.write_gallery(destination, selection.database if has_boxes else None)
    print_download(report, destination, selection.missing(), page)
    return ExitCode.INCOMPLETE if report.failed else ExitCode.OK


@takes(how=(DownloadOptions, "sources"))
def verify(
    destination: _Destination,
    decode: Annotated[
        bool, typer.Option("--decode", help="Decode every photo too. Needs Pillow.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Download what is missing, altered or undecodable.")
    ] = False,
    *,
    how: Given,
) -> None:
    """Compare each photo of a dataset with its manifest, byte by byte.

    Examples:
      hotdog-sql verify dataset
      hotdog-sql verify dataset --repair --source mirror

    Names each file that is missing, altered, undecodable, or not in the
    manifest, one per line on stdout.
    """
    from hotdog_sql import api

    with display() as shown:
        report = api.verify(
            destination,
            decode=decode,
            repair=repair,
            options=DownloadOptions(**how),
            progress=shown,
        )
    found = len(report.problems)
    checked = f"{report.checked:,} photos checked, {size_text(report.bytes)}"
    say(f"{checked}: {found:,} problem{'' if found == 1 else 's'}")
    if report.repaired:
        say(f"{len(report.repaired):,} photos repaired")
    for path in report.foreign:
        say(f"ignored  {printable(path)}: a file of the system or of a trainer")
    for problem in report.problems:
        typer.echo(f"{problem.fault}  {printable(problem.path)}")
    if not report.good:
        raise typer.Exit(ExitCode.VERIFY_FAILED)


@takes(data=DataOptions)
def gallery(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the dataset.")],
    boxes: Annotated[
        bool, typer.Option("--boxes", help="Draw the boxes of the selection's classes.")
    ] = False,
    *,
    data: Given,
) -> None:
    """Write a page of a dataset's photos, and of why some were lost.

    Examples:
      hotdog-sql gallery dataset
      hotdog-sql gallery dataset --boxes

    The page is DIR/index.html. It needs no network. Its path goes to stdout.
    """
    from hotdog_sql import api

    if not boxes:
        say(str(api.write_gallery(directory)), err=False)
        return
    with opened(api.boxes.data_options(directory, data), ["dataset_boxes"]) as database:
        say(str(api.write_gallery(directory, database)), err=False)


@takes(how=(DownloadOptions, "update"))
def demo(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", file_okay=False, help="Folder of the dataset.")
    ] = Path("dataset"),
    data_dir: Annotated[
        Path | None,
        typer.Option(
            "--data-dir",
            metavar="DIR",
            file_okay=False,
            help="Keep the CSV files here, for sql and shell, not in a temporary folder.",
        ),
    ] = None,
    *,
    how: Given,
) -> None:
    """Make a small dataset without the network.

    Examples:
      hotdog-sql demo
      hotdog-sql demo hotdogs --data-dir demo_data

    A server on this machine has made-up CSV files with the oddities of the
    real ones, and pixel-art photos, some of which are missing. Otherwise this
    does what `select "Hot dog" --download` does.
    """
    from hotdog_sql import api

    api.check_destination(str(directory))
    with api.serve_demo(data_dir) as data:
        say("Serving a small Open Images on this machine")
        needs = ["select_images", "dataset_boxes"]
        # Shows no progress: the sizes in the catalog are those of the real files.
        with api.open_database(data, needs, confirm=asker(data)) as database:
            selection = api.select(database, "Hot dog")
            print_selection(selection)
            wanted = DownloadOptions(**how)
            code = run_download(selection, str(directory), wanted, boxes=True)
    raise typer.Exit(code)
