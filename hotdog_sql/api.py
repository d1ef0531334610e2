"""The calls that the command line is made of, for Python.

Four of them make a dataset:

    import hotdog_sql

    with hotdog_sql.connect("data", splits="validation") as database:
        selection = hotdog_sql.select(database, "Hot dog", negatives=120, seed=42)
        report = hotdog_sql.download(selection, "dataset")
    print(hotdog_sql.verify("dataset").good)

Libraries that only some of them need are imported when they are called.
"""

import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotdog_sql.catalog import CatalogFile, file_named, files_for
from hotdog_sql.config import MEMORY_LIMIT, Settings
from hotdog_sql.database import Database
from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.options import (
    DataOptions,
    Related,
    SelectOptions,
    Source,
    parse_partition,
)
from hotdog_sql.recipe import Recipe, read_selection, recipe_path, saved_recipe
from hotdog_sql.recipe import save_recipe as write_recipe
from hotdog_sql.selection import Selection
from hotdog_sql.selection import select as _select

if TYPE_CHECKING:
    from hotdog_sql.downloader.progress import Progress
    from hotdog_sql.downloader.result import DownloadReport
    from hotdog_sql.downloader.verify import VerifyReport
    from hotdog_sql.index.build import Indexed
    from hotdog_sql.refresh import FileResult, LocalFile
    from hotdog_sql.refresh.transfer import Progress as RefreshProgress

#: Asked before a large download: the files, and their size in all where it is known.
Confirm = Callable[[Sequence[CatalogFile], int | None], bool]

#: The photos' addresses are in the CSV files: on the same port a second demo has the same files,
#: and so resumes the dataset of the first. Below the ports that systems lend to clients.
_DEMO_PORT = 28620

#: Memory of DuckDB while the workers of a cluster download.
_COORDINATOR_MEMORY = "128MB"


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


def open_database(
    data: DataOptions,
    needs: Sequence[str],
    *,
    offline: bool = False,
    confirm: Confirm = lambda *_: False,
    progress: "Callable[[], AbstractContextManager[RefreshProgress | None]]" = nullcontext,
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
            from hotdog_sql.refresh import fetch_missing

            with progress() as shown:
                fetch_missing(
                    lacking, _settings(data), confirm=confirm, offline=offline, progress=shown
                )
        database.use(*needs)
        stack.pop_all()
    return database


def needs_of(options: SelectOptions | None = None) -> tuple[str, ...]:
    """The views and macros that a selection needs."""
    if options is not None and options.related == Related.HIERARCHY:
        return ("select_images", "descendant_classes")
    return ("select_images",)


def read_recipe(path: Path) -> Recipe:
    """The recipe in a selection.json.

    Raises:
        SelectionFileError: the file cannot be read or is not a recipe.
    """
    return Recipe.read(path)


def changes_since(then: Recipe, selection: Selection) -> list[str]:
    """What has changed since a recipe was written, in one line each."""
    return Recipe.of(selection).changes_since(then)


def save_recipe(path: Path, selection: Selection) -> Path:
    """Write the recipe of a saved selection beside it, and say where."""
    write_recipe(path, Recipe.of(selection))
    return recipe_path(path)


def missing_for_replacements(selection: Selection) -> str | None:
    """What is missing to replace lost photos of a saved selection; None: nothing."""
    if selection.options is None:
        return "the recipe of the selection"
    missing = selection.database.missing(*needs_of(selection.options))
    return str(missing[0].path) if missing else None


def check_address(directory: str) -> str:
    """The address of a dataset without credentials.

    Raises:
        InputError: the address cannot be used.
        MissingExtraError: the library for such addresses is not installed.
    """
    from hotdog_sql.storage import open_storage

    return open_storage(directory).name


def folder_of(directory: str) -> Path | None:
    """The folder of a dataset on this machine; None where it is elsewhere."""
    from hotdog_sql.storage import open_storage

    return open_storage(directory).folder


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
        data = replace(data, memory_limit=_COORDINATOR_MEMORY)
    with Database(data) as database:
        if piped:
            path = _saved_stdin(database.scratch)
        yield read_selection(database, path, recipe), recipe


def refresh(
    data: DataOptions,
    names: Sequence[str] = (),
    *,
    confirm: Confirm = lambda *_: False,
    progress: "RefreshProgress | None" = None,
) -> "Sequence[FileResult]":
    """Download the Open Images files that are missing or have changed.

    Args:
        data: the folder, and which files it should have.
        names: official names of files, instead of those that `data` stands for.
        confirm: is asked before a large download.
        progress: is told what happens.

    Returns:
        What became of each file; one that failed is in it too.

    Raises:
        MissingFileError: `confirm` says no.
    """
    from hotdog_sql.refresh import refresh as refresh_files

    files = [file_named(name) for name in names]
    files = files or list(files_for(data.release, data.splits, data.labels))
    return refresh_files(files, _settings(data), confirm=confirm, progress=progress)


def check_refreshed(results: "Sequence[FileResult]") -> None:
    """See that no file has failed.

    Raises:
        TransferError: one has.
    """
    from hotdog_sql.refresh import failure

    error = failure(results)
    if error is not None:
        raise error


def local_files(database: Database) -> "Sequence[LocalFile]":
    """Size, date and digests of the files that a database reads."""
    from hotdog_sql.refresh import local_files as find

    files = [file.catalog for file in database.files if file.path.exists()]
    return find(files, _settings(database.options))


def build_index(data: DataOptions) -> "Iterator[Indexed]":
    """Write Parquet copies of the CSVs, from which every command is faster."""
    from hotdog_sql.index.build import build_index as build

    return build(data)


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
