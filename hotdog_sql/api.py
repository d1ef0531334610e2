"""The calls that the command line is made of, for Python.

Four of them make a dataset:

    import hotdog_sql

    with hotdog_sql.connect("data", splits="validation") as database:
        selection = hotdog_sql.select(database, "Hot dog", negatives=120, seed=42)
        report = hotdog_sql.download(selection, "dataset")
    print(hotdog_sql.verify("dataset").good)

Libraries that only some of them need are imported when they are called.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotdog_sql.config import MEMORY_LIMIT, Settings
from hotdog_sql.database import Database
from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.options import DataOptions, SelectOptions, Source, parse_partition
from hotdog_sql.recipe import Recipe
from hotdog_sql.selection import Selection
from hotdog_sql.selection import select as _select
from hotdog_sql.session import missing_for_replacements, open_database

if TYPE_CHECKING:
    from hotdog_sql.downloader.result import DownloadReport
    from hotdog_sql.downloader.verify import VerifyReport
    from hotdog_sql.progress import Progress

__all__ = [
    "DownloadOptions",
    "SelectOptions",
    "Selection",
    "connect",
    "download",
    "repair",
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
        memory_limit: such as `512MB`; when DuckDB needs more, it uses the temporary folder. None
            leaves the limit to DuckDB.

    Returns:
        The connection, to be used in a `with` block. `rows` runs a query:

            >>> import hotdog_sql
            >>> with hotdog_sql.connect("data", splits="validation") as database:
            ...     database.rows("SELECT count(*) FROM images")
            [(120,)]

    Raises:
        InputError: there is no such split, release or kind of labels.
        MissingFileError: a file is missing and may not be downloaded.
        TransferError: a file could not be downloaded.
        WrongColumnsError: a file does not have the columns that Open Images gives it.
    """
    data = DataOptions(
        Path(data_dir),
        release,
        (splits,) if isinstance(splits, str) else tuple(splits),
        labels,
        threads,
        memory_limit,
    )
    with ExitStack() as stack:
        database = stack.enter_context(
            open_database(
                data, ("classes", "labels", "images"), offline=offline, confirm=lambda *_: large
            )
        )
        database.use_all()
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
        changes: fields of `SelectOptions`, such as `negatives=20`, `seed=7`, `query="SELECT …"`,
            or `partition="80/20"`.

    Returns:
        The selected rows. Iterating gives a dict per row; `len`, `.df()`, `.arrow()` and
        `.relation` work too:

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
    if isinstance(changes.get("partition"), str):
        changes["partition"] = parse_partition(changes["partition"])
    for name in ("classes", "exclude"):
        if isinstance(changes.get(name), str):
            changes[name] = (changes[name],)
        elif name in changes:
            changes[name] = tuple(changes[name])
    if classes:
        changes["classes"] = classes
    options = SelectOptions(**changes) if options is None else replace(options, **changes)
    return _select(database, options)


def download(
    selection: Selection,
    directory: str | Path,
    options: DownloadOptions | None = None,
    *,
    recipe: Recipe | None = None,
    progress: "Progress | None" = None,
    **changes: Any,
) -> "DownloadReport":
    """Download a selection into class folders or tar files, or resume such a download.

    Args:
        selection: from `select`.
        directory: the dataset: a folder, or an address such as `s3://bucket/prefix`.
        options: how to download.
        recipe: how the selection was made, where it was read from a file.
        progress: is told what happens.
        changes: fields of `DownloadOptions`, such as `sources=["mirror"]`, `workers=64`,
            `dataset_format="webdataset"` or `scheduler="tcp://host:8786"`.

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
    from hotdog_sql.downloader.run import download as run

    if "sources" in changes:
        changes["sources"] = tuple(Source(source) for source in changes["sources"])
    if recipe is None and selection.options is not None:
        recipe = Recipe.of(selection)
    return run(
        selection.photos(),
        directory,
        mirror_url=Settings.from_environment().mirror_url,
        options=replace(options or DownloadOptions(), **changes),
        replacements=None if missing_for_replacements(selection) else selection.replacements,
        count=len(selection),
        recipe=None if recipe is None else recipe.content,
        progress=progress,
    )


def verify(
    directory: str | Path, *, decode: bool = False, progress: "Progress | None" = None
) -> "VerifyReport":
    """Compare every photo of a dataset with its manifest, byte for byte.

    Args:
        directory: the dataset: a folder, or an address such as `s3://bucket/prefix`.
        decode: decode each photo too.
        progress: is told what happens.

    Returns:
        How many photos were checked, and each file that is missing, altered or extra:

            >>> import hotdog_sql
            >>> report = hotdog_sql.verify("dataset")
            >>> report.checked, report.good
            (5, True)

    Raises:
        DatasetError: it is not a dataset.
        MissingExtraError: photos are to be decoded, and Pillow is not installed.
    """
    from hotdog_sql.downloader.verify import verify as check

    return check(directory, decode=decode, progress=progress)


def repair(
    directory: str | Path,
    report: "VerifyReport",
    options: DownloadOptions | None = None,
    *,
    progress: "Progress | None" = None,
) -> "VerifyReport":
    """Download what `verify` found missing, altered or undecodable, in class folders.

    Args:
        directory: the dataset.
        report: from `verify`.
        options: how to download.
        progress: is told what happens.

    Returns:
        What was repaired, and what is still wrong.

    Raises:
        InputError: the dataset is not in class folders of this machine.
        DatasetError: the dataset cannot be used.
    """
    from hotdog_sql.downloader.verify import repair as repair_dataset

    return repair_dataset(
        directory,
        report,
        mirror_url=Settings.from_environment().mirror_url,
        options=options,
        progress=progress,
    )
