"""Which request may start next: so many for each host, and none while the host is paused."""

import heapq
import itertools
import math
import time
from collections import deque
from dataclasses import dataclass, field
from threading import Condition

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.photo import Photo
from hotdog_sql.errors import RequestError
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

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once  # requests at the same time
        self.active = 0
        #: A heap of tasks, by the time from which they may start.
        self.waiting: list[tuple[float, int, Task]] = []
        self.heard = False  # whether it has begun to answer
        self.answered = time.monotonic()  # the last complete answer
        self.down_since: float | None = None
        self.paused_until = 0.0
        self.given_up = ""  # for this reason


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

    def put(self, task: Task, delay: float = 0.0) -> str:
        """Let a task wait for its turn, at least so many seconds.

        Returns the reason why its host is given up; then the task is not taken.
        """
        with self._changed:
            host = self._hosts.get(task.host)
            if host is None:
                most = self._options.per_host
                host = _Host(min(most, _FLICKR_AT_ONCE) if task.host == _FLICKR else most)
                self._hosts[task.host] = host
            if not host.given_up:
                due = time.monotonic() + delay
                heapq.heappush(host.waiting, (due, next(self._order), task))
                self._changed.notify()
            return host.given_up

    def take(self) -> Task | None:
        """Wait for the next task; None after `close`."""
        with self._changed:
            while not self._closed:
                now, soonest = time.monotonic(), math.inf
                for name, host in self._hosts.items():
                    if not host.waiting or host.active >= host.at_once:
                        continue
                    due = max(host.waiting[0][0], host.paused_until)
                    if due <= now:
                        self._hosts[name] = self._hosts.pop(name)  # to the end: they take turns
                        host.active += 1
                        return heapq.heappop(host.waiting)[2]
                    soonest = min(soonest, due)
                self._changed.wait(None if soonest == math.inf else soonest - now)
            return None

    def hear(self, name: str) -> None:
        """The host has begun to answer."""
        with self._changed:
            self.heard = self._hosts[name].heard = True

    def succeeded(self, name: str) -> None:
        """A request has ended with a complete answer, whatever it says.

        The worker takes the next task itself, so the others need not be woken.
        """
        with self._changed:
            host = self._hosts[name]
            host.active -= 1
            host.answered, host.down_since = time.monotonic(), None
            if not (host.active or host.waiting or host.given_up):
                del self._hosts[name]  # nothing of it need be remembered

    def failed(self, name: str, error: RequestError) -> list[Task]:
        """A request has failed, but may succeed later.

        Returns the tasks that waited for the host where it is given up for that.
        """
        with self._changed:
            host = self._hosts[name]
            host.active -= 1
            if not host.given_up:
                self._pause(name, host, error)
            self._changed.notify_all()  # how long they wait has changed
            tasks = [task for _, _, task in host.waiting] if host.given_up else []
            if tasks:
                host.waiting.clear()
            return tasks

    def close(self) -> None:
        """End: no worker gets a task any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _pause(self, name: str, host: _Host, error: RequestError) -> None:
        """Pause or give up the host if it is time to."""
        policy, now = self._options.retry, time.monotonic()
        silent, wait = now - host.answered, error.retry_after or 0.0
        is_unreachable = error.reason in NO_CONNECTION
        if error.retry_after is None and (is_unreachable or silent > policy.silence):
            if host.down_since is None:
                host.down_since = now
                if is_unreachable:
                    self._progress.unreachable(name, error.reason)
            # As long as it has been down, so that pauses double.
            wait = min(policy.cap, max(policy.base, now - host.down_since))
        # If no host has answered, the run ends before hosts are given up.
        limit = policy.silence if self.heard and not host.heard else policy.patience
        if silent > limit or wait > policy.patience:
            host.given_up = error.reason
            self._progress.given_up(name, error.reason)
        elif wait:
            if host.paused_until <= now:
                self._progress.paused(name, wait)
            host.paused_until = max(host.paused_until, now + wait)


def host_of(url: str) -> str:
    """The host of an address as limits count it: name and port, or the service it belongs to."""
    netloc = url.partition("://")[2].partition("/")[0].rpartition("@")[2].lower()
    return _FLICKR if netloc.endswith(f".{_FLICKR}") else netloc
