"""The index: Parquet copies beside the CSVs, which the same views read in their place.

A record of each copy identifies its CSV and the copy itself: DuckDB's Parquet files have no
checksums. A copy that is stale or damaged is not read.
"""

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from hotdog_sql.data_file import hidden, read_json, save_json
from hotdog_sql.errors import StorageError
from hotdog_sql.files import whole_file

#: For images, zstd's level 1 compresses as well as the default, and faster; in groups of 8,192
#: images a selection needs little memory.
COPIES = {
    "images": "COPY images TO $file (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, "
    "COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 8_192)",
    "labels": "COPY labels TO $file (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd)",
    "boxes": "COPY boxes TO $file (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd)",
}
#: The session variables that a view reads: its files and how to read them (see `sql/files.sql`).
VARIABLES = {
    "images": ("image_files", "image_reader"),
    "labels": ("label_files", "label_reader"),
    "boxes": ("box_files", "box_reader"),
}
#: Bytes at both ends of a CSV that its record has a digest of.
_ENDS = 1 << 16
_BLOCK = 1 << 20


def index_of(csv: Path) -> Path:
    """The Parquet file with the rows of a CSV."""
    return csv.with_suffix(".parquet")


def index_state(view: str, csvs: Sequence[Path]) -> tuple[dict[str, object], list[str]]:
    """The session variables with which a view reads its index, and what is wrong with the index.

    There are no variables where something is wrong, or where a CSV has no index.
    """
    if not all(csv.exists() and index_of(csv).exists() for csv in csvs):
        return {}, []
    problems = [problem for csv in csvs if (problem := _problem(csv))]
    if problems:
        return {}, [f"{problem}, so the CSV itself is read" for problem in problems]
    files, reader = VARIABLES[view]
    return {files: [str(index_of(csv)) for csv in csvs], reader: "from_parquet"}, []


@contextmanager
def new_index(csv: Path) -> Iterator[Path]:
    """A file for the rows of a CSV, which then becomes its index in place of an older one.

    It appears whole or not at all, and is not read without its record.
    """
    parquet, identity = index_of(csv), _identity(csv)
    with whole_file(parquet) as temporary:
        yield temporary
        crc32 = _crc32(temporary)
    _save_record(parquet, {"csv": identity, "parquet_crc32": crc32})


def _problem(csv: Path) -> str | None:
    """Why the index of a CSV cannot be read; None: it can."""
    parquet = index_of(csv)
    record = read_json(hidden(parquet, ".json"))
    if record.get("csv") != _identity(csv):
        return f"{csv.name} has changed since it was indexed"
    # To read all of it takes as long as many a query, so that is done once after it was touched.
    if record["parquet_state"] != _state(parquet):
        if record["parquet_crc32"] != _crc32(parquet):
            return f"{parquet.name} is damaged"
        with suppress(StorageError):  # the folder may be read-only
            _save_record(parquet, record)
    return None


def _identity(csv: Path) -> dict[str, object]:
    """What identifies a CSV: a digest of all of it would take as long as the index does."""
    found = csv.stat()
    with csv.open("rb") as file:
        head = file.read(_ENDS)
        file.seek(max(0, found.st_size - _ENDS))
        ends = hashlib.sha256(head + file.read(_ENDS)).hexdigest()
    return {"bytes": found.st_size, "mtime_ns": found.st_mtime_ns, "ends": ends}


def _state(path: Path) -> list[int]:
    """What changes with every write, even where the size and the modification time are restored."""
    found = path.stat()
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def _save_record(parquet: Path, record: dict[str, Any]) -> None:
    save_json(hidden(parquet, ".json"), record | {"parquet_state": _state(parquet)})


def _crc32(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            checksum = zlib.crc32(block, checksum)
    return checksum
