"""A Dask cluster as the fleet of a download."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from queue import Empty, SimpleQueue
from typing import Protocol

from hotdog_sql.downloading.destination import without_credentials
from hotdog_sql.downloading.fleet import Ended
from hotdog_sql.downloading.receipt import fetch_shard_once
from hotdog_sql.downloading.shard import Outcome, Shard
from hotdog_sql.errors import ClusterError, HotdogError, MissingExtraError

#: Seconds in which the scheduler has to answer, and in which a worker has to be there.
CONNECT_SECONDS = 10.0
WORKER_SECONDS = 60.0

#: What Dask's client needs for tls://, as its environment variables end.
_CERTIFICATES = ("CA_FILE", "CLIENT__CERT", "CLIENT__KEY")

#: DuckDB's share of the coordinator's memory; rows that outgrow it are kept on disk.
COORDINATOR_MEMORY = "128MB"

#: Seconds for which the result of a shard that is done is waited for. If its worker has died with
#: it, another works it out again; when that takes longer, other shards are listened to first.
_GATHER_SECONDS = 30.0

#: Times that a shard is tried again that ended with an error. Those of workers that died are
#: handed to others by Dask itself.
_RETRIES = 2

#: What a worker does with a shard.
Fetch = Callable[[Shard], list[Outcome]]


@contextmanager
def dask_fleet(
    address: str,
    *,
    connect_seconds: float = CONNECT_SECONDS,
    worker_seconds: float = WORKER_SECONDS,
    fetch: Fetch = fetch_shard_once,
) -> Iterator["DaskFleet"]:
    """The cluster of a scheduler, until the block ends.

    Args:
        address: of the scheduler, such as `tcp://host:8786`.
        connect_seconds: in which the scheduler has to answer.
        worker_seconds: for which a cluster without any worker is waited for.
        fetch: what a worker does with a shard.

    Raises:
        MissingExtraError: Dask is not installed.
        ClusterError: the scheduler does not answer.
    """
    if find_spec("distributed") is None:
        raise MissingExtraError("--scheduler needs Dask: pip install 'hotdog-sql[dask]'")
    distributed = import_module("distributed")  # first, for it brings the defaults of what is set
    _check_certificates(address)
    # Rows are megabytes: what Dask warns of is what is meant here.
    configured = {"distributed.admin.large-graph-warning-threshold": "1GB"}
    with import_module("dask.config").set(configured):
        try:
            # A client that is given no address at all takes twenty seconds to end.
            import_module("distributed.comm").resolve_address(address)
            client = distributed.Client(address, timeout=connect_seconds, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ClusterError(
                f"the scheduler {without_credentials(address)} does not answer "
                f"({without_credentials(str(error))}): check the address, and start one with: "
                "dask scheduler"
            ) from error
        with client:
            yield DaskFleet(client, worker_seconds, fetch)


def _check_certificates(address: str) -> None:
    """Without them Dask's client ends in a TypeError, and takes twenty seconds."""
    if not address.startswith("tls://"):
        return
    try:
        settings = import_module("distributed").Security().get_connection_args("client")
        missing = None if settings["ssl_context"] else "none are set"
    except OSError as error:
        missing = str(error)
    if missing is not None:
        names = ", ".join(f"DASK_DISTRIBUTED__COMM__TLS__{name}" for name in _CERTIFICATES)
        raise ClusterError(
            f"{without_credentials(address)} needs certificates ({missing}): name their files in "
            f"Dask's settings, or in the variables {names}"
        )


class _Future(Protocol):
    """What is used of `distributed.Future`, which has no types of its own."""

    key: str
    status: str

    def result(self, timeout: float) -> list[Outcome]:
        """The result; raises what the function raised, and TimeoutError."""
        ...

    def add_done_callback(self, function: "Callable[[_Future], None]") -> None:
        """Have the function called, in another thread, when there is a result."""
        ...


class _Client(Protocol):
    """What is used of `distributed.Client`, which has no types of its own."""

    status: str

    def nthreads(self) -> dict[str, int]:
        """The threads of each worker, by its address."""
        ...

    def submit(self, function: Fetch, shard: Shard, *, pure: bool, retries: int) -> _Future:
        """Have the function called by a worker."""
        ...

    def cancel(self, futures: Sequence[_Future]) -> None:
        """Have no function called that has not begun."""
        ...


class DaskFleet:
    """The workers of a cluster (see `Fleet`): as many shards at once as they have threads.

    Dask's futures are listened to themselves, not through the executor that Dask makes of them:
    that one says nothing, or something wrong, of a shard whose worker dies while its result is
    taken from it.
    """

    live = False

    def __init__(self, client: _Client, worker_seconds: float, fetch: Fetch) -> None:
        self._client = client
        self._worker_seconds = worker_seconds
        self._fetch = fetch
        self._killed: type[Exception] = import_module("distributed").KilledWorker
        self._in_hand: dict[str, tuple[_Future, Shard]] = {}
        self._done: SimpleQueue[_Future] = SimpleQueue()

    def slots(self) -> int:
        """Threads of the workers that there are now; waits for one (see `Fleet`)."""
        deadline = time.monotonic() + self._worker_seconds
        while True:
            if self._client.status in ("closing", "closed"):
                raise self._lost(ConnectionError("it cannot be reached any more"))
            try:
                threads = sum(self._client.nthreads().values())
            except (OSError, ValueError) as error:  # what a client says that is not connected
                raise self._lost(error) from error
            if threads:
                return threads
            if time.monotonic() > deadline:
                raise ClusterError(
                    "the cluster has no workers: start some with dask worker, then run the same "
                    "command again"
                )
            time.sleep(0.2)

    def submit(self, shard: Shard) -> None:
        """Hand a shard to the cluster (see `Fleet`)."""
        # Not pure: a shard's name need not be worked out of its rows.
        future = self._client.submit(self._fetch, shard, pure=False, retries=_RETRIES)
        self._in_hand[future.key] = future, shard
        future.add_done_callback(self._done.put)

    def ended(self, seconds: float, /) -> Ended | None:
        """What has become of a shard (see `Fleet`)."""
        try:
            future = self._done.get(timeout=seconds)
        except Empty:
            return None
        outcomes: list[Outcome] | HotdogError
        try:
            outcomes = self._result(future)
        except HotdogError as error:
            outcomes = error
        except OSError as error:
            if future.status == "error":  # the shard's own, and not foreseen
                raise
            if not isinstance(error, TimeoutError):
                raise self._lost(error) from error
            future.add_done_callback(self._done.put)
            return None
        _, shard = self._in_hand.pop(future.key)
        return Ended(shard, outcomes)

    def stop(self) -> None:
        """Begin no further shard (see `Fleet`). What has begun ends by itself, unheard."""
        self._client.cancel([future for future, _ in self._in_hand.values()])
        self._in_hand.clear()

    def _result(self, future: _Future) -> list[Outcome]:
        try:
            return future.result(timeout=_GATHER_SECONDS)
        except self._killed as error:
            raise ClusterError(
                "several workers died over the same shard: see their logs, "
                "give them more memory or a smaller --shard-size, then run the same command again"
            ) from error
        except CancelledError as error:
            raise self._lost(error) from error
        except ImportError as error:
            raise ClusterError(
                f"a worker lacks what it needs ({without_credentials(str(error))}): install "
                "hotdog-sql with the same extras on every machine"
            ) from error

    def _lost(self, error: BaseException) -> ClusterError:
        return ClusterError(
            f"the scheduler is lost ({without_credentials(str(error)) or type(error).__name__}): "
            "see its log, then run the same command again"
        )
