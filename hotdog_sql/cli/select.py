"""`hotdog-sql select`."""

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from hotdog_sql.cli import options
from hotdog_sql.cli.completion import complete_class
from hotdog_sql.cli.data import opened
from hotdog_sql.cli.download import destination_of, run_download
from hotdog_sql.cli.groups import Given, download_options, refuse_without_download, takes
from hotdog_sql.cli.output import check_output, say, write_rows
from hotdog_sql.cli.report import tell_changes, tell_selection
from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.options import LARGEST_COUNT, DataOptions, SelectOptions

#: Rows that a terminal shows of a selection.
_SHOWN = 10


@takes(wanted=SelectOptions, data=DataOptions, how=DownloadOptions)
def select(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CLASS",
            autocompletion=complete_class,
            help="Classes to select, by name or MID; the same as --class.",
            show_default=False,
        ),
    ] = None,
    *,
    wanted: Given,
    from_: Annotated[
        Path | None,
        typer.Option(
            "--from",
            exists=True,
            dir_okay=False,
            help="The selection.json of a dataset: select the same again, and say what has "
            "changed. Other options change that selection.",
            rich_help_panel=options.RECIPE,
            show_default=False,
        ),
    ] = None,
    data: Given,
    offline: options.OfflineOption = False,
    yes: options.YesOption = False,
    format_name: options.FormatOption = None,
    output: options.OutputOption = None,
    quiet: options.QuietOption = False,
    verbose: options.VerboseOption = False,
    download: Annotated[
        str | None,
        typer.Option(
            "--download",
            metavar="DEST",
            callback=destination_of,
            help="Download the photos into a folder, or to an address such as "
            "s3://bucket/prefix. The options below need it.",
            rich_help_panel=options.DOWNLOAD,
            show_default=False,
        ),
    ] = None,
    how: Given,
    gallery: options.GalleryOption = None,
) -> None:
    """Select the images of a class and random others, and download them if asked.

    For example: hotdog-sql select "Hot dog" --download dataset
    """
    from hotdog_sql import api, session

    changes = _changes(wanted, names or [])
    if [bool(changes.get("classes")), "query" in changes, from_ is not None].count(True) != 1:
        raise typer.BadParameter("give classes, or --query, or --from: one of the three")
    if download is None:
        refuse_without_download(how, gallery=gallery)
    row_format = check_output(format_name, output)
    downloads = download_options(how)
    if download is not None:
        session.check_destination(download)
    then = None
    if from_ is None:
        request, source = SelectOptions(**changes), DataOptions(**data)
    else:
        then = session.Recipe.read(from_)
        request = replace(then.options, **changes)
        source = replace(then.data_options(DataOptions().data_dir), **data)
    needs = session.needs_of(request)
    with opened(source, needs, offline=offline, yes=yes, quiet=quiet) as database:
        selection = api.select(database, options=request)
        if not quiet:
            tell_selection(selection, verbose=verbose)
        if then is not None:
            tell_changes(session.Recipe.of(selection).changes_since(then), quiet=quiet)
        if output or format_name or not download:
            write_rows(database, selection.table, row_format, output, limit=_SHOWN)
        if output:
            session.save_recipe(output, session.Recipe.of(selection))
            recipe = session.recipe_path(output)
            say(
                f"Wrote {len(selection):,} rows to {output}, and how they were selected to "
                f"{recipe}",
                quiet=quiet,
            )
            if sys.stderr.isatty():
                _tell_next("download", str(output), "dataset", quiet=quiet)
        elif not download and sys.stdout.isatty():
            _tell_next(*sys.argv[1:], "--download", "dataset", quiet=quiet)
        if download:
            code = run_download(
                selection,
                download,
                downloads,
                gallery=gallery is not False,
                quiet=quiet,
                verbose=verbose,
            )
            raise typer.Exit(code)


def _tell_next(*words: str, quiet: bool) -> None:
    say(f"Next: {shlex.join(['hotdog-sql', *words])}", quiet=quiet)


def _changes(wanted: Given, names: list[str]) -> dict[str, Any]:
    """The fields of `SelectOptions` that the user set."""
    changes = dict(wanted)
    if classes := (*names, *wanted.get("classes", ())):
        changes["classes"] = classes
    if "exclude" in wanted:
        changes["exclude"] = tuple(wanted["exclude"])
    if "query" in wanted:
        from hotdog_sql.sandbox import query_text

        changes["query"] = query_text(wanted["query"].read_bytes(), str(wanted["query"]))
    if "variables" in wanted:
        changes["variables"] = dict(_variable(setting) for setting in wanted["variables"])
    if "negatives" in wanted:
        changes |= _negatives(changes.pop("negatives"))
    return changes


def _negatives(text: str) -> dict[str, int | float | None]:
    """The fields that `--negatives` sets: a number such as `120`, or a multiple such as `2x`."""
    number, times, rest = text.partition("x")
    try:
        value = float(number) if times else int(number)
    except ValueError:
        value = -1
    if rest or not 0 <= value <= LARGEST_COUNT:
        raise typer.BadParameter(
            f"{text!r} is neither a number from 0 to {LARGEST_COUNT:,} nor a multiple such as 2x",
            param_hint="--negatives",
        )
    return {"negatives": 0, "ratio": value} if times else {"negatives": int(value), "ratio": None}


def _variable(setting: str) -> tuple[str, str | int | float]:
    """The name and the value of a `--set`; the value is a number if it looks like one."""
    name, equals, value = setting.partition("=")
    if not equals:
        raise typer.BadParameter(f"{setting!r} has no =: give NAME=VALUE", param_hint="--set")
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, value
