"""One file brought up to date: the request, the answer, the body, and whether that is the file."""

import re
import shutil
from base64 import b64encode
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, replace
from filecmp import cmp
from importlib import import_module
from threading import Event
from time import monotonic
from typing import Any, NamedTuple

import httpx

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.data_file import DataFile, Record, new_md5, save_json, sidecar
from hotdog_sql.download_options import RetryPolicy
from hotdog_sql.errors import RequestError, StorageError, TransferError, UnreachableError
from hotdog_sql.http import HttpClient, check_status, public_address
from hotdog_sql.progress import Progress
from hotdog_sql.text import size_text

#: Seconds for the headers of an answer, and bytes of a body that must come in as many seconds.
WINDOW_SECONDS = 60.0
WINDOW_BYTES = 600_000

#: An attempt that brought so many new bytes does not count as a failed one.
PROGRESS_BYTES = 1 << 20

#: Disk space that is left free; bodies of unknown size that may share the rest.
RESERVE = 16 << 20
SHARED_BY = 8

_HASH = re.compile(r"(?:^|,)\s*(md5|crc32c)=([^,\s]+)")
_BLOCK = 1 << 16
_TOLD_SECONDS = 0.1


class _BadPartError(TransferError):
    """What has come is not the file, or not its beginning."""


class _Checksum(NamedTuple):
    """A hash of the body, and what it must be."""

    name: str
    hash: Any
    expected: str  # base64


