"""`index.html` beside the class folders."""

import os
from contextlib import suppress
from pathlib import Path

from hotdog_sql.download import manifest
from hotdog_sql.download.manifest import Manifest
from hotdog_sql.errors import DatasetError
from hotdog_sql.gallery.page import page
from hotdog_sql.storage import storage_error
from hotdog_sql.text import printable

NAME = "index.html"


def write_gallery(directory: Path) -> Path:
    """Write the dataset's contact sheet; one that was there is replaced in one move.

    The page has what the manifest says now, also while a download is still running.

    Args:
        directory: the dataset.

    Returns:
        The file, `index.html` in the directory.

    Raises:
        DatasetError: the folder has no manifest, or one that is not ours.
        StorageError: the file cannot be written.
    """
    records = directory / manifest.NAME
    if not records.is_file():
        raise DatasetError(
            f"{directory} has no {manifest.NAME}: name the folder of a dataset, "
            "as `hotdog-sql select --download` makes it"
        )
    path = directory / NAME
    temporary = directory / f".{NAME}.{os.getpid()}.part"
    try:
        with (
            Manifest(records, writable=False) as ledger,
            temporary.open("w", encoding="utf-8", newline="\n") as file,
        ):
            file.writelines(page(_name(directory), map(ledger.result, ledger.rows())))
        temporary.replace(path)
    except OSError as error:
        raise storage_error(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return path


def _name(directory: Path) -> str:
    """What the page calls the dataset: its folder's name."""
    return printable(directory.resolve().name)
