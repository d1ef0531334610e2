"""The data folder and datasets: `refresh`, `index`, `gallery` and `demo`."""

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hotdog_sql.cli import options
from hotdog_sql.cli.groups import Given, download_options, takes
from hotdog_sql.cli.output import say
from hotdog_sql.config import INDEX_MEMORY_LIMIT
from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.options import DataOptions
from hotdog_sql.text import size_text

if TYPE_CHECKING:
    from hotdog_sql.catalog import CatalogFile
    from hotdog_sql.cli.progress import RefreshDisplay
    from hotdog_sql.database import Database
    from hotdog_sql.session import Confirm


@contextmanager
def opened(
    data: DataOptions,
    needs: Sequence[str],
    *,
    offline: bool = False,
    yes: bool = False,
    quiet: bool = False,
) -> "Iterator[Database]":
    """Open a database, show the download of missing files, and warn of an index not in use.

    Args:
        data: which files to read.
        needs: the views and macros that the command uses.
        offline: send no request.
        yes: start a large download without asking.
        quiet: print errors only.

    Raises:
        MissingFileError: a file is missing and may not be downloaded.
        TransferError: a file could not be downloaded.
    """
    from hotdog_sql import session

    def display() -> "RefreshDisplay":
        # Imported only now: most commands have their files and draw no progress.
        from hotdog_sql.cli.progress import RefreshDisplay

        return RefreshDisplay(quiet=quiet)

    with session.open_database(
        data, needs, offline=offline, confirm=asker(yes=yes), progress=display
    ) as database:
        for state in database.index.values():
            for warning in state.warnings:
                say(f"{warning}; renew the index with: {_index_command(data)}", quiet=quiet)
        yield database


def asker(*, yes: bool) -> "Confirm":
    """A function that asks the user before a large download; with `yes` it asks nothing."""

    def confirm(files: "Sequence[CatalogFile]", total: int | None) -> bool:
        if yes or not (sys.stdin.isatty() and sys.stderr.isatty()):
            return yes
        # Typer's own prompt would treat Ctrl-C as an answer.
        sys.stderr.write(f"Download {len(files)} files, {size_text(total)}? [y/N]: ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().casefold() in ("y", "yes")

    return confirm


def _index_command(data: DataOptions) -> str:
    splits = [word for split in data.splits for word in ("--split", split)]
    command = ["hotdog-sql", "index", *splits, "--release", data.release, "--labels", data.labels]
    return shlex.join([*command, "--data-dir", str(data.data_dir)])


@takes(data=(DataOptions, "splits", "release", "labels", "data_dir"))
def refresh(
    data: Given,
    every_split: Annotated[
        bool, typer.Option("--all", help="All splits.", rich_help_panel=options.DATA)
    ] = False,
    file: Annotated[
        list[str] | None,
        typer.Option(
            "--file",
            metavar="NAME",
            help="Only the file with this official name. Repeat it for several.",
            rich_help_panel=options.DATA,
        ),
    ] = None,
    yes: options.YesOption = False,
    quiet: options.QuietOption = False,
) -> None:
    """Download the Open Images files that are missing or have changed.

    Says of each file whether it is new, changed, unchanged, or kept because
    the server could not be reached.
    """
    from hotdog_sql import session
    from hotdog_sql.cli.progress import RefreshDisplay

    wanted = DataOptions(**(data | ({"splits": ("all",)} if every_split else {})))
    with RefreshDisplay(quiet=quiet) as display:
        results = session.refresh(wanted, file or (), confirm=asker(yes=yes), progress=display)
    if not quiet:
        for result in results:
            size = size_text(result.bytes) if result.bytes is not None else "-"
            note = f"  ({result.note})" if result.note else ""
            typer.echo(f"{result.status:<9}  {size:>9}  {result.file.name}{note}")
    error = session.failure(results)
    if error is not None:
        raise error


@takes(data=DataOptions)
def index(
    data: Given,
    offline: options.OfflineOption = False,
    yes: options.YesOption = False,
    quiet: options.QuietOption = False,
) -> None:
    """Write Parquet files beside the CSVs, which make every other command faster.

    They hold the same rows in a fifth of the space. When a CSV changes, the
    commands read the CSV until it is indexed again.
    """
    from hotdog_sql import session

    defaults: Given = {"memory_limit": INDEX_MEMORY_LIMIT, "indexed": False}
    wanted = DataOptions(**(defaults | data))
    needs = ["images", "labels"]
    with opened(wanted, needs, offline=offline, yes=yes, quiet=quiet) as database:
        if "train" in wanted.splits:
            say("the train split takes about a minute", quiet=quiet)
        for csv, parquet in session.build_index(database):
            if not quiet:
                sizes = [size_text(path.stat().st_size) for path in (csv, parquet)]
                typer.echo(f"{csv.name}: {' to '.join(sizes)}")


def gallery(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the dataset.")],
) -> None:
    """Write a page that shows every photo of a dataset and why others were lost.

    The page is DIR/index.html. It needs no network. Its path goes to stdout.
    """
    from hotdog_sql import session

    typer.echo(str(session.write_gallery(directory)))


@takes(how=(DownloadOptions, "update"))
def demo(
    directory: Annotated[
        Path, typer.Argument(metavar="[DIR]", file_okay=False, help="Folder of the dataset.")
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
    *,
    how: Given,
    quiet: options.QuietOption = False,
) -> None:
    """Make a small dataset without the network, from a server on this machine.

    The server has made-up CSV files with the oddities of the real ones, and
    pixel-art photos, some of which are missing. Otherwise this does what
    `select --class "Hot dog" --download` does.
    """
    from hotdog_sql import api, session
    from hotdog_sql.cli.download import run_download
    from hotdog_sql.cli.report import tell_selection
    from hotdog_sql.files import temporary_folder

    session.check_destination(str(directory))
    with session.serve_demo() as base_url, temporary_folder() as temporary:
        say(f"Serving a small Open Images at {base_url}", quiet=quiet)
        data = DataOptions(data_dir or temporary)
        # Quiet: the sizes in the catalog are those of the real files.
        with opened(data, ["select_images"], yes=True, quiet=True) as database:
            selection = api.select(database, "Hot dog")
            if not quiet:
                tell_selection(selection)
            code = run_download(selection, str(directory), download_options(how), quiet=quiet)
    raise typer.Exit(code)
