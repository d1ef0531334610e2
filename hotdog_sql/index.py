"""The index: Parquet copies beside the CSVs, which the views read instead.

A record of each copy identifies its CSV and has the copy's CRC-32, because DuckDB writes Parquet
without checksums. A stale or damaged copy is not read.
"""

import glob
import hashlib
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from hotdog_sql.data_file import read_json, save_json, sidecar
from hotdog_sql.errors import StorageError
from hotdog_sql.files import atomic_write, locked, storage_errors

_TO = "TO $file (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, USE_TMP_FILE false"
#: Level 1 of zstd compresses images as well as the default does, and faster. Row groups of 8,192
#: images keep the memory of a selection low. The file that `new_index` yields is temporary already.
COPY_STATEMENTS = {
    "images": f"COPY images {_TO}, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 8_192)",
    "labels": f"COPY labels {_TO})",
    "boxes": f"COPY boxes {_TO})",
}
#: The session variable with the files that each view reads (see `sql/files.sql`).
VARIABLES = {"images": "image_files", "labels": "label_files", "boxes": "box_files"}
#: Bytes at each end of a CSV that are hashed to identify it.
_HASHED_BYTES = 1 << 16
_BLOCK_BYTES = 1 << 20


def index_of(csv: Path) -> Path:
    """The path of the Parquet copy of a CSV."""
    return csv.with_suffix(".parquet")


def index_state(view: str, csvs: Sequence[Path]) -> tuple[dict[str, object], list[str]]:
    """Return the session variables that make a view read its index, and warnings.

    There are no variables if an index is missing, stale or damaged; a missing one is no warning.
    """
    if not all(csv.exists() and index_of(csv).exists() for csv in csvs):
        return {}, []
    problems = [problem for csv in csvs if (problem := _problem(csv))]
    if problems:
        return {}, [f"{problem}, so the CSV itself is read" for problem in problems]
    return {VARIABLES[view]: [glob.escape(str(index_of(csv))) for csv in csvs]}, []


@contextmanager
def new_index(csv: Path) -> Iterator[Path]:
    """Yield a temporary path for a Parquet copy, which replaces the CSV's index atomically.

    The record is saved last, and an index without its record is not read.
    """
    parquet, identity = index_of(csv), _identity(csv)
    lock = sidecar(parquet, ".lock")
    with storage_errors(lock):
        lock.parent.mkdir(exist_ok=True)
        with locked(lock, on_wait=lambda: None):
            for leftover in parquet.parent.glob(f".{parquet.name}.*.part"):
                leftover.unlink(missing_ok=True)  # from a killed process
            with atomic_write(parquet) as temporary:
                yield temporary
                crc32 = _crc32(temporary)
            _save_record(parquet, {"csv": identity, "parquet_crc32": crc32})


def _problem(csv: Path) -> str | None:
    """Why the index of a CSV cannot be used, or None."""
    parquet = index_of(csv)
    record = read_json(sidecar(parquet, ".json"))
    if record.get("csv") != _identity(csv):
        return f"{csv.name} has changed since it was indexed"
    with suppress(OSError, KeyError):  # it cannot be opened, or its record is damaged
        # Reading the whole copy takes as long as a query, so check it only after a write.
        if record["parquet_state"] == _state(parquet):
            return None
        if record["parquet_crc32"] == _crc32(parquet):
            with suppress(StorageError):  # the folder may be read-only
                _save_record(parquet, record)
            return None
    return f"{parquet.name} is damaged"


def _identity(csv: Path) -> dict[str, object]:
    """What identifies a CSV; hashing all of it would take as long as indexing it."""
    status = csv.stat()
    with csv.open("rb") as file:
        head = file.read(_HASHED_BYTES)
        file.seek(max(0, status.st_size - _HASHED_BYTES))
        ends = hashlib.sha256(head + file.read(_HASHED_BYTES)).hexdigest()
    return {"bytes": status.st_size, "mtime_ns": status.st_mtime_ns, "ends": ends}


def _state(path: Path) -> list[int]:
    """Metadata that every write changes, even if size and modification time are restored."""
    with path.open("rb") as file:  # which DuckDB must be able to open too
        status = os.fstat(file.fileno())
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _save_record(parquet: Path, record: dict[str, Any]) -> None:
    save_json(sidecar(parquet, ".json"), record | {"parquet_state": _state(parquet)})


def _crc32(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            checksum = zlib.crc32(block, checksum)
    return checksum
