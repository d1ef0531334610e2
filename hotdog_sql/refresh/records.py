"""What is remembered of each file between runs, as one small JSON file each.

A record is only ever replaced whole (written beside, then renamed), so a kill at any moment
leaves the old one or the new one.
"""

import json
import typing
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TypeVar


@dataclass(frozen=True, slots=True)
class Record:
    """What a server said of a file, and what is on disk.

    The disk part alone (`url` None) is kept for a file that no server has been asked about, so
    that its MD5 is computed once.

    Attributes:
        url: address that the file came from, or that was found to have the same bytes.
        etag: its ETag there.
        last_modified: its Last-Modified there, as sent.
        server_hash: the MD5 in its `x-goog-hash`, base64 as sent; for a gzipped answer that is
            the MD5 of the gzipped bytes.
        server_md5: MD5 of the file's bytes at that address, as hexadecimal digits; None where
            no hash needed it, so that none was computed.
        fetched: when it was fetched or found the same, ISO 8601 in UTC.
        bytes: size of the file on disk.
        mtime_ns: its modification time, nanoseconds since 1970.
        md5: its MD5 when it had that size and time; None where none was computed.
    """

    url: str | None
    etag: str | None
    last_modified: str | None
    server_hash: str | None
    server_md5: str | None
    fetched: str | None
    bytes: int
    mtime_ns: int
    md5: str | None

    def describes(self, path: Path) -> bool:
        """Whether the file has the size and time that it had when this was recorded."""
        try:
            found = path.stat()
        except FileNotFoundError:
            return False
        return (found.st_size, found.st_mtime_ns) == (self.bytes, self.mtime_ns)


@dataclass(frozen=True, slots=True)
class Partial:
    """Which body a part is the beginning of.

    Attributes:
        url: address that it came from.
        etag: its ETag there, a strong one; or None.
        last_modified: its Last-Modified there.
        server_hash: the MD5 in its `x-goog-hash`, base64.
        server_crc32c: the CRC32C in it, base64.
        total: size of the whole body; None where the server did not say.
    """

    url: str
    etag: str | None
    last_modified: str | None
    server_hash: str | None
    server_crc32c: str | None
    total: int | None

    @property
    def validator(self) -> str | None:
        """What `If-Range` is to say; None where the body cannot be resumed safely."""
        return self.etag or self.last_modified


_T = TypeVar("_T", Record, Partial)


def load(path: Path, kind: type[_T]) -> _T | None:
    """The record in the file; None where there is none, or none of ours that can be read."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(values, dict):
        return None
    types_of = typing.get_type_hints(kind)
    for field in fields(kind):
        if not isinstance(values.setdefault(field.name, None), types_of[field.name]):
            return None
    return kind(**{field.name: values[field.name] for field in fields(kind)})


def save(path: Path, record: Record | Partial) -> None:
    """Put the record in place of the old one in a single step."""
    beside = path.with_name(path.name + ".tmp")
    beside.write_text(json.dumps(asdict(record), indent=1) + "\n", encoding="utf-8")
    beside.replace(path)
