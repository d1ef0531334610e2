"""One file brought up to date: the request, the answer, the body, and whether that is the file."""

import hashlib
import re
import shutil
from base64 import b64encode
from collections.abc import Iterable
from contextlib import suppress
from filecmp import cmp
from importlib import import_module
from threading import Event
from time import monotonic
from typing import Any

import httpx

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.download_options import RetryPolicy
from hotdog_sql.errors import RequestError, StorageError, TransferError, UnreachableError
from hotdog_sql.http import HttpClient, check_status, public_address
from hotdog_sql.progress import FileProgress
from hotdog_sql.refresh.local_file import LocalFile, Record
from hotdog_sql.text import size_text

#: Seconds for the headers of an answer, and bytes of a body that must come in as many seconds.
WINDOW_SECONDS = 60.0
WINDOW_BYTES = 600_000

#: An attempt that brought so many new bytes does not count as a failed one.
PROGRESS_BYTES = 1 << 20

#: Disk space that is left free; bodies of unknown size that may share the rest.
RESERVE = 16 << 20
SHARED_BY = 4

_HASH = re.compile(r"(?:^|,)\s*(md5|crc32c)=([^,\s]+)")
_BLOCK = 1 << 16
_TOLD_SECONDS = 0.1
_SIZE_SECONDS = 20.0


class StoppedError(Exception):
    """The refresh is to end at once."""


class _BadPartError(Exception):
    """What has come is not the file, or not its beginning."""


