"""Many photos at the same time: threads that fetch, check and keep them."""

import os
import time
from base64 import b64encode
from collections import deque
from collections.abc import Iterable, Iterator
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Event, Thread
from typing import Self

import httpx

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.hosts import NO_CONNECTION, HostQueue, Task
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
from hotdog_sql.errors import HotdogError, RequestError, UnreachableError
from hotdog_sql.http import HttpClient, check_status, public_address
from hotdog_sql.options import Source
from hotdog_sql.progress import Progress
from hotdog_sql.storage import Storage
from hotdog_sql.transport import TOO_SLOW

#: Photos taken from the selection ahead of their turn: enough to keep the other hosts busy while
#: one is paused, few enough to need little memory.
_WINDOW = 1000

#: Bytes from which a photo counts as large. Two of those are received at once: with many workers,
#: more of them would need gigabytes of memory.
_LARGE = 3 << 20
_LARGE_AT_ONCE = 2

#: Seconds in which any host must answer.
_ANSWER_SECONDS = 30.0

#: Seconds that stopping waits for transfers to end. A thread that nothing can interrupt, such as
#: one that looks up a name, ends later by itself and writes nothing.
_STOP_SECONDS = 1.0


class DownloadPool:
    """Fetches photos with a fixed number of threads, each with a client of its own.

    A context manager: when the block ends, so do the transfers, within about a second. `heard`: a
    host has answered earlier in this run. Then hosts that stay silent fail their photos, but do not
    end the run.
    """

    def __init__(
        self,
        storage: Storage,
        mirror_url: str,
        options: DownloadOptions,
        progress: Progress,
        *,
        heard: bool = False,
    ) -> None:
        HttpClient(options.silence_seconds)  # whose errors are to be raised here
        self._storage = storage
        self._mirror_url = mirror_url
        self._options = options
        self._progress = progress
        self._hosts = HostQueue(options, progress)
        self._hosts.heard = heard
        self._results: SimpleQueue[Result | BaseException] = SimpleQueue()
        self._stopped = Event()
        self._large = BoundedSemaphore(_LARGE_AT_ONCE)
        # Decoded, photos are a hundred times as large as their files, and more of them at the same
        # time would not be done sooner.
        self._decoding = BoundedSemaphore(os.cpu_count() or 1)
        self._threads: list[Thread] = []
        self._open = 0
        self._started = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._hosts.close()
        deadline = time.monotonic() + _STOP_SECONDS
        for thread in self._threads:
            if thread.is_alive():  # a Ctrl-C may have come while the last was started
                thread.join(max(0.0, deadline - time.monotonic()))

    def run(self, photos: Iterable[Photo]) -> Iterator[Result]:
        """The result of each photo as it ends.

        Photos are taken from their iterable in this thread, some ahead of their turn.

        Raises:
            StorageError: a photo cannot be written.
            UnreachableError: no host has answered.
        """
        for photo in photos:
            self._submit(photo)
            # Results come first: they are to be shown and recorded at once.
            while self._open >= _WINDOW or not self._results.empty():
                yield self._next_result()
        while self._open:
            yield self._next_result()

    def _submit(self, photo: Photo) -> None:
        sources = self._options.sources
        self._started = self._started or time.monotonic()
        self._open += 1
        self._queue(Task(photo, deque((one, photo.url(one, self._mirror_url)) for one in sources)))
        if len(self._threads) < min(self._options.workers, self._open):
            # Daemons: the program does not wait for a silent server when it ends.
            thread = Thread(target=self._work, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _queue(self, task: Task, delay: float = 0.0) -> None:
        """Let a photo wait for its turn at its next source; its result where none is left."""
        while task.left:
            _, url = task.left[0]
            reason = self._hosts.put(task, delay) if url else "no address"
            if not reason:
                return
            task.next_source(reason, transient=bool(url))
        status = Status.FAILED if task.transient else Status.LOST
        self._results.put(Result(task.photo, status, error=join_notes(*task.errors)))

    def _next_result(self) -> Result:
        while True:
            try:
                result = self._results.get(timeout=1.0)  # on Windows, Ctrl-C waits for its end
            except Empty:
                if self._hosts.heard or time.monotonic() < self._started + _ANSWER_SECONDS:
                    continue
                raise UnreachableError(
                    "no host has answered within 30 s: check the network connection, "
                    "the proxy settings and the name service, then run the same command again"
                ) from None
            if isinstance(result, BaseException):
                raise result
            self._open -= 1
            return result

    def _work(self) -> None:
        """Fetch photos until the pool closes; run by each thread."""
        try:
            with HttpClient(self._options.silence_seconds) as client:
                while (task := self._hosts.take()) is not None:
                    self._serve(client, task)
        except BaseException as error:  # noqa: BLE001 - the thread that waits for results raises it
            self._results.put(error)

    def _serve(self, client: HttpClient, task: Task) -> None:
        """Make one request; keep the photo, or queue it for its next attempt."""
        source, url = task.left[0]
        host, answer = task.host, "ok"
        try:
            with client.stream(url, seconds=self._options.seconds) as response:
                self._hosts.hear(host)
                data = self._receive(client, response)
            result = self._keep(task, data)
            self._hosts.succeeded(host)
            self._results.put(result)
        except RequestError as error:
            answer = error.reason
            if error.transient:
                stranded = self._hosts.failed(host, error)
                self._queue(task, self._delay(task, error))
                for other in stranded:
                    self._queue(other)
            else:
                self._reject(task, answer)
        except HotdogError:
            raise
        except Exception as error:  # noqa: BLE001 - it fails this photo and no other
            answer = type(error).__name__
            self._reject(task, answer, transient=True)
        self._progress.answered(task.photo.image_id, source, url, answer)

    def _delay(self, task: Task, error: RequestError) -> float:
        """Seconds until the next attempt, which may be at the next source."""
        if error.reason in NO_CONNECTION:
            return 0.0  # not an attempt: the host is paused, or given up
        delay = self._options.retry.delay(task.attempt, error.retry_after)
        if delay is None or error.reason == TOO_SLOW:
            task.next_source(error.reason, transient=True)
            return 0.0
        task.attempt += 1
        return delay

    def _reject(self, task: Task, reason: str, *, transient: bool = False) -> None:
        """Go on to the next source of a photo."""
        self._hosts.succeeded(task.host)
        task.next_source(reason, transient=transient)
        self._queue(task)

    def _receive(self, client: HttpClient, response: httpx.Response) -> bytearray:
        """The body of an answer whose status and addresses promise a photo."""
        if any(PLACEHOLDER_NAME in hop.url.path for hop in (*response.history, response)):
            raise RejectedError("placeholder")
        check_status(response)
        if response.status_code != httpx.codes.OK:
            raise RejectedError(f"http {response.status_code}")
        declared = response.headers.get("Content-Length", "")
        if declared.isdecimal() and int(declared) > self._options.max_bytes:
            raise RejectedError("too large")
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

    def _keep(self, task: Task, data: Bytes) -> Result:
        """Check the bytes, alter them if that is asked for, and write them."""
        photo, (source, url) = task.photo, task.left[0]
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
            error=join_notes(*task.errors),
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
