"""`hotdog-sql refresh`."""

from dataclasses import replace
from typing import Annotated

import typer

from hotdog_sql.cli import options
from hotdog_sql.cli.options import DEFAULT_DATA_DIR, DEFAULT_SPLITS, splits_of
from hotdog_sql.options import Labels, Release, Split
from hotdog_sql.text import size_text


def refresh(
    split: options.SplitOption = DEFAULT_SPLITS,
    release: options.ReleaseOption = Release.V6,
    labels: options.LabelsOption = Labels.HUMAN,
    every_split: Annotated[bool, typer.Option("--all", help="Every split.")] = False,
    file: Annotated[
        list[str] | None,
        typer.Option(
            "--file",
            metavar="NAME",
            help="Just the file with this official name; give it again for several.",
        ),
    ] = None,
    data_dir: options.DataDirOption = DEFAULT_DATA_DIR,
    yes: options.YesOption = False,
    quiet: options.QuietOption = False,
) -> None:
    """Fetch the Open Images files that are missing or have changed.

    Says of each whether it is new, changed, unchanged, or kept as it was
    because the server could not be reached.
    """
    from hotdog_sql.catalog import file_named, files_for
    from hotdog_sql.cli.fetching import FetchDisplay, asker
    from hotdog_sql.config import Settings
    from hotdog_sql.refresh import failure
    from hotdog_sql.refresh import refresh as refresh_files

    settings = replace(Settings.from_environment(), data_dir=data_dir)
    splits = splits_of([Split.ALL] if every_split else split)
    files = [file_named(name) for name in file or ()] or files_for(release, splits, labels)
    with FetchDisplay(quiet=quiet) as display:
        results = refresh_files(files, settings, confirm=asker(yes=yes), progress=display)
    if not quiet:
        for result in results:
            size = size_text(result.bytes) if result.bytes is not None else "-"
            note = f"  ({result.note})" if result.note else ""
            typer.echo(f"{result.status:<9}  {size:>9}  {result.file.name}{note}")
    error = failure(results)
    if error is not None:
        raise error
