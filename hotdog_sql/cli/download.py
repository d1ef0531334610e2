"""`hotdog-sql download` and `hotdog-sql verify`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hotdog_sql.cli import download_options as shared
from hotdog_sql.cli import exits, options
from hotdog_sql.cli.destinations import (
    FormatOption,
    SchedulerOption,
    ShardSizeOption,
    destination_of,
)
from hotdog_sql.options import DatasetFormat

if TYPE_CHECKING:
    from hotdog_sql.recipe import Recipe
    from hotdog_sql.selection import Selection

_Saved = tuple["Selection", "Recipe | None"]


def download(
    selection_file: Annotated[
        Path,
        typer.Argument(
            metavar="SELECTION_FILE",
            dir_okay=False,
            help="Selection saved as .csv, .json or .parquet.",
            show_default=False,
        ),
    ],
    destination: Annotated[
        str,
        typer.Argument(
            metavar="DEST",
            parser=destination_of,
            help="Dataset to make or go on with: a folder, or an address such as "
            "s3://bucket/prefix.",
            show_default=False,
        ),
    ],
    source: shared.SourceOption = shared.DEFAULT_SOURCES,
    workers: shared.WorkersOption = shared.DEFAULT_WORKERS,
    per_host: shared.PerHostOption = shared.DEFAULT_PER_HOST,
    max_bytes: shared.MaxBytesOption = shared.DEFAULT_MAX_BYTES,
    strict_md5: shared.StrictMd5Option = False,
    retry_failed: shared.RetryFailedOption = False,
    top_up: shared.TopUpOption = True,
    data_dir: options.DataDirOption = options.DEFAULT_DATA_DIR,
    update: shared.UpdateOption = False,
    upright: shared.UprightOption = False,
    max_side: shared.MaxSideOption = None,
    format_name: FormatOption = DatasetFormat.FILES,
    shard_size: ShardSizeOption = None,
    scheduler: SchedulerOption = None,
    gallery: shared.GalleryOption = True,
    verbose: shared.VerboseOption = False,
    quiet: options.QuietOption = False,
) -> None:
    """Download the photos of a saved selection into class folders.

    Run it again to go on where it was stopped: what is there is not fetched
    again. The folder gets a row for each photo in manifest.csv, and
    ATTRIBUTION.csv, which names every author and licence.
    """
    how = shared.options_of(
        source=source,
        workers=workers,
        per_host=per_host,
        max_bytes=max_bytes,
        strict_md5=strict_md5,
        retry_failed=retry_failed,
        top_up=top_up,
        update=update,
        upright=upright,
        max_side=max_side,
        dataset_format=format_name,
        shard_size=shard_size,
        scheduler=scheduler,
    )
    with _open_selection(selection_file, data_dir, small=bool(scheduler), quiet=quiet) as (
        selection,
        recipe,
    ):
        code = shared.run_download(
            selection,
            destination,
            how,
            recipe=recipe,
            gallery=gallery,
            quiet=quiet,
            verbose=verbose,
        )
    raise typer.Exit(code)


def verify(
    destination: Annotated[
        str,
        typer.Argument(
            metavar="DEST",
            parser=destination_of,
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
    source: shared.SourceOption = shared.DEFAULT_SOURCES,
    quiet: options.QuietOption = False,
) -> None:
    """Check every photo of a dataset against its manifest, byte for byte.

    Names each file that is missing, altered, undecodable, or not in the
    manifest, on stdout, a line each.
    """
    from hotdog_sql.cli.download_display import CheckDisplay, DownloadDisplay
    from hotdog_sql.cli.show import Narrator
    from hotdog_sql.config import Settings
    from hotdog_sql.download.verify import repair as repair_dataset
    from hotdog_sql.download.verify import verify as verify_dataset
    from hotdog_sql.download_options import DownloadOptions
    from hotdog_sql.text import printable, size_text

    with CheckDisplay(quiet=quiet) as check:
        report = verify_dataset(destination, decode=decode, progress=check)
    narrator = Narrator(quiet)
    narrator.print(f"{report.checked:,} photos checked, {size_text(report.bytes)} are right")
    if repair and not report.good:
        with shared.terminable(), DownloadDisplay(quiet=quiet) as display:
            report = repair_dataset(
                destination,
                report,
                mirror_url=Settings.from_environment().mirror_url,
                options=DownloadOptions(sources=tuple(dict.fromkeys(source))),
                progress=display,
            )
        narrator.print(f"{len(report.repaired):,} photos repaired")
    for path in report.foreign:
        narrator.print(f"ignored  {printable(path)}: a file of the system or of a trainer")
    for problem in report.problems:
        typer.echo(f"{problem.fault}  {printable(problem.path)}")
    if not report.good:
        raise typer.Exit(exits.VERIFY_FAILED)


@contextmanager
def _open_selection(path: Path, data_dir: Path, *, small: bool, quiet: bool) -> Iterator[_Saved]:
    """A saved selection, and the recipe beside it; `small`: in little memory.

    With a record and the Open Images files at hand, lost photos can be replaced.
    """
    from hotdog_sql.cli.show import Narrator
    from hotdog_sql.database import Database
    from hotdog_sql.download.executors import COORDINATOR_MEMORY
    from hotdog_sql.options import DataOptions
    from hotdog_sql.recipe import read_selection, saved_recipe

    recipe = saved_recipe(path)
    session = DataOptions(data_dir) if recipe is None else recipe.data_options(data_dir)
    # More would read ahead of each other, and so of the photos.
    session = replace(session, threads=1)
    if small:
        session = replace(session, memory_limit=COORDINATOR_MEMORY)
    with Database(session) as database:
        selection = read_selection(database, path, recipe)
        missing = database.missing("select_images")
        if recipe is not None and missing:
            Narrator(quiet).print(f"without {missing[0].path} lost photos are not replaced")
        yield selection, recipe
