"""One request for one photo, and what its answer means."""

import os
import time
from base64 import b64encode
from collections.abc import Callable
from threading import BoundedSemaphore, Event

import httpx

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.photo import Photo
from hotdog_sql.downloader.result import Result, Status, join_notes
from hotdog_sql.downloader.validate import (
    PLACEHOLDER_NAME,
    PLACEHOLDERS,
    Bytes,
    RejectedError,
    inspect,
    md5_hex,
)
from hotdog_sql.errors import RequestError
from hotdog_sql.http import HttpClient, check_status, public_address
from hotdog_sql.options import Source
from hotdog_sql.progress import Progress
from hotdog_sql.storage import Storage

#: Bytes from which a photo counts as large. Two of those are received at once: with many workers,
#: more of them would need gigabytes of memory.
_LARGE = 3 << 20
_LARGE_AT_ONCE = 2


class Fetcher:
    """Fetches photos and keeps them; used by many threads, each with a client of its own."""

    def __init__(
        self, storage: Storage, options: DownloadOptions, progress: Progress, stopped: Event
    ) -> None:
        self._storage = storage
        self._options = options
        self._progress = progress
        self._stopped = stopped
        # Decoded, photos are a hundred times as large as their files, and more of them at the same
        # time would not be done sooner.
        self._decoding = BoundedSemaphore(os.cpu_count() or 1)
        self._large = BoundedSemaphore(_LARGE_AT_ONCE)

    def fetch(
        self,
        client: HttpClient,
        photo: Photo,
        source: Source,
        url: str,
        heard: Callable[[], None],
    ) -> Result:
        """Make one request, and keep the photo if it comes.

        Raises:
            RequestError: the source does not have the photo, for good or for now.
            StorageError: the photo cannot be written.
        """
        with client.stream(url, seconds=self._options.seconds) as response:
            heard()
            self._check_answer(response)
            data = self._receive(client, response)
        return self._keep(photo, source, url, data)

    def _check_answer(self, response: httpx.Response) -> None:
        """What status and addresses say, before the body comes."""
        if any(PLACEHOLDER_NAME in hop.url.path for hop in (*response.history, response)):
            raise RejectedError("placeholder")
        check_status(response)
        if response.status_code != httpx.codes.OK:
            raise RejectedError(f"http {response.status_code}")
        declared = response.headers.get("Content-Length", "")
        if declared.isdecimal() and int(declared) > self._options.max_bytes:
            raise RejectedError("too large")

    def _receive(self, client: HttpClient, response: httpx.Response) -> bytearray:
        body = bytearray()
        large = False
        try:
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > self._options.max_bytes:
                    raise RejectedError("too large")
                self._check_running()
                if not large and len(body) > _LARGE:
                    waiting = time.monotonic()
                    large = self._large.acquire()
                    client.extend(time.monotonic() - waiting)
        finally:
            if large:
                self._large.release()
            self._progress.received(len(body))
        return body

    def _keep(self, photo: Photo, source: Source, url: str, data: Bytes) -> Result:
        """Check the bytes, alter them if that is asked for, and write them."""
        picture = inspect(data)
        md5 = md5_hex(data)
        if md5 in PLACEHOLDERS:
            raise RejectedError("placeholder")
        note = _change(photo, len(data), md5) if source == Source.ORIGINAL else ""
        if note and self._options.strict_md5:
            raise RejectedError(note)
        if self._options.decodes:
            from hotdog_sql.downloader.transform import degrees, transform  # which needs Pillow

            with self._decoding:
                self._check_running()
                altered = transform(
                    data,
                    degrees(photo.rotation, source),
                    upright=self._options.upright,
                    max_side=self._options.max_side,
                )
            if altered is not None:
                data, done = altered
                md5, picture, note = md5_hex(data), inspect(data), join_notes(note, done)
        self._check_running()
        result = Result(
            photo,
            Status.DOWNLOADED,
            path=f"{photo.stem}.{picture.extension}",
            source=source,
            url=public_address(url) if "@" in url else url,
            size=len(data),
            md5=md5,
            note=note,
            width=picture.width,
            height=picture.height,
        )
        self._storage.write(result.path, data)
        return result

    def _check_running(self) -> None:
        if self._stopped.is_set():
            raise RequestError("stopped", "stopped", transient=True)


def _change(photo: Photo, size: int, md5: str) -> str:
    """How the original's bytes differ from what Open Images wrote down of them."""
    if photo.original_md5:
        is_same = photo.original_md5 == b64encode(bytes.fromhex(md5)).decode()
        return "" if is_same else "md5 differs"
    return "size differs" if photo.original_size not in ("", str(size)) else ""
