"""`hotdog-sql summary`."""

from hotdog_sql.cli import options
from hotdog_sql.cli.options import DEFAULT_DATA_DIR, DEFAULT_SPLITS
from hotdog_sql.cli.session import open_database, session_of
from hotdog_sql.cli.show import narrator, write_rows
from hotdog_sql.vocabulary import Labels, Release


def summary(
    min_confidence: options.MinConfidenceOption = 1.0,
    split: options.SplitOption = DEFAULT_SPLITS,
    release: options.ReleaseOption = Release.V6,
    labels: options.LabelsOption = Labels.HUMAN,
    data_dir: options.DataDirOption = DEFAULT_DATA_DIR,
    offline: options.OfflineOption = False,
    yes: options.YesOption = False,
    format_name: options.FormatOption = None,
    output: options.OutputOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Count images, positive labels, labelled images and classes, and name the files."""
    session = session_of(data_dir, split, release, labels)
    with open_database(session, ["summary"], offline=offline, yes=yes, quiet=quiet) as database:
        database.keep_rows(
            "FROM summary(min_confidence := $min_confidence)", {"min_confidence": min_confidence}
        )
        write_rows(database, "result", format_name, output)
        console = narrator(quiet=quiet)
        for file in database.read_files():
            size = file.path.stat().st_size
            console.print(f"{file.catalog.kind:<15} {file.path}  {size:,} bytes")
