"""What the headers of an answer say of a file."""

import re
from dataclasses import dataclass, replace

import httpx

from hotdog_sql.http_date import http_date
from hotdog_sql.refresh.hashing import CRC32C, MD5
from hotdog_sql.refresh.records import Partial

_HASH = re.compile(rf"(?:^|,)\s*({MD5}|{CRC32C})=([^,\s]+)")
_NUMBER = r"(\d{1,18})"
_RANGE = re.compile(rf"bytes (?:{_NUMBER}-{_NUMBER}|\*)/{_NUMBER}")


@dataclass(frozen=True, slots=True)
class Answer:
    """The headers that matter.

    Attributes:
        url: the address that was asked, as it may be recorded.
        etag: the ETag as sent; None where it is not fit to be sent back.
        last_modified: the Last-Modified, likewise.
        server_hash: base64 MD5 of the body's bytes as they are sent, out of `x-goog-hash`.
        server_crc32c: their CRC32C, likewise; Google's storage sends both, and for an object that
            was put together of parts this one alone.
        length: bytes that the body should have as it is sent; None where unsaid.
        encoding: `identity`, `gzip`, or whatever else the body is encoded with.
        delimited: whether the end of the body can be told from a broken connection.
        is_page: whether it is a web page: what a login or a proxy puts in the place of a file.
    """

    url: str
    etag: str | None
    last_modified: str | None
    server_hash: str | None
    server_crc32c: str | None
    length: int | None
    encoding: str
    delimited: bool
    is_page: bool

    @classmethod
    def of(cls, response: httpx.Response, address: str) -> "Answer":
        """The answer to a request for the address, which is one that may be recorded."""
        headers = response.headers
        encoding = headers.get("Content-Encoding", "identity").strip().lower()
        encoding = {"": "identity", "x-gzip": "gzip"}.get(encoding, encoding)
        stored = headers.get("x-goog-stored-content-encoding", encoding).strip().lower()
        # Of bytes that the server has unpacked on the way the hashes say nothing.
        sent = headers.get("x-goog-hash", "") if stored == encoding else ""
        hashes = {found[1]: found[2] for found in _HASH.finditer(sent)}
        length = headers.get("Content-Length", "")
        chunked = "chunked" in headers.get("Transfer-Encoding", "").lower()
        return cls(
            url=address,
            etag=_validator(headers.get("ETag")),
            last_modified=_validator(headers.get("Last-Modified")),
            server_hash=hashes.get(MD5),
            server_crc32c=hashes.get(CRC32C),
            length=int(length) if length.isdigit() and not chunked else None,
            encoding=encoding,
            delimited=chunked or length.isdigit(),
            is_page=headers.get("Content-Type", "").lower().startswith("text/html"),
        )

    @property
    def hashes(self) -> dict[str, str]:
        """The server's hashes by their names."""
        known = {MD5: self.server_hash, CRC32C: self.server_crc32c}
        return {kind: value for kind, value in known.items() if value is not None}

    @property
    def total(self) -> int | None:
        """Size of the file; None where unsaid."""
        return self.length if self.encoding == "identity" else None

    @property
    def strong_etag(self) -> str | None:
        """The ETag if equal tags mean equal bytes."""
        return None if self.etag is None or self.etag.startswith("W/") else self.etag

    def is_older_than(self, time: float) -> bool:
        """Whether the file there was last changed before this time, seconds since 1970."""
        changed = http_date(self.last_modified)
        return changed is not None and changed.timestamp() <= time

    def goes_on(self, begun: Partial) -> bool:
        """Whether it is about the same bytes as the answer with which a body was begun."""
        return (
            self.encoding == "identity"
            and begun.etag in (None, self.etag or begun.etag)
            and begun.last_modified in (None, self.last_modified or begun.last_modified)
        )

    def completed_by(self, begun: Partial) -> "Answer":
        """This answer, with what only the one that began the body told."""
        return replace(
            self,
            etag=self.etag or begun.etag,
            last_modified=self.last_modified or begun.last_modified,
            server_hash=self.server_hash or begun.server_hash,
            server_crc32c=self.server_crc32c or begun.server_crc32c,
        )


@dataclass(frozen=True, slots=True)
class ContentRange:
    """A Content-Range header: the first byte sent (None: none is), and the size of the file."""

    first: int | None
    total: int

    @classmethod
    def of(cls, response: httpx.Response) -> "ContentRange | None":
        """The range of the response; None where it has none that can be used."""
        found = _RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
        if not found:
            return None
        first, last, total = found.groups()
        if first is None:
            return cls(None, int(total))
        # A range that stops early is of no use: the rest would need a request of its own.
        return cls(int(first), int(total)) if int(last) == int(total) - 1 else None


def _validator(value: str | None) -> str | None:
    return value if value and value.isascii() and value.isprintable() else None
