"""Files of the data folder, and their records. Nothing here sends a request."""

import csv
import hashlib
import json
import os
import shlex
from base64 import b64decode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.errors import StorageError
from hotdog_sql.files import atomic_write, storage_errors
from hotdog_sql.text import http_date

#: Folder beside the CSVs for records, partial downloads and locks.
HIDDEN = ".hotdog-sql"

#: Size in bytes and modification time in ns; None if there is no file.
State = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A server's metadata of a file, and the local file's state when it had that content."""

    url: str | None = None  # None if the file was never downloaded or compared with a server's
    etag: str | None = None
    last_modified: str | None = None
    server_hash: str | None = None  # MD5 in base64
    server_crc32c: str | None = None  # base64
    bytes: int | None = None  # size on disk; during a download, the size from the server
    mtime_ns: int | None = None
    md5: str | None = None  # hexadecimal, if computed

    @classmethod
    def read(cls, path: Path) -> "Record":
        """The record in a file; empty if the file is missing or invalid."""
        values = read_json(path)
        kinds = {field.name: str for field in fields(cls)} | {"bytes": int, "mtime_ns": int}
        valid = (name for name, kind in kinds.items() if isinstance(values.get(name), kind))
        return cls(**{name: values[name] for name in valid})

    @property
    def content_md5(self) -> str | None:
        """The MD5 of the content in hexadecimal digits, computed or else the server's."""
        if self.md5 is None and self.server_hash is not None:
            with suppress(ValueError):
                return b64decode(self.server_hash).hex()
        return self.md5

    def matches(self, state: State) -> bool:
        """Whether a file in this state is unchanged since it was recorded."""
        return state == (self.bytes, self.mtime_ns)


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of the data folder, whether or not it exists."""

    catalog: CatalogFile
    path: Path

    def columns(self) -> list[str]:
        """The column names of a CSV."""
        with self.path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            return next(csv.reader([lines.readline(10_000)]), [])

    def problem(self) -> str | None:
        """What is wrong with a file, judging by its size, beginning and end, or None."""
        if not self.catalog.name.endswith(".csv"):
            return None if "LabelName" in read_json(self.path) else "is not a class hierarchy"
        with self.path.open("rb") as file:
            header = file.readline(10_000)
            if file.seek(0, os.SEEK_END) == len(header):
                return "has no rows"
            if b"ImageID" not in header and b"LabelName" not in header:
                return "lacks columns of Open Images"
            file.seek(-1, os.SEEK_END)
            return None if file.read(1) == b"\n" else "ends in the middle of a line"

    @property
    def record(self) -> Record:
        """The saved record of the file."""
        return Record.read(sidecar(self.path, ".json"))

    def save_record(self, record: Record, state: State) -> None:
        """Save a record, with the size and time of this state."""
        size, mtime_ns = state
        record = replace(record, bytes=size, mtime_ns=mtime_ns)
        save_json(sidecar(self.path, ".json"), asdict(record))

    @property
    def state(self) -> State:
        """Size and modification time; None if there is no file."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return None, None
        return status.st_size, status.st_mtime_ns

    @property
    def size(self) -> int | None:
        """Size in bytes; None if there is no file."""
        return self.state[0]

    @property
    def md5(self) -> str:
        """MD5 in hexadecimal digits; recorded if it has to be computed."""
        record, state = self.record, self.state
        unchanged = record.matches(state)
        if record.md5 is not None and unchanged:
            return record.md5
        with self.path.open("rb") as file:
            md5 = hashlib.file_digest(file, new_md5).hexdigest()
        # Keep the record of a file that has changed: it describes the server's version.
        known = record.content_md5
        if known in (None, md5):
            kept = record if unchanged or known is not None else Record()
            with suppress(StorageError):  # the folder may be read-only
                self.save_record(replace(kept, md5=md5), state)
        return md5

    @property
    def date(self) -> datetime:
        """When the server's file last changed, or if unknown, when the local file did."""
        last_modified = self.record.last_modified if self.matches_server() else None
        return http_date(last_modified) or datetime.fromtimestamp(self.path.stat().st_mtime, UTC)

    def matches_server(self) -> bool | None:
        """Whether its content is the server's; None if there is no file or this is not known."""
        record, state = self.record, self.state
        if record.url is None or state == (None, None):
            return None
        if record.matches(state):
            return True
        if record.content_md5 is None:  # the server gave a CRC32C alone
            return None if record.bytes == self.size else False
        return record.content_md5 == self.md5

    def matches_catalog(self) -> bool | None:
        """Whether it has the catalog's size and MD5; None if the catalog has no MD5."""
        if self.catalog.bytes not in (None, self.size):
            return False
        return None if self.catalog.md5 is None else self.md5 == self.catalog.md5


def refresh_command(files: Sequence[DataFile], *options: str) -> str:
    """The command that fetches files, for messages about missing or damaged ones."""
    names = (f"--file {file.path.name}" for file in files)
    folder = f"--data-dir {shlex.quote(str(files[0].path.parent))}"
    return " ".join(("hotdog-sql refresh", *options, *names, folder))


def sidecar(path: Path, suffix: str) -> Path:
    """The path of a file's record, lock or partial download, in the hidden folder beside it."""
    return path.parent / HIDDEN / f"{path.name}{suffix}"


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty if the file is missing or invalid."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError):
        return {}


def save_json(path: Path, values: dict[str, Any]) -> None:
    """Write a JSON file atomically."""
    with storage_errors(path):
        path.parent.mkdir(exist_ok=True)
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def new_md5() -> Any:
    """An MD5 hash for checksums only, which FIPS builds of Python allow too."""
    return hashlib.md5(usedforsecurity=False)
