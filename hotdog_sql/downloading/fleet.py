"""Who fetches the shards, and how much of it there is."""

from collections import deque
from dataclasses import dataclass
from typing import Protocol

from hotdog_sql.downloading.events import Listener
from hotdog_sql.downloading.shard import Outcome, Shard, fetch_shard
from hotdog_sql.errors import HotdogError


@dataclass(frozen=True, slots=True)
class Ended:
    """A shard that nobody is at any more.

    Attributes:
        shard: which.
        outcomes: what became of each photo, or why that is not known.
    """

    shard: Shard
    outcomes: list[Outcome] | HotdogError


class Fleet(Protocol):
    """What a run needs of those who fetch its shards.

    Attributes:
        live: whether it is this process, in which the listener hears of each byte; else it hears
            of each shard when it is done, and there are receipts (see `receipt`), for who has
            fetched it may die before it is heard.
    """

    live: bool

    def slots(self) -> int:
        """Shards that can be fetched at the same time now.

        Raises:
            ClusterError: there is nobody left to fetch them.
        """
        ...

    def submit(self, shard: Shard) -> None:
        """Have a shard fetched."""
        ...

    def ended(self, seconds: float, /) -> Ended | None:
        """One of the shards in hand, as they end; None where none has after so many seconds.

        Raises:
            ClusterError: there is nobody left to hear it from.
        """
        ...

    def stop(self) -> None:
        """Begin no further shard."""
        ...


class OwnFleet:
    """This process: one shard after the other, each with all the threads there are."""

    live = True

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._waiting: deque[Shard] = deque()

    def slots(self) -> int:
        """One (see `Fleet`)."""
        return 1

    def submit(self, shard: Shard) -> None:
        """Note a shard (see `Fleet`)."""
        self._waiting.append(shard)

    def ended(self, _seconds: float, /) -> Ended | None:
        """Fetch the next shard, however long it takes (see `Fleet`)."""
        if not self._waiting:
            return None
        shard = self._waiting.popleft()
        try:
            return Ended(shard, fetch_shard(shard, self._listener))
        except HotdogError as error:
            return Ended(shard, error)

    def stop(self) -> None:
        """Forget the shards that have been noted (see `Fleet`)."""
        self._waiting.clear()
