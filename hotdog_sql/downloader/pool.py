"""Fetch, check and write many photos at the same time, with threads."""

import os
import time
from base64 import b64encode
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread
from typing import Self
from urllib.parse import urlsplit

from hotdog_sql.downloader.hosts import HostQueue, Task
from hotdog_sql.downloader.photo import Photo
from hotdog_sql.downloader.result import Result, Status, join_notes
from hotdog_sql.downloader.validate import Bytes, RejectedError, inspect, md5_hex
from hotdog_sql.errors import HotdogError, InputError, RequestError, UnreachableError
from hotdog_sql.http import open_client
from hotdog_sql.http.client import (
    NO_CONNECTION,
    TOO_SLOW,
    HttpClient,
    Response,
    check_status,
    check_url,
    public_address,
)
from hotdog_sql.options import Source
from hotdog_sql.storage import Storage

#: Photos in progress: enough to keep other hosts busy while one is paused, and little memory.
_MAX_IN_PROGRESS = 1000

#: Size in bytes above which a photo counts as large, and the number of large photos received at
#: once. With many workers, more would need gigabytes of memory.
_LARGE_BYTES = 3 << 20
_MAX_LARGE = 2

#: MD5 of the picture that says "This photo is no longer available" (2,051 bytes of PNG), which
#: Flickr sends with status 200, and a part of its URL that all its sizes share.
_PLACEHOLDERS = {"880a7a58e05d3e83797f27573bb6d35c"}
_PLACEHOLDER_NAME = "photo_unavailable"

#: Seconds within which some host must respond.
_FIRST_RESPONSE_SECONDS = 30.0

#: Seconds to wait for transfers when stopping. A thread that cannot be interrupted, for example in
#: a DNS lookup, ends later and writes nothing.
_STOP_SECONDS = 1.0


