"""Many photos at once: threads that fetch, one client each."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from types import TracebackType
from typing import Self

from hotdog_sql.downloading.core import current_core, stay_on
from hotdog_sql.downloading.darkroom import Darkroom
from hotdog_sql.downloading.entry import Entry
from hotdog_sql.downloading.events import Listener
from hotdog_sql.downloading.fetch import Fetcher, TransientError
from hotdog_sql.downloading.hosts import Hosts, Turn, host_of
from hotdog_sql.downloading.inspection import RefusedError
from hotdog_sql.downloading.options import DownloadOptions
from hotdog_sql.downloading.photo import Photo
from hotdog_sql.downloading.store import Store
from hotdog_sql.downloading.task import Task
from hotdog_sql.errors import HotdogError
from hotdog_sql.transport import new_client, ssl_context

#: Photos taken from the selection ahead of their turn. Enough for the other hosts to go on while
#: one rests; few enough to weigh nothing.
_WINDOW = 1000

#: Seconds that stopping waits for transfers to notice. What is deaf even to a closed socket (a
#: name look-up) is left to end by itself; it can write nothing any more.
_STOP_SECONDS = 1.0

_ENDED = None


class Engine:
    """Fetches photos with a fixed number of threads.

    A context manager: when the block ends, so do the transfers, within about a second however
    many there are. Threads start as they are needed.
    """

    def __init__(
        self,
        store: Store,
        scratch: Path,
        mirror_url: str,
        options: DownloadOptions,
        listener: Listener,
        *,
        alone: bool = True,
    ) -> None:
        """Prepares, and starts nothing yet.

        Args:
            store: where photos go.
            scratch: a folder for temporary files.
            mirror_url: see `hotdog_sql.config.Settings`.
            options: how it is done.
            listener: hears what happens.
            alone: no other process of this machine fetches for the same download: the threads
                may choose their core.
        """
        self._store = store
        self._scratch = scratch
        self._mirror_url = mirror_url
        self._options = options
        self._listener = listener
        self._context = ssl_context()  # before the threads, each of which would make one
        self._hosts: Hosts[Task] = Hosts(options.per_host, options.rest, listener.rested)
        self._results: SimpleQueue[Entry | HotdogError | None] = SimpleQueue()
        self._stopped = Event()
        self._darkroom = Darkroom(options, self._stopped)
        self._threads: list[Thread] = []
        self._fetchers: list[Fetcher] = []
        self._open = 0
        # Decoding keeps several cores busy, and is the longer part.
        self._core = current_core() if alone and not options.decodes else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._hosts.close()
        for fetcher in self._fetchers:
            fetcher.abort()
        deadline = time.monotonic() + _STOP_SECONDS
        for thread in self._threads:
            if thread.is_alive():  # a Ctrl-C may have come while the last was begun
                thread.join(max(0.0, deadline - time.monotonic()))

    def run(self, photos: Iterable[Photo]) -> Iterator[Entry]:
        """Fetch photos, and give what became of each as it ends.

        The photos are taken from their iterable a few ahead of their turn, in this thread.

        Raises:
            StorageError: a photo cannot be written.
            InputError: the proxy or certificates that the environment names cannot be used.
        """
        left = iter(photos)
        more = True
        while more or self._open:
            # What has come is given at once: it is to be shown and written down.
            while more and self._open < _WINDOW and self._results.empty():
                photo = next(left, None)
                if photo is None:
                    more = False
                    break
                entry = self._submit(photo)
                if entry is not None:
                    yield entry
            if self._open or not self._results.empty():
                yield self._result()

    def _submit(self, photo: Photo) -> Entry | None:
        """Queue a photo; its fate at once where no source has an address of it."""
        task = Task.of(photo, self._options.sources, self._mirror_url)
        if not task.left:
            return task.given_up()
        self._open += 1
        self._queue(task)
        if len(self._threads) < min(self._options.workers, self._open):
            # Daemons: an interpreter that wants to end does not wait for a silent server.
            thread = Thread(target=self._work, args=(len(self._threads),), daemon=True)
            self._threads.append(thread)
            thread.start()
        return None

    def _result(self) -> Entry:
        result = self._results.get()
        if isinstance(result, HotdogError):
            raise result
        if result is _ENDED:
            raise RuntimeError("a download thread has ended; its traceback is above")
        self._open -= 1
        return result

    def _work(self, number: int) -> None:
        """What each thread does."""
        options = self._options
        if self._core is not None:
            stay_on(self._core)
        try:
            with new_client(
                self._context, options.connect_seconds, options.silence_seconds
            ) as client:
                fetcher = Fetcher(
                    client,
                    self._store,
                    self._darkroom,
                    self._scratch / f"{number}.part",
                    options,
                    self._listener,
                    self._stopped,
                )
                self._fetchers.append(fetcher)
                while (turn := self._hosts.take()) is not None:
                    self._serve(fetcher, turn)
        except HotdogError as error:
            self._results.put(error)
        finally:
            # Heard only when nobody has stopped the engine: then the thread has died.
            self._results.put(_ENDED)

    def _serve(self, fetcher: Fetcher, turn: Turn[Task]) -> None:
        """One request, and what follows from it."""
        task = turn.task
        source, url = task.left[0]
        delay: float | None = None
        if turn.given_up:
            self._hosts.done(turn.host, failed=True)
            task.next_source("host given up", hopeful=True)
        else:
            try:
                entry = fetcher.fetch(task)
            except RefusedError as refused:
                self._hosts.done(turn.host, failed=False)
                self._listener.answered(task.photo, source, url, refused.reason)
                task.next_source(refused.reason, hopeful=False)
            except TransientError as transient:
                self._hosts.done(turn.host, failed=True, retry_after=transient.retry_after)
                self._listener.answered(task.photo, source, url, transient.reason)
                delay = self._options.retry.delay(task.attempt, transient.retry_after)
                if delay is None:
                    task.next_source(transient.reason, hopeful=True)
                else:
                    task.attempt += 1
            else:
                self._hosts.done(turn.host, failed=False)
                self._listener.answered(task.photo, source, url, "ok")
                self._results.put(entry)
                return
        if task.left:
            self._queue(task, delay or 0.0)
        else:
            self._results.put(task.given_up())

    def _queue(self, task: Task, delay: float = 0.0) -> None:
        self._hosts.put(task, host_of(task.left[0][1]), delay)


def fetch_photos(
    photos: Iterable[Photo],
    store: Store,
    scratch: Path,
    mirror_url: str,
    options: DownloadOptions,
    listener: Listener,
    *,
    alone: bool = True,
) -> Iterator[Entry]:
    """What becomes of each photo, as it ends: the unit of work, here or on another machine.

    Args:
        photos: rows of a selection.
        store: where they go.
        scratch: a folder for temporary files.
        mirror_url: see `hotdog_sql.config.Settings`.
        options: how it is done.
        listener: hears what happens.
        alone: see `Engine`.
    """
    with Engine(store, scratch, mirror_url, options, listener, alone=alone) as engine:
        yield from engine.run(photos)
