"""The few calls that the commands are made of, for Python.

import hotdog_sql

with hotdog_sql.connect("data", splits=["validation"]) as database:
selection = hotdog_sql.select(database, "Hot dog", negatives=120, seed=42)
report = hotdog_sql.download(selection, "dataset")
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hotdog_sql import database as _database
from hotdog_sql.config import MEMORY_LIMIT, Settings
from hotdog_sql.database import Database
from hotdog_sql.download import run
from hotdog_sql.download import verify as _verify
from hotdog_sql.download.result import DownloadReport
from hotdog_sql.download.verify import VerifyReport
from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.options import DataOptions, DatasetFormat, SelectOptions, parse_partition
from hotdog_sql.recipe import Recipe
from hotdog_sql.refresh import fetch_missing
from hotdog_sql.selection import Selection as Selection
from hotdog_sql.selection import select as _select

_VIEWS = ("classes", "labels", "images")


def connect(
    data_dir: str | Path = "data",
    *,
    splits: Sequence[str] = ("test",),
    release: str = "v6",
    labels: str = "human",
    offline: bool = False,
    large: bool = False,
    threads: int | None = None,
    memory_limit: str | None = MEMORY_LIMIT,
) -> Database:
    """A DuckDB connection with the views and macros of `sql/`; missing files are fetched.

    Args:
        data_dir: folder of the CSV files.
        splits: some of `test`, `validation`, `train`.
        release: `v6` or `v7`.
        labels: whose labels count: `human`, `machine` or `both`.
        offline: make no request.
        large: allow downloads of 500 MB and more, as the train split needs.
        threads: DuckDB's threads; None: one a core.
        memory_limit: such as `512MB`; beyond it DuckDB spills to the temporary folder; None leaves
            it to DuckDB.

    Raises:
        MissingFileError: a file is missing and may not be fetched.
        TransferError: a file could not be fetched.
        WrongColumnsError: a file is not what it should be.
    """
    session = DataOptions(Path(data_dir), release, tuple(splits), labels, threads, memory_limit)
    with Database(session) as bare:
        missing = [file.catalog for file in bare.missing(*_VIEWS)]
    fetch_missing(
        missing,
        replace(Settings.from_environment(), data_dir=session.data_dir),
        confirm=lambda _files, _total: large,
        offline=offline,
    )
    return _database.connect(session)


def select(
    database: Database,
    *classes: str,
    query: str | None = None,
    partition: str | None = None,
    group_by: str = "image",
    negatives: int = 120,
    ratio: float | None = None,
    seed: int = 42,
    limit: int | None = None,
    min_confidence: float = 1.0,
    related: str = "prefix",
    exclude: Sequence[str] = (),
    overlap: str = "leave_out",
    negatives_from: str = "random",
    negative_folder: str = "other",
) -> Selection:
    """The images of classes and others without them, or those of a query of one's own.

    Args:
        database: from `connect`. A query locks it: it reads the session's files alone afterwards.
        classes: names or MIDs, a folder each.
        query: one SELECT that yields `ImageID` and `folder`, in place of classes.
        partition: parts, such as `train=0.8,test=0.2` or `80/20`.
        group_by: what never stands in two parts: `image` or `author`.
        negatives: how many images without any of the classes.
        ratio: negatives for each positive, in place of `negatives`.
        seed: seed of the random order.
        limit: positives at most in each folder.
        min_confidence: least confidence of a positive label, above 0 and up to 1.
        related: classes that no negative may carry: `prefix`, `none` or `hierarchy`.
        exclude: names or MIDs of further such classes.
        overlap: an image of several classes: `leave_out`, `first` or `both`.
        negatives_from: `random`, `verified` or `mixed`.
        negative_folder: folder of the negatives.

    Raises:
        UnknownClassError: no class has such a name or MID.
        AmbiguousClassError: several classes share the name.
        QueryError: the query is not one SELECT, or its rows will not do.
    """
    options = SelectOptions(
        classes=classes,
        negatives=negatives,
        ratio=ratio,
        seed=seed,
        limit=limit,
        min_confidence=min_confidence,
        related=related,
        exclude=tuple(exclude),
        overlap=overlap,
        negatives_from=negatives_from,
        negative_folder=negative_folder,
        query=query,
        partition=None if partition is None else parse_partition(partition),
        group_by=group_by,
    )
    return _select(database, options)


def download(
    selection: Selection,
    directory: str | Path,
    options: DownloadOptions | None = None,
    *,
    scheduler: str | None = None,
    dataset_format: str = "files",
    shard_size: int | None = None,
) -> DownloadReport:
    """Download a selection into class folders or tars, or go on with it.

    Args:
        selection: from `select`.
        directory: the dataset: a folder, or an address such as `s3://bucket/prefix`.
        options: how it is done.
        scheduler: of a Dask cluster that does it, such as `tcp://host:8786`; None: this process.
        dataset_format: how photos are kept: `files`, in class folders, or `webdataset`, in tars.
        shard_size: photos in a tar, or handed at once to a worker of a cluster.

    Returns:
        How many photos are on disk, lost for good, or worth another try, and why.

    Raises:
        DatasetError: the folder cannot be used, or holds another selection.
        MissingExtraError: the library for the address or the cluster is not installed.
        ClusterError: the cluster cannot be used.
    """
    options = replace(
        options or DownloadOptions(),
        scheduler=scheduler,
        dataset_format=DatasetFormat(dataset_format),
        shard_size=shard_size,
    )
    return run.download(
        selection.photos(),
        directory,
        mirror_url=Settings.from_environment().mirror_url,
        options=options,
        replacements=selection.replacements,
        count=len(selection),
        recipe=Recipe.of(selection).content,
    )


def verify(directory: str | Path, *, decode: bool = False) -> VerifyReport:
    """Hold every photo of a dataset to its manifest, byte for byte.

    Args:
        directory: the dataset: a folder, or an address such as `s3://bucket/prefix`.
        decode: decode each photo too.

    Raises:
        DatasetError: it is no dataset.
        MissingExtraError: photos are to be decoded, and Pillow is not installed.
    """
    return _verify.verify(directory, decode=decode)
