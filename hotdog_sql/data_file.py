"""A file of the data folder, and the record of it beside it. No server is asked."""

import csv
import hashlib
import json
import os
import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.errors import StorageError
from hotdog_sql.files import storage_errors, whole_file
from hotdog_sql.text import http_date

#: The folder beside the CSVs that holds records, parts and locks.
HIDDEN = ".hotdog-sql"

#: Size and modification time of a file; None where there is none.
State = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a server said of a file, and what it was on disk when it had the server's bytes."""

    url: str | None = None  # None: it did not come from a server, nor was it compared with one's
    etag: str | None = None
    last_modified: str | None = None
    server_hash: str | None = None  # MD5 in base64
    server_crc32c: str | None = None  # in base64 too
    bytes: int | None = None  # size on disk; while the body comes, the size that the server said
    mtime_ns: int | None = None
    md5: str | None = None  # hexadecimal, if it was computed

    @classmethod
    def read(cls, path: Path) -> "Record":
        """The record in a file; an empty one where there is none that can be read."""
        values = read_json(path)
        return cls(**{field.name: values.get(field.name) for field in fields(cls)})

    def is_of(self, state: State) -> bool:
        """Whether the file has the size and time that it had when it was recorded."""
        return state == (self.bytes, self.mtime_ns)


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file of the data folder, whether or not it exists."""

    catalog: CatalogFile
    path: Path

    def columns(self) -> list[str] | None:
        """The column names in the first line of a CSV; None: the file is not a CSV."""
        if self.path.suffix != ".csv":
            return None
        with self.path.open(encoding="utf-8", errors="replace", newline="") as lines:
            return next(csv.reader([lines.readline(10_000)]), [])

    def problem(self) -> str | None:
        """What is wrong with a CSV, as far as its size and its end tell; None: nothing."""
        if self.path.suffix != ".csv":
            return None
        with self.path.open("rb") as file:
            header = file.readline(10_000)
            if file.seek(0, os.SEEK_END) == len(header):
                return "has no rows"
            file.seek(-1, os.SEEK_END)
            return None if file.read(1) == b"\n" else "ends in the middle of a line"

    @property
    def record(self) -> Record:
        """What is recorded of the file."""
        return Record.read(hidden(self.path, ".json"))

    def save_record(self, record: Record, state: State) -> None:
        """Record the file as it was in this state."""
        size, mtime_ns = state
        record = replace(record, bytes=size, mtime_ns=mtime_ns)
        save_json(hidden(self.path, ".json"), asdict(record))

    @property
    def state(self) -> State:
        """Size and modification time; None where there is no file."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None, None
        return found.st_size, found.st_mtime_ns

    @property
    def size(self) -> int | None:
        """Its size in bytes; None where there is no file."""
        return self.state[0]

    @property
    def md5(self) -> str:
        """Its MD5; where it has to be computed, it is recorded too."""
        record, state = self.record, self.state
        is_untouched = record.is_of(state)
        if record.md5 is not None and is_untouched:
            return record.md5
        with self.path.open("rb") as file:
            md5 = hashlib.file_digest(file, new_md5).hexdigest()
        # The record of a file that has changed since is kept: it says what the server had.
        if record.md5 is None or record.md5 == md5:
            known = record if is_untouched or record.md5 is not None else Record()
            with suppress(StorageError):  # the folder may be read-only
                self.save_record(replace(known, md5=md5), state)
        return md5

    @property
    def date(self) -> datetime:
        """When the server's file was last changed; where that is unknown, the file's own time."""
        said = self.record.last_modified if self.matches_server() else None
        return http_date(said) or datetime.fromtimestamp(self.path.stat().st_mtime, UTC)

    def matches_server(self) -> bool | None:
        """Whether it has the bytes that the server had; None where it is not known of both."""
        record, state = self.record, self.state
        if record.url is None or state == (None, None):
            return None
        if record.is_of(state):
            return True
        return record.md5 is not None and record.md5 == self.md5

    def matches_catalog(self) -> bool | None:
        """Whether it has the catalog's size and MD5; None where the catalog does not know both."""
        if self.catalog.bytes not in (None, self.size):
            return False
        return None if self.catalog.md5 is None else self.md5 == self.catalog.md5


def refresh_command(files: Sequence[DataFile], *options: str) -> str:
    """The command that fetches files, to be shown where they are missing or damaged."""
    named = (f"--file {file.path.name}" for file in files)
    folder = f"--data-dir {shlex.quote(str(files[0].path.parent))}"
    return " ".join(("hotdog-sql refresh", *options, *named, folder))


def hidden(path: Path, ending: str) -> Path:
    """What is kept of a file in the hidden folder beside it: its record, lock or part."""
    return path.parent / HIDDEN / f"{path.name}{ending}"


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where there is none that can be read."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError):
        return {}


def save_json(path: Path, values: dict[str, Any]) -> None:
    """Write a file for `read_json`, in place of an older one, at once."""
    with storage_errors(path):
        path.parent.mkdir(exist_ok=True)
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def new_md5() -> Any:
    """A hash that tells files apart and protects nothing, for Pythons that would refuse MD5."""
    return hashlib.md5(usedforsecurity=False)
