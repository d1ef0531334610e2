"""A file of the data folder: what is on disk, what is recorded of it, and how it is replaced.

A file is replaced in three atomic steps: the record of the verified part is saved as the next
record; the part is moved over the file; the next record is moved over the record. A move keeps
the modification time, so after a kill `recover` sees from size and time which steps are left.
"""

import hashlib
import json
import re
import typing
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.config import Settings
from hotdog_sql.lock import try_locked
from hotdog_sql.text import http_date

if TYPE_CHECKING:
    import httpx

#: The folder beside the CSVs that holds records, parts and locks.
HIDDEN = ".hotdog-sql"

#: The names of the hashes in `x-goog-hash`.
MD5, CRC32C = "md5", "crc32c"
_HASH = re.compile(rf"(?:^|,)\s*({MD5}|{CRC32C})=([^,\s]+)")
_LENGTH = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a server said of a file, and what is on disk; without a `url`, the latter only.

    Attributes:
        url: address that the file came from, or that was found to have the same bytes.
        etag: its ETag there.
        last_modified: its Last-Modified there, as sent.
        server_hash: the MD5 in its `x-goog-hash`, base64 as sent.
        server_md5: MD5 of the bytes at that address, hexadecimal; None where none was computed.
        fetched: when it was fetched or found to be the same, ISO 8601 in UTC.
        bytes: size of the file on disk.
        mtime_ns: its modification time, nanoseconds since 1970.
        md5: its MD5 when it had that size and time; None where none was computed.
    """

    url: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    server_hash: str | None = None
    server_md5: str | None = None
    fetched: str | None = None
    bytes: int = 0
    mtime_ns: int = 0
    md5: str | None = None

    def describes(self, path: Path) -> bool:
        """Whether the file has the size and time that it had when this was recorded."""
        try:
            found = path.stat()
        except FileNotFoundError:
            return False
        return (found.st_size, found.st_mtime_ns) == (self.bytes, self.mtime_ns)


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """What a server says of a file; saved beside a part, it tells which body that belongs to.

    Attributes:
        url: its address, without a password.
        etag: its ETag; None where it cannot be sent back.
        last_modified: its Last-Modified, likewise.
        server_hash: the MD5 in its `x-goog-hash`, base64.
        server_crc32c: the CRC32C there.
        total: its size; None where the server does not say.
    """

    url: str
    etag: str | None
    last_modified: str | None
    server_hash: str | None
    server_crc32c: str | None
    total: int | None

    @classmethod
    def of(cls, response: "httpx.Response", url: str) -> "RemoteFile":
        """What an answer says of the file at this address."""
        headers = response.headers
        # If the server decodes what it has stored, its hashes are not those of what it sends.
        stored_as = headers.get("x-goog-stored-content-encoding", "identity").strip().lower()
        hashes = dict(_HASH.findall(headers.get("x-goog-hash", "")))
        length = headers.get("Content-Length", "")
        has_length = _LENGTH.fullmatch(length) and "Transfer-Encoding" not in headers
        return cls(
            url=url,
            etag=_sendable(headers.get("ETag")),
            last_modified=_sendable(headers.get("Last-Modified")),
            server_hash=hashes.get(MD5) if stored_as == "identity" else None,
            server_crc32c=hashes.get(CRC32C) if stored_as == "identity" else None,
            total=int(length) if has_length else None,
        )

    @property
    def validator(self) -> str | None:
        """The value of `If-Range`; None where a body cannot be resumed safely."""
        is_weak = self.etag is None or self.etag.startswith("W/")
        return self.last_modified if is_weak else self.etag


class LocalFile:
    """A file of the data folder, with its record and the part of a body that is to replace it.

    Attributes:
        file: its row of the catalog.
        path: where it is.
        part: the body of a newer one, as far as it has come.
        lock: the file to lock before anything is changed.
        record: what is recorded of it; None where nothing is.
        bytes: its size; None where it is missing.
        mtime_ns: its modification time, nanoseconds since 1970.
        known_md5: its MD5; None where it is yet to be computed.
    """

    def __init__(self, data_dir: Path, file: CatalogFile) -> None:
        hidden = data_dir / HIDDEN
        self.file = file
        self.path = data_dir / file.name
        self.part = hidden / f"{file.name}.part"
        self.lock = hidden / f"{file.name}.lock"
        self._record = hidden / f"{file.name}.json"
        self._part_record = hidden / f"{file.name}.part.json"
        self._next_record = hidden / f"{file.name}.next.json"
        self.load()

    def load(self) -> None:
        """Look at the file and its record again."""
        self.record = _load(self._record, Record)
        self.bytes: int | None = None
        self.mtime_ns = 0
        self.known_md5: str | None = None
        with suppress(FileNotFoundError):
            found = self.path.stat()
            self.bytes, self.mtime_ns = found.st_size, found.st_mtime_ns
        if self.record is not None and self.record.describes(self.path):
            self.known_md5 = self.record.md5

    @property
    def md5(self) -> str:
        """Its MD5; where it has to be computed, it is recorded too."""
        if self.known_md5 is None:
            self.known_md5 = md5_of(self.path)
            self._remember_md5()
        return self.known_md5

    @property
    def date(self) -> datetime:
        """When the server's file was last changed; where that is unknown, the file's own time."""
        said = self.record.last_modified if self.record and self.matches_server() else None
        return http_date(said) or datetime.fromtimestamp(self.mtime_ns / 1e9, UTC)

    def matches_server(self) -> bool | None:
        """Whether it has the bytes that the server had; None where no server was asked."""
        if self.bytes is None or self.record is None or self.record.url is None:
            return None
        if self.record.server_md5 is None:
            return self.record.describes(self.path)
        return self.md5 == self.record.server_md5

    def matches_catalog(self) -> bool | None:
        """Whether it has the catalog's size and MD5; None where the catalog does not know both."""
        if self.file.bytes not in (None, self.bytes):
            return False
        return None if self.file.md5 is None else self.md5 == self.file.md5

    def keep(self, remote: RemoteFile | None) -> None:
        """Record that the file is still the server's, by what it says now or by the record."""
        self.discard_part()
        record = self._record_now() if remote is None else _record_of(remote, self.path, self.md5)
        if record != self.record:
            _save(self._record, record)

    @property
    def part_bytes(self) -> int:
        """How much of the new body there is."""
        return self.part.stat().st_size if self.part.exists() else 0

    def resumable(self, url: str) -> RemoteFile | None:
        """Which body of this address the part belongs to; None where it cannot be resumed."""
        begun = _load(self._part_record, RemoteFile)
        usable = begun and begun.url == url and begun.validator is not None and self.part_bytes
        return begun if usable else None

    def begin_part(self, remote: RemoteFile) -> None:
        """Record which body the part will belong to."""
        _save(self._part_record, remote)

    def discard_part(self) -> None:
        """Remove what has come of a body."""
        self._part_record.unlink(missing_ok=True)
        self.part.unlink(missing_ok=True)

    def replace(self, remote: RemoteFile, md5: str | None) -> None:
        """Put the part, which is complete and verified, in the file's place."""
        # Nothing is forced to the disk: a file that a power failure damages no longer has the
        # size, time or MD5 of its record, so the next refresh fetches it again.
        _save(self._next_record, _record_of(remote, self.part, md5))
        self.recover()

    def recover(self) -> bool:
        """Put a verified part in place, after a kill too; returns whether there was one."""
        record = _load(self._next_record, Record)
        if record is None:
            return False
        if record.describes(self.part):
            self.part.replace(self.path)
        if not record.describes(self.path):
            self._next_record.unlink()
            return False
        self._next_record.replace(self._record)
        self._part_record.unlink(missing_ok=True)
        self.load()
        return True

    def _remember_md5(self) -> None:
        """Record the MD5, unless the file is being worked on, or the folder is read-only."""
        with suppress(OSError):
            self.lock.parent.mkdir(exist_ok=True)
            with try_locked(self.lock) as is_free:
                now = LocalFile(self.path.parent, self.file)
                seen = (self.bytes, self.mtime_ns, self.record)
                if is_free and seen == (now.bytes, now.mtime_ns, now.record):
                    self.record = self._record_now()
                    _save(self._record, self.record)

    def _record_now(self) -> Record:
        """The record with the size, time and MD5 that the file has now."""
        known = self.record or Record()
        is_untouched = known.describes(self.path)
        if is_untouched and known.md5 == self.known_md5:
            return known
        if known.server_md5 is None:
            # Without a hash from the server, only an untouched file is known to be the server's.
            known = replace(known, server_md5=self.md5) if is_untouched and known.url else Record()
        return replace(known, bytes=self.bytes or 0, mtime_ns=self.mtime_ns, md5=self.md5)


