"""`hotdog-sql demo`."""

import errno
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hotdog_sql.cli.options import DEFAULT_SPLITS, QuietOption
from hotdog_sql.cli.select import select
from hotdog_sql.cli.session import open_database, session_of
from hotdog_sql.cli.show import Narrator
from hotdog_sql.options import Labels, Release

if TYPE_CHECKING:
    from hotdog_sql.demo.server import World

#: The photos' addresses are in the CSV files: on the same port a second demo has the same files,
#: and so goes on with the dataset of the first. Below the ports that systems lend to clients.
_PORT = 28620


def demo(
    context: typer.Context,
    directory: Annotated[
        Path, typer.Argument(metavar="[DIR]", file_okay=False, help="Dataset to make.")
    ] = Path("dataset"),
    data_dir: Annotated[
        Path | None,
        typer.Option(
            "--data-dir",
            file_okay=False,
            help="Keep the CSV files here, to look at them with sql or shell.",
            show_default="a temporary folder",
        ),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Make a small dataset with no network, from a server on this machine.

    It serves made-up CSV files with all the oddities of the real ones, and pixel-art photos, some
    of which are gone. Everything else is what `select --class "Hot dog" --download` does.
    """
    narrator = Narrator(quiet)
    with ExitStack() as stack:
        world = _served(stack)
        if data_dir is None:
            data_dir = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ["HOTDOG_SQL_BASE_URL"] = world.base_url
        os.environ["HOTDOG_SQL_MIRROR_URL"] = world.mirror_url
        narrator.print(f"A small Open Images is served at {world.base_url}")
        _fetch_files(data_dir)
        select(
            context,
            class_=["Hot dog"],
            data_dir=data_dir,
            download=str(directory),
            quiet=quiet,
        )


def _fetch_files(data_dir: Path) -> None:
    """Fetch the CSV files silently: what `select` says of their sizes is true of the real ones."""
    from hotdog_sql.selection import STEPS

    with open_database(
        session_of(data_dir, DEFAULT_SPLITS, Release.V6, Labels.HUMAN),
        STEPS,
        yes=True,
        quiet=True,
    ):
        pass


def _served(stack: ExitStack) -> "World":
    from hotdog_sql.demo.server import serve

    try:
        return stack.enter_context(serve(_PORT))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return stack.enter_context(serve())
