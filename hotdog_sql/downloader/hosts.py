"""Schedule requests: limit how many run per host, and pause hosts that fail."""

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
from hotdog_sql.http.client import NO_CONNECTION
from hotdog_sql.options import Source
from hotdog_sql.progress import Progress

#: Flickr serves its photos from many hosts (`farm5.staticflickr.com`, `c2.staticflickr.com`, …),
#: which share one limit.
_FLICKR = "staticflickr.com"
_FLICKR_LIMIT = 16

#: First words of a photo's error if its host responded before the run gave it up.
GIVEN_UP = "host given up"


@dataclass(slots=True)
class Task:
    """A photo to fetch, with the sources that may have it.

    `sources` are those still to try, with their URLs; the first is the current one, and `attempt`
    is the number of its next request. `errors` say why earlier sources failed; `transient` means
    that one of them may succeed later.
    """

    photo: Photo
    sources: deque[tuple[Source, str]]
    attempt: int = 1
    errors: list[str] = field(default_factory=list)
    transient: bool = False

    @property
    def host(self) -> str:
        """Name and port that limits apply to; all hosts of Flickr count as one."""
        _, url = self.sources[0]
        netloc = url.partition("://")[2].partition("/")[0].rpartition("@")[2].lower()
        return _FLICKR if netloc.endswith(f".{_FLICKR}") else netloc

    def next_source(self, reason: str, *, transient: bool = False) -> None:
        """Give up the current source for a reason."""
        source, _ = self.sources.popleft()
        self.errors.append(f"{source}: {reason}")
        self.transient = self.transient or transient
        self.attempt = 1


@dataclass(slots=True)
class _Host:
    """The state and the waiting tasks of one host. Times are on the monotonic clock."""

    limit: int  # concurrent requests
    active: int = 0
    waiting: list[tuple[float, int, Task]] = field(default_factory=list)  # a heap, by start time
    # The first failure after the last complete response, or the creation. Not that response itself:
    # the process may have been suspended after it.
    failing_since: float | None = field(default_factory=time.monotonic)
    down_since: float | None = None
    paused_until: float = 0.0
    give_up_reason: str = ""  # empty while the host is in use


@dataclass
class HostQueue:
    """Gives worker threads each task when its host may get another request.

    A task that waits, for its host or for its next attempt, does not block the others. The limits
    are shared by `pools` queues; `has_responded` says that some host has responded.
    """

    options: DownloadOptions
    progress: Progress
    pools: int = 1
    has_responded: bool = False
    closed: bool = False

    def __post_init__(self) -> None:
        self._hosts: dict[str, _Host] = {}
        self._responded: set[str] = set()  # names of hosts
        self._changed = Condition()
        self._sequence = itertools.count()

    def put(self, task: Task, delay: float = 0.0) -> str:
        """Queue a task that may start after `delay` seconds.

        Returns an empty text, or the reason why the host was given up; then nothing is queued.
        """
        with self._changed:
            host = self._hosts.get(task.host)
            if host is None:
                limit = self.options.per_host
                limit = min(limit, _FLICKR_LIMIT) if task.host == _FLICKR else limit
                host = self._hosts[task.host] = _Host(max(1, limit // self.pools))
            if not host.give_up_reason:
                start = time.monotonic() + delay
                heapq.heappush(host.waiting, (start, next(self._sequence), task))
                self._changed.notify()
            return host.give_up_reason

    def take(self) -> Task | None:
        """Wait for the next task; None after `close`."""
        with self._changed:
            while not self.closed:
                now, next_start = time.monotonic(), math.inf
                for name, host in self._hosts.items():
                    if not host.waiting or host.active >= host.limit:
                        continue
                    start = max(host.waiting[0][0], host.paused_until)
                    if start <= now:
                        self._hosts[name] = self._hosts.pop(name)  # to the end, for round robin
                        host.active += 1
                        return heapq.heappop(host.waiting)[2]
                    next_start = min(next_start, start)
                self._changed.wait(None if next_start == math.inf else next_start - now)
            return None

    def response_started(self, name: str) -> None:
        """Note that a host has begun to respond."""
        with self._changed:
            self._responded.add(name)
            self.has_responded = True

    def succeeded(self, name: str) -> None:
        """Note a complete response, whatever its status."""
        with self._changed:  # no notification: this worker takes the next task itself
            host = self._hosts[name]
            host.active -= 1
            host.failing_since = host.down_since = None
            if not (host.active or host.waiting or host.give_up_reason):
                del self._hosts[name]  # its state is no longer needed

    def failed(self, name: str, error: RequestError) -> list[Task]:
        """Note a request that failed but may succeed later.

        Returns the tasks that waited for the host if it is given up, or else an empty list.
        """
        with self._changed:
            host = self._hosts[name]
            host.active -= 1
            if not host.give_up_reason:
                self._pause(name, host, error)
            self._changed.notify_all()  # start times have changed
            if not host.give_up_reason:
                return []
            waiting, host.waiting = host.waiting, []
            return [task for _, _, task in waiting]

    def close(self) -> None:
        """Give no further tasks to workers."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def _pause(self, name: str, host: _Host, error: RequestError) -> None:
        """Pause or give up the host if the retry policy says so."""
        policy, now = self.options.retry, time.monotonic()
        if host.failing_since is None:
            host.failing_since = now
        silence, wait = now - host.failing_since, error.retry_after or 0.0
        is_unreachable = error.reason in NO_CONNECTION
        if error.retry_after is None and (is_unreachable or silence > policy.silence):
            if host.down_since is None:
                host.down_since = now
                if is_unreachable:
                    self.progress.unreachable(name, error.reason)
            # A pause as long as the outage so far makes pauses double.
            wait = min(policy.cap, max(policy.base, now - host.down_since))
        # If no host has responded, the run ends before hosts are given up.
        is_only_silent = self.has_responded and name not in self._responded
        limit = policy.silence if is_only_silent else policy.patience
        if silence > limit or wait > policy.patience:
            host.give_up_reason = error.reason
            if name in self._responded:
                host.give_up_reason = f"{GIVEN_UP} ({error.reason})"
            self.progress.given_up(name, error.reason)
        elif wait:
            if host.paused_until <= now:
                self.progress.paused(name, wait)
            host.paused_until = max(host.paused_until, now + wait)
