"""Who runs the shards: this process, or the workers of a Dask cluster."""

import tarfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from importlib import import_module
from itertools import islice
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.photo import Photo
from hotdog_sql.downloader.pool import DownloadPool
from hotdog_sql.downloader.result import Result, Status, decode, encode
from hotdog_sql.downloader.shards import Shard
from hotdog_sql.downloader.tars import add_photo
from hotdog_sql.errors import ClusterError, HotdogError, UnreachableError
from hotdog_sql.files import storage_errors
from hotdog_sql.progress import Progress
from hotdog_sql.storage import open_storage
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

#: Runs shards. Gives results as they come; those of an iteration are recorded before the next.
RunShards: TypeAlias = Callable[[Iterable[Shard]], Iterator[list[Result]]]


@contextmanager
def open_executor(empty: Shard, progress: Progress) -> Iterator[RunShards]:
    """What runs shards that are like the empty one. Run twice, a shard leaves the same files."""
    options = empty.options
    if options.scheduler:
        with closing(DaskExecutor(options, progress)) as executor:
            yield executor.run
        return
    with empty.storage.scratch() as scratch:
        in_tars = options.in_tars
        storage = open_storage(scratch / "photos") if in_tars else empty.storage
        with DownloadPool(storage, empty.mirror_url, options, progress, heard=empty.heard) as pool:
            yield (partial(_run_tars, pool, scratch) if in_tars else partial(_run_files, pool))


def _run_files(pool: DownloadPool, shards: Iterable[Shard]) -> Iterator[list[Result]]:
    """Photos in class folders do not wait for the end of their shard."""
    for result in pool.run(photo for shard in shards for photo in shard.photos):
        yield [result]


def _run_tars(pool: DownloadPool, scratch: Path, shards: Iterable[Shard]) -> Iterator[list[Result]]:
    """Photos are fetched into a folder, and from there into the tar in the order of the shard.

    A tar is written while others are fetched, so that it takes no time of its own.
    """
    file = scratch / "whole.tar"
    for shard in shards:
        results = []
        with storage_errors(file), tarfile.TarFile(file, "w", format=tarfile.USTAR_FORMAT) as tar:
            for result in _in_order(shard.photos, pool.run(shard.photos)):
                if result.status is Status.DOWNLOADED:
                    photo = scratch / "photos" / result.path
                    name = add_photo(tar, result, photo, shard.classes[result.photo.folder])
                    result = replace(result, path=f"{shard.tar}/{name}")
                    photo.unlink()
                results.append(result)
        shard.check_current()
        if any(result.status is Status.DOWNLOADED for result in results):
            shard.storage.put(shard.tar, file)
        else:
            shard.storage.delete(shard.tar)  # what a killed run may have left under this name
        yield results


def _in_order(photos: Iterable[Photo], results: Iterator[Result]) -> Iterator[Result]:
    """The results in the order of the photos, each as soon as those before it are known."""
    known: dict[Photo, Result] = {}
    for photo in photos:
        while photo not in known:
            result = next(results)
            known[result.photo] = result
        yield known.pop(photo)


def run_shard_once(shard: Shard) -> None:
    """Fetch the photos of a shard, unless another worker has, and leave the results as a file.

    The file has lines as the manifest has them, and is the only channel by which results come back:
    if a worker dies after writing it, the one that is handed the shard next has nothing to fetch.
    """
    if read_results(shard) is not None:
        return
    with open_executor(shard, Progress()) as run:
        lines = [encode(result.row()) for results in run([shard]) for result in results]
    shard.check_current()  # or nobody would remove the file
    shard.storage.write(shard.result_file, b"".join(lines))


def read_results(shard: Shard) -> list[Result] | None:
    """The results in a shard's result file; None where there is none, or it is not whole."""
    lines = (shard.storage.read(shard.result_file) or b"").splitlines(keepends=True)
    rows = [row for line in lines if line.endswith(b"\n") and (row := decode(line))]
    # A power failure can leave a file that is shorter.
    return [Result.from_row(row) for row in rows] if len(rows) == len(shard.photos) else None


