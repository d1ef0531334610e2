"""Many photos at the same time: threads that fetch, each with a client of its own."""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Self

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.fetcher import Fetcher
from hotdog_sql.downloader.hosts import NO_CONNECTION, HostQueue, Task
from hotdog_sql.downloader.photo import Photo
from hotdog_sql.downloader.result import Result, Status, join_notes
from hotdog_sql.errors import HotdogError, RequestError, UnreachableError
from hotdog_sql.http import HttpClient
from hotdog_sql.progress import Progress
from hotdog_sql.storage import Storage
from hotdog_sql.transport import TOO_SLOW

#: Photos taken from the selection ahead of their turn: enough to keep the other hosts busy while
#: one is paused, few enough to need little memory.
_WINDOW = 1000

#: Seconds in which any host must answer.
_ANSWER_SECONDS = 30.0

#: Seconds that stopping waits for transfers to end. A thread that nothing can interrupt, such as
#: one that looks up a name, ends later by itself and writes nothing.
_STOP_SECONDS = 1.0


class DownloadPool:
    """Fetches photos with a fixed number of threads, which start as they are needed.

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
        self._new_client = partial(HttpClient, options.silence_seconds)
        self._new_client()  # whose errors are to be raised here
        self._mirror_url = mirror_url
        self._options = options
        self._progress = progress
        self._hosts = HostQueue(options, progress)
        self._hosts.heard = heard
        self._results: SimpleQueue[Result | BaseException] = SimpleQueue()
        self._stopped = Event()
        self._fetcher = Fetcher(storage, options, progress, self._stopped)
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
        left = iter(photos)
        more = True
        while more or self._open:
            # Results come first: they are to be shown and recorded at once.
            while more and self._open < _WINDOW and self._results.empty():
                photo = next(left, None)
                if photo is None:
                    more = False
                else:
                    self._submit(photo)
            if self._open:
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
                result = self._results.get(timeout=None if self._hosts.heard else 1.0)
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
            with self._new_client() as client:
                while (task := self._hosts.take()) is not None:
                    self._serve(client, task)
        except BaseException as error:  # noqa: BLE001 - the thread that waits for results raises it
            self._results.put(error)

    def _serve(self, client: HttpClient, task: Task) -> None:
        """Make one request; record the result, or queue the photo for its next attempt."""
        source, url = task.left[0]
        host, answer = task.host, "ok"
        try:
            heard = partial(self._hosts.hear, host)
            result = self._fetcher.fetch(client, task.photo, source, url, heard)
            self._hosts.succeeded(host)
            self._results.put(replace(result, error=join_notes(*task.errors)))
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
