"""Writing the index of a session's files."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from hotdog_sql.catalog import LABEL_KINDS, DataFile
from hotdog_sql.database import Database
from hotdog_sql.export import whole_file
from hotdog_sql.index.state import index_of, labelled_index_of, metadata
from hotdog_sql.options import DataOptions

#: Rows of a view into a Parquet file. zstd's first level is as small as its third here, and
#: faster; groups of 8,192 images keep what a selection reads in memory small.
_COPY = """
COPY (FROM query_table($view)) TO $file (
    FORMAT parquet,
    PARQUET_VERSION v2,
    COMPRESSION zstd,
    COMPRESSION_LEVEL {level},
    ROW_GROUP_SIZE {rows},
    KV_METADATA {{
        hotdog_sql_form: $hotdog_sql_form,
        hotdog_sql_csv_bytes: $hotdog_sql_csv_bytes,
        hotdog_sql_csv_mtime_ns: $hotdog_sql_csv_mtime_ns,
        hotdog_sql_csv_md5: $hotdog_sql_csv_md5
    }}
)
"""
_COPY_IMAGES = _COPY.format(level=1, rows=8_192)
_COPY_LABELS = _COPY.format(level=3, rows=122_880)


@dataclass(frozen=True, slots=True)
class Indexed:
    """A CSV and its index.

    Attributes:
        csv: the CSV.
        csv_bytes: its size.
        index_bytes: size of its Parquet files together.
        seconds: how long it took.
    """

    csv: Path
    csv_bytes: int
    index_bytes: int
    seconds: float


def build_index(session: DataOptions) -> Iterator[Indexed]:
    """Makes the index of each image and label file of a session; an older one is replaced.

    A Parquet file appears whole or not at all. One that was left alone by an interruption is not
    read until the others are there.

    Raises:
        MissingFileError: a CSV is not in the data folder.
        DataError: a CSV is not what it should be.
        StorageError: an index cannot be written.
    """
    for split in session.splits:
        with Database(replace(session, splits=(split,), indexed=False)) as database:
            for file in database.files:
                if file.catalog.kind == "images":
                    yield _index(database, file, {"image_index": index_of(file.path)})
    for split in session.splits:
        for kind in LABEL_KINDS[session.labels]:
            labels = kind.removesuffix("_labels")
            with Database(
                replace(session, splits=(split,), labels=labels, indexed=False)
            ) as database:
                (file,) = (one for one in database.files if one.catalog.kind == kind)
                views = {
                    "labels": index_of(file.path),
                    "labelled_images": labelled_index_of(file.path),
                }
                yield _index(database, file, views)


def _index(database: Database, file: DataFile, views: dict[str, Path]) -> Indexed:
    """Writes each view to its place."""
    started = time.monotonic()
    about = metadata(file)
    for view, path in views.items():
        database.use(view)
        copy = _COPY_IMAGES if view == "image_index" else _COPY_LABELS
        with whole_file(path) as temporary:
            database.execute(copy, {"view": view, "file": str(temporary), **about})
        if view == "labels":
            # The Parquet file is read sooner than the CSV once more.
            database.use_index({"labels"})
    return Indexed(
        csv=file.path,
        csv_bytes=file.path.stat().st_size,
        index_bytes=sum(path.stat().st_size for path in views.values()),
        seconds=time.monotonic() - started,
    )
