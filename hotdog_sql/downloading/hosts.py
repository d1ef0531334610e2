"""Which transfer may start next: so many in all, so many for each host, none while it rests."""

import heapq
import itertools
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition
from typing import Generic, TypeVar

T = TypeVar("T")

#: Flickr spreads its photos over many names (`farm5.staticflickr.com`, `c2.staticflickr.com`, …)
#: of one service, which is to be spared as one.
_SERVICES = ("staticflickr.com",)


@dataclass(frozen=True, slots=True)
class RestPolicy:
    """How a host that keeps failing is spared.

    Attributes:
        after: failures in a row after which it rests.
        base: seconds of the first rest; each further one is twice as long.
        cap: seconds of the longest rest.
        rests: rests in a row, without one answer between them, after which it is given up for
            this run. The defaults bridge an outage of about seven minutes.
        patience: seconds; a host that asks for a longer rest than this is given up.
    """

    after: int = 10
    base: float = 1.0
    cap: float = 60.0
    rests: int = 12
    patience: float = 120.0


@dataclass(slots=True)
class _Host(Generic[T]):
    """What is known of one host, and what waits for it."""

    waiting: deque[T] = field(default_factory=deque)
    delayed: list[tuple[float, int, T]] = field(default_factory=list)
    active: int = 0
    failures: int = 0
    rests: int = 0
    rest_until: float = 0.0
    given_up: bool = False


@dataclass(frozen=True, slots=True)
class Turn(Generic[T]):
    """A task whose turn it is.

    Attributes:
        task: the task.
        host: its host, to be named in `done`.
        given_up: the host is not to be asked any more.
    """

    task: T
    host: str
    given_up: bool


class Hosts(Generic[T]):
    """Hands out tasks to worker threads, each when its host may be asked.

    A task that must wait, for its host or for its next try, keeps no worker from the others.
    """

    def __init__(
        self,
        per_host: int,
        rest: RestPolicy,
        on_rest: Callable[[str, float], None],
    ) -> None:
        """Sets the limits.

        Args:
            per_host: tasks in hand at once for one host.
            rest: when a host is spared.
            on_rest: called with a host and the seconds that it rests; infinity: given up.
        """
        self._per_host = per_host
        self._rest = rest
        self._on_rest = on_rest
        self._hosts: dict[str, _Host[T]] = {}
        self._changed = Condition()
        self._order = itertools.count()
        self._closed = False

    def put(self, task: T, host: str, delay: float = 0.0) -> None:
        """Let a task wait for its turn.

        Args:
            task: the task.
            host: from `host_of`.
            delay: seconds before which its turn does not come.
        """
        with self._changed:
            entry = self._hosts.setdefault(host, _Host())
            if delay > 0:
                due = time.monotonic() + delay
                heapq.heappush(entry.delayed, (due, next(self._order), task))
            else:
                entry.waiting.append(task)
            self._changed.notify()

    def take(self) -> Turn[T] | None:
        """Wait for a task whose turn it is; None when all is over."""
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

    def done(self, host: str, *, failed: bool, retry_after: float | None = None) -> None:
        """A task that was taken has ended.

        Args:
            host: the turn's.
            failed: the host did not answer, or said that it cannot just now.
            retry_after: seconds for which it asked to be left alone.
        """
        rested = None
        with self._changed:
            entry = self._hosts[host]
            entry.active -= 1
            if not failed:
                entry.failures = entry.rests = 0
                if self._is_idle(entry):
                    del self._hosts[host]
            elif not entry.given_up:
                entry.failures += 1
                rested = self._give_rest(entry, retry_after)
            # A rest that ends, or a host that is given up, concerns every waiting worker.
            self._changed.notify_all() if rested else self._changed.notify()
        if rested:
            self._on_rest(host, rested)

    def close(self) -> None:
        """End: no worker gets a task any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _is_idle(self, host: _Host[T]) -> bool:
        """Whether nothing of the host need be remembered."""
        busy = host.active or host.waiting or host.delayed
        return not busy and not host.given_up and host.rest_until <= time.monotonic()

    def _due(self, host: _Host[T]) -> float | None:
        """When a task of the host may start; None: not before something else changes."""
        if host.waiting:
            due = 0.0
        elif host.delayed:
            due = host.delayed[0][0]
        else:
            return None
        if host.given_up:
            return 0.0
        if host.active >= (1 if host.rests else self._per_host):
            return None  # after a rest, one at a time finds out whether it is well again
        return max(due, host.rest_until)

    def _start(self, name: str, now: float) -> Turn[T]:
        host = self._hosts[name] = self._hosts.pop(name)  # to the end: the hosts take turns
        host.active += 1
        second_try = host.delayed and (not host.waiting or host.delayed[0][0] <= now)
        task = heapq.heappop(host.delayed)[2] if second_try else host.waiting.popleft()
        return Turn(task, name, host.given_up)

    def _give_rest(self, host: _Host[T], retry_after: float | None) -> float | None:
        """Spare the host if it is time to; for how many seconds."""
        rest = self._rest
        now = time.monotonic()
        if retry_after is not None and retry_after > rest.patience:
            host.given_up = True
        elif retry_after:
            host.rest_until = max(host.rest_until, now + retry_after)
            return retry_after
        elif host.rests or host.failures >= rest.after:
            if host.rest_until > now:
                return None  # one that had begun before this rest
            host.given_up = host.rests >= rest.rests
            seconds = min(rest.cap, rest.base * 2.0**host.rests)
            host.rests += 1
            host.rest_until = now + seconds
            if not host.given_up:
                return seconds
        else:
            return None
        return float("inf")


def host_of(url: str) -> str:
    """The host of an address as limits count it: name and port, or the service it belongs to."""
    netloc = url.partition("://")[2].partition("/")[0].rpartition("@")[2].lower()
    return next((name for name in _SERVICES if netloc.endswith("." + name)), netloc)
