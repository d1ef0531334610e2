"""A file of the data folder: what is on disk, and what is recorded of it. No server is asked.

A verified body takes the file's place in two atomic steps: its record is saved, and it is moved. A
move keeps the modification time, so after a kill between them `recover` knows it by its record.
"""

import hashlib
import json
import typing
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.text import http_date

#: The folder beside the CSVs that holds records, parts and locks.
HIDDEN = ".hotdog-sql"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a server said of a file, and what is on disk; without a `url`, the latter only."""

    url: str | None = None  # where the file came from, or has the same bytes
    etag: str | None = None
    last_modified: str | None = None
    server_hash: str | None = None  # MD5 in base64, as the server sent it
    server_crc32c: str | None = None
    server_md5: str | None = None  # of the bytes at the address, hexadecimal, if it was computed
    bytes: int | None = None  # size on disk; while the body comes, the size that the server said
    mtime_ns: int | None = None
    md5: str | None = None  # of the file when it had that size and time, if it was computed


class LocalFile:
    """A file of the data folder, with its record and the part of a body that is to replace it."""

    def __init__(self, data_dir: Path, file: CatalogFile) -> None:
        hidden = data_dir / HIDDEN
        self.file = file
        self.path: Path = data_dir / file.name
        self.part: Path = hidden / f"{file.name}.part"
        self.lock: Path = hidden / f"{file.name}.lock"
        self._record_path = hidden / f"{file.name}.json"
        self._part_record_path = hidden / f"{file.name}.part.json"
        self.load()

    def load(self) -> None:
        """Look at the file and its record again."""
        self.record: Record = _load(self._record_path) or Record()
        self.bytes: int | None
        self.bytes, self._mtime_ns = _state(self.path)
        self.known_md5: str | None = self.record.md5 if self.is_untouched else None

    @property
    def is_untouched(self) -> bool:
        """Whether the file has the size and time that it had when it was recorded."""
        return (self.bytes, self._mtime_ns) == (self.record.bytes, self.record.mtime_ns)

    @property
    def md5(self) -> str:
        """Its MD5; where it has to be computed, it is recorded too."""
        if self.known_md5 is None:
            self.known_md5 = md5_of(self.path)
            with suppress(OSError):  # the folder may be read-only
                self._remember_md5()
        return self.known_md5

    @property
    def date(self) -> datetime:
        """When the server's file was last changed; where that is unknown, the file's own time."""
        said = self.record.last_modified if self.matches_server() else None
        return http_date(said) or datetime.fromtimestamp((self._mtime_ns or 0) / 1e9, UTC)

    def matches_server(self) -> bool | None:
        """Whether it has the bytes that the server had; None where no server was asked."""
        if self.bytes is None or self.record.url is None:
            return None
        if self.record.server_md5 is None:
            return self.is_untouched
        return self.md5 == self.record.server_md5

    def matches_catalog(self) -> bool | None:
        """Whether it has the catalog's size and MD5; None where the catalog does not know both."""
        if self.file.bytes not in (None, self.bytes):
            return False
        return None if self.file.md5 is None else self.md5 == self.file.md5

    def keep(self, remote: Record) -> None:
        """Record that the file is the one that the server has."""
        self.discard_part()
        self._save_as_servers(remote, self.path, self.md5)

    def replace(self, remote: Record, md5: str | None) -> None:
        """Put the part, which is complete and verified, in the file's place."""
        # Nothing is forced to the disk: a file that a power failure damages no longer has the
        # size, time or MD5 of its record, so the next refresh fetches it again.
        self._save_as_servers(remote, self.part, md5)
        self.recover()

    def recover(self) -> bool:
        """Put a verified part in place, after a kill too; returns whether there was one."""
        found = _state(self.part)
        if found[0] is None or found != (self.record.bytes, self.record.mtime_ns):
            return False
        self.part.replace(self.path)
        self.discard_part()
        self.load()
        return True

    @property
    def part_bytes(self) -> int:
        """How much of the new body there is."""
        return _state(self.part)[0] or 0

    def resumable(self, url: str) -> Record | None:
        """Which body of this address the part belongs to; None where it cannot be resumed.

        Only a strong ETag and a length tell whether the rest is the rest of the same body.
        """
        begun = _load(self._part_record_path)
        if begun is None or begun.url != url or begun.bytes is None or not self.part_bytes:
            return None
        return begun if begun.etag and not begun.etag.startswith("W/") else None

    def begin_part(self, remote: Record) -> None:
        """Record which body the part will belong to."""
        _save(self._part_record_path, remote)

    def discard_part(self) -> None:
        """Remove what has come of a body."""
        self._part_record_path.unlink(missing_ok=True)
        self.part.unlink(missing_ok=True)

    def _save_as_servers(self, remote: Record, path: Path, md5: str | None) -> None:
        size, mtime_ns = _state(path)
        self.record = replace(remote, server_md5=md5, md5=md5, bytes=size, mtime_ns=mtime_ns)
        _save(self._record_path, self.record)

    def _remember_md5(self) -> None:
        known, md5 = self.record, self.known_md5
        if known.server_md5 is None:
            # Without a hash from the server, only an untouched file is known to be the server's.
            is_servers = known.url is not None and self.is_untouched
            known = replace(known, server_md5=md5) if is_servers else Record()
        self.record = replace(known, bytes=self.bytes, mtime_ns=self._mtime_ns, md5=md5)
        self._record_path.parent.mkdir(exist_ok=True)
        # No lock is held here, so a refresh may be writing its record beside the same file.
        _save(self._record_path, self.record, beside=".md5.tmp")


def local_files(files: Iterable[CatalogFile], data_dir: Path) -> list[LocalFile]:
    """Those of the files that are in the data folder, for what is known of them."""
    found = (LocalFile(data_dir, file) for file in files)
    return [local for local in found if local.bytes is not None]


def file_md5(
    files: Iterable[CatalogFile], data_dir: Path, *, compute: bool = True
) -> dict[str, str]:
    """The MD5 of those of the files that are there, by name; computed where it is not recorded."""
    found = local_files(files, data_dir)
    return {local.file.name: local.md5 for local in found if compute or local.known_md5}


def md5_of(path: Path) -> str:
    """MD5 of the file as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _state(path: Path) -> tuple[int | None, int | None]:
    """Size and modification time; None where there is no file."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None, None
    return found.st_size, found.st_mtime_ns


def _load(path: Path) -> Record | None:
    """The record in the file; None where there is none that can be read."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        known: dict[str, Any] = {field.name: values.get(field.name) for field in fields(Record)}
    except (OSError, ValueError, RecursionError, AttributeError):
        return None
    types = typing.get_type_hints(Record)
    return Record(**known) if all(isinstance(known[name], types[name]) for name in known) else None


def _save(path: Path, record: Record, beside: str = ".tmp") -> None:
    """Replace the old record in one step: a kill leaves the old one or the new one."""
    temporary = path.with_name(path.name + beside)
    temporary.write_text(json.dumps(asdict(record), indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)