class DaskExecutor:
    """As many shards at the same time as the workers of a cluster have threads."""

    def __init__(self, options: DownloadOptions, progress: Progress) -> None:
        self._address = options.scheduler or ""
        self._client = _connect(self._address)
        self._per_host = options.per_host
        self._progress = progress
        self._heard = False
        self._running: dict[str, tuple[Any, Shard]] = {}
        self._ended: SimpleQueue[Any] = SimpleQueue()

    def close(self) -> None:
        """Begin no further shard; what has begun ends by itself."""
        self._client.cancel([future for future, _ in self._running.values()])
        self._client.close()

    def run(self, shards: Iterable[Shard]) -> Iterator[list[Result]]:
        """Run shards."""
        left = iter(shards)
        while True:
            threads = self._threads()
            most = self._per_host if self._per_host < threads else _AHEAD * threads
            for shard in islice(left, max(0, most - len(self._running))):
                self._submit(shard, threads)
            if not self._running:
                return
            try:
                future = self._ended.get(timeout=_LOOK_EVERY)
            except Empty:
                continue
            _, shard = self._running.pop(future.key)
            # A worker may have died after it wrote the file, so the file counts first.
            results = read_results(shard)
            if results is not None:
                self._heard = True
                self._progress.received(sum(result.size or 0 for result in results))
                yield results
            else:
                error = self._error(future, shard)
                if not (isinstance(error, UnreachableError) and self._heard):
                    raise error
                self._submit(shard, threads)  # hosts of other shards have answered

    def _submit(self, shard: Shard, threads: int) -> None:
        # What one host may be asked at once is divided among the workers.
        share = max(1, self._per_host // threads)
        options = replace(shard.options, per_host=share, scheduler=None)
        shard = replace(shard, options=options, heard=self._heard)
        # Not pure: a shard's name need not be worked out of its rows.
        future = self._client.submit(run_shard_once, shard, pure=False, retries=_RETRIES)
        self._running[future.key] = future, shard
        future.add_done_callback(self._ended.put)

    def _threads(self) -> int:
        """Threads of the workers that there are now; waits for one."""
        try:
            self._client.wait_for_workers(1, timeout=WORKER_SECONDS)
            return sum(self._client.nthreads().values())
        except TimeoutError as error:
            raise ClusterError(
                "the cluster has no workers: start some with dask worker, then run the same "
                "command again"
            ) from error
        except (OSError, ValueError, AttributeError) as error:  # of a client without a scheduler
            raise _unusable(self._address, str(error)) from error

    def _error(self, future: Any, shard: Shard) -> HotdogError:
        """Why a shard has left no results."""
        if future.status == "cancelled":
            return _unusable(self._address, "it has cancelled a shard")
        error = future.exception(timeout=CONNECT_SECONDS)
        if isinstance(error, HotdogError):
            return error
        reason = f"{type(error).__name__}: {error}" if error else "it has left no results"
        return ClusterError(
            f"a worker failed at shard {shard.number} ({without_credentials(reason)}): see its "
            "log, and that all machines have the same version and extras and see the same "
            "dataset; then run the same command again"
        )


def _connect(address: str) -> Any:
    if "@" in address:
        raise _unusable(address, "leave out the credentials: Dask knows certificates alone")
    distributed = import_module("distributed")
    try:
        # A client without an address or certificates takes twenty seconds to end.
        import_module("distributed.comm").resolve_address(address)
        certificates = distributed.Security().get_connection_args("client")["ssl_context"]
        if certificates or not address.startswith("tls://"):
            return distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, ImportError) as error:
        raise _unusable(address, str(error)) from error
    raise _unusable(address, "no certificates are set, as in DASK_DISTRIBUTED__COMM__TLS__CA_FILE")


def _unusable(address: str, reason: str) -> ClusterError:
    return ClusterError(
        f"cannot use the scheduler {without_credentials(address)} ({without_credentials(reason)}): "
        "check the address, the certificates and its log, start one with dask scheduler, then run "
        "the same command again"
    )
