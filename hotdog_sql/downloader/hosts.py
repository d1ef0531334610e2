"""Which request may start next: so many for each host, and none while the host is paused."""

import heapq
import itertools
import time
from collections import deque
from dataclasses import dataclass, field
from threading import Condition

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.photo import Photo
from hotdog_sql.options import Source
from hotdog_sql.progress import Progress

#: Reasons of failures where there was no connection at all.
NO_CONNECTION = frozenset({"unknown host", "connection refused", "no connection"})

#: Flickr serves its photos under many names (`farm5.staticflickr.com`, `c2.staticflickr.com`, …)
#: of one service, to which the limits apply as one.
_FLICKR = "staticflickr.com"
_FLICKR_AT_ONCE = 16


@dataclass(slots=True)
class Task:
    """A photo on its way through the sources that may have it.

    `left` are those still to ask, with their addresses; the first is the one in hand, and `attempt`
    is the number of the next request to it. `errors` say why the others did not have it;
    `transient`: one of them may have it another time.
    """

    photo: Photo
    left: deque[tuple[Source, str]]
    attempt: int = 1
    errors: list[str] = field(default_factory=list)
    transient: bool = False

    @property
    def host(self) -> str:
        """The host that it waits for, or that has it in hand."""
        return host_of(self.left[0][1])

    def next_source(self, reason: str, *, transient: bool = False) -> None:
        """Leave the source in hand."""
        source, _ = self.left.popleft()
        self.errors.append(f"{source}: {reason}")
        self.transient = self.transient or transient
        self.attempt = 1


class _Host:
    """What is known of one host, and what waits for it. Times are on the monotonic clock."""

    def __init__(self, most: int) -> None:
        self.most = most  # requests at the same time
        self.waiting: deque[Task] = deque()
        self.delayed: list[tuple[float, int, Task]] = []
        self.active = 0
        self.heard: bool = False
        #: Since the last complete answer.
        self.since = time.monotonic()
        self.failures = self.pauses = 0
        self.reason = ""
        self.paused_until = 0.0
        self.given_up = False


class HostQueue:
    """Hands tasks to worker threads, each when its host may be asked.

    A task that must wait, for its host or for its next attempt, keeps no worker from the others.
    """

    def __init__(self, options: DownloadOptions, progress: Progress) -> None:
        #: Whether any host has answered.
        self.heard = False
        self._options = options
        self._progress = progress
        self._hosts: dict[str, _Host] = {}
        self._changed = Condition()
        self._order = itertools.count()
        self._closed = False

    def put(self, task: Task, delay: float = 0.0) -> None:
        """Let a task wait for its turn, at least so many seconds."""
        with self._changed:
            entry = self._hosts.get(task.host)
            if entry is None:
                most = self._options.per_host
                flickr = task.host == _FLICKR
                entry = _Host(min(most, _FLICKR_AT_ONCE) if flickr else most)
                self._hosts[task.host] = entry
            if delay > 0:
                due = time.monotonic() + delay
                heapq.heappush(entry.delayed, (due, next(self._order), task))
            else:
                entry.waiting.append(task)
            self._changed.notify()

    def take(self) -> tuple[Task, str] | None:
        """Wait for the next task; return it with the reason why its host was given up, or "".

        None after `close`.
        """
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                soonest: float | None = None
                for name, host in self._hosts.items():
                    due = self._due(host)
                    if due is None:
                        continue
                    if due <= now:
                        return self._start(name, now)
                    soonest = due if soonest is None else min(soonest, due)
                self._changed.wait(None if soonest is None else soonest - now)
            return None

    def hear(self, host: str) -> None:
        """The host has begun to answer."""
        self.heard = self._hosts[host].heard = True

    def succeeded(self, host: str) -> None:
        """A request has ended with a complete answer, whatever it says.

        The worker takes the next task itself, so the others need not be woken.
        """
        with self._changed:
            entry = self._hosts[host]
            entry.active -= 1
            entry.failures = entry.pauses = 0
            entry.since, entry.heard, entry.reason = time.monotonic(), True, ""
            if not (entry.active or entry.waiting or entry.delayed or entry.given_up):
                del self._hosts[host]  # nothing of it need be remembered

    def failed(self, host: str, reason: str, retry_after: float | None = None) -> None:
        """A request has failed, but may succeed later."""
        with self._changed:
            entry = self._hosts[host]
            entry.active -= 1
            entry.failures += 1
            if reason in NO_CONNECTION and not entry.reason:
                self._progress.unreachable(host, reason)
            entry.reason = reason
            if not entry.given_up:
                self._pause(host, entry, retry_after)
            self._changed.notify_all()  # how long they wait has changed

    def close(self) -> None:
        """End: no worker gets a task any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _due(self, host: _Host) -> float | None:
        """When a task of the host may start; None: not before something else changes."""
        if not (host.waiting or host.delayed):
            return None
        if host.given_up:
            return 0.0
        if host.active >= host.most:
            return None
        return max(0.0 if host.waiting else host.delayed[0][0], host.paused_until)

    def _start(self, name: str, now: float) -> tuple[Task, str]:
        host = self._hosts[name] = self._hosts.pop(name)  # to the end: the hosts take turns
        host.active += 1
        delayed = host.delayed and (not host.waiting or host.delayed[0][0] <= now)
        task = heapq.heappop(host.delayed)[2] if delayed else host.waiting.popleft()
        return task, host.reason or "host given up" if host.given_up else ""

    def _pause(self, name: str, host: _Host, retry_after: float | None) -> None:
        """Pause or give up the host if it is time to."""
        backoff, now = self._options.backoff, time.monotonic()
        silent = now - host.since
        seconds = retry_after or 0.0
        if retry_after is not None:
            host.given_up = retry_after > self._options.retry.patience
        elif silent > (backoff.patience if host.heard else backoff.first_answer):
            host.given_up = True
        elif host.reason in NO_CONNECTION or (
            silent > backoff.recent and host.failures >= backoff.after
        ):
            if host.paused_until > now:
                return  # this request had begun before the pause
            seconds = min(backoff.cap, backoff.base * 2.0**host.pauses)
            host.pauses += 1
        if host.given_up:
            self._progress.given_up(name, host.reason)
        elif seconds:
            host.paused_until = max(host.paused_until, now + seconds)
            self._progress.paused(name, seconds)


def host_of(url: str) -> str:
    """The host of an address as limits count it: name and port, or the service it belongs to."""
    netloc = url.partition("://")[2].partition("/")[0].rpartition("@")[2].lower()
    return _FLICKR if netloc.endswith(f".{_FLICKR}") else netloc
