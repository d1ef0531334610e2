"""One request for one photo, and what its answer means."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import httpx

from hotdog_sql.downloading.body import Body
from hotdog_sql.downloading.darkroom import Darkroom
from hotdog_sql.downloading.entry import Entry, Status, join_errors, join_notes
from hotdog_sql.downloading.events import Listener
from hotdog_sql.downloading.inspection import (
    PLACEHOLDER_NAME,
    RefusedError,
    ending,
    md5_from_base64,
    md5_hex,
)
from hotdog_sql.downloading.options import DownloadOptions
from hotdog_sql.downloading.photo import Photo
from hotdog_sql.downloading.reasons import reason_of
from hotdog_sql.downloading.store import Store, storage_error
from hotdog_sql.downloading.task import Task
from hotdog_sql.errors import InsecureAddressError
from hotdog_sql.options import Source
from hotdog_sql.transport import is_transient, public_address, retry_after

if TYPE_CHECKING:
    from hotdog_sql.images.transform import Transformed


class TransientError(Exception):
    """The photo did not come, but may come another time.

    Attributes:
        reason: a few words out of a fixed vocabulary, fit for the manifest.
        retry_after: seconds that the server asks to wait; None if it does not say.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class _Found:
    """A file in a photo's place, though no manifest says where it came from.

    Attributes:
        path: where it is.
        size: its bytes.
        md5: their MD5, hexadecimal; empty where they are no photo, or not as the server sends it.
    """

    path: str
    size: int
    md5: str