class Transfer:
    """Brings one file up to date. Whoever makes one holds the file's lock."""

    def __init__(
        self,
        local: LocalFile,
        url: str,
        client: HttpClient,
        policy: RetryPolicy,
        progress: FileProgress,
        stop: Event,
    ) -> None:
        self._local = local
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
        local = self._local
        attempt, most, was_bad = 0, local.part_bytes, False
        while True:
            attempt += 1
            try:
                return self._try_once()
            except _BadPartError as error:
                local.discard_part()
                if was_bad:  # so it was not by chance
                    raise TransferError(str(error)) from error
                was_bad = True
            except RequestError as error:
                reason = f"{self._host}: {error}"
                if not error.transient:
                    raise TransferError(reason) from error
                if local.part_bytes >= most + PROGRESS_BYTES:
                    attempt, most = 1, local.part_bytes
                delay = self._policy.delay(attempt, error.retry_after)
                if delay is None:
                    raise UnreachableError(reason) from error
                self._progress.waiting(local.file.name, f"{reason}; retrying in {delay:.1f} s")
                if self._stop.wait(delay):
                    raise StoppedError from error

    def _try_once(self) -> bool:
        """One request, which costs as little as what is on disk allows.

        A server looks at If-None-Match first, and at Range and If-Range if that fails (RFC 9110,
        section 13.2.2), so both conditions may go together.
        """
        if self._stop.is_set():
            raise StoppedError
        headers, begun = self._conditions(), self._local.resumable(self._address)
        if begun is not None and begun.etag is not None:
            headers |= {"Range": f"bytes={self._local.part_bytes}-", "If-Range": begun.etag}
        with self._client.stream(self._url, seconds=WINDOW_SECONDS, headers=headers) as response:
            check_status(response)
            return self._take(response, begun)

    def _conditions(self) -> dict[str, str]:
        record = self._local.record
        if record.url == self._address and self._local.matches_server():
            if record.etag is not None:
                return {"If-None-Match": record.etag}
            if record.last_modified is not None:
                return {"If-Modified-Since": record.last_modified}
        return {}

    def _take(self, response: httpx.Response, begun: Record | None) -> bool:
        local, said = self._local, _said_by(response, self._address)
        match response.status_code:
            case 304 if self._conditions():
                local.discard_part()
                return False
            case 200 if self._is_same(said):
                local.keep(said)
                return False
            case 200:
                local.discard_part()
                return self._receive(response, said)
            case 206 if begun is not None and begun.bytes is not None:
                # A range that ends early is useless: the rest would need a request of its own.
                rest = f"bytes {local.part_bytes}-{begun.bytes - 1}/{begun.bytes}"
                if (response.headers.get("Content-Range"), said.etag) != (rest, begun.etag):
                    raise _BadPartError("the rest that came is not that of the part")
                return self._receive(response, begun)
            case 416 if begun is not None:
                raise _BadPartError("the file is not longer than its part")
            case status:
                raise TransferError(f"HTTP status {status} for {self._address}")

    def _is_same(self, said: Record) -> bool:
        """Whether the body would bring the bytes that are in place, however those got there."""
        local = self._local
        if local.bytes is None or local.bytes != said.bytes or said.server_hash is None:
            return False
        return b64encode(bytes.fromhex(local.md5)).decode() == said.server_hash

    def _receive(self, response: httpx.Response, remote: Record) -> bool:
        """Add the body to the part, and put that into place if it is the file."""
        local, hashes = self._local, _hashes_for(self._local.file, remote)
        if response.headers.get("Content-Type", "").lower().startswith("text/html"):
            raise TransferError(f"{self._address} is a web page, not the file")
        if remote.bytes is None and "Transfer-Encoding" not in response.headers and not hashes:
            raise TransferError(f"{self._address} comes without a length and without a hash")
        limit = self._limit(remote.bytes)
        if local.part_bytes:
            with local.part.open("rb") as part:
                while block := part.read(_BLOCK):
                    _update(hashes, block)
        else:
            local.begin_part(remote)
        self._write(response, remote.bytes, limit, hashes)
        self._check(remote, hashes)
        if local.bytes == local.part_bytes and cmp(local.path, local.part, shallow=False):
            # The same bytes again: what depends on the file's time need not be made again.
            local.keep(remote)
            return False
        local.replace(remote, hashes["md5"].hexdigest() if "md5" in hashes else None)
        return True

    def _limit(self, total: int | None) -> int:
        """How large the body may become.

        That is its length, else twice the size in the catalog, else a share of the free space.
        """
        local, folder = self._local, self._local.path.parent
        free = max(shutil.disk_usage(folder).free - RESERVE, 0)
        room = local.part_bytes + free
        if total is not None:
            if total > room:
                raise StorageError(
                    f"{size_text(total)} do not fit into {folder}, which has {size_text(free)} "
                    "free; make room or choose another --data-dir"
                )
            return total
        expected = local.file.bytes
        return min(free // SHARED_BY if expected is None else 2 * expected + PROGRESS_BYTES, room)

    def _write(
        self, response: httpx.Response, total: int | None, limit: int, hashes: dict[str, Any]
    ) -> None:
        """Write the body to the end of the part."""
        name, done = self._local.file.name, self._local.part_bytes
        self._progress.started(name, done, total)
        told_at, window_began, window_end = 0.0, monotonic(), done + WINDOW_BYTES
        with self._local.part.open("ab") as part:
            for piece in response.iter_raw():
                done += len(piece)
                if self._stop.is_set():
                    raise StoppedError
                if done > limit:
                    break
                part.write(piece)
                _update(hashes, bytes(piece))  # pyreqwest's own kind is no kind of Python's
                now = monotonic()
                if now - told_at >= _TOLD_SECONDS:
                    self._progress.progressed(name, done)
                    told_at = now
                if done >= window_end:
                    self._client.extend(now - window_began)
                    window_began, window_end = now, done + WINDOW_BYTES
        if done > limit:
            self._local.discard_part()
            raise TransferError(f"{self._address} sends more than {size_text(limit)}")
        self._progress.progressed(name, done)

    def _check(self, remote: Record, hashes: dict[str, Any]) -> None:
        """Compare the part with what is known of the file.

        The catalog's MD5 is what was known on one day, so it decides only where the server gives
        no hash.
        """
        size = self._local.part_bytes
        if remote.bytes not in (None, size):
            raise _BadPartError(f"{size:,} bytes came instead of {remote.bytes:,}")
        given = {"md5": remote.server_hash, "crc32c": remote.server_crc32c}
        comparable = [kind for kind in hashes if given[kind] is not None]
        for kind in comparable:
            if b64encode(hashes[kind].digest()).decode() != given[kind]:
                raise _BadPartError(f"the bytes do not have the {kind.upper()} of the server")
        if not comparable and hashes and hashes["md5"].hexdigest() != self._local.file.md5:
            raise _BadPartError("the bytes do not have the MD5 of the catalog")


def remote_sizes(files: Iterable[CatalogFile], base_url: str) -> dict[str, int | None]:
    """The sizes of files by name. A failure ends the asking: fetching will tell its reason."""
    sizes = {}
    with suppress(TransferError), HttpClient() as client:
        for file in files:
            url = base_url + file.path
            with client.stream(url, seconds=_SIZE_SECONDS, method="HEAD") as response:
                if response.status_code == 200:
                    sizes[file.name] = _said_by(response, url).bytes
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


def _hashes_for(file: CatalogFile, remote: Record) -> dict[str, Any]:
    """The hashes to compute by name: the server's, and MD5 if the catalog has one.

    MD5 takes longer than a fast line. So where the server's CRC32C can be computed and nothing
    else needs an MD5, none is computed until something does.
    """
    hashes: dict[str, Any] = {}
    with suppress(ImportError):
        library = import_module("google_crc32c")
        if remote.server_crc32c is not None and library.implementation == "c":
            hashes["crc32c"] = library.Checksum()
    if file.md5 is not None or (remote.server_hash is not None and not hashes):
        hashes["md5"] = hashlib.md5(usedforsecurity=False)
    return hashes


def _update(hashes: dict[str, Any], data: bytes) -> None:
    for kind in hashes:
        hashes[kind].update(data)
