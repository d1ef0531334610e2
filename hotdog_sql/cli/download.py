"""`hotdog-sql download` and `hotdog-sql verify`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hotdog_sql.cli import exits, options
from hotdog_sql.cli.groups import Given, download_options, takes
from hotdog_sql.cli.output import say
from hotdog_sql.cli.report import tell_download
from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.options import DataOptions, DatasetFormat
from hotdog_sql.text import printable, size_text

if TYPE_CHECKING:
    from hotdog_sql.recipe import Recipe
    from hotdog_sql.selection import Selection


def destination_of(text: str | None) -> str | None:
    """Check that DEST can be a dataset, before anything else is done.

    Raises:
        typer.BadParameter: it is a file.
        InputError: it is an address that cannot be used.
    """
    if text is not None:
        if Path(text).is_file():
            raise typer.BadParameter(f"Directory {text!r} is a file.")
        if "://" in text:
            from hotdog_sql import session

            session.storage_of(text)
    return text


@takes(how=DownloadOptions, data=(DataOptions, "data_dir"))
def download(
    selection_file: Annotated[
        Path,
        typer.Argument(
            metavar="SELECTION_FILE",
            dir_okay=False,
            help="Selection saved as .csv, .json or .parquet; - reads it from a pipe.",
            show_default=False,
        ),
    ],
    destination: Annotated[
        str,
        typer.Argument(
            metavar="DEST",
            callback=destination_of,
            help="Dataset to make or to resume: a folder, or an address such as "
            "s3://bucket/prefix.",
            show_default=False,
        ),
    ],
    how: Given,
    format_name: Annotated[
        DatasetFormat | None,
        typer.Option(
            "--format", help="The same as --dataset-format.", rich_help_panel=options.DOWNLOAD
        ),
    ] = None,
    gallery: options.GalleryOption = None,
    *,
    data: Given,
    verbose: options.VerboseOption = False,
    quiet: options.QuietOption = False,
) -> None:
    """Download the photos of a saved selection into class folders.

    Run it again to resume: photos that are in the dataset are not downloaded
    again. The folder gets manifest.csv, with a row per photo, and
    ATTRIBUTION.csv, which names every author and licence.
    """
    from hotdog_sql import session

    if format_name is not None:
        how["dataset_format"] = format_name
    wanted = download_options(how)
    folder = DataOptions(**data).data_dir
    with session.open_selection(selection_file, folder, cluster=bool(wanted.scheduler)) as saved:
        selection, recipe = saved
        missing = session.missing_for_replacements(selection)
        code = run_download(
            selection,
            destination,
            wanted,
            recipe=recipe,
            note=f"without {missing} lost photos are not replaced" if missing else "",
            gallery=gallery is not False,
            quiet=quiet,
            verbose=verbose,
        )
    raise typer.Exit(code)


def run_download(
    selection: "Selection",
    destination: str,
    wanted: DownloadOptions,
    *,
    recipe: "Recipe | None" = None,
    note: str = "",
    gallery: bool = True,
    quiet: bool = False,
    verbose: bool = False,
) -> int:
    """Download a selection, show how it goes, and say how it ended.

    Args:
        selection: the photos.
        destination: the dataset.
        wanted: how to download.
        recipe: how the selection was made, where it was read from a file.
        note: what to say once the download begins.
        gallery: write a page that shows the photos, if they are in folders of this machine.
        quiet: print errors only.
        verbose: print each request.

    Returns:
        The command's exit code.
    """
    from hotdog_sql import api, session
    from hotdog_sql.cli.progress import DownloadDisplay

    with DownloadDisplay(quiet=quiet, verbose=verbose, note=note) as display:
        report = api.download(selection, destination, wanted, recipe=recipe, progress=display)
    storage = session.storage_of(destination)
    folder = None if wanted.in_tars else storage.folder
    page = session.write_gallery(folder) if gallery and folder else None
    tell_download(report, storage.name, page, quiet=quiet)
    return exits.INCOMPLETE if report.worth_retrying else exits.OK


@takes(how=(DownloadOptions, "sources"))
def verify(
    destination: Annotated[
        str,
        typer.Argument(
            metavar="DEST",
            callback=destination_of,
            help="Dataset to check: a folder, or an address.",
            show_default=False,
        ),
    ],
    decode: Annotated[
        bool, typer.Option("--decode", help="Decode every photo too. Needs Pillow.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Download what is missing, altered or undecodable.")
    ] = False,
    *,
    how: Given,
    quiet: options.QuietOption = False,
) -> None:
    """Compare every photo of a dataset with its manifest, byte for byte.

    Names each file that is missing, altered, undecodable, or not in the
    manifest, one per line on stdout.
    """
    from hotdog_sql import api
    from hotdog_sql.cli.progress import DownloadDisplay

    with DownloadDisplay(quiet=quiet) as display:
        report = api.verify(destination, decode=decode, progress=display)
    say(
        f"{report.checked:,} photos checked, {size_text(report.bytes)} are right",
        quiet=quiet,
    )
    if repair and not report.good:
        with DownloadDisplay(quiet=quiet) as display:
            report = api.repair(destination, report, download_options(how), progress=display)
        say(f"{len(report.repaired):,} photos repaired", quiet=quiet)
    for path in report.foreign:
        say(f"ignored  {printable(path)}: a file of the system or of a trainer", quiet=quiet)
    for problem in report.problems:
        typer.echo(f"{problem.fault}  {printable(problem.path)}")
    if not report.good:
        raise typer.Exit(exits.VERIFY_FAILED)
