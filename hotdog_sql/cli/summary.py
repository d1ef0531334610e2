"""`hotdog-sql summary`."""

from typing import TYPE_CHECKING

from hotdog_sql.cli import options
from hotdog_sql.cli.options import DEFAULT_DATA_DIR, DEFAULT_MEMORY_LIMIT, DEFAULT_SPLITS
from hotdog_sql.cli.session import open_database, session_of
from hotdog_sql.cli.show import Narrator, write_rows
from hotdog_sql.options import Labels, Release
from hotdog_sql.text import size_text

if TYPE_CHECKING:
    from hotdog_sql.database import Database


def summary(
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
    """Count images, positive labels, labelled images and classes, and name the files."""
    session = session_of(data_dir, split, release, labels, threads, memory_limit)
    with open_database(session, ["summary"], offline=offline, yes=yes, quiet=quiet) as database:
        database.keep_rows(
            "FROM summary(min_confidence := $min_confidence)", {"min_confidence": min_confidence}
        )
        write_rows(database, "result", format_name, output)
        if not quiet:
            _tell_files(database)


def _tell_files(database: "Database") -> None:
    """What files the counts came from, and whether they are what they should be."""
    from hotdog_sql.config import Settings
    from hotdog_sql.refresh import local_files

    files = [file.catalog for file in database.files if file.path.exists()]
    narrator = Narrator()
    for local in local_files(files, Settings(data_dir=database.options.data_dir)):
        narrator.print(
            f"{local.file.name}: {size_text(local.bytes)}, {local.date:%Y-%m-%d}, "
            f"{local.file.release}, {_agreement('server', local.matches_server())}, "
            f"{_agreement('catalog', local.matches_catalog())}"
        )


def _agreement(with_what: str, matches: bool | None) -> str:
    word = {True: "as", False: "NOT as", None: "not compared with"}[matches]
    return f"{word} the {with_what} has it" if matches is not None else f"{word} the {with_what}"
