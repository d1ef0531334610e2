"""The Python API (`connect`, `select`, `download`, `verify`) and what the command line adds to it.

Libraries that only some functions need are imported inside them.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotdog_sql import boxes
from hotdog_sql.catalog import file_named, files_for
from hotdog_sql.config import MEMORY_LIMIT, base_url, data_folder, mirror_url
from hotdog_sql.data_file import DataFile, refresh_command
from hotdog_sql.database import Database
from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.errors import InputError
from hotdog_sql.export import write_rows
from hotdog_sql.lookup import data_for, is_list
from hotdog_sql.notebook import notebook_progress
from hotdog_sql.options import DataOptions, SelectOptions
from hotdog_sql.progress import Progress
from hotdog_sql.recipe import Recipe, open_selection
from hotdog_sql.sandbox import needs_of_query
from hotdog_sql.selection import Selection, needs_of
from hotdog_sql.selection import select as _select
from hotdog_sql.sql_files import SqlFile, dataset_files, load_order
from hotdog_sql.storage import open_storage

if TYPE_CHECKING:
    from hotdog_sql.downloader.result import DownloadReport
    from hotdog_sql.downloader.verify import VerifyReport
    from hotdog_sql.errors import HotdogError
    from hotdog_sql.refresh.refresh import Confirm, FileResult

__all__ = [
    "Database",
    "DownloadReport",
    "Progress",
    "Recipe",
    "Selection",
    "SqlFile",
    "boxes",
    "connect",
    "data_for",
    "dataset_files",
    "download",
    "is_list",
    "load_order",
    "needs_of",
    "needs_of_query",
    "open_selection",
    "open_storage",
    "refresh_command",
    "select",
    "verify",
    "write_rows",
]


def connect(
    data_dir: str | Path | None = None,
    *,
    splits: str | Sequence[str] = "test",
    release: str = "v6",
    labels: str = "human",
    offline: bool = False,
    large: bool = False,
    threads: int | None = None,
    memory_limit: str | None = MEMORY_LIMIT,
) -> Database:
    """Open a DuckDB connection with the views and macros of `sql/`; download missing CSV files.

    Args:
        data_dir: folder of the CSV files, by default `HOTDOG_SQL_DATA_DIR` or else `data`.
        splits: one or more of `test`, `validation` and `train`, or `all`.
        release: `v6` or `v7`.
        labels: whose labels count: `human`, `machine` or `both`.
        offline: fetch no Open Images files; a missing one is an error.
        large: allow downloads of 500 MB and more, which the train split needs.
        threads: DuckDB threads; None means one per core.
        memory_limit: DuckDB's memory limit, such as `512MB`; beyond it, DuckDB uses the disk.

    Returns:
        The connection, for use in a `with` block. `rows` runs a query:

            >>> import hotdog_sql
            >>> with hotdog_sql.connect("data", splits="validation") as database:
            ...     database.rows("SELECT count(*) AS images FROM images")
            [Row(images=120)]

    Raises:
        InputError: an option has the wrong type, is out of range or does not exist.
        MissingFileError: a file is missing and the options forbid its download.
        TransferError: a file could not be downloaded.
        DataError: a file lacks columns of its Open Images format.
    """
    checked: Any = {"data_dir": data_folder() if data_dir is None else data_dir, "splits": splits}
    checked |= {"release": release, "labels": labels, "offline": offline, "large": large}
    data = DataOptions(**checked, threads=threads, memory_limit=memory_limit)
    # Code may change the working directory, as notebooks do.
    data = replace(data, data_dir=data.data_dir.absolute())
    return open_database(data, ("classes", "labels", "images"), load_all=True)


def select(
    database: Database, *classes: str, options: SelectOptions | None = None, **changes: Any
) -> Selection:
    """Select images of some classes and others without them, or the images of a query.

    Args:
        database: from `connect`. A query locks it: from then on it reads only the session's files.
        classes: names or MIDs; each becomes a folder.
        options: what to select, before `changes`.
        changes: fields of `SelectOptions`, such as `negatives=20` or `partition="80/20"`.

    Returns:
        The selected rows. Iteration yields a dict per row; `len`, `.df()`, `.arrow()`,
        `.relation` and, in a notebook, `.thumbnails()` work too:

            >>> import hotdog_sql
            >>> with hotdog_sql.connect("data") as database:
            ...     hotdog_sql.select(database, "Hot dog", limit=3, negatives=2)
            <Selection of 5 images: hot_dog 3, other 2>

    Raises:
        UnknownClassError: no class has a given name or MID.
        AmbiguousClassError: several classes share a given name.
        InputError: an option is out of range.
        QueryError: the query is not one SELECT, or its rows do not fit.
    """
    if classes:
        if "classes" in changes:
            raise InputError("the classes are given twice: give them once")
        changes["classes"] = classes
    if "negatives" in changes:
        if changes.get("ratio") is not None:
            raise InputError("negatives and ratio are both given: give one of the two")
        changes["ratio"] = None  # replaces that of `options`
    options = SelectOptions(**changes) if options is None else replace(options, **changes)
    return _select(database, options)


def download(
    selection: Selection,
    directory: str | Path,
    options: DownloadOptions | None = None,
    *,
    progress: Progress | None = None,
    **changes: Any,
) -> "DownloadReport":
    """Download a selection into class folders or tar files, or resume such a download.

    Args:
        selection: from `select`.
        directory: the dataset: a folder, or an address such as `s3://bucket/prefix`.
        options: how to download, before `changes`.
        progress: receives progress events; by default, a notebook shows bars.
        changes: fields of `DownloadOptions`, such as `sources=["mirror"]` or `workers=64`.

    Returns:
        How many photos the dataset has, and how many are lost or failed and why:

            >>> import hotdog_sql
            >>> with hotdog_sql.connect("data") as database:
            ...     selection = hotdog_sql.select(database, "Hot dog", limit=3, negatives=2)
            ...     report = hotdog_sql.download(selection, "dataset", sources=["mirror"])
            >>> report.on_disk
            5

    Raises:
        InputError: an option is invalid, or the options contradict each other.
        DatasetError: the folder cannot be used, or holds another selection.
        MissingExtraError: the address or the options need a library that is not installed.
        ClusterError: the cluster cannot be used.
    """
    from hotdog_sql.downloader import run

    recipe = Recipe.of(selection).content if selection.recipe is None else selection.recipe
    with notebook_progress(progress) as display:
        return run.download(
            selection.photos(),
            directory,
            mirror_url=mirror_url(),
            options=replace(options or DownloadOptions(), **changes),
            replacements=None if selection.missing() else partial(selection.replacements, parts={}),
            count=len(selection),
            recipe=recipe or None,
            progress=display,
        )


def verify(
    directory: str | Path,
    *,
    decode: bool = False,
    repair: bool = False,
    options: DownloadOptions | None = None,
    progress: Progress | None = None,
) -> "VerifyReport":
    """Compare every photo of a dataset with its manifest, byte for byte.

    Args:
        directory: the dataset: a folder, or an address such as `s3://bucket/prefix`.
        decode: decode each photo too.
        repair: download missing, altered and undecodable photos again; not for tars.
        options: how to download them.
        progress: receives progress events; by default, a notebook shows bars.

    Returns:
        The number of photos checked, and each file that is missing, altered or extra:

            >>> import hotdog_sql
            >>> report = hotdog_sql.verify("dataset")
            >>> report.checked, report.good
            (5, True)

    Raises:
        DatasetError: the directory is not a dataset.
        InputError: `repair` is set and the photos are in tars.
        MissingExtraError: `decode` is set and Pillow is not installed.
    """
    from hotdog_sql.downloader import verify as module

    with notebook_progress(progress) as display:
        report = module.verify(directory, decode=decode, progress=display)
        if repair and not report.good:
            report = module.repair(
                directory, report, mirror_url=mirror_url(), options=options, progress=display
            )
    return report


def open_database(
    data: DataOptions,
    needs: Sequence[str],
    *,
    load_all: bool = False,
    confirm: "Confirm | None" = None,
    progress: Callable[[], AbstractContextManager[Progress | None]] = notebook_progress,
) -> Database:
    """Open a database and load some views or macros, after downloading the files they lack.

    `load_all` loads all others whose files exist, too. `confirm` decides about large downloads.
    """
    with ExitStack() as stack:
        database = stack.enter_context(Database(data))
        if missing := database.missing(*needs):
            # Imported here: httpx is slow to import, and most commands find their files present.
            from hotdog_sql.refresh import refresh as module

            confirm = confirm or (lambda *_: data.large)
            with progress() as display:
                results = module.refresh(
                    missing, base_url(), confirm=confirm, offline=data.offline, progress=display
                )
            if error := module.failure(results):
                raise error
        database.load(*needs)
        if load_all:
            database.load_all()
        stack.pop_all()
    return database


def refresh(
    data: DataOptions, names: Sequence[str], *, confirm: "Confirm", progress: Progress
) -> "tuple[Sequence[FileResult], HotdogError | None]":
    """Bring files up to date; return the result of each, and an error if any failed."""
    from hotdog_sql.refresh import refresh as module

    listed = [file_named(name) for name in dict.fromkeys(names)] or files_for(data)
    files = [DataFile(file, data.data_dir / file.name) for file in listed]
    results = module.refresh(files, base_url(), confirm=confirm, progress=progress)
    return results, module.failure(results)


def check_destination(directory: str) -> None:
    """Raise `DatasetError` for a folder that cannot become a dataset, before any other work."""
    from hotdog_sql.downloader.dataset import names_in_dataset

    if (storage := open_storage(directory)).folder:
        names_in_dataset(storage)


def write_gallery(
    directory: str | Path,
    database: Database | None = None,
    classes: Sequence[str] = (),
    warn: Callable[[str], None] = lambda _: None,
) -> Path | None:
    """Write a dataset's `index.html` and return its path, or None if the dataset is remote.

    With a database, the page draws the boxes of the classes, by default the selection's; `warn` is
    called with a line about those that are left out.
    """
    from hotdog_sql.gallery.page import write_gallery as write

    folder = open_storage(directory).folder
    if folder is None:
        return None
    found = boxes.gallery_boxes(database, folder, classes, warn) if database else None
    return write(folder, found)
