"""Opening the database that a command's options describe, its files fetched on first use."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hotdog_sql.cli.options import splits_of
from hotdog_sql.cli.show import Narrator
from hotdog_sql.config import MEMORY_LIMIT
from hotdog_sql.options import Labels, Release, Split

if TYPE_CHECKING:
    from hotdog_sql.catalog import DataFile
    from hotdog_sql.database import Database
    from hotdog_sql.options import DataOptions


def session_of(
    data_dir: Path,
    splits: list[Split],
    release: Release,
    labels: Labels,
    threads: int | None = None,
    memory_limit: str = MEMORY_LIMIT,
) -> "DataOptions":
    """The session that the options of the same names describe."""
    from hotdog_sql.options import DataOptions

    return DataOptions(
        data_dir=data_dir,
        release=str(release),
        splits=splits_of(splits),
        labels=str(labels),
        threads=threads,
        memory_limit=memory_limit,
    )


@contextmanager
def open_database(
    session: "DataOptions",
    needs: Sequence[str],
    *,
    offline: bool = False,
    yes: bool = False,
    quiet: bool = False,
) -> "Iterator[Database]":
    """A database over the session's files; what a command needs and lacks is fetched first.

    Args:
        session: what to look at.
        needs: the views or macros that the command uses.
        offline: fetch nothing.
        yes: begin a large download without asking.
        quiet: tell nothing of it.

    Raises:
        MissingFileError: a file is missing and may not be fetched.
        TransferError: a file could not be fetched.
    """
    from hotdog_sql.database import Database

    with Database(session) as database:
        lacking = database.missing(*needs)
        if lacking:
            _fetch(database, lacking, offline=offline, yes=yes, quiet=quiet)
        for path in database.index.stale:
            Narrator(quiet).print(
                f"{path.name} has changed since its index was made, so it is read itself; "
                f"renew the index with: {_index_command(session)}"
            )
        database.use(*needs)
        yield database


def _index_command(session: "DataOptions") -> str:
    options = [f"--split {split}" for split in session.splits]
    options += [f"--release {session.release}", f"--labels {session.labels}"]
    return " ".join(
        ("hotdog-sql index", *options, f"--data-dir {shlex.quote(str(session.data_dir))}")
    )


def _fetch(
    database: "Database", lacking: "Sequence[DataFile]", *, offline: bool, yes: bool, quiet: bool
) -> None:
    from hotdog_sql.cli.fetching import FetchDisplay, asker
    from hotdog_sql.config import Settings
    from hotdog_sql.refresh import fetch_missing

    settings = replace(Settings.from_environment(), data_dir=database.options.data_dir)
    with FetchDisplay(quiet=quiet) as display:
        fetch_missing(
            [file.catalog for file in lacking],
            settings,
            confirm=asker(yes=yes),
            offline=offline,
            progress=display,
        )