class Transfer:
    """Brings one file up to date. Whoever makes one holds the file's lock."""

    def __init__(
        self,
        file: DataFile,
        url: str,
        client: HttpClient,
        policy: RetryPolicy,
        progress: Progress,
        stop: Event,
    ) -> None:
        self._file = file
        self._name = file.path.name
        self._part = sidecar(file.path, ".part")
        self._begun_path = sidecar(file.path, ".part.json")
        self._url = url
        self._address = public_address(url)
        self._host = self._address.split("/")[2]
        self._client = client
        self._policy = policy
        self._progress = progress
        self._stop = stop

    def run(self) -> bool:
        """Bring the file up to date; returns whether it was replaced.

        UnreachableError means that every attempt failed in a way that may pass.
        """
        attempt, most, was_bad = 0, self._part_bytes, False
        while True:
            attempt += 1
            try:
                return self._try_once()
            except _BadPartError:
                self._discard_part()
                if was_bad:  # so it was not by chance
                    raise
                was_bad = True
            except RequestError as error:
                reason = f"{self._host}: {error}"
                if not error.transient:
                    raise TransferError(reason) from error
                if self._part_bytes >= most + PROGRESS_BYTES:
                    attempt, most = 1, self._part_bytes
                delay = self._policy.delay(attempt, error.retry_after)
                if delay is None:
                    raise UnreachableError(reason) from error
                self._progress.file_waiting(self._name, f"{reason}; retrying in {delay:.1f} s")
                if self._stop.wait(delay):
                    raise TransferError("stopped") from error

    def _try_once(self) -> bool:
        """One request, which costs as little as what is on disk allows.

        A server looks at If-None-Match first, and at Range and If-Range if that fails (RFC 9110,
        section 13.2.2), so both conditions may go together.
        """
        conditions, begun = self._conditions(), self._begun()
        headers = dict(conditions)
        if begun is not None and begun.etag is not None:
            headers |= {"Range": f"bytes={self._part_bytes}-", "If-Range": begun.etag}
        with self._client.stream(self._url, seconds=WINDOW_SECONDS, headers=headers) as response:
            check_status(response)
            if response.status_code == 304 and conditions:
                self._discard_part()
                return False
            return self._take(response, begun)

    def _conditions(self) -> dict[str, str]:
        record = self._file.record
        if record.url == self._address and self._file.matches_server():
            if record.etag is not None:
                return {"If-None-Match": record.etag}
            if record.last_modified is not None:
                return {"If-Modified-Since": record.last_modified}
        return {}

    def _begun(self) -> Record | None:
        """Which body the part belongs to; None where it cannot be resumed.

        Only a strong ETag and a length tell whether the rest is the rest of the same body.
        """
        begun = Record.read(self._begun_path)
        if begun.url != self._address or begun.bytes is None or not self._part_bytes:
            return None
        return begun if begun.etag and not begun.etag.startswith("W/") else None

    @property
    def _part_bytes(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _discard_part(self) -> None:
        self._begun_path.unlink(missing_ok=True)
        self._part.unlink(missing_ok=True)

    def _take(self, response: httpx.Response, begun: Record | None) -> bool:
        """Do what the answer says; returns whether the file was replaced."""
        said = _said_by(response, self._address)
        match response.status_code:
            case 200 if self._is_same(said):
                self._discard_part()
                self._file.save_record(replace(said, md5=self._file.md5), self._file.state)
                return False
            case 200:
                self._discard_part()
                return self._receive(response, said)
            case 206 if begun is not None and begun.bytes is not None:
                # A range that ends early is useless: the rest would need a request of its own.
                rest = f"bytes {self._part_bytes}-{begun.bytes - 1}/{begun.bytes}"
                if (response.headers.get("Content-Range"), said.etag) != (rest, begun.etag):
                    raise _BadPartError("the rest that came is not that of the part")
                return self._receive(response, begun)
            case 416 if begun is not None:
                raise _BadPartError("the file is not longer than its part")
            case status:
                raise TransferError(f"HTTP status {status} for {self._address}")

    def _is_same(self, said: Record) -> bool:
        """Whether the body would bring the bytes that are in place, however those got there."""
        if self._file.size is None or self._file.size != said.bytes or said.server_hash is None:
            return False
        return b64encode(bytes.fromhex(self._file.md5)).decode() == said.server_hash

    def _receive(self, response: httpx.Response, remote: Record) -> bool:
        """Add the body to the part, and put that into place if it is the file, and another one."""
        checksum = _checksum(self._file.catalog, remote)
        if response.headers.get("Content-Type", "").lower().startswith("text/html"):
            raise TransferError(f"{self._address} is a web page, not the file")
        if remote.bytes is None and "Transfer-Encoding" not in response.headers and not checksum:
            raise TransferError(f"{self._address} comes without a length and without a hash")
        limit = self._limit(remote.bytes)
        if not self._part_bytes:
            save_json(self._begun_path, asdict(remote))
        elif checksum is not None:
            with self._part.open("rb") as part:
                while block := part.read(_BLOCK):
                    checksum.hash.update(block)
        self._write(response, remote.bytes, limit, checksum)
        if remote.bytes not in (None, self._part_bytes):
            raise _BadPartError(f"{self._part_bytes:,} bytes came instead of {remote.bytes:,}")
        md5 = None
        if checksum is not None:
            if b64encode(checksum.hash.digest()).decode() != checksum.expected:
                raise _BadPartError(f"the bytes do not have the {checksum.name}")
            md5 = checksum.hash.hexdigest() if "MD5" in checksum.name else None
        is_other = self._file.size != self._part_bytes or not cmp(
            self._file.path, self._part, shallow=False
        )
        if is_other:
            # Nothing is forced to the disk: a file that a power failure damages no longer has the
            # size, time or MD5 of its record, so the next refresh fetches it again.
            self._part.replace(self._file.path)
        self._file.save_record(replace(remote, md5=md5), self._file.state)
        self._discard_part()
        return is_other

    def _limit(self, total: int | None) -> int:
        """How large the body may become.

        That is its length, else twice the size in the catalog, else a share of the free space.
        """
        folder, expected = self._file.path.parent, self._file.catalog.bytes
        free = max(shutil.disk_usage(folder).free - RESERVE, 0)
        if total is None:
            return free // SHARED_BY if expected is None else 2 * expected + PROGRESS_BYTES
        if total > self._part_bytes + free:
            raise StorageError(
                f"{size_text(total)} do not fit into {folder}, which has {size_text(free)} "
                "free; make room or choose another --data-dir"
            )
        return total

    def _write(
        self, response: httpx.Response, total: int | None, limit: int, checksum: _Checksum | None
    ) -> None:
        """Write the body to the end of the part."""
        done = self._part_bytes
        self._progress.file_started(self._name, done, total)
        told_at, window_began, window_end = 0.0, monotonic(), done + WINDOW_BYTES
        with self._part.open("ab") as part:
            for piece in response.iter_raw():
                if self._stop.is_set():
                    raise TransferError("stopped")
                done += len(piece)
                if done > limit:
                    raise _BadPartError(f"{self._address} sends more than {size_text(limit)}")
                part.write(piece)
                if checksum is not None:
                    checksum.hash.update(bytes(piece))  # pyreqwest's own kind is none of Python's
                now = monotonic()
                if now - told_at >= _TOLD_SECONDS:
                    self._progress.file_progressed(self._name, done)
                    told_at = now
                if done >= window_end:
                    self._client.extend(now - window_began)
                    window_began, window_end = now, done + WINDOW_BYTES
        self._progress.file_progressed(self._name, done)


def sizes_of(files: Iterable[DataFile], base_url: str) -> dict[str, int | None]:
    """The sizes of files by name: the catalog's, else the server's.

    A failure ends the asking: fetching will tell its reason.
    """
    sizes = {file.path.name: file.catalog.bytes for file in files}
    with suppress(RequestError), HttpClient() as client:
        for file in files:
            if file.catalog.bytes is None:
                url = base_url + file.catalog.path
                with client.stream(url, seconds=WINDOW_SECONDS, method="HEAD") as response:
                    if response.status_code == 200:
                        sizes[file.path.name] = _said_by(response, url).bytes
    return sizes


def _said_by(response: httpx.Response, url: str) -> Record:
    """What an answer says of the file at this address."""
    headers = response.headers
    length = headers.get("Content-Length", "")
    hashes = dict(_HASH.findall(headers.get("x-goog-hash", "")))
    return Record(
        url=url,
        etag=_sendable(headers.get("ETag")),
        last_modified=_sendable(headers.get("Last-Modified")),
        server_hash=hashes.get("md5"),
        server_crc32c=hashes.get("crc32c"),
        bytes=int(length) if re.fullmatch(r"[0-9]{1,18}", length) else None,
    )


def _sendable(value: str | None) -> str | None:
    return value if value and value.isascii() and value.isprintable() else None


def _checksum(file: CatalogFile, remote: Record) -> _Checksum | None:
    """What tells whether a body is the file; None where neither server nor catalog knows a hash.

    MD5 takes longer than a fast line, so CRC32C is preferred where it can be computed. The
    catalog's MD5 is what was known on one day: it decides only where the server gives no hash.
    """
    if remote.server_crc32c is not None:
        with suppress(ImportError):
            library = import_module("google_crc32c")
            if library.implementation == "c":
                return _Checksum("CRC32C of the server", library.Checksum(), remote.server_crc32c)
    if remote.server_hash is not None:
        return _Checksum("MD5 of the server", new_md5(), remote.server_hash)
    if file.md5 is not None:
        expected = b64encode(bytes.fromhex(file.md5)).decode()
        return _Checksum("MD5 of the catalog", new_md5(), expected)
    return None
