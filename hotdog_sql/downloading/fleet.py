"""Who fetches the shards: an executor, and how much of it there is."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, Protocol, TypeVar

from hotdog_sql.downloading.events import Listener
from hotdog_sql.downloading.shard import Outcome, Shard, fetch_shard

P = ParamSpec("P")
T = TypeVar("T")


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

    def submit(self, shard: Shard) -> Future[list[Outcome]]:
        """Have a shard fetched."""
        ...

    def result(self, shard: Future[list[Outcome]]) -> list[Outcome]:
        """What became of a shard that is done.

        Raises:
            HotdogError: it could not be fetched.
        """
        ...

    def stop(self) -> None:
        """Begin no further shard."""
        ...


class OwnFleet:
    """This process: one shard after the other, each with all the threads there are."""

    live = True

    def __init__(self, listener: Listener) -> None:
        self._executor = _Here()
        self._listener = listener

    def slots(self) -> int:
        """One (see `Fleet`)."""
        return 1

    def submit(self, shard: Shard) -> Future[list[Outcome]]:
        """Fetch a shard, and return when it is done (see `Fleet`)."""
        return self._executor.submit(fetch_shard, shard, self._listener)

    def result(self, shard: Future[list[Outcome]]) -> list[Outcome]:
        """What became of it (see `Fleet`)."""
        return shard.result()

    def stop(self) -> None:
        """Nothing to do: there is no further shard."""


class _Here(Executor):
    """Runs each function where it is submitted, so that Ctrl-C ends it at once."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        future.set_result(fn(*args, **kwargs))
        return future