class Fetcher:
    """Makes the requests of one thread."""

    def __init__(
        self,
        client: httpx.Client,
        store: Store,
        darkroom: Darkroom,
        scratch: Path,
        options: DownloadOptions,
        listener: Listener,
        stopped: Event,
    ) -> None:
        """Takes what all requests of the thread share.

        Args:
            client: the thread's own.
            store: where photos go.
            darkroom: what is done to them before.
            scratch: a path for a temporary file, the thread's own.
            options: how it is done.
            listener: hears of the bytes.
            stopped: set when all is to end.
        """
        self._client = client
        self._store = store
        self._darkroom = darkroom
        self._scratch = scratch
        self._options = options
        self._listener = listener
        self._stopped = stopped
        self._socket: socket.socket | None = None

    def fetch(self, task: Task) -> Entry:
        """Make one request to the source in hand, and keep the photo if it comes.

        Raises:
            RefusedError: the source does not have the photo.
            TransientError: it may have it another time.
            StorageError: the photo cannot be written.
        """
        source, url = task.left[0]
        found = self._on_disk(task.photo)
        original = md5_from_base64(task.photo.original_md5) if source == Source.ORIGINAL else None
        if found and found.md5 == original:
            return self._entry(task, found.path, found.size, found.md5)
        # The mirror's ETag is the MD5: where the bytes are the same, it need not send them.
        known = {"If-None-Match": f'"{found.md5}"'} if found and found.md5 else {}
        in_body = False
        try:
            with self._ask(url, known) as response:
                in_body = True
                self._remember_socket(response)
                self._judge(response)
                if found and known and response.status_code == httpx.codes.NOT_MODIFIED:
                    return self._entry(task, found.path, found.size, found.md5)
                return self._keep(task, response, found)
        except httpx.HTTPError as error:
            # httpx takes a redirect to a nonsensical address for a broken connection.
            if is_transient(error) and not isinstance(error.__context__, httpx.InvalidURL):
                raise TransientError(reason_of(error, in_body=in_body)) from error
            raise RefusedError(reason_of(error, in_body=in_body)) from error
        except httpx.InvalidURL as error:
            raise RefusedError("bad address") from error
        except InsecureAddressError as error:
            raise RefusedError("unsafe address") from error

    @contextmanager
    def _ask(self, url: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        """What `Client.stream` does, without merging what is never there: a tenth less time."""
        request = httpx.Request(
            "GET",
            url,
            headers=self._client.headers,
            extensions={"timeout": self._client.timeout.as_dict()},
        )
        request.headers.update(headers)
        response = self._client.send(request, stream=True)
        try:
            yield response
        finally:
            response.close()

    def abort(self) -> None:
        """End the transfer in hand from another thread."""
        connection = self._socket
        if connection is not None:
            # The plain socket's own method: TLS sockets forget their state in theirs, under the
            # feet of the thread that reads. It may have been closed meanwhile.
            with suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def _judge(self, response: httpx.Response) -> None:
        """What status and addresses say, before the body comes."""
        status = response.status_code
        if any(PLACEHOLDER_NAME in hop.url.path for hop in (*response.history, response)):
            raise RefusedError("placeholder")
        if is_transient(status):
            raise TransientError(f"http {status}", retry_after(response))
        if status not in (httpx.codes.OK, httpx.codes.NOT_MODIFIED):
            raise RefusedError(f"http {status}")
        declared = response.headers.get("Content-Length", "")
        if declared.isdecimal() and int(declared) > self._options.max_bytes:
            raise RefusedError("too large")

    def _keep(self, task: Task, response: httpx.Response, found: _Found | None) -> Entry:
        """Receive the body, and keep it if it is the photo."""
        with Body(self._scratch) as body:
            self._receive(response, body)
            data = body.view()
            path = f"{task.photo.stem}.{ending(data)}"
            entry = self._entry(task, path, body.size, md5_hex(data))
            made = self._darkroom.develop(data, task.photo, task.left[0][0])
            if self._stopped.is_set():
                raise TransientError("stopped")
            if made is None:
                self._store.put(body, path)
            else:
                entry = self._put_made(entry, made)
        if found and found.path != path:
            self._store.delete(found.path)
        return entry

    def _put_made(self, entry: Entry, made: "Transformed") -> Entry:
        """Keep a photo that is not what came, and correct its row."""
        with Body(self._scratch.with_suffix(".made")) as body:
            try:
                body.append(made.data)
            except OSError as error:
                raise storage_error(body.scratch, error) from error
            self._store.put(body, entry.path)
        note = join_notes(entry.note, made.note)
        return replace(entry, size=len(made.data), md5=md5_hex(made.data), note=note)

    def _receive(self, response: httpx.Response, body: Body) -> None:
        encoded = "Content-Encoding" in response.headers
        begun = time.monotonic()
        for chunk in response.iter_bytes() if encoded else response.iter_raw():
            try:
                body.append(chunk)
            except OSError as error:
                raise storage_error(body.scratch, error) from error
            self._listener.received(len(chunk))
            if body.size > self._options.max_bytes:
                raise RefusedError("too large")
            if self._stopped.is_set():
                raise TransientError("stopped")
            if _is_slow(body.size, time.monotonic() - begun, self._options):
                raise TransientError("too slow")

    def _entry(self, task: Task, path: str, size: int, md5: str) -> Entry:
        """The manifest's row for these bytes.

        Raises:
            RefusedError: they are a known placeholder, or not those that were promised.
        """
        source, url = task.left[0]
        if md5 in self._options.placeholders:
            raise RefusedError("placeholder")
        changed = _change(task.photo, size, md5) if source == Source.ORIGINAL else ""
        if changed and self._options.strict_md5:
            raise RefusedError(changed)
        return Entry(
            photo=task.photo,
            status=Status.DOWNLOADED,
            path=path,
            source=source,
            url=public_address(url) if "@" in url else url,
            size=size,
            md5=md5,
            error=join_errors(task.errors),
            note=changed,
        )

    def _on_disk(self, photo: Photo) -> _Found | None:
        """What is in the photo's place."""
        path = self._store.find(photo.stem)
        if path is None:
            return None
        with self._store.read(path) as data:
            try:
                whole = path == f"{photo.stem}.{ending(data)}"
            except RefusedError:
                whole = False
            # What is decoded on its way to the disk must come: the file may be an altered one, or
            # one that cannot be decoded.
            known = whole and not self._options.decodes
            return _Found(path, len(data), md5_hex(data) if known else "")

    def _remember_socket(self, response: httpx.Response) -> None:
        stream = response.extensions.get("network_stream")
        self._socket = stream.get_extra_info("socket") if stream is not None else None


def _is_slow(size: int, seconds: float, options: DownloadOptions) -> bool:
    return seconds > options.silence_seconds and size < seconds * options.slowest


def _change(photo: Photo, size: int, md5: str) -> str:
    """How the original's bytes differ from what Open Images wrote down of them."""
    promised = md5_from_base64(photo.original_md5)
    if promised is not None:
        return "" if promised == md5 else "md5 differs"
    if photo.original_size is not None and photo.original_size != size:
        return "size differs"
    return ""
