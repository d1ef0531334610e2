"""The options of a download, and the download itself, for every command that does one."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from hotdog_sql.cli import exits
from hotdog_sql.cli.show import Narrator
from hotdog_sql.options import DatasetFormat, Source

if TYPE_CHECKING:
    from hotdog_sql.download_options import DownloadOptions
    from hotdog_sql.recipe import Recipe
    from hotdog_sql.selection import Selection

PANEL = "Download"

SourceOption = Annotated[
    list[Source],
    typer.Option(
        "--source",
        help="Where photos are looked for; give it again for the next one to ask.",
        rich_help_panel=PANEL,
    ),
]
WorkersOption = Annotated[
    int,
    typer.Option(
        "--workers",
        metavar="N",
        min=1,
        max=512,
        help="Transfers at once, of each worker of a cluster.",
        rich_help_panel=PANEL,
    ),
]
PerHostOption = Annotated[
    int,
    typer.Option(
        "--per-host",
        metavar="N",
        min=1,
        max=512,
        help="Transfers at once from one host, of all workers together.",
        rich_help_panel=PANEL,
    ),
]
MaxBytesOption = Annotated[
    int,
    typer.Option(
        "--max-bytes",
        metavar="N",
        min=1,
        help="Largest photo, in bytes; a larger one is refused.",
        rich_help_panel=PANEL,
    ),
]
StrictMd5Option = Annotated[
    bool,
    typer.Option(
        "--strict-md5",
        help="Refuse an original whose bytes are not those that Open Images saw.",
        rich_help_panel=PANEL,
    ),
]
RetryFailedOption = Annotated[
    bool,
    typer.Option(
        "--retry-failed",
        help="Ask again even for photos that an earlier run found lost for good.",
        rich_help_panel=PANEL,
    ),
]
TopUpOption = Annotated[
    bool,
    typer.Option(
        "--top-up/--no-top-up",
        help="Replace photos that are lost for good by the next in the random order.",
        rich_help_panel=PANEL,
    ),
]
GalleryOption = Annotated[
    bool,
    typer.Option(
        "--gallery/--no-gallery",
        help="Write index.html, a page to look at the dataset.",
        rich_help_panel=PANEL,
    ),
]
UpdateOption = Annotated[
    bool,
    typer.Option(
        "--update",
        help="Make a dataset of an earlier selection this one's: fetch what is new, remove what "
        "is not selected any more.",
        rich_help_panel=PANEL,
    ),
]
UprightOption = Annotated[
    bool,
    typer.Option(
        "--upright",
        help="Turn photos that lie on their side, as Rotation or EXIF says. Needs Pillow.",
        rich_help_panel=PANEL,
    ),
]
MaxSideOption = Annotated[
    int | None,
    typer.Option(
        "--max-side",
        metavar="N",
        min=1,
        max=65_535,
        help="Make photos smaller whose longer side has more pixels than this. Needs Pillow.",
        rich_help_panel=PANEL,
        show_default=False,
    ),
]
VerboseOption = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Tell of each request.", rich_help_panel=PANEL),
]

DEFAULT_SOURCES = list(Source)
DEFAULT_WORKERS = 32
DEFAULT_PER_HOST = 16
DEFAULT_MAX_BYTES = 50_000_000


def refuse_without_download(context: typer.Context) -> None:
    """Say of a download's options that they mean nothing without one.

    Raises:
        typer.BadParameter: there are some on the command line.
    """
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if getattr(parameter, "rich_help_panel", None) == PANEL
        and _is_given(context, parameter.name)
    ]
    if given:
        raise typer.BadParameter(f"{' and '.join(given)} without --download: add --download DEST")


def _is_given(context: typer.Context, name: str | None) -> bool:
    source = context.get_parameter_source(name) if name else None
    return source is not None and source.name == "COMMANDLINE"


def options_of(
    *,
    source: list[Source],
    workers: int,
    per_host: int,
    max_bytes: int,
    strict_md5: bool,
    retry_failed: bool,
    top_up: bool,
    update: bool,
    upright: bool,
    max_side: int | None,
    dataset_format: DatasetFormat,
    shard_size: int | None,
    scheduler: str | None,
) -> "DownloadOptions":
    """What the options of the same names ask for.

    Raises:
        MissingExtraError: photos are to be altered, and Pillow is not installed.
    """
    from hotdog_sql.download_options import DownloadOptions

    return DownloadOptions(
        sources=tuple(dict.fromkeys(source)),
        workers=workers,
        per_host=per_host,
        max_bytes=max_bytes,
        strict_md5=strict_md5,
        retry_failed=retry_failed,
        top_up=top_up,
        update=update,
        upright=upright,
        max_side=max_side,
        dataset_format=dataset_format,
        shard_size=shard_size,
        scheduler=scheduler,
    )


def run_download(
    selection: "Selection",
    address: str,
    options: "DownloadOptions",
    *,
    recipe: "Recipe | None",
    gallery: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Download a selection, show how it goes, and tell how it went.

    Args:
        selection: the selection.
        address: the dataset.
        options: how it is done.
        recipe: how the selection was made; None: not known.
        gallery: write a page to look at the dataset, if it is class folders of this machine.
        quiet: show nothing.
        verbose: tell of each request.

    Returns:
        The command's exit code.
    """
    from hotdog_sql.cli.download_display import DownloadDisplay, tell_report
    from hotdog_sql.config import Settings
    from hotdog_sql.download.run import download
    from hotdog_sql.gallery import write_gallery
    from hotdog_sql.storage import open_storage

    with terminable(), DownloadDisplay(quiet=quiet, verbose=verbose) as display:
        report = download(
            selection.photos(),
            address,
            mirror_url=Settings.from_environment().mirror_url,
            options=options,
            replacements=selection.replacements,
            count=len(selection),
            recipe=None if recipe is None else recipe.content,
            progress=display,
        )
    folder = None if options.in_tars else open_storage(address).folder
    page = write_gallery(folder) if gallery and folder else None
    tell_report(report, open_storage(address).name, quiet=quiet)
    if page is not None:
        Narrator(quiet).print(f"To look at it, open {page}")
    return exits.INCOMPLETE if report.worth_retrying else exits.OK


@contextmanager
def terminable() -> Iterator[None]:
    """Lets SIGTERM end the block as Ctrl-C does, cleanly."""

    def end(_signal: int, _frame: object) -> None:
        sys.exit(exits.TERMINATED)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
