"""Which files make up an index, and whether they are still true to their CSVs."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from hotdog_sql.catalog import LABEL_KINDS, DataFile
from hotdog_sql.sql_files import read_sql_file

#: What decides how rows are kept: an index made by other versions of these is of no use.
_FORM = ("index/flickr_page.sql", "index/image_index.sql", "views/labelled_images.sql")
_METADATA = "SELECT decode(key), decode(value) FROM parquet_kv_metadata($file)"
_PREFIX = "hotdog_sql_"

#: The views and macros that an index of a kind of file replaces (see `sql_files.index_files`).
_REPLACES = {
    "images": frozenset({"images"}),
    "labels": frozenset({"labels", "labelled_images", "relevant_rows"}),
}


@dataclass(frozen=True, slots=True)
class IndexState:
    """What a session can use of the indexes in its data folder.

    Attributes:
        views: names of the views and macros that read an index.
        stale: CSVs that have changed since their index was made, or whose index is of another
            version.
    """

    views: frozenset[str] = frozenset()
    stale: tuple[Path, ...] = ()


def index_of(csv: Path) -> Path:
    """The Parquet file with the rows of a CSV."""
    return csv.with_suffix(".parquet")


def labelled_index_of(csv: Path) -> Path:
    """The Parquet file with the labelled images of a label CSV."""
    return csv.with_suffix(".labelled.parquet")


def form() -> str:
    """SHA-256 of the SQL that decides how an index keeps its rows, as hexadecimal digits."""
    texts = (read_sql_file(name).text for name in _FORM)
    return hashlib.sha256("".join(texts).encode()).hexdigest()


def metadata(file: DataFile) -> dict[str, str]:
    """What an index says of itself and of the CSV that it is made from.

    The CSV's MD5 is among it where it is known already: reading gigabytes for it would take as
    long as the index.
    """
    found = file.path.stat()
    known = _md5(file, compute=False)
    return {
        f"{_PREFIX}form": form(),
        f"{_PREFIX}csv_bytes": str(found.st_size),
        f"{_PREFIX}csv_mtime_ns": str(found.st_mtime_ns),
        f"{_PREFIX}csv_md5": known or "",
    }


def index_state(
    connection: duckdb.DuckDBPyConnection, files: Sequence[DataFile], labels: str
) -> IndexState:
    """Which views can read an index: those of whose files each has one that is true to it.

    Args:
        connection: any; reads the Parquet files' metadata.
        files: the session's files.
        labels: whose labels the session reads; with `both` an image can be in two files, which
            the index of labelled images does not allow for.
    """
    views: set[str] = set()
    stale: list[Path] = []
    for kind, kinds in (("images", ("images",)), ("labels", LABEL_KINDS[labels])):
        those = [file for file in files if file.catalog.kind in kinds]
        if labels == "both" and kind == "labels":
            continue
        if not all(path.exists() for file in those for path in (file.path, *_paths(file))):
            continue
        old = [file.path for file in those if not _is_true(connection, file)]
        stale += old
        if those and not old:
            views |= _REPLACES[kind]
    return IndexState(frozenset(views), tuple(stale))


def _paths(file: DataFile) -> tuple[Path, ...]:
    if file.catalog.kind == "images":
        return (index_of(file.path),)
    return (index_of(file.path), labelled_index_of(file.path))


def _is_true(connection: duckdb.DuckDBPyConnection, file: DataFile) -> bool:
    """Whether every Parquet file was made from the CSV as it is now."""
    now = file.path.stat()
    for path in _paths(file):
        try:
            then = dict(connection.execute(_METADATA, {"file": str(path)}).fetchall())
        except (duckdb.InvalidInputException, duckdb.IOException):
            return False  # not a Parquet file, or only the beginning of one
        same_bytes = then.get(f"{_PREFIX}csv_bytes") == str(now.st_size)
        if then.get(f"{_PREFIX}form") != form() or not same_bytes:
            return False
        same_time = then.get(f"{_PREFIX}csv_mtime_ns") == str(now.st_mtime_ns)
        if not same_time and then.get(f"{_PREFIX}csv_md5") != _md5(file, compute=True):
            return False
    return True


def _md5(file: DataFile, *, compute: bool) -> str | None:
    """The MD5 of a CSV as hexadecimal digits; unless it is computed, None where nobody knows it."""
    # Most sessions have no index, or one that need not be asked for this.
    from hotdog_sql.config import Settings
    from hotdog_sql.refresh import file_md5

    settings = Settings(data_dir=file.path.parent)
    return file_md5([file.catalog], settings, compute=compute).get(file.catalog.name)
