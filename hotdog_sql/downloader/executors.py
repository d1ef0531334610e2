"""Shards: parts of a download, which this process or the workers of a Dask cluster run."""

import logging
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from itertools import chain, islice
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.hosts import HostQueue
from hotdog_sql.downloader.photo import Photo
from hotdog_sql.downloader.pool import DownloadPool
from hotdog_sql.downloader.result import Result, Status, decode, encode
from hotdog_sql.downloader.tars import add_photo
from hotdog_sql.errors import ClusterError, DatasetError, HotdogError, UnreachableError
from hotdog_sql.files import storage_errors
from hotdog_sql.progress import Progress
from hotdog_sql.storage import RUN_FILE, WORK_FOLDER, Storage, open_storage
from hotdog_sql.text import without_credentials

#: Seconds to wait for the scheduler, and for a first worker.
CONNECT_SECONDS = 10.0
WORKER_SECONDS = 60.0

#: Retries of a shard that ends with an error. Dask itself reruns the shards of dead workers.
_RETRIES = 2

#: Shards submitted per thread of a worker, so that a worker always has its next shard.
_SHARDS_PER_THREAD = 2

#: Seconds between checks: by the command, that there are workers; by a worker, that its run has
#: not ended.
_POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Shard:
    """Photos to download, and the settings that their results depend on.

    `number` is unique in the run; `tar` is the tar for the photos, or empty if they are files;
    `classes` numbers the class folders in it; `host_responded`: a host has responded in this run;
    `pools` shards share the limits per host.
    """

    # Workers may log the repr, so it omits photos and addresses.
    photos: tuple[Photo, ...] = field(repr=False)
    storage: Storage = field(repr=False)
    mirror_url: str = field(repr=False)
    options: DownloadOptions = field(repr=False)
    run_id: str
    number: int = 0
    tar: str = ""
    classes: Mapping[str, int] = field(default_factory=dict, repr=False)
    host_responded: bool = False
    pools: int = 1

    @property
    def result_file(self) -> str:
        """The path of the shard's result file in the dataset."""
        return f"{WORK_FOLDER}/shard-{self.run_id}-{self.number:06d}.csv"

    def check_current(self) -> None:
        """Raise `DatasetError` if another run has taken over the dataset."""
        run_id = self.storage.read(RUN_FILE)
        if run_id is None:
            raise DatasetError(
                f"this machine sees no download into {self.storage.name}: if it has not ended, "
                "choose a folder or an address that all machines share"
            )
        if run_id != self.run_id.encode():
            raise DatasetError(
                f"another run has taken over {self.storage.name}: let it end, "
                "then run the same command again"
            )


#: Runs shards and yields results in batches, each of which is recorded before the next.
RunShards: TypeAlias = Callable[[Iterable[Shard]], Iterator[list[Result]]]


@contextmanager
def open_executor(
    template: Shard, scheduler: str | None, progress: Progress, *, owns_dataset: bool = True
) -> Iterator[RunShards]:
    """Yield a function that runs shards with the template's settings; a shard may run twice."""
    options = template.options
    if scheduler:
        # Closing cancels the shards that have not started; running shards end on their own.
        with closing(_connect(scheduler)) as client:
            yield DaskExecutor(client, scheduler, options.per_host, progress).run
        return
    with template.storage.scratch() as scratch:
        in_tars = options.in_tars
        storage = open_storage(scratch / "photos") if in_tars else template.storage
        hosts = HostQueue(options, progress, template.pools, template.host_responded)
        with DownloadPool(storage, template.mirror_url, hosts, owns_dataset) as pool:
            yield (partial(_run_tars, pool, scratch) if in_tars else partial(_run_files, pool))


def _run_files(pool: DownloadPool, shards: Iterable[Shard]) -> Iterator[list[Result]]:
    """Download photos into class folders, and yield results at once."""
    return pool.run(photo for shard in shards for photo in shard.photos)


def _run_tars(pool: DownloadPool, scratch: Path, shards: Iterable[Shard]) -> Iterator[list[Result]]:
    """Download photos into a folder, and move each from there to the shard's tar in order."""
    file = scratch / "whole.tar"
    for shard in shards:
        results = []
        with storage_errors(file), tarfile.TarFile(file, "w", format=tarfile.USTAR_FORMAT) as tar:
            finished = chain.from_iterable(pool.run(shard.photos))
            for result in _in_order(shard.photos, finished):
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
            shard.storage.delete(shard.tar)  # a killed run may have left one
        yield results


def _in_order(photos: Iterable[Photo], results: Iterator[Result]) -> Iterator[Result]:
    """Yield the results in the order of the photos, each as soon as possible."""
    pending: dict[Photo, Result] = {}
    for photo in photos:
        while photo not in pending:
            result = next(results)
            pending[result.photo] = result
        yield pending.pop(photo)
    next(results, None)  # raises an error that came with the last


