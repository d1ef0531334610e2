"""`hotdog-sql sql`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from hotdog_sql.cli import options
from hotdog_sql.cli.data import opened
from hotdog_sql.cli.groups import Given, takes
from hotdog_sql.cli.output import check_output, write_rows
from hotdog_sql.options import DataOptions


@takes(data=DataOptions)
def sql(
    query: Annotated[
        str | None,
        typer.Argument(
            help="One SELECT over the views and macros; - reads stdin. Without one, list them.",
            show_default=False,
        ),
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
    from hotdog_sql.sandbox import needs_of_query, query_text
    from hotdog_sql.sql_files import dataset_files, load_order

    if query is not None and file is not None:
        raise typer.BadParameter("give a query or --file, one of the two")
    if query == "-":
        query = query_text(sys.stdin.buffer.read(), "stdin")
    elif file is not None:
        query = query_text(file.read_bytes(), str(file))
    elif query is None:
        for sql_file in load_order():
            typer.echo(f"{sql_file.defines:<20} {sql_file.summary}")
        for sql_file in dataset_files():
            typer.echo(f"{sql_file.defines:<20} {sql_file.summary}; needs --dataset DIR")
        return
    row_format = check_output(format_name, output)
    needs = [*needs_of_query(query)]
    with opened(DataOptions(**data), needs, offline=offline, yes=yes, quiet=quiet) as database:
        if dataset is not None:
            database.use_dataset(dataset)
        database.keep_query(query)
        write_rows(database, "result", row_format, output)
