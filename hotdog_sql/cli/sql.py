"""`hotdog-sql sql`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from hotdog_sql.cli import options
from hotdog_sql.cli.data import opened
from hotdog_sql.cli.options import Given, takes
from hotdog_sql.cli.output import check_output, write_rows
from hotdog_sql.options import DataOptions


@takes(data=DataOptions)
def sql(
    query: Annotated[
        str | None, typer.Argument(help="One SELECT over the views and macros; - reads stdin.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", exists=True, dir_okay=False, help="Read the query from a file."),
    ] = None,
    dataset: Annotated[
        Path | None,
        typer.Option(
            "--dataset",
            metavar="DIR",
            file_okay=False,
            help="A dataset whose manifest the query can read, as the views manifest and losses.",
            show_default=False,
        ),
    ] = None,
    *,
    data: Given,
    offline: options.OfflineOption = False,
    yes: options.YesOption = False,
    format_name: options.FormatOption = None,
    output: options.OutputOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Run one SELECT of your own, which can read these files and nothing else.

    For example: hotdog-sql sql "FROM find_classes('hot dog')"
    """
    from hotdog_sql.sandbox import needs_of_query

    if (query is None) == (file is None):
        raise typer.BadParameter("give a query or --file, one of the two")
    if file is not None:
        text = file.read_text(encoding="utf-8")
    else:
        text = sys.stdin.read() if query == "-" else str(query)
    row_format = check_output(format_name, output)
    needs = [*needs_of_query(text)]
    with opened(DataOptions(**data), needs, offline=offline, yes=yes, quiet=quiet) as database:
        if dataset is not None:
            database.use_dataset(dataset)
        database.keep_query(text)
        write_rows(database, "result", row_format, output)
