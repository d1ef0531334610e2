"""Refresh of one file: the conditional request, the response, and checks of the body."""

import re
import shutil
from base64 import b64encode
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from filecmp import cmp
from importlib import import_module
from threading import Event
from time import monotonic
from typing import Any

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.data_file import DataFile, Record, new_md5, save_json, sidecar
from hotdog_sql.download_options import RetryPolicy
from hotdog_sql.errors import RequestError, StorageError, TransferError, UnreachableError
from hotdog_sql.http import open_client
from hotdog_sql.http.client import UNTRUSTED, HttpClient, Response, check_status, public_address
from hotdog_sql.progress import Progress
from hotdog_sql.text import size_text

#: Seconds for the headers of a response, and for every WINDOW_BYTES of its body.
WINDOW_SECONDS = 60.0
WINDOW_BYTES = 600_000

#: An attempt that receives this many new bytes does not count as failed.
PROGRESS_BYTES = 1 << 20

#: Bytes of disk space to leave free, and number of bodies of unknown size that share the rest.
FREE_BYTES = 16 << 20
UNKNOWN_SIZES = 8

_HASH = re.compile(r"(?:^|,)\s*(md5|crc32c)=([^,\s]+)")
_BLOCK = 1 << 16
_REPORT_SECONDS = 0.1


class _BadPartError(TransferError):
    """The bytes received are not the file, or not its beginning."""


