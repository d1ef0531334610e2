"""The calls that the command line is made of: `connect`, `select`, `download` and `verify`.

The others serve the commands. Libraries that only some calls need are imported by these calls.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotdog_sql import boxes
from hotdog_sql.catalog import file_named, files_for
from hotdog_sql.config import MEMORY_LIMIT, base_url, mirror_url
from hotdog_sql.data_file import DataFile, refresh_command
from hotdog_sql.database import Database
from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.export import write_rows as write_rows
from hotdog_sql.lookup import data_for, is_list
from hotdog_sql.notebook import shown
from hotdog_sql.options import DataOptions, SelectOptions, Source
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
    from hotdog_sql.errors import TransferError
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
    "refresh_command",
    "select",
    "verify",
]


def connect(
    data_dir: str | Path = "data",
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
        data_dir: folder of the CSV files.
        splits: one or several of `test`, `validation` and `train`, or `all`.
        release: `v6` or `v7`.
        labels: whose labels count: `human`, `machine` or `both`.
        offline: send no request.
        large: allow downloads of 500 MB and more, which the train split needs.
        threads: threads of DuckDB; None: one per core.
        memory_limit: such as `512MB`; when DuckDB needs more, it uses the disk.

    Returns:
        The connection, to be used in a `with` block. `rows` runs a query:

            >>> import hotdog_sql
            >>> with hotdog_sql.connect("data", splits="validation") as database:
            ...     database.rows("SELECT count(*) AS images FROM images")
            [Row(images=120)]

    Raises:
        InputError: there is no such split, release or kind of labels.
        MissingFileError: a file is missing and may not be downloaded.
        TransferError: a file could not be downloaded.
        DataError: a file does not have the columns that Open Images gives it.
    """
    named = (splits,) if isinstance(splits, str) else tuple(splits)
    folder = Path(data_dir)
    data = DataOptions(folder, release, named, labels, threads, memory_limit, offline=offline)
    needs = ("classes", "labels", "images")
    with ExitStack() as stack:
        database = stack.enter_context(open_database(data, needs, confirm=lambda *_: large))
        database.load_all()
        stack.pop_all()
    return database


def select(
    database: Database, *classes: str, options: SelectOptions | None = None, **changes: Any
) -> Selection:
    """Select the images of some classes and others without them, or those of a query.

    Args:
        database: from `connect`. A query locks it: after that, it reads only the session's files.
        classes: names or MIDs; each becomes a folder.
        options: what to select, where it is at hand as a whole.
        changes: fields of `SelectOptions`, such as `negatives=20` or `partition="80/20"`.

    Returns:
        The selected rows. Iterating gives a dict per row; `len`, `.df()`, `.arrow()`,
        `.relation` and, in a notebook, `.thumbnails()` work too:

            >>> import hotdog_sql
            >>> with hotdog_sql.connect("data") as database:
            ...     hotdog_sql.select(database, "Hot dog", limit=3, negatives=2)
            <Selection of 5 images: hot_dog 3, other 2>

    Raises:
        UnknownClassError: no class has such a name or MID.
        AmbiguousClassError: several classes share the name.
        InputError: an option is out of range.
        QueryError: the query is not one SELECT, or its rows do not fit.
    """
    if classes:
        changes["classes"] = classes
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
        options: how to download.
        progress: is told what happens.
        changes: fields of `DownloadOptions`, such as `sources=["mirror"]` or `workers=64`.

    Returns:
        How many photos the dataset has, how many are lost or failed, and why:

            >>> import hotdog_sql
            >>> with hotdog_sql.connect("data") as database:
            ...     selection = hotdog_sql.select(database, "Hot dog", limit=3, negatives=2)
            ...     report = hotdog_sql.download(selection, "dataset", sources=["mirror"])
            >>> report.on_disk
            5

    Raises:
        InputError: the options contradict each other.
        DatasetError: the folder cannot be used, or has another selection.
        MissingExtraError: a library that the address or the options need is not installed.
        ClusterError: the cluster cannot be used.
    """
    from hotdog_sql.downloader import run

    if "sources" in changes:
        changes["sources"] = tuple(Source(source) for source in changes["sources"])
    recipe = selection.recipe
    if recipe is None and selection.options is not None:
        recipe = Recipe.of(selection).content
    with shown(progress) as display:
        return run.download(
            selection.photos(),
            directory,
            mirror_url=mirror_url(),
            options=replace(options or DownloadOptions(), **changes),
            replacements=None if selection.missing() else selection.replacements,
            count=len(selection),
            recipe=recipe,
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
        repair: download what is missing, altered or undecodable, in class folders.
        options: how to download it.
        progress: is told what happens.

    Returns:
        How many photos were checked, and each file that is missing, altered or extra:

            >>> import hotdog_sql
            >>> report = hotdog_sql.verify("dataset")
            >>> report.checked, report.good
            (5, True)

    Raises:
        DatasetError: it is not a dataset.
        InputError: photos in tars are to be repaired.
        MissingExtraError: photos are to be decoded, and Pillow is not installed.
    """
    from hotdog_sql.downloader import verify as module

    with shown(progress) as display:
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
    confirm: "Confirm",
    progress: Callable[[], AbstractContextManager[Progress | None]] = shown,
) -> Database:
    """Open a database, and download first the files that some views or macros lack."""
    with ExitStack() as stack:
        database = stack.enter_context(Database(data))
        if lacking := database.missing(*needs):
            # Imported here: most commands have their files, and httpx takes long to import.
            from hotdog_sql.refresh import refresh as module

            with progress() as display:
                results = module.refresh(
                    lacking, base_url(), confirm=confirm, offline=data.offline, progress=display
                )
            if error := module.failure(results):
                raise error
        database.load(*needs)
        stack.pop_all()
    return database


def refresh(
    data: DataOptions, names: Sequence[str], *, confirm: "Confirm", progress: Progress
) -> "tuple[Sequence[FileResult], TransferError | None]":
    """Bring files up to date; return the result of each, and the error if some failed."""
    from hotdog_sql.refresh import refresh as module

    wanted = [file_named(name) for name in dict.fromkeys(names)] or files_for(data)
    files = [DataFile(file, data.data_dir / file.name) for file in wanted]
    results = module.refresh(files, base_url(), confirm=confirm, progress=progress)
    return results, module.failure(results)


def check_destination(directory: str) -> None:
    """Refuse what cannot become a dataset, before any work is done for it."""
    from hotdog_sql.downloader.dataset import check_folder

    if folder := open_storage(directory).folder:
        check_folder(folder)


def write_gallery(directory: str | Path, boxes_of: Database | None = None) -> Path | None:
    """Write a dataset's `index.html`; None where the dataset is not on this machine.

    With a database, the page draws the boxes of the selection's classes.
    """
    from hotdog_sql.gallery.page import write_gallery as write

    folder = open_storage(directory).folder
    if folder is None:
        return None
    return write(folder, boxes.gallery_boxes(boxes_of, folder) if boxes_of else None)


def serve_demo(data_dir: Path | None) -> AbstractContextManager[DataOptions]:
    """Have this process use a small Open Images on this machine, with a temporary data folder."""
    from hotdog_sql.demo.server import serve_demo as serve

    return serve(data_dir)
