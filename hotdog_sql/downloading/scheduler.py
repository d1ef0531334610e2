"""A Dask cluster as the fleet of a download."""

import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

from hotdog_sql.downloading.destination import without_credentials
from hotdog_sql.downloading.receipt import fetch_shard_once
from hotdog_sql.downloading.shard import Outcome, Shard
from hotdog_sql.errors import ClusterError, MissingExtraError

#: Seconds in which the scheduler has to answer, and in which a worker has to be there.
CONNECT_SECONDS = 10.0
WORKER_SECONDS = 60.0

#: DuckDB's share of the coordinator's memory; rows that outgrow it are kept on disk.
COORDINATOR_MEMORY = "128MB"

#: Times that a shard is tried again that ended with an error. Those of workers that died are
#: handed to others by Dask itself.
_RETRIES = 2


@contextmanager
def dask_fleet(
    address: str,
    *,
    connect_seconds: float = CONNECT_SECONDS,
    worker_seconds: float = WORKER_SECONDS,
) -> Iterator["DaskFleet"]:
    """The cluster of a scheduler, until the block ends.

    Args:
        address: of the scheduler, such as `tcp://host:8786`.
        connect_seconds: in which the scheduler has to answer.
        worker_seconds: for which a cluster without any worker is waited for.

    Raises:
        MissingExtraError: Dask is not installed.
        ClusterError: the scheduler does not answer.
    """
    if find_spec("distributed") is None:
        raise MissingExtraError("--scheduler needs Dask: pip install 'hotdog-sql[dask]'")
    distributed = import_module("distributed")  # first, for it brings the defaults of what is set
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
            yield DaskFleet(client, worker_seconds)


class _Client(Protocol):
    """What is used of `distributed.Client`, which has no types of its own."""

    status: str

    def nthreads(self) -> dict[str, int]:
        """The threads of each worker, by its address."""
        ...

    def get_executor(self, *, pure: bool, retries: int) -> Executor:
        """The cluster as an executor."""
        ...


class DaskFleet:
    """The workers of a cluster (see `Fleet`): as many shards at once as they have threads."""

    live = False

    def __init__(self, client: _Client, worker_seconds: float) -> None:
        self._client = client
        self._worker_seconds = worker_seconds
        self._killed: type[Exception] = import_module("distributed").KilledWorker
        # Not pure: a shard's name need not be worked out of its rows.
        self._executor = client.get_executor(pure=False, retries=_RETRIES)

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

    def submit(self, shard: Shard) -> Future[list[Outcome]]:
        """Hand a shard to the cluster (see `Fleet`)."""
        return self._executor.submit(fetch_shard_once, shard)

    def result(self, shard: Future[list[Outcome]]) -> list[Outcome]:
        """What became of it (see `Fleet`)."""
        try:
            return shard.result()
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

    def stop(self) -> None:
        """Begin no further shard (see `Fleet`). What has begun ends by itself, unheard."""
        self._executor.shutdown(wait=False)

    def _lost(self, error: BaseException) -> ClusterError:
        return ClusterError(
            f"the scheduler is lost ({without_credentials(str(error)) or type(error).__name__}): "
            "see its log, then run the same command again"
        )