def run_shard_once(shard: Shard) -> None:
    """Download the photos of a shard and write its result file, unless another worker did so.

    The result file has the format of the manifest, and it is the only way in which workers return
    results: if a worker dies after writing it, the next worker has nothing to download.
    """
    if read_results(shard) is not None:
        return
    lines, next_check = [], 0.0
    with open_executor(shard, None, Progress(), owns_dataset=False) as run:
        for results in run([shard]):
            lines += [encode(result.row()) for result in results]
            if time.monotonic() >= next_check:
                shard.check_current()
                next_check = time.monotonic() + _POLL_SECONDS
    shard.check_current()  # another run would not remove the file
    shard.storage.write(shard.result_file, b"".join(lines))


def read_results(shard: Shard) -> list[Result] | None:
    """Return the results in a shard's result file, or None if it is missing or truncated."""
    lines = (shard.storage.read(shard.result_file) or b"").splitlines(keepends=True)
    rows = [row for line in lines if line.endswith(b"\n") and (row := decode(line))]
    return [Result.from_row(row) for row in rows] if len(rows) == len(shard.photos) else None


@dataclass(slots=True)
class DaskExecutor:
    """Runs as many shards at the same time as the workers of a cluster have threads."""

    client: Any
    address: str
    per_host: int
    progress: Progress
    host_responded: bool = False

    def run(self, shards: Iterable[Shard]) -> Iterator[list[Result]]:
        """Submit the shards and yield the results of each."""
        running: dict[Any, Shard] = {}
        finished: SimpleQueue[Any] = SimpleQueue()
        remaining = iter(shards)
        while True:
            threads = self._count_threads()
            limit = self.per_host if self.per_host < threads else _SHARDS_PER_THREAD * threads
            for shard in islice(remaining, max(0, limit - len(running))):
                shard = replace(shard, host_responded=self.host_responded, pools=threads)
                # Not pure, so that Dask does not hash all photos to name the task.
                future = self.client.submit(run_shard_once, shard, pure=False, retries=_RETRIES)
                running[future] = shard
                future.add_done_callback(finished.put)
            if not running:
                return
            try:
                future = finished.get(timeout=_POLL_SECONDS)
            except Empty:
                continue
            shard = running.pop(future)
            # The file takes precedence: a worker may have died after writing it.
            results = read_results(shard)
            if results is not None:
                self.host_responded = True
                self.progress.received(sum(result.size or 0 for result in results))
                yield results
            else:
                error = self._error(future, shard)
                if not (isinstance(error, UnreachableError) and self.host_responded):
                    raise error
                remaining = chain([shard], remaining)  # hosts of other shards have responded

    def _count_threads(self) -> int:
        """Return the number of threads of all workers, after waiting for a first worker."""
        try:
            self.client.wait_for_workers(1, timeout=WORKER_SECONDS)
            return sum(self.client.nthreads().values())
        except TimeoutError as error:
            raise ClusterError(
                "the cluster has no workers: start some with dask worker, then run the same "
                "command again"
            ) from error
        except (OSError, ValueError, AttributeError) as error:  # the scheduler has disconnected
            raise _scheduler_error(self.address, str(error)) from error

    def _error(self, future: Any, shard: Shard) -> HotdogError:
        """Return the error of a shard without results."""
        if future.status == "cancelled":
            return _scheduler_error(self.address, "it has cancelled a shard")
        error = future.exception(timeout=CONNECT_SECONDS)
        if isinstance(error, HotdogError):
            return error
        reason = f"{type(error).__name__}: {error}" if error else "it wrote no results"
        return ClusterError(
            f"a worker failed at shard {shard.number} ({without_credentials(reason)}): read its "
            "log, check that all machines have the same version and extras and see the same "
            "dataset, then run the same command again"
        )


def _connect(address: str) -> Any:
    if "@" in address:
        raise _scheduler_error(address, "leave out the credentials: Dask uses certificates only")
    distributed = import_module("distributed")
    # The client would log the tracebacks of errors that are raised here.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        # Without a valid address or certificates, a client takes 20 seconds to fail.
        import_module("distributed.comm").resolve_address(address)
        certificates = distributed.Security().get_connection_args("client")["ssl_context"]
        if certificates or not address.startswith("tls://"):
            return distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, ImportError) as error:
        raise _scheduler_error(address, str(error)) from error
    raise _scheduler_error(
        address, "no certificates are set, as in DASK_DISTRIBUTED__COMM__TLS__CA_FILE"
    )


def _scheduler_error(address: str, reason: str) -> ClusterError:
    return ClusterError(
        f"cannot use the scheduler {without_credentials(address)} ({without_credentials(reason)}): "
        "check the address, the certificates and its log, start one with dask scheduler, then run "
        "the same command again"
    )
