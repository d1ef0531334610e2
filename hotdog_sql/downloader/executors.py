"""Who runs the shards: this process, or the workers of a Dask cluster.

`run` gives results as they come; those of an iteration are recorded before the next one begins. If
a shard fails, what other shards have done is not lost.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any, Self

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.pool import DownloadPool
from hotdog_sql.downloader.result import Result
from hotdog_sql.downloader.shards import Executor, Shard, read_results, run_shard, run_shard_once
from hotdog_sql.errors import ClusterError, HotdogError, UnreachableError
from hotdog_sql.progress import Progress
from hotdog_sql.text import without_credentials

#: Seconds in which the scheduler has to answer, and in which a worker has to be there.
CONNECT_SECONDS = 10.0
WORKER_SECONDS = 60.0

#: Attempts at a shard that ends with an error. Those of dead workers are Dask's own affair.
_RETRIES = 2

#: Shards handed over for each that can run, so that a worker that is done has the next at hand.
_AHEAD = 2

#: Seconds after which the coordinator looks whether there are still any workers.
_LOOK_EVERY = 5.0


@contextmanager
def open_executor(
    empty: Shard, progress: Progress, release: Callable[[str], None]
) -> Iterator[Executor]:
    """The executor that the options ask for; `release` removes a result file that is recorded."""
    if not empty.options.scheduler:
        yield LocalExecutor(empty, progress)
        return
    with DaskExecutor(empty.options, progress, release) as executor:
        yield executor


class LocalExecutor:
    """This process. Photos in class folders do not wait for the end of their shard."""

    def __init__(self, empty: Shard, progress: Progress) -> None:
        """Fetches photos of shards that are like the empty one."""
        self._empty = empty
        self._progress = progress
        self._heard = False

    def run(self, shards: Iterable[Shard]) -> Iterator[list[Result]]:
        """Run shards."""
        empty = self._empty
        if empty.options.in_tars:
            for shard in shards:
                yield run_shard(replace(shard, heard=self._heard), self._progress)
                self._heard = True
            return
        with DownloadPool(
            empty.storage, empty.mirror_url, empty.options, self._progress, heard=self._heard
        ) as pool:
            for result in pool.run(photo for shard in shards for photo in shard.photos):
                yield [result]
        self._heard = True


class DaskExecutor:
    """As many shards at the same time as the workers of a cluster have threads.

    A context manager: when the block ends, no further shard begins; what has begun ends by itself.
    """

    def __init__(
        self, options: DownloadOptions, progress: Progress, release: Callable[[str], None]
    ) -> None:
        """Connects to the scheduler; `release` removes a result file that is recorded."""
        self._client = _connect(options.scheduler or "")
        self._options = options
        self._progress = progress
        self._release = release
        self._heard = False
        self._running: dict[str, tuple[Any, Shard]] = {}
        self._ended: SimpleQueue[Any] = SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.cancel([future for future, _ in self._running.values()])
        self._client.close()

    def run(self, shards: Iterable[Shard]) -> Iterator[list[Result]]:
        """Run shards."""
        left = iter(shards)
        while True:
            threads = self._threads()
            per_host = self._options.per_host
            most = per_host if per_host < threads else _AHEAD * threads
            for shard in islice(left, max(0, most - len(self._running))):
                self._submit(shard, threads)
            if not self._running:
                return
            yield from self._done()

    def _submit(self, shard: Shard, threads: int) -> None:
        # What one host may be asked at once is divided among the workers.
        share = max(1, self._options.per_host // threads)
        options = replace(shard.options, per_host=share)
        shard = replace(shard, options=options, heard=self._heard)
        # Not pure: a shard's name need not be worked out of its rows.
        future = self._client.submit(run_shard_once, shard, pure=False, retries=_RETRIES)
        self._running[future.key] = future, shard
        future.add_done_callback(self._ended.put)

    def _done(self) -> Iterator[list[Result]]:
        """The results of the shards that have ended by now, or of the next one to end."""
        failure: HotdogError | None = None
        patience = _LOOK_EVERY
        while self._running:
            try:
                future = self._ended.get(timeout=patience)
            except Empty:
                break
            patience = 0.0
            _, shard = self._running[future.key]
            try:
                # A worker may have died after it wrote the file, so the file counts first.
                results = read_results(shard)
                if results is None and future.status in ("pending", "lost"):
                    future.add_done_callback(self._ended.put)  # another worker has it now
                    continue
                del self._running[future.key]
                if results is None:
                    raise self._error(future, shard)
            except HotdogError as error:
                if isinstance(error, UnreachableError) and self._heard:  # hosts of other shards
                    self._submit(shard, self._threads())
                else:
                    failure = failure or error
                continue
            self._heard = True
            future.release()  # the cluster need not fetch the shard again if its worker dies now
            self._progress.received(sum(result.size or 0 for result in results))
            yield results
            self._release(shard.result_file)
        if failure is not None:  # the others are recorded by now
            raise failure

    def _error(self, future: Any, shard: Shard) -> HotdogError:
        error = future.exception(timeout=CONNECT_SECONDS) if future.status == "error" else None
        if isinstance(error, HotdogError):
            return error
        if future.status == "cancelled":
            return self._lost("it has cancelled a shard")
        reason = f"{type(error).__name__}: {error}" if error else "it has left no results"
        return ClusterError(
            f"a worker failed at shard {shard.number} ({without_credentials(reason)}): see its "
            "log, and that all machines have the same version and extras and see the same "
            "dataset; then run the same command again"
        )

    def _threads(self) -> int:
        """Threads of the workers that there are now; waits for one."""
        deadline = time.monotonic() + WORKER_SECONDS
        while time.monotonic() < deadline:
            if self._client.status in ("closing", "closed"):
                raise self._lost("it cannot be reached any more")
            try:
                threads: int = sum(self._client.nthreads().values())
            except (OSError, ValueError) as error:  # what a client says that is not connected
                raise self._lost(str(error) or type(error).__name__) from error
            if threads:
                return threads
            time.sleep(0.2)
        raise ClusterError(
            "the cluster has no workers: start some with dask worker, then run the same command "
            "again"
        )

    def _lost(self, reason: str) -> ClusterError:
        return ClusterError(
            f"the scheduler is lost ({without_credentials(reason)}): see its log, then run the "
            "same command again"
        )


def _connect(address: str) -> Any:
    if "@" in address:
        raise ClusterError(
            f"the scheduler {address.rpartition('@')[2]} was given with credentials: leave them "
            "out, for Dask knows certificates alone (tls://)"
        )
    distributed = import_module("distributed")
    try:
        # A client without an address or certificates takes twenty seconds to end.
        import_module("distributed.comm").resolve_address(address)
        certificates = distributed.Security().get_connection_args("client")["ssl_context"]
        if certificates or not address.startswith("tls://"):
            return distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        reason = "no certificates are set, as in DASK_DISTRIBUTED__COMM__TLS__CA_FILE"
    except (OSError, ValueError, ImportError) as error:
        reason = without_credentials(str(error))
    raise ClusterError(
        f"the scheduler {without_credentials(address)} does not answer ({reason}): check the "
        "address and the certificates, and start one with: dask scheduler"
    )
