"""The index: Parquet copies beside the CSVs, which the same views read in their place.

A record beside each copy identifies its CSV and holds the copy's checksum: DuckDB's Parquet files
have none. A copy that is stale or damaged is not read.
"""

import hashlib
import json
import time
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from hotdog_sql.catalog import DataFile
from hotdog_sql.connection import Connection
from hotdog_sql.files import whole_file

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
}
INDEXED_VIEWS = tuple(_COPIES)
#: The session variables that a view reads (see `sql/files.sql`).
_FILES = {"images": "image_files", "labels": "label_files"}
_READERS = {"images": "image_reader", "labels": "label_reader"}
#: Bytes at both ends of a CSV that its record has a digest of.
_ENDS = 1 << 16
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Indexed:
    """A CSV and its index.

    Attributes:
        csv: the CSV.
        csv_bytes: its size.
        index_bytes: size of its Parquet file.
        seconds: how long it took.
    """

    csv: Path
    csv_bytes: int
    index_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class IndexState:
    """Whether the index of a view's files can be read in place of them.

    Attributes:
        view: `images` or `labels`.
        files: its Parquet files; empty where the CSVs are to be read.
        stale: CSVs that have changed since their index was made.
        outdated: CSVs whose index another version of this program has made.
        damaged: Parquet files that are not as they were written.
    """

    view: str
    files: tuple[Path, ...] = ()
    stale: tuple[Path, ...] = ()
    outdated: tuple[Path, ...] = ()
    damaged: tuple[Path, ...] = ()

    def variables(self) -> dict[str, object]:
        """The session variables that let the view read the index; none where it cannot."""
        if not self.files:
            return {}
        files = [str(path) for path in self.files]
        return {_FILES[self.view]: files, _READERS[self.view]: "from_parquet"}

    def warnings(self) -> list[str]:
        """What is wrong with the index, one line per file."""
        return [
            *(
                f"{csv.name} has changed since it was indexed, so the CSV itself is read"
                for csv in self.stale
            ),
            *(
                f"the index of {csv.name} is of another version, so the CSV itself is read"
                for csv in self.outdated
            ),
            *(f"{path.name} is damaged, so the CSV itself is read" for path in self.damaged),
        ]


def index_of(csv: Path) -> Path:
    """The Parquet file with the rows of a CSV."""
    return csv.with_suffix(".parquet")


def index_state(view: str, files: Sequence[DataFile]) -> IndexState:
    """Whether the files of a view all have an index that matches them."""
    if not all(file.path.exists() and index_of(file.path).exists() for file in files):
        return IndexState(view)
    outdated = tuple(file.path for file in files if _is_outdated(file))
    readable = [file for file in files if file.path not in outdated]
    stale = tuple(file.path for file in readable if not _matches_csv(file))
    with ThreadPoolExecutor() as pool:
        parquet = [index_of(file.path) for file in readable if file.path not in stale]
        whole = list(pool.map(_is_whole, parquet))
    damaged = tuple(path for path, good in zip(parquet, whole, strict=True) if not good)
    usable = () if stale or outdated or damaged else tuple(parquet)
    return IndexState(view, usable, stale, outdated, damaged)


def build_index(connection: Connection, view: str, files: Sequence[DataFile]) -> Iterator[Indexed]:
    """Make the index of each file of a view, in place of an older one.

    A Parquet file appears whole or not at all. One without its record is not read.

    Args:
        connection: one whose view reads the CSVs themselves.
        view: `images` or `labels`.
        files: its files.

    Raises:
        DataError: a CSV is not what it should be.
        StorageError: an index cannot be written.
    """
    for file in files:
        started = time.monotonic()
        parquet = index_of(file.path)
        content = _record(file)
        connection.set_variables({_FILES[view]: [str(file.path)]})
        with whole_file(parquet) as temporary:
            connection.execute(_COPIES[view], {"file": str(temporary)})
            content |= {
                "parquet_bytes": temporary.stat().st_size,
                "parquet_crc32": _crc32(temporary),
            }
        record = _record_path(parquet)
        record.parent.mkdir(exist_ok=True)
        with whole_file(record) as temporary:
            temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        yield Indexed(
            csv=file.path,
            csv_bytes=file.path.stat().st_size,
            index_bytes=parquet.stat().st_size,
            seconds=time.monotonic() - started,
        )


def _is_outdated(file: DataFile) -> bool:
    """Whether an index has another form than this version writes."""
    return _read_record(index_of(file.path)).get("form", _FORM) != _FORM


def _matches_csv(file: DataFile) -> bool:
    """Whether the CSV is the one that its index was made from."""
    then, now = _read_record(index_of(file.path)), _record(file)
    for name in ("form", "csv_bytes", "csv_ends"):
        if then.get(name) != now[name]:
            return False
    if then.get("csv_mtime_ns") == now["csv_mtime_ns"]:
        return True
    return bool(then.get("csv_md5")) and then["csv_md5"] == _md5(file, compute=True)


def _is_whole(parquet: Path) -> bool:
    """Whether an index has the bytes that were written."""
    then = _read_record(parquet)
    return (then.get("parquet_bytes"), then.get("parquet_crc32")) == (
        parquet.stat().st_size,
        _crc32(parquet),
    )


def _record(file: DataFile) -> dict[str, object]:
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


def _record_path(parquet: Path) -> Path:
    return parquet.parent / ".hotdog-sql" / f"{parquet.name}.json"


def _read_record(parquet: Path) -> dict[str, object]:
    """The record of an index; empty where there is none that can be read."""
    try:
        content = json.loads(_record_path(parquet).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _crc32(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            checksum = zlib.crc32(block, checksum)
    return checksum


def _md5(file: DataFile, *, compute: bool) -> str | None:
    """The MD5 of a CSV as hexadecimal digits; None if it is neither known nor to be computed."""
    # Imported here: most sessions have no index, or need no MD5.
    from hotdog_sql.refresh.local_file import file_md5

    return file_md5([file.catalog], file.path.parent, compute=compute).get(file.catalog.name)
