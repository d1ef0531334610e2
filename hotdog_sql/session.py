"""What the commands need beside the public calls: databases, files and saved selections opened."""

import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hotdog_sql.catalog import CatalogFile, file_named, files_for
from hotdog_sql.config import Settings
from hotdog_sql.database import Database
from hotdog_sql.index import INDEXED_VIEWS
from hotdog_sql.index import build_index as _build_index
from hotdog_sql.options import DataOptions
from hotdog_sql.recipe import Recipe, read_selection, recipe_path, save_recipe, saved_recipe
from hotdog_sql.refresh.local_file import LocalFile
from hotdog_sql.refresh.local_file import local_files as _local_files
from hotdog_sql.selection import Selection, needs_of

if TYPE_CHECKING:
    from hotdog_sql.errors import TransferError
    from hotdog_sql.progress import FileProgress
    from hotdog_sql.refresh.refresh import FileResult
    from hotdog_sql.storage import Storage

__all__ = [
    "Confirm",
    "Recipe",
    "build_index",
    "check_destination",
    "failure",
    "local_files",
    "missing_for_replacements",
    "needs_of",
    "open_database",
    "open_selection",
    "recipe_path",
    "refresh",
    "save_recipe",
    "serve_demo",
    "storage_of",
    "write_gallery",
]

#: Is asked before a large download. It gets the files and their total size, if that is known.
Confirm = Callable[[Sequence[CatalogFile], int | None], bool]

#: The photos' addresses are in the CSV files: on the same port a second demo has the same files,
#: and so resumes the dataset of the first. Below the ports that systems lend to clients.
_DEMO_PORT = 28620

#: Memory of DuckDB while the workers of a cluster download; rows that outgrow it are kept on disk.
COORDINATOR_MEMORY = "128MB"


def open_database(
    data: DataOptions,
    needs: Sequence[str],
    *,
    offline: bool = False,
    confirm: Confirm = lambda *_: False,
    progress: "Callable[[], AbstractContextManager[FileProgress | None]]" = nullcontext,
) -> Database:
    """Open a database; download first what some views or macros need and the folder lacks.

    Args:
        data: which files to read.
        needs: views and macros that are going to be used.
        offline: send no request.
        confirm: is asked before a large download.
        progress: makes what is told of a download, if there is one.

    Raises:
        MissingFileError: a file is missing and may not be downloaded.
        TransferError: a file could not be downloaded.
    """
    with ExitStack() as stack:
        database = stack.enter_context(Database(data))
        lacking = [file.catalog for file in database.missing(*needs)]
        if lacking:
            # Imported here: most commands have their files, and httpx takes long to import.
            from hotdog_sql.refresh.refresh import fetch_missing

            with progress() as shown:
                fetch_missing(
                    lacking, _settings(data), confirm=confirm, offline=offline, progress=shown
                )
        database.use(*needs)
        stack.pop_all()
    return database


def missing_for_replacements(selection: Selection) -> str | None:
    """What is missing to replace lost photos of a saved selection; None: nothing."""
    if selection.options is None:
        return "the recipe of the selection"
    missing = selection.database.missing(*needs_of(selection.options))
    return str(missing[0].path) if missing else None


def storage_of(directory: str) -> "Storage":
    """Where a dataset is; its name has no credentials, its folder is None where it is remote.

    Raises:
        InputError: the address cannot be used.
        MissingExtraError: the library for such addresses is not installed.
    """
    from hotdog_sql.storage import open_storage

    return open_storage(directory)


def check_destination(directory: str) -> None:
    """Refuse a destination that cannot become a dataset, before any work is done for it.

    Raises:
        InputError: the address cannot be used.
        DatasetError: it is a folder with files that is not a dataset.
        MissingExtraError: the library for such addresses is not installed.
    """
    from hotdog_sql.downloader.dataset import check_folder

    folder = storage_of(directory).folder
    if folder is not None:
        check_folder(folder)