@dataclass
class DownloadPool:
    """Fetches photos with a fixed number of threads, each with its own client.

    A context manager: at the end of the block, transfers stop within about a second.
    Once a host has responded, silent hosts only fail their photos and do not end the run.
    """

    storage: Storage
    mirror_url: str
    hosts: HostQueue
    owns_dataset: bool = True  # a worker of a cluster does not: another may write the same files

    def __post_init__(self) -> None:
        self.options, self.progress = self.hosts.options, self.hosts.progress
        self._results: SimpleQueue[Result | BaseException] = SimpleQueue()
        self._error: BaseException | None = None
        self._large_slots = BoundedSemaphore(_MAX_LARGE)
        # Decoded photos are a hundred times as large as their files, and decoding more of them than
        # there are processors would not be faster.
        self._decode_slots = BoundedSemaphore(os.cpu_count() or 1)
        self._threads: list[Thread] = []
        self._in_progress = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hosts.close()
        deadline = time.monotonic() + _STOP_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        left = [self._results.get() for _ in range(self._results.qsize())]
        if self.owns_dataset:  # nothing will record these photos of a run that has stopped
            paths = (one.path for one in left if isinstance(one, Result) and one.path)
            self.storage.delete(*paths)

    def run(self, photos: Iterable[Photo]) -> Iterator[list[Result]]:
        """Yield the results in batches, each photo's as soon as it is finished.

        Photos are taken from their iterable in this thread, some in advance.

        Raises:
            StorageError: a photo cannot be written.
            UnreachableError: no host has responded.
        """
        for photo in photos:
            if not self._threads:
                if Source.MIRROR in self.options.sources:
                    check_url(self.mirror_url)
                # The first client takes longest, and would take longer beside the other threads.
                with open_client(self.options.silence_seconds):
                    pass
            self._in_progress += 1
            urls = ((one, photo.url(one, self.mirror_url)) for one in self.options.sources)
            self._enqueue(Task(photo, deque(urls)))
            if len(self._threads) < min(self.options.workers, self._in_progress):
                # Daemon threads, so that the program does not wait for a silent server at its end.
                thread = Thread(target=self._work, daemon=True)
                try:
                    thread.start()
                    self._threads.append(thread)
                except RuntimeError as error:  # fewer threads will do
                    if not self._threads:
                        message = "the system permits no more threads: raise ulimit -u"
                        raise InputError(message) from error
            # Results come first, so that they are shown and recorded at once.
            while self._in_progress >= _MAX_IN_PROGRESS or not self._results.empty():
                yield self._next_results()
        while self._in_progress or self._error is not None:
            yield self._next_results()

    def _enqueue(self, task: Task, delay: float = 0.0) -> None:
        """Queue a photo for its next source, or report its result if no source is left."""
        while task.sources:
            _, url = task.sources[0]
            reason = self.hosts.put(task, delay) if url else "no address"
            if not reason:
                return
            task.next_source(reason, transient=bool(url))
        status = Status.FAILED if task.transient else Status.LOST
        self._results.put(Result(task.photo, status, error=join_notes(*task.errors)))

    def _next_results(self) -> list[Result]:
        """Wait for a result, and return it with all others that have arrived."""
        if self._error is not None:
            raise self._error
        deadline = time.monotonic() + _FIRST_RESPONSE_SECONDS
        while self.hosts.has_responded or time.monotonic() < deadline:
            with suppress(Empty):
                arrived = [self._results.get(timeout=1.0)]  # blocks Ctrl-C on Windows meanwhile
                while not self._results.empty():
                    arrived.append(self._results.get())
                errors = [one for one in arrived if isinstance(one, BaseException)]
                self._error = errors[0] if errors else None
                results = [one for one in arrived if isinstance(one, Result)]
                self._in_progress -= len(results)
                return results  # to be recorded before an error ends the run
        raise UnreachableError(
            f"no host has answered within {_FIRST_RESPONSE_SECONDS:.0f} s: check the network "
            "connection, the proxy settings, the name service and SSL_CERT_FILE, or give another "
            "--source, then run the same command again"
        )

    def _work(self) -> None:
        """Fetch photos until the pool closes; the target of each thread."""
        try:
            with open_client(self.options.silence_seconds) as client:
                while (task := self.hosts.take()) is not None:
                    self._fetch(client, task)
        except BaseException as error:  # noqa: BLE001 - the main thread raises it
            self._results.put(error)

    def _fetch(self, client: HttpClient, task: Task) -> None:
        """Make one request; write the photo, or queue it for its next attempt."""
        source, url = task.sources[0]
        host, outcome, body = task.host, "ok", bytearray()
        result: Result | None = None
        try:
            with client.stream(url, seconds=self.options.seconds) as response:
                self.hosts.response_started(host)
                self._read_body(client, response, body)
            result = self._save(task, body)
            self.hosts.succeeded(host)
        except RequestError as error:
            outcome = error.reason
            if error.transient:
                for other in self.hosts.failed(host, error):
                    self._enqueue(other)
                self._enqueue(task, self._delay(task, error))
            else:
                self._reject(task, outcome)
        except (HotdogError, ImportError):  # no Pillow, for example, is not the photo's fault
            raise
        except Exception as error:  # noqa: BLE001 - fails this photo only
            outcome = type(error).__name__
            self._reject(task, outcome, transient=True)
        # Outside of the `try`: errors of the caller's methods are not the photo's. Before the
        # result, so that such an error ends the run even if this is the last photo.
        self.progress.received(len(body))
        self.progress.answered(task.photo.image_id, source, url, outcome)
        if result is not None:
            self._results.put(result)

    def _delay(self, task: Task, error: RequestError) -> float:
        """Return the seconds until the next attempt, and choose its source."""
        if error.reason in NO_CONNECTION:
            return 0.0  # does not count as an attempt: the host is paused or given up
        delay = self.options.retry.delay(task.attempt, error.retry_after)
        # A first request may be too slow only because the process was suspended.
        if delay is None or (error.reason == TOO_SLOW and task.attempt > 1):
            task.next_source(error.reason, transient=True)
            return 0.0
        task.attempt += 1
        return delay

    def _reject(self, task: Task, reason: str, *, transient: bool = False) -> None:
        """Give up the current source of a photo and queue it for the next."""
        self.hosts.succeeded(task.host)
        task.next_source(reason, transient=transient)
        self._enqueue(task)

    def _read_body(self, client: HttpClient, response: Response, body: bytearray) -> None:
        """Read the body, or raise `RejectedError` if it cannot be a photo."""
        if any(_PLACEHOLDER_NAME in urlsplit(one).path for one in response.urls):
            raise RejectedError("placeholder")
        check_status(response)
        if response.status != 200:
            raise RejectedError(f"http {response.status}")
        declared = response.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self.options.max_bytes:
            raise RejectedError("too large")
        is_large = False
        with ExitStack() as stack:
            for chunk in response.chunks:
                body += chunk
                if len(body) > self.options.max_bytes:
                    raise RejectedError("too large")
                self._check_running()
                if not is_large and len(body) > _LARGE_BYTES:
                    wait_start = time.monotonic()
                    is_large = stack.enter_context(self._large_slots)
                    client.deadline += time.monotonic() - wait_start

    def _save(self, task: Task, data: Bytes) -> Result:
        """Check the bytes, transform them if the options say so, and write them."""
        photo, (source, url), options = task.photo, task.sources[0], self.options
        picture = inspect(data)
        md5 = md5_hex(data)
        if md5 in _PLACEHOLDERS:
            raise RejectedError("placeholder")
        note = _difference(photo, len(data), md5) if source == Source.ORIGINAL else ""
        if note and options.strict_md5:
            raise RejectedError(note)
        if options.decodes:
            from hotdog_sql.downloader.transform import degrees, transform  # needs Pillow

            turn = degrees(photo.rotation, source)
            with self._decode_slots:
                self._check_running()
                changed = transform(data, turn, upright=options.upright, max_side=options.max_side)
            if changed is not None:
                data, changes = changed
                md5, picture, note = md5_hex(data), inspect(data), join_notes(note, changes)
        self._check_running()
        result = Result(
            photo,
            Status.DOWNLOADED,
            path=f"{photo.stem}.{picture.extension}",
            source=source,
            url=public_address(url) if "@" in url else url,
            size=len(data),
            md5=md5,
            error=join_notes(*task.errors),
            note=note,
            width=picture.width,
            height=picture.height,
        )
        self.storage.write(result.path, data)
        return result

    def _check_running(self) -> None:
        if self.hosts.closed:
            raise RequestError("stopped", transient=True)


def _difference(photo: Photo, size: int, md5: str) -> str:
    """Return how an original differs from the MD5 or size that Open Images recorded."""
    if photo.original_md5:
        is_same = photo.original_md5 == b64encode(bytes.fromhex(md5)).decode()
        return "" if is_same else "md5 differs"
    return "size differs" if photo.original_size not in ("", str(size)) else ""
