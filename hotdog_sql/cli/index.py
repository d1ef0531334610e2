"""`hotdog-sql index`."""

import typer

from hotdog_sql.cli import options
from hotdog_sql.cli.options import DEFAULT_DATA_DIR, DEFAULT_SPLITS
from hotdog_sql.cli.session import open_database, session_of
from hotdog_sql.cli.show import Narrator
from hotdog_sql.config import INDEX_MEMORY_LIMIT
from hotdog_sql.options import Labels, Release
from hotdog_sql.text import size_text


def index(
    split: options.SplitOption = DEFAULT_SPLITS,
    release: options.ReleaseOption = Release.V6,
    labels: options.LabelsOption = Labels.HUMAN,
    data_dir: options.DataDirOption = DEFAULT_DATA_DIR,
    threads: options.ThreadsOption = None,
    memory_limit: options.MemoryLimitOption = INDEX_MEMORY_LIMIT,
    offline: options.OfflineOption = False,
    yes: options.YesOption = False,
    quiet: options.QuietOption = False,
) -> None:
    """Write Parquet files beside the CSVs, from which every other command is faster.

    They are a fifth of the CSVs' size, and hold the same rows. Where a CSV
    changes, it is read itself until its index is made again.
    """
    from dataclasses import replace

    from hotdog_sql.index.build import build_index

    session = session_of(data_dir, split, release, labels, threads, memory_limit)
    unindexed = replace(session, indexed=False)
    with open_database(unindexed, ["images", "labels"], offline=offline, yes=yes, quiet=quiet):
        pass  # what is missing has been fetched
    if "train" in session.splits:
        Narrator(quiet).print("the train split takes about a minute")
    for one in build_index(session):
        if not quiet:
            typer.echo(
                f"{one.csv.name}: {size_text(one.csv_bytes)} to {size_text(one.index_bytes)} "
                f"in {one.seconds:.1f} s"
            )