@contextmanager
def serve_demo() -> Iterator[str]:
    """Serve the demo's Open Images on this machine, and have this process use it.

    Returns:
        The server's address.
    """
    from hotdog_sql.demo.server import serve

    with ExitStack() as stack:
        try:
            world = stack.enter_context(serve(_DEMO_PORT))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            world = stack.enter_context(serve())
        os.environ["HOTDOG_SQL_BASE_URL"] = world.base_url
        os.environ["HOTDOG_SQL_MIRROR_URL"] = world.mirror_url
        yield world.base_url


@contextmanager
def open_selection(
    path: Path, data_dir: Path, *, cluster: bool = False
) -> Iterator[tuple[Selection, Recipe | None]]:
    """Read a saved selection, and the recipe beside it if there is one.

    With the recipe and the Open Images files, lost photos can be replaced.

    Args:
        path: a .csv, .json or .parquet file; `-` is stdin.
        data_dir: folder of the CSV files.
        cluster: workers of a cluster download, so that little memory is needed here.

    Raises:
        SelectionFileError: the file cannot be read.
    """
    piped = str(path) == "-"
    recipe = None if piped else saved_recipe(path)
    data = DataOptions(data_dir) if recipe is None else recipe.data_options(data_dir)
    # More threads would read ahead of each other, and so of the photos.
    data = replace(data, threads=1)
    if cluster:
        data = replace(data, memory_limit=COORDINATOR_MEMORY)
    with Database(data) as database:
        if piped:
            path = _saved_stdin(database.scratch)
        yield read_selection(database, path, recipe), recipe


def refresh(
    data: DataOptions,
    names: Sequence[str] = (),
    *,
    confirm: Confirm = lambda *_: False,
    progress: "FileProgress | None" = None,
) -> "Sequence[FileResult]":
    """Download the Open Images files that are missing or have changed.

    Args:
        data: the folder, and which files it should have.
        names: official names of files to download instead of those of `data`.
        confirm: is asked before a large download.
        progress: is told what happens.

    Returns:
        The result of each file, failed ones included.

    Raises:
        MissingFileError: `confirm` says no.
    """
    from hotdog_sql.refresh.refresh import refresh as _refresh

    files = [file_named(name) for name in names]
    files = files or files_for(data)
    return _refresh(files, _settings(data), confirm=confirm, progress=progress)


def failure(results: "Sequence[FileResult]") -> "TransferError | None":
    """The error for files that could not be downloaded; None where all could."""
    from hotdog_sql.refresh.refresh import failure as _failure

    return _failure(results)


def build_index(database: Database) -> Iterator[tuple[Path, Path]]:
    """Make the index of each image and label file, and yield the CSV and its index.

    The database must be one that reads the CSVs themselves.

    Raises:
        MissingFileError: a CSV is not in the data folder.
        DataError: a CSV is not what it should be.
        StorageError: an index cannot be written.
    """
    database.use(*INDEXED_VIEWS)
    for view in INDEXED_VIEWS:
        yield from _build_index(database, view, database.files_of(view))


def local_files(database: Database) -> Sequence[LocalFile]:
    """Size, date and digests of the files that a database reads."""
    files = [file.catalog for file in database.files if file.path.exists()]
    return _local_files(files, database.options.data_dir)


def write_gallery(directory: str | Path) -> Path:
    """Write `index.html`, a page that shows a dataset in class folders.

    Raises:
        DatasetError: it is not a dataset.
    """
    from hotdog_sql.gallery import write_gallery as write

    return write(Path(directory))


def _settings(data: DataOptions) -> Settings:
    return replace(Settings.from_environment(), data_dir=data.data_dir)


def _saved_stdin(folder: Path) -> Path:
    """Stdin as a file with the extension of its format."""
    start = sys.stdin.buffer.read(4)
    extension = "parquet" if start == b"PAR1" else "json" if start[:1] == b"[" else "csv"
    path = folder / f"selection.{extension}"
    with path.open("wb") as file:
        file.write(start)
        shutil.copyfileobj(sys.stdin.buffer, file)
    return path
