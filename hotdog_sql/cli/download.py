"""Commands on datasets: `download`, `verify`, `gallery` and `demo`."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

from typer import Argument, BadParameter, Exit, Option, echo

from hotdog_sql.cli import api, options
from hotdog_sql.cli.data import display, open_data
from hotdog_sql.cli.options import Settings
from hotdog_sql.cli.output import INCOMPLETE, VERIFY_FAILED, say
from hotdog_sql.cli.report import print_download, print_selection
from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.errors import InputError
from hotdog_sql.options import DataOptions, SelectOptions
from hotdog_sql.text import counted, printable, size_text, without_credentials


def parse_destination(text: str | None) -> str | None:
    """Return the address of a dataset; raise an error if it is a file."""
    if text is not None and Path(text).is_file():
        raise BadParameter(f"Directory {text!r} is a file.")
    return text


_Destination = Annotated[
    str,
    Argument(
        metavar="DEST",
        callback=parse_destination,
        help="Dataset: a folder, or an address such as s3://bucket/prefix.",
    ),
]


def download(
    selection_file: Annotated[
        Path,
        Argument(
            dir_okay=False,
            help="Selection saved as .csv, .json or .parquet; - reads it from a pipe. Or a list of "
            "ImageIDs, as for select --ids; --split says where to look for them.",
        ),
    ],
    destination: _Destination,
    download_options: DownloadOptions,
    gallery: options.GalleryOption = True,
    *,
    data_settings: Annotated[Settings, DataOptions, "splits", "data_dir", "offline", "large"],
    verbose: options.VerboseOption = False,
) -> None:
    """Download the photos of a saved selection into class folders.

    Examples:
      hotdog-sql download hotdogs.csv dataset
      hotdog-sql download hotdogs.csv tars --dataset-format webdataset
      hotdog-sql download ids.txt mirrored --source mirror --no-gallery

    Run it again to resume: it skips photos that are in the dataset. It writes
    manifest.csv, with a row per photo, and ATTRIBUTION.csv, with the credits.
    """
    data_options = DataOptions(**data_settings)
    with ExitStack() as stack:
        if api.is_list(selection_file):
            ids = SelectOptions(ids=selection_file)
            data_options = api.data_for(ids, data_options, splits_given="splits" in data_settings)
            database = stack.enter_context(open_data(data_options, api.needs_of(ids)))
            selection = api.select(database, options=ids)
            print_selection(selection, verbose=verbose)
        else:
            if "splits" in data_settings:
                raise BadParameter("--split is for a list of ImageIDs: leave it out")
            saved = api.open_selection(selection_file, data_options.data_dir, warn=say)
            selection = stack.enter_context(saved)
        run_download(selection, destination, download_options, gallery=gallery, verbose=verbose)


def run_download(
    selection: "api.Selection",
    destination: str,
    download_options: DownloadOptions,
    *,
    gallery: bool = True,
    boxes: bool = False,
    verbose: bool = False,
) -> None:
    """Download a selection with a progress display, and print a report."""
    with display(verbose=verbose) as progress:
        report = api.download(selection, destination, download_options, progress=progress)
    page = None
    if gallery and not download_options.in_tars:
        if selection.options.has_box_rules:
            boxes = boxes or not selection.database.missing("dataset_boxes")
        page = api.write_gallery(destination, selection.database if boxes else None)
    print_download(selection, report, destination, page)
    if report.failed:
        raise Exit(INCOMPLETE)


def verify(
    destination: _Destination,
    decode: Annotated[bool, Option(help="Decode every photo too. Needs Pillow.")] = False,
    repair: Annotated[
        bool, Option(help="Download what is missing, altered or undecodable.")
    ] = False,
    *,
    download_options: Annotated[DownloadOptions, "sources"],
) -> None:
    """Compare each photo of a dataset with its manifest, byte by byte.

    Examples:
      hotdog-sql verify dataset
      hotdog-sql verify dataset --repair --source mirror

    Lists each file that is missing, altered, undecodable, or not in the
    manifest, one per line on stdout.
    """
    with display() as progress:
        report = api.verify(
            destination, decode=decode, repair=repair, options=download_options, progress=progress
        )
    checked = f"{counted(report.checked, 'photo')} checked, {size_text(report.bytes)}"
    say(f"{checked}: {counted(len(report.problems), 'problem')}")
    if report.repaired:
        say(f"{counted(len(report.repaired), 'photo')} repaired")
    for path in report.foreign:
        say(f"ignored  {printable(path)}: written by the operating system or a trainer")
    for problem in report.problems:
        echo(f"{problem.fault}  {printable(problem.path)}")
    if not report.good:
        raise Exit(VERIFY_FAILED)


def gallery(
    directory: Annotated[str, Argument(metavar="DIR", help="Folder of the dataset.")],
    boxes: Annotated[bool, Option(help="Draw the boxes of the selection's classes.")] = False,
    *,
    classes: options.BoxClassesOption = None,
    data_settings: options.DatasetSettings,
) -> None:
    """Write a page of a dataset's photos, and of why some were lost.

    Examples:
      hotdog-sql gallery dataset
      hotdog-sql gallery dataset --boxes

    The page is DIR/index.html. It needs no network. Prints its path on stdout.
    """
    if not boxes and classes:
        raise BadParameter("--class needs --boxes: add it")
    folder = api.open_storage(directory).folder
    if folder is None:
        address = without_credentials(directory)
        raise InputError(f"{address} is not on this machine: give the folder of a dataset")
    if boxes:
        data_options = api.boxes.data_options(folder, data_settings)
        with open_data(data_options, ["dataset_boxes"]) as database:
            page = api.write_gallery(folder, database, classes or (), warn=say)
    else:
        page = api.write_gallery(folder)
    say(str(page), err=False)


def demo(
    directory: Annotated[
        Path, Argument(metavar="DIR", parser=options.local_path, help="Folder of the dataset.")
    ] = Path("demo"),
    data_dir: Annotated[
        Path | None,
        Option(
            metavar="DIR",
            file_okay=False,
            help="Keep the CSV files here, for sql and shell, instead of a temporary folder.",
        ),
    ] = None,
    *,
    download_options: Annotated[DownloadOptions, "update"],
) -> None:
    """Make a small dataset without the network.

    Examples:
      hotdog-sql demo
      hotdog-sql demo hotdogs --data-dir demo_data

    A server on this machine serves generated CSV files with the oddities of the
    real ones, and pixel-art photos, some of which are missing. Otherwise this
    does what `select "Hot dog" --download` does.
    """
    from hotdog_sql.demo.server import serve_demo

    api.check_destination(str(directory))
    with serve_demo(data_dir) as data_options:
        say("Serving a small Open Images on this machine")
        needs = ["select_images", "dataset_boxes"]
        # Without progress, because the catalog has the sizes of the real files.
        with api.open_database(data_options, needs) as database:
            selection = api.select(database, "Hot dog")
            print_selection(selection)
            run_download(selection, str(directory), download_options, boxes=True)
