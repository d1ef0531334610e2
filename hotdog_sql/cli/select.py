"""`hotdog-sql select`."""

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from hotdog_sql.cli import options
from hotdog_sql.cli.data import opened
from hotdog_sql.cli.download import destination_of, run_download
from hotdog_sql.cli.options import Given, complete_class, option_name, takes
from hotdog_sql.cli.output import check_output, say, write_rows
from hotdog_sql.cli.report import print_selection
from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.errors import InputError
from hotdog_sql.options import DataOptions, SelectOptions

#: Rows that a terminal shows of a selection.
_SHOWN = 10
#: The fields of `SelectOptions` that do not choose among the images of classes.
_OF_ANY_ROWS = {"query", "ids", "variables", "seed", "partition", "group_by"}


@takes(wanted=SelectOptions, data=DataOptions, how=DownloadOptions)
def select(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CLASS",
            autocompletion=complete_class,
            help="Classes to select, by name or MID; the same as --class.",
        ),
    ] = None,
    *,
    wanted: Given,
    from_: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="The selection.json of a dataset: select the same again, and say what has "
            "changed. Other options change that selection.",
            rich_help_panel="Instead of classes",
        ),
    ] = None,
    data: Given,
    output: options.OutputOption = None,
    row_format: options.FormatOption = None,
    verbose: options.VerboseOption = False,
    download: Annotated[
        str | None,
        typer.Option(
            "--download",
            metavar="DEST",
            callback=destination_of,
            help="Download the photos into a folder, or to an address such as s3://bucket/prefix.",
        ),
    ] = None,
    how: Given,
    gallery: options.GalleryOption = True,
) -> None:
    """Select images of a class and random others, and download them.

    Examples:
      hotdog-sql select "Hot dog" --download dataset
      hotdog-sql select Pizza "Hot dog" --negatives 2x --output fast_food.csv
      hotdog-sql select --ids ids.txt --partition 80/20 --seed 7 --download mine
      hotdog-sql select --from dataset/selection.json
    """
    from hotdog_sql import api

    changes: dict[str, Any] = wanted | wanted.get("negatives", {})
    if classes := (*(names or ()), *wanted.get("classes", ())):
        changes["classes"] = classes
    if "variables" in wanted:
        changes["variables"] = dict(wanted["variables"])
    own = "query" in changes or ("ids" in changes and from_ is None)
    if [bool(classes), own, from_ is not None].count(True) != 1:
        raise typer.BadParameter("give classes, or --query or --ids, or --from: one of the three")
    if own:
        of_classes = [option_name(name) for name in wanted if name not in _OF_ANY_ROWS]
        _refuse(of_classes, "with --query or --ids: leave it out, or give classes instead")
    if download is None:
        of_download = [option_name(name) for name in how]
        if not gallery:
            of_download.append("--no-gallery")
        _refuse(of_download, "without --download: add --download DEST")
    written = check_output(row_format, output)
    downloads = DownloadOptions(**how)
    if download is not None:
        api.check_destination(download)
    then = None
    if from_ is None:
        request, source = SelectOptions(**changes), DataOptions(**data)
    else:
        then = api.Recipe.read(from_)
        if then.options.ids is not None and "ids" not in changes:
            raise InputError(f"{from_} has no ImageIDs; add --ids with the file {then.options.ids}")
        request = replace(then.options, **changes)
        source = replace(then.data_options(DataOptions().data_dir), **data)
    splits_given = "splits" in data or then is not None
    source = api.data_for(request, source, splits_given=splits_given)
    with opened(source, api.needs_of(request)) as database:
        selection = api.select(database, options=request)
        print_selection(selection, verbose=verbose)
        if then is not None:
            changed = api.Recipe.of(selection).changes_since(then)
            for line in changed:
                say(f"changed: {line}")
            if not changed:
                say("nothing has changed since the recipe was written")
        if output or row_format or not download:
            write_rows(database, selection.table, written, output, limit=_SHOWN)
        if output:
            beside = api.Recipe.of(selection).save(output)
            rows = f"{len(selection):,} rows"
            say(f"Wrote {rows} to {output}, and how they were selected to {beside}")
            if sys.stderr.isatty():
                _suggest("download", str(output), "dataset")
        elif not download and sys.stdout.isatty():
            _suggest(*sys.argv[1:], "--download", "dataset")
        if download:
            raise typer.Exit(
                run_download(selection, download, downloads, gallery=gallery, verbose=verbose)
            )


def _refuse(given: list[str], why: str) -> None:
    """Refuse options that would be ignored."""
    if given:
        raise typer.BadParameter(f"{' and '.join(given)} {why}")


def _suggest(*words: str) -> None:
    say(f"Next: {shlex.join(['hotdog-sql', *words])}")