def local_files(files: Sequence[CatalogFile], settings: Settings) -> list[LocalFile]:
    """Those of the files that are in the data folder, for what is known of them."""
    found = (LocalFile(settings.data_dir, file) for file in files)
    return [local for local in found if local.bytes is not None]


def file_md5(
    files: Sequence[CatalogFile], settings: Settings, *, compute: bool = True
) -> dict[str, str]:
    """The MD5 of those of the files that are in the data folder, by name.

    Args:
        files: rows of the catalog.
        settings: the data folder.
        compute: compute and record what is not recorded; else leave such files out.
    """
    found = local_files(files, settings)
    return {local.file.name: local.md5 for local in found if compute or local.known_md5}


def md5_of(path: Path) -> str:
    """MD5 of the file as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _record_of(remote: RemoteFile, path: Path, md5: str | None) -> Record:
    """The record of a file that is the one the server has."""
    found = path.stat()
    return Record(
        url=remote.url,
        etag=remote.etag,
        last_modified=remote.last_modified,
        server_hash=remote.server_hash,
        server_md5=md5,
        fetched=datetime.now(UTC).isoformat(timespec="seconds"),
        bytes=found.st_size,
        mtime_ns=found.st_mtime_ns,
        md5=md5,
    )


def _sendable(value: str | None) -> str | None:
    return value if value and value.isascii() and value.isprintable() else None


_Saved = TypeVar("_Saved", Record, RemoteFile)


def _load(path: Path, kind: type[_Saved]) -> _Saved | None:
    """The record in the file; None where there is none of ours that can be read."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None
    types = typing.get_type_hints(kind)
    known: dict[str, Any] = {name: values.get(name) for name in types}
    is_ours = all(isinstance(known[name], types[name]) for name in types)
    return kind(**known) if is_ours else None


def _save(path: Path, record: Record | RemoteFile) -> None:
    """Replace the old record in one step: a kill leaves the old one or the new one."""
    beside = path.with_name(path.name + ".tmp")
    beside.write_text(json.dumps(asdict(record), indent=1) + "\n", encoding="utf-8")
    beside.replace(path)
