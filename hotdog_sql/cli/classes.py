"""`hotdog-sql classes`."""

from typing import Annotated

import typer

from hotdog_sql.cli import options
from hotdog_sql.cli.options import DEFAULT_DATA_DIR, DEFAULT_MEMORY_LIMIT, DEFAULT_SPLITS
from hotdog_sql.cli.session import open_database, session_of
from hotdog_sql.cli.show import Narrator, write_rows
from hotdog_sql.options import Labels, Release


def classes(
    pattern: Annotated[
        str, typer.Argument(help='Part of a name or MID, in any case: "hot dog", "/m/01b9xk".')
    ],
    counts: Annotated[
        bool,
        typer.Option(
            "--counts", help="Count each class's positives and verified negatives in the split."
        ),
    ] = False,
    min_confidence: options.MinConfidenceOption = 1.0,
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
    quiet: options.QuietOption = False,
) -> None:
    """Find classes: names and MIDs that contain a text."""
    needs = ["count_classes" if counts else "find_classes"]
    session = session_of(data_dir, split, release, labels, threads, memory_limit)
    with open_database(session, needs, offline=offline, yes=yes, quiet=quiet) as database:
        if counts:
            query = "FROM count_classes($pattern, min_confidence := $min_confidence)"
            parameters = {"pattern": pattern, "min_confidence": min_confidence}
        else:
            query, parameters = "FROM find_classes($pattern)", {"pattern": pattern}
        found = database.keep_rows(query, parameters)
        write_rows(database, "result", format_name, output)
    Narrator(quiet).print(f"{found:,} classes" if found != 1 else "1 class")
