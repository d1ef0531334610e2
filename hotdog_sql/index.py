"""The index: Parquet copies beside the CSVs, which the same views read in their place.

A record beside each copy identifies its CSV and the copy itself: DuckDB's Parquet files have no
checksums. A copy that is stale or damaged is not read.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hotdog_sql.catalog import DataFile
from hotdog_sql.connection import Connection
from hotdog_sql.errors import StorageError
from hotdog_sql.files import whole_file
from hotdog_sql.refresh.local_file import HIDDEN, file_md5

#: Changes when the form of the records or of the Parquet files changes.
_FORM = 1
#: For images, zstd's level 1 compresses as well as level 3, and faster; in groups of 8,192 images a
#: selection needs little memory.
_COPIES = {
    "images": """
        COPY images TO $file (
            FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL 1,
            ROW_GROUP_SIZE 8_192
        )
    """,
    "labels": """
        COPY labels TO $file (
            FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL 3,
            ROW_GROUP_SIZE 122_880
        )
    """,
    "boxes": """
        COPY boxes TO $file (
            FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL 3,
            ROW_GROUP_SIZE 122_880
        )
    """,
}
INDEXED_VIEWS = tuple(_COPIES)
#: The session variables that a view reads (see `sql/files.sql`).
_FILES = {"images": "image_files", "labels": "label_files", "boxes": "box_files"}
_READERS = {"images": "image_reader", "labels": "label_reader", "boxes": "box_reader"}
#: Bytes at both ends of a CSV that its record has a digest of.
_ENDS = 1 << 16
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class IndexState:
    """Whether the index of a view's files can be read in place of them.

    Attributes:
        variables: session variables that let the view read it; none where it cannot be read.
        warnings: what is wrong with the index, one line per file.
    """

    variables: Mapping[str, object] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def index_of(csv: Path) -> Path:
    """The Parquet file with the rows of a CSV."""
    return csv.with_suffix(".parquet")


def index_state(view: str, files: Sequence[DataFile]) -> IndexState:
    """Whether the files of a view all have an index that matches them."""
    if not all(file.path.exists() and index_of(file.path).exists() for file in files):
        return IndexState()
    problems = [_problem(file) for file in files]
    warnings = tuple(f"{problem}, so the CSV itself is read" for problem in problems if problem)
    if warnings:
        return IndexState(warnings=warnings)
    paths = [str(index_of(file.path)) for file in files]
    return IndexState({_FILES[view]: paths, _READERS[view]: "from_parquet"})


def build_index(
    connection: Connection, view: str, files: Sequence[DataFile]
) -> Iterator[tuple[Path, Path]]:
    """Make the index of each file of a view, in place of an older one; yields CSV and index.

    The connection's view reads the CSVs themselves. A Parquet file appears whole or not at all,
    and is not read without its record.
    """
    for file in files:
        parquet = index_of(file.path)
        record = _csv_record(file)
        connection.set_variables({_FILES[view]: [str(file.path)]})
        with whole_file(parquet) as temporary:
            connection.execute(_COPIES[view], {"file": str(temporary)})
            record["parquet_crc32"] = _crc32(temporary)
        _save_record(parquet, record)
        yield file.path, parquet


def _problem(file: DataFile) -> str | None:
    """Why the index of a CSV cannot be read; None: it can."""
    parquet = index_of(file.path)
    then, now = _read_record(parquet), _csv_record(file)
    if then.get("form", _FORM) != _FORM:
        return f"the index of {file.path.name} is of another version"
    is_same = all(then.get(name) == now[name] for name in ("form", "csv_bytes", "csv_ends"))
    if is_same and then.get("csv_mtime_ns") != now["csv_mtime_ns"]:
        is_same = bool(then.get("csv_md5")) and then["csv_md5"] == _md5(file, compute=True)
    if not is_same:
        return f"{file.path.name} has changed since it was indexed"
    # To read all of it takes as long as many a query, so that is done once after it was touched.
    if then.get("parquet_state") != _state(parquet):
        if then.get("parquet_crc32") != _crc32(parquet):
            return f"{parquet.name} is damaged"
        with suppress(StorageError):  # the folder may be read-only
            _save_record(parquet, then)
    return None


def _csv_record(file: DataFile) -> dict[str, object]:
    """What identifies a CSV.

    The MD5 is part of it only if it is known: to compute it takes as long as the index does.
    """
    found = file.path.stat()
    with file.path.open("rb") as csv:
        head = csv.read(_ENDS)
        csv.seek(max(0, found.st_size - _ENDS))
        ends = hashlib.sha256(head + csv.read(_ENDS)).hexdigest()
    return {
        "form": _FORM,
        "csv_bytes": found.st_size,
        "csv_mtime_ns": found.st_mtime_ns,
        "csv_ends": ends,
        "csv_md5": _md5(file, compute=False),
    }


def _state(path: Path) -> list[int]:
    """What changes with every write, even where the size and the modification time are restored."""
    found = path.stat()
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def _record_path(parquet: Path) -> Path:
    return parquet.parent / HIDDEN / f"{parquet.name}.json"


def _read_record(parquet: Path) -> dict[str, object]:
    """The record of an index; empty where there is none that can be read."""
    try:
        content = json.loads(_record_path(parquet).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _save_record(parquet: Path, record: dict[str, object]) -> None:
    path = _record_path(parquet)
    path.parent.mkdir(exist_ok=True)
    with whole_file(path) as temporary:
        text = json.dumps(record | {"parquet_state": _state(parquet)}, indent=1)
        temporary.write_text(text + "\n", encoding="utf-8")


def _crc32(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            checksum = zlib.crc32(block, checksum)
    return checksum


def _md5(file: DataFile, *, compute: bool) -> str | None:
    """The MD5 of a CSV as hexadecimal digits; None if it is neither known nor to be computed."""
    return file_md5([file.catalog], file.path.parent, compute=compute).get(file.catalog.name)
