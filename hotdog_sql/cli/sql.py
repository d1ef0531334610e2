"""`hotdog-sql sql`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from hotdog_sql.cli import options
from hotdog_sql.cli.options import DEFAULT_DATA_DIR, DEFAULT_MEMORY_LIMIT, DEFAULT_SPLITS
from hotdog_sql.cli.session import open_database, session_of
from hotdog_sql.cli.show import write_rows
from hotdog_sql.options import Labels, Release


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
    split: options.SplitOption = DEFAULT_SPLITS,
    release: options.ReleaseOption = Release.V6,
    labels: options.LabelsOption = Labels.HUMAN,
    data_dir: options.DataDirOption = DEFAULT_DATA_DIR,
    threads: options.ThreadsOption = None,
    memory_limit: options.MemoryLimitOption = DEFAULT_MEMORY_LIMIT,
    offline: options.OfflineOption = False,
    yes: options.YesOption = False,
    format_name: options.FormatOption = None,
    output: options.OutputOption = None,
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
    session = session_of(data_dir, split, release, labels, threads, memory_limit)
    with open_database(session, [*needs_of_query(text)], offline=offline, yes=yes) as database:
        if dataset is not None:
            database.use_dataset(dataset)
        database.keep_query(text)
        write_rows(database, "result", format_name, output)
