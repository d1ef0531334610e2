"""`hotdog-sql select`."""

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, BadParameter, Option

from hotdog_sql.cli import api, options
from hotdog_sql.cli.data import open_data
from hotdog_sql.cli.download import parse_destination, run_download
from hotdog_sql.cli.options import Settings, complete_class, option_name
from hotdog_sql.cli.output import check_output, say, write_rows
from hotdog_sql.cli.report import print_selection
from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.errors import InputError
from hotdog_sql.options import WITHOUT_CLASSES, DataOptions, SelectOptions
from hotdog_sql.text import counted

_TABLE_ROWS = 10
#: The option without which another one has no effect.
_NEEDED = {"variables": "query", "group_by": "partition"}


def select(
    names: Annotated[
        list[str] | None,
        Argument(
            metavar="CLASS",
            autocompletion=complete_class,
            help="Classes to select, by name or MID; the same as --class.",
        ),
    ] = None,
    *,
    select_settings: Annotated[Settings, SelectOptions],
    from_: Annotated[
        Path | None,
        Option(
            "--from",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Repeat the selection of a selection.json, and report what has changed. Other "
            "options change that selection.",
            rich_help_panel="Instead of classes",
        ),
    ] = None,
    data_settings: options.DataSettings,
    output: options.OutputOption = None,
    row_format: options.FormatOption = None,
    verbose: options.VerboseOption = False,
    download: Annotated[
        str | None,
        Option(
            metavar="DEST",
            callback=parse_destination,
            help="Download the photos into a folder, or to an address such as s3://bucket/prefix.",
        ),
    ] = None,
    download_settings: Annotated[Settings, DownloadOptions],
    gallery: options.GalleryOption = True,
) -> None:
    """Select images of a class and random others, and download them.

    Examples:
      hotdog-sql select "Hot dog" --download dataset
      hotdog-sql select Pizza "Hot dog" --negatives 2x --output fast_food.csv
      hotdog-sql select --ids ids.txt --partition 80/20 --seed 7 --download mine
      hotdog-sql select --from dataset/selection.json
    """
    changes: dict[str, Any] = select_settings | select_settings.get("negatives", {})
    if classes := (*(names or ()), *select_settings.get("classes", ())):
        changes["classes"] = classes
    without_classes = "query" in changes or ("ids" in changes and from_ is None)
    if [bool(classes), without_classes, from_ is not None].count(True) != 1:
        raise BadParameter("give either classes or one of --query, --ids and --from")
    old = None if from_ is None else api.Recipe.read(from_)
    for name in select_settings:
        needed = _NEEDED.get(name, None if name in WITHOUT_CLASSES else "classes")
        if needed and needed not in changes and not (old and getattr(old.options, needed)):
            raise BadParameter(f"{option_name(name)} needs {option_name(needed)}: leave it out")
    if "variables" in changes:
        variables = {} if old is None else old.options.variables
        changes["variables"] = {**variables, **dict(changes["variables"])}
    ignored = [*map(option_name, download_settings), *([] if gallery else ["--no-gallery"])]
    if download is None and ignored:
        raise BadParameter(f"{' and '.join(ignored)} without --download: add --download DEST")
    chosen_format = check_output(row_format, output)
    download_options = DownloadOptions(**download_settings)
    if download is not None:
        api.check_destination(download)
    if old is None:
        select_options, data_options = SelectOptions(**changes), DataOptions(**data_settings)
    else:
        if old.options.ids is not None and "ids" not in changes:
            raise InputError(f"{from_} has no ImageIDs; add --ids with the file {old.options.ids}")
        select_options = replace(old.options, **changes)
        data_options = old.data_options(**data_settings)
    splits_given = "splits" in data_settings or old is not None
    data_options = api.data_for(select_options, data_options, splits_given=splits_given)
    with open_data(data_options, api.needs_of(select_options)) as database:
        selection = api.select(database, options=select_options)
        print_selection(selection, verbose=verbose)
        if old is not None:
            changed = api.Recipe.of(selection).changes_since(old)
            for line in changed:
                say(f"changed: {line}")
            if not changed:
                say("nothing has changed since the recipe was written")
        # Before the rows are written, because it fails if a file has changed.
        recipe = api.Recipe.of(selection) if output else None
        if output or row_format or not download:
            write_rows(database, selection.table, chosen_format, output, limit=_TABLE_ROWS)
        if output and recipe:
            recipe_path = recipe.save(output, selection)
            rows = counted(len(selection), "row")
            say(f"Wrote {rows} to {output}, and their recipe to {recipe_path}")
            can_reopen = output.suffix.lower() == f".{chosen_format}"
            if can_reopen and sys.stderr.isatty() and not download:
                data_dir = data_settings.get("data_dir")
                folder = () if data_dir is None else ("--data-dir", str(data_dir))
                _suggest("download", str(output), output.stem, *folder)
        elif not download and sys.stdout.isatty() and "-" not in sys.argv:
            _suggest("select", "--download", "dataset", *sys.argv[2:])
        if download:
            run_download(selection, download, download_options, gallery=gallery, verbose=verbose)


def _suggest(*words: str) -> None:
    say(f"Next: {shlex.join(['hotdog-sql', *words])}")