@dataclass
class Transfer:
    """Brings one file up to date. The caller must hold the file's lock."""

    file: DataFile
    url: str
    client: HttpClient
    policy: RetryPolicy
    progress: Progress
    stop: Event

    def __post_init__(self) -> None:
        self._name = self.file.path.name
        self._part = sidecar(self.file.path, ".part")
        self._part_record_path = sidecar(self.file.path, ".part.json")
        self._address = public_address(self.url)

    def run(self) -> bool:
        """Bring the file up to date, and return whether it was replaced.

        Raises `UnreachableError` if every attempt failed for a reason that may be temporary.
        """
        attempt, last_bytes, was_bad = 0, self._part_bytes, False
        while True:
            attempt += 1
            try:
                return self._try_once()
            except _BadPartError:
                self._discard_part()
                if was_bad:  # a second bad body is not chance
                    raise
                was_bad = True
            except RequestError as error:
                reason = f"{self._address.split('/')[2]}: {error}"
                if not error.transient or error.reason == UNTRUSTED:
                    raise TransferError(reason) from error
                if self._part_bytes >= last_bytes + PROGRESS_BYTES:
                    attempt, last_bytes = 1, self._part_bytes
                delay = self.policy.delay(attempt, error.retry_after)
                if delay is None:
                    raise UnreachableError(reason) from error
                self.progress.file_waiting(self._name, f"{reason}; retrying in {delay:.1f} s")
                if self.stop.wait(delay):
                    raise TransferError("stopped") from error

    def _try_once(self) -> bool:
        """Make one request, for no more than is missing on disk."""
        conditions, part_record = self._conditions(), self._part_record()
        headers = dict(conditions)
        if part_record.etag is not None:
            # A server evaluates If-None-Match first, and Range with If-Range only if that fails
            # (RFC 9110, section 13.2.2).
            headers |= {"Range": f"bytes={self._part_bytes}-", "If-Range": part_record.etag}
        with self.client.stream(self.url, seconds=WINDOW_SECONDS, headers=headers) as response:
            check_status(response)
            remote = _record_of(response, self._address)
            match response.status:
                case 304 if conditions:
                    self._discard_part()
                    return False
                case 200 if self._matches_file(remote):
                    self._discard_part()
                    self.file.save_record(replace(remote, md5=self.file.md5), self.file.state)
                    return False
                case 200:
                    self._discard_part()
                    return self._receive(response, remote)
                case 206 if part_record.bytes is not None:
                    # A range that ends early is useless: the rest would need another request.
                    rest = f"bytes {self._part_bytes}-{part_record.bytes - 1}/{part_record.bytes}"
                    received = response.headers.get("content-range"), remote.etag
                    if received != (rest, part_record.etag):
                        raise _BadPartError("the server did not send the rest of the same file")
                    return self._receive(response, part_record)
                case 416 if part_record.bytes is not None:
                    raise _BadPartError("the file is no longer than the part that was received")
                case status:
                    raise TransferError(f"HTTP status {status} for {self._address}")

    def _conditions(self) -> dict[str, str]:
        record = self.file.record
        if record.url == self._address and self.file.matches_server():
            if record.etag is not None:
                return {"If-None-Match": record.etag}
            if record.last_modified is not None:
                return {"If-Modified-Since": record.last_modified}
        return {}

    def _part_record(self) -> Record:
        """The record of the body that the part begins, or an empty one if it cannot be resumed."""
        record = Record.read(self._part_record_path)
        can_resume = record.url == self._address and record.bytes is not None and self._part_bytes
        # Only a strong ETag and a length show that the server sends the rest of the same body.
        is_strong = can_resume and record.etag and not record.etag.startswith("W/")
        return record if is_strong else Record()

    @property
    def _part_bytes(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _discard_part(self) -> None:
        self._part_record_path.unlink(missing_ok=True)
        self._part.unlink(missing_ok=True)

    def _matches_file(self, remote: Record) -> bool:
        """Whether the body is identical to the file on disk, whatever its record says."""
        if self.file.size is None or self.file.size != remote.bytes or remote.server_hash is None:
            return False
        return b64encode(bytes.fromhex(self.file.md5)).decode() == remote.server_hash

    def _receive(self, response: Response, remote: Record) -> bool:
        """Complete and check the part, and move it into place unless the file is the same."""
        name, checksum, expected = _checksum(self.file.catalog, remote)
        if response.headers.get("content-type", "").lower().startswith("text/html"):
            raise TransferError(f"{self._address} is a web page, not the file")
        if remote.bytes is None and "transfer-encoding" not in response.headers and not expected:
            raise TransferError(f"{self._address} has neither a length nor a hash")
        self._write(response, remote, checksum)
        if remote.bytes not in (None, self._part_bytes):
            raise _BadPartError(f"received {self._part_bytes:,} bytes instead of {remote.bytes:,}")
        if expected is None:
            if problem := replace(self.file, path=self._part).problem():
                raise _BadPartError(f"{self._address} {problem}")
        elif b64encode(checksum.digest()).decode() != expected:
            raise _BadPartError(f"the bytes do not match the {name}")
        is_new = not (self.file.size and cmp(self.file.path, self._part, shallow=False))
        if is_new:
            # No fsync: a file that a power failure damages no longer has the size, time or MD5 of
            # its record, so the next refresh fetches it again.
            self._part.replace(self.file.path)
        md5 = checksum.hexdigest() if "MD5" in name else None
        self.file.save_record(replace(remote, md5=md5), self.file.state)
        self._discard_part()
        return is_new

    def _max_bytes(self, total: int | None) -> int:
        """The largest size that the body may have.

        This is its length, else twice the size in the catalog, else a share of the free space.
        """
        folder, expected = self.file.path.parent, self.file.catalog.bytes
        free = max(shutil.disk_usage(folder).free - FREE_BYTES, 0)
        if total is None:
            return free // UNKNOWN_SIZES if expected is None else 2 * expected + PROGRESS_BYTES
        if total > self._part_bytes + free:
            raise StorageError(
                f"{size_text(total)} do not fit into {folder}, which has {size_text(free)} "
                "free; make room or choose another --data-dir"
            )
        return total

    def _write(self, response: Response, remote: Record, checksum: Any) -> None:
        """Append the body to the part, and update the checksum with all of the part."""
        done, limit = self._part_bytes, self._max_bytes(remote.bytes)
        if not done:
            save_json(self._part_record_path, asdict(remote))
        self.progress.file_started(self._name, done, remote.bytes)
        reported_at, window_start, window_end = 0.0, monotonic(), done + WINDOW_BYTES
        with self._part.open("a+b") as part:
            part.seek(0)
            while block := part.read(_BLOCK):
                checksum.update(block)
            for chunk in response.chunks:
                if self.stop.is_set():
                    raise TransferError("stopped")
                done += len(chunk)
                if done > limit:
                    raise _BadPartError(f"{self._address} sends more than {size_text(limit)}")
                part.write(chunk)
                checksum.update(bytes(chunk))  # pyreqwest has a bytes type of its own
                now = monotonic()
                if now - reported_at >= _REPORT_SECONDS:
                    self.progress.file_progressed(self._name, done)
                    reported_at = now
                if done >= window_end:
                    self.client.deadline += now - window_start
                    window_start, window_end = now, done + WINDOW_BYTES
        self.progress.file_progressed(self._name, done)


def sizes_of(files: Iterable[DataFile], base_url: str) -> dict[str, int | None]:
    """Return the sizes of files by name, from the catalog or else the server.

    Stops at the first failure; the download reports the reason.
    """
    sizes = {file.path.name: file.catalog.bytes for file in files}
    with suppress(RequestError), open_client() as client:
        for file in files:
            if file.catalog.bytes is None:
                url = base_url + file.catalog.path
                with client.stream(url, seconds=WINDOW_SECONDS, method="HEAD") as response:
                    if response.status == 200:
                        sizes[file.path.name] = _record_of(response, url).bytes
    return sizes


def _record_of(response: Response, url: str) -> Record:
    """The record of the file at this address, from the headers of a response."""
    headers = response.headers
    length = headers.get("content-length", "")
    hashes = dict(_HASH.findall(headers.get("x-goog-hash", "")))
    return Record(
        url=url,
        etag=_sendable(headers.get("etag")),
        last_modified=_sendable(headers.get("last-modified")),
        server_hash=hashes.get("md5"),
        server_crc32c=hashes.get("crc32c"),
        bytes=int(length) if re.fullmatch(r"[0-9]{1,18}", length) else None,
    )


def _sendable(value: str | None) -> str | None:
    return value if value and value.isascii() and value.isprintable() else None


def _checksum(file: CatalogFile, remote: Record) -> tuple[str, Any, str | None]:
    """The name of a body's checksum, its hash, and its value in base64, or None if unknown."""
    # MD5 is slower than a fast network, so CRC32C is preferred if its fast library is installed.
    if remote.server_crc32c is not None:
        with suppress(ImportError):
            library = import_module("google_crc32c")
            if library.implementation == "c":
                return "CRC32C of the server", library.Checksum(), remote.server_crc32c
    # The catalog's MD5 may be out of date, so it counts only if the server gives no hash.
    if remote.server_hash is not None or file.md5 is None:
        return "MD5 of the server", new_md5(), remote.server_hash
    return "MD5 of the catalog", new_md5(), b64encode(bytes.fromhex(file.md5)).decode()
