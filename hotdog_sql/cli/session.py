"""Opening the database that a command's options describe."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hotdog_sql.cli.options import splits_of
from hotdog_sql.vocabulary import Labels, Release, Split

if TYPE_CHECKING:
    from hotdog_sql.database import Database


def open_database(
    data_dir: Path,
    splits: list[Split],
    release: Release,
    labels: Labels = Labels.HUMAN,
    *,
    needs: Sequence[str],
) -> "Database":
    """A database over the files of the options.

    Args:
        data_dir: folder of the CSV files.
        splits: the values of `--split`.
        release: the value of `--release`.
        labels: the value of `--labels`.
        needs: the views that the command reads: some of classes, labels, images.

    Raises:
        MissingFileError: a file that a needed view reads is missing.
    """
    from hotdog_sql.database import Session, connect

    database = connect(
        Session(
            data_dir=data_dir,
            release=str(release),
            splits=splits_of(splits),
            labels=str(labels),
        )
    )
    database.require(*needs)
    return database
