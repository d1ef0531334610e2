"""One file brought up to date: the request, the answer, the body, and whether that is the file."""

import hashlib
import re
import shutil
from base64 import b64encode
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from threading import Event
from time import monotonic
from typing import Any

import httpx

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.download_options import RetryPolicy
from hotdog_sql.errors import StorageError, TransferError, UnreachableError
from hotdog_sql.http import HttpClient, describe, is_transient, public_address, retry_after
from hotdog_sql.progress import FileProgress
from hotdog_sql.refresh.local_file import CRC32C, MD5, LocalFile, RemoteFile, md5_of
from hotdog_sql.text import size_text

#: Seconds for the headers of an answer, and bytes of a body that must come in as many seconds.
WINDOW_SECONDS = 60.0
WINDOW_BYTES = 600_000

#: An attempt that brought so many new bytes does not count as a failed one.
PROGRESS_BYTES = 1 << 20

#: Disk space that is left free; bodies of unknown size that may share the rest.
RESERVE = 16 << 20
SHARED_BY = 4

_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})")
_BLOCK = 1 << 16
_TOLD_SECONDS = 0.1


class StoppedError(Exception):
    """The refresh is to end at once."""


class _BadPartError(Exception):
    """What has come is not the file, or not its beginning."""


class _TransientError(Exception):
    """The request failed, and may succeed later: why, and when the server says to ask again."""


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
        self._file = local.file
        self._url = url
        self._address = public_address(url)
        self._host = httpx.URL(url).netloc.decode()
        self._local = local
        self._client = client
        self._policy = policy
        self._progress = progress
        self._stop = stop
        self._window_began = 0.0

    def run(self) -> bool:
        """Bring the file up to date; returns whether it was replaced.

        Raises:
            UnreachableError: every attempt failed in a way that may pass.
            TransferError: what the server gives cannot be used.
            StorageError: there is no room.
            StoppedError: `stop` was set.
            OSError: the disk failed.
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
            except _TransientError as error:
                if local.part_bytes >= most + PROGRESS_BYTES:
                    attempt, most = 1, local.part_bytes
                reason, wait = error.args
                delay = self._policy.delay(attempt, wait)
                if delay is None:
                    raise UnreachableError(reason) from error
                self._progress.waiting(self._file.name, f"{reason}; retrying in {delay:.1f} s")
                if self._stop.wait(delay):
                    raise StoppedError from error

    def _try_once(self) -> bool:
        """One request, which costs as little as what is on disk allows.

        A server looks at If-None-Match first, and at Range and If-Range if that fails (RFC 9110,
        section 13.2.2), so both conditions may go together.
        """
        conditions = self._conditions()
        begun = self._local.resumable(self._address)
        headers = dict(conditions)
        if begun is not None and begun.validator is not None:
            headers["Range"] = f"bytes={self._local.part_bytes}-"
            headers["If-Range"] = begun.validator
        self._window_began = monotonic()
        request = self._client.stream(self._url, seconds=WINDOW_SECONDS, headers=headers)
        try:
            with request as response:
                return self._take(response, bool(conditions), begun)
        except httpx.HTTPError as error:
            reason = f"{self._host}: {describe(error)}"
            if is_transient(error):
                raise _TransientError(reason, None) from error
            raise _not_given(reason) from error

    def _conditions(self) -> dict[str, str]:
        record = self._local.record
        if record is None or record.url != self._address or not self._local.matches_server():
            return {}
        if record.etag is not None:
            return {"If-None-Match": record.etag}
        if record.last_modified is not None:
            return {"If-Modified-Since": record.last_modified}
        return {}

    def _take(self, response: httpx.Response, conditional: bool, begun: RemoteFile | None) -> bool:
        remote = RemoteFile.of(response, self._address)
        match response.status_code:
            case 304 if conditional:
                self._local.keep(None)
                return False
            case 200 if self._is_same(remote):
                self._local.keep(remote)
                return False
            case 200:
                self._local.discard_part()
                return self._receive(response, remote)
            case 206 if begun is not None:
                return self._receive(response, self._resumed(response, remote, begun))
            case 416 if begun is not None:
                raise _BadPartError("the file is not longer than its part")
            case status if is_transient(status):
                raise _TransientError(f"{self._host}: {describe(status)}", retry_after(response))
            case status:
                raise _not_given(f"{describe(status)} for {self._address}")

    def _is_same(self, remote: RemoteFile) -> bool:
        """Whether the body would bring the bytes that are in place, however those got there."""
        local, file = self._local, self._file
        if local.bytes is None or remote.total not in (None, local.bytes):
            return False
        if remote.server_hash is not None:
            return b64encode(bytes.fromhex(local.md5)).decode() == remote.server_hash
        return file.md5 is not None and local.md5 == file.md5

    def _resumed(
        self, response: httpx.Response, remote: RemoteFile, begun: RemoteFile
    ) -> RemoteFile:
        """What this answer and the one that began the body say of the file."""
        found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
        first, last, total = map(int, found.groups()) if found else (0, 0, 0)
        if not (
            # A range that ends early is useless: the rest would need a request of its own.
            (first, last) == (self._local.part_bytes, total - 1)
            and begun.total in (None, total)
            and begun.etag in (None, remote.etag or begun.etag)
            and begun.last_modified in (None, remote.last_modified or begun.last_modified)
        ):
            raise _BadPartError("the rest that came is not that of the part")
        return replace(
            begun,
            server_hash=remote.server_hash or begun.server_hash,
            server_crc32c=remote.server_crc32c or begun.server_crc32c,
            total=total,
        )

    def _receive(self, response: httpx.Response, remote: RemoteFile) -> bool:
        """Add the body to the part, and put that into place if it is the file."""
        local, hashes = self._local, _hashes_for(self._file, remote)
        if response.headers.get("Content-Type", "").lower().startswith("text/html"):
            raise _not_given(f"{self._address} is a web page, not the file")
        has_end = remote.total is not None or "Transfer-Encoding" in response.headers
        if not (has_end or hashes):
            raise _not_given(f"{self._address} comes without a length and without a hash")
        limit = self._limit(remote.total)
        if local.part_bytes:
            with local.part.open("rb") as part:
                while block := part.read(_BLOCK):
                    _update(hashes, block)
        else:
            local.begin_part(remote)
        self._write(response, remote.total, limit, hashes)
        self._check(remote, hashes)
        md5 = hashes[MD5].hexdigest() if MD5 in hashes else None
        if local.bytes == local.part_bytes and local.md5 == (md5 or md5_of(local.part)):
            # The same bytes again: what depends on the file's time need not be made again.
            local.keep(remote)
            return False
        local.replace(remote, md5)
        return True

    def _limit(self, total: int | None) -> int:
        """How large the body may become.

        That is its length, else twice the size in the catalog, else a share of the free space.
        """
        local, folder = self._local, self._local.path.parent
        free = max(shutil.disk_usage(folder).free - RESERVE, 0)
        missing = (total or 0) - local.part_bytes
        if missing > free:
            raise StorageError(
                f"{self._file.name} needs {size_text(missing)} and {folder} has "
                f"{size_text(free)} free; make room or choose another --data-dir"
            )
        if total is not None:
            return total
        if self._file.bytes is not None:
            return min(2 * self._file.bytes + PROGRESS_BYTES, local.part_bytes + free)
        return local.part_bytes + free // SHARED_BY

    def _write(
        self, response: httpx.Response, total: int | None, limit: int, hashes: dict[str, Any]
    ) -> None:
        """Write the body to the end of the part."""
        name, done = self._file.name, self._local.part_bytes
        self._progress.started(name, done, total)
        told_at, window_end = 0.0, done + WINDOW_BYTES
        with self._local.part.open("ab") as part:
            for piece in response.iter_raw():
                done += len(piece)
                if self._stop.is_set():
                    raise StoppedError
                if done > limit:
                    break
                part.write(piece)
                _update(hashes, piece)
                now = monotonic()
                if now - told_at >= _TOLD_SECONDS:
                    self._progress.progressed(name, done)
                    told_at = now
                if done >= window_end:
                    self._client.extend(now - self._window_began)
                    self._window_began, window_end = now, done + WINDOW_BYTES
        if done > limit:
            self._local.discard_part()
            raise _not_given(f"{self._address} sends more than {size_text(limit)}")
        self._progress.progressed(name, done)

    def _check(self, remote: RemoteFile, hashes: dict[str, Any]) -> None:
        """Compare the part with what is known of the file.

        The catalog's MD5 is what was known on one day, so it decides only where the server gives
        no hash.
        """
        size = self._local.part_bytes
        if remote.total not in (None, size):
            raise _BadPartError(f"{size:,} bytes came instead of {remote.total:,}")
        given = {MD5: remote.server_hash, CRC32C: remote.server_crc32c}
        comparable = [kind for kind in hashes if given[kind] is not None]
        for kind in comparable:
            if b64encode(hashes[kind].digest()).decode() != given[kind]:
                raise _BadPartError(f"the bytes do not have the {kind.upper()} of the server")
        if not comparable and MD5 in hashes and hashes[MD5].hexdigest() != self._file.md5:
            raise _BadPartError("the bytes do not have the MD5 of the catalog")


def _not_given(reason: str) -> TransferError:
    """The error for a host that does not give the file, however often it is asked."""
    return TransferError(f"{reason}; check HOTDOG_SQL_BASE_URL and the proxy")


def _hashes_for(file: CatalogFile, remote: RemoteFile) -> dict[str, Any]:
    """The hashes to compute by name: the server's, and MD5 if the catalog has one.

    MD5 takes longer than a fast line. So where the server's CRC32C can be computed and nothing
    else needs an MD5, none is computed until something does.
    """
    hashes: dict[str, Any] = {}
    with suppress(ImportError):
        library = import_module("google_crc32c")
        if remote.server_crc32c is not None and library.implementation == "c":
            hashes[CRC32C] = library.Checksum()
    if file.md5 is not None or (remote.server_hash is not None and not hashes):
        hashes[MD5] = hashlib.md5(usedforsecurity=False)
    return hashes


def _update(hashes: dict[str, Any], data: bytes) -> None:
    for kind in hashes:
        hashes[kind].update(data)
