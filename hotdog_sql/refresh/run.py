"""Several files brought up to date at once."""

from collections.abc import Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import monotonic

import httpx

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.config import Settings
from hotdog_sql.errors import StorageError, TransferError
from hotdog_sql.refresh.events import Listener, Result, Silence, Status
from hotdog_sql.refresh.fetch import Fetch, Means, StoppedError, UnreachableError
from hotdog_sql.refresh.lock import locked
from hotdog_sql.refresh.places import HIDDEN, Places
from hotdog_sql.refresh.space import Space
from hotdog_sql.text import printable
from hotdog_sql.transport import (
    SILENCE_SECONDS,
    RetryPolicy,
    check_url,
    new_client,
    ssl_context,
)

WORKERS = 4

#: Seconds that transfers are given to notice that the refresh is to end.
_GRACE = 1.0


def refresh(
    files: Sequence[CatalogFile],
    settings: Settings,
    *,
    listener: Listener | None = None,
    policy: RetryPolicy | None = None,
    workers: int = WORKERS,
    silence_seconds: float = SILENCE_SECONDS,
) -> tuple[Result, ...]:
    """Bring the files up to date; one request for each that is unchanged.

    A file in the data folder is replaced in one move by another that is whole and verified, or
    not touched. What came of an interrupted body is gone on with by the next refresh. Refreshes
    at the same time wait for each other, file by file.

    Args:
        files: what to bring up to date, rows of the catalog.
        settings: the data folder, which is made where missing, and the base address.
        listener: is told what happens.
        policy: how failed tries are repeated.
        workers: files in flight at the same time.
        silence_seconds: how long a server may be silent.

    Returns:
        What became of each file, in the order of `files`. Those that could not be had are among
        them, as kept or failed.

    Raises:
        InsecureAddressError: the base address is neither https nor on this machine.
        InputError: the proxy, certificates or `.netrc` of the environment cannot be used.
        StorageError: the data folder cannot be written.
        KeyboardInterrupt: after the transfers have been told to stop.
    """
    check_url(settings.base_url)
    _make_folder(settings.data_dir)
    means = Means(policy or RetryPolicy(), listener or Silence(), Space(settings.data_dir), Event())
    distinct = {file.name: file for file in files}
    jobs: SimpleQueue[CatalogFile] = SimpleQueue()
    for file in distinct.values():
        jobs.put(file)
    results: dict[str, Result] = {}

    def work(client: httpx.Client) -> None:
        with client:
            while not means.stop.is_set():
                try:
                    file = jobs.get_nowait()
                    results[file.name] = _refresh_one(file, settings, client, means)
                except (Empty, StoppedError):
                    return
                means.listener.finished(results[file.name])

    clients = [
        new_client(ssl_context(), silence_seconds=silence_seconds)
        for _ in range(min(workers, len(distinct)))
    ]
    # Daemons: a transfer that hangs in the system must not keep Ctrl-C waiting.
    threads = [Thread(target=work, args=(client,), daemon=True) for client in clients]
    _run(threads, means.stop)
    return tuple(results[file.name] for file in files)


def failure(results: Sequence[Result]) -> TransferError | None:
    """The error that failed files amount to; None where none failed."""
    failed = [result for result in results if result.status is Status.FAILED]
    if not failed:
        return None
    listed = "; ".join(f"{result.file.name}: {result.note}" for result in failed)
    return TransferError(f"could not fetch {listed}; run the same command to try again")


def _refresh_one(
    file: CatalogFile, settings: Settings, client: httpx.Client, means: Means
) -> Result:
    places = Places.of(settings.data_dir, file.name)

    def waiting() -> None:
        means.listener.waiting(file.name, "another refresh is at work on it")

    status = Status.FAILED
    try:
        with locked(places.lock, waiting):
            return Fetch(file, settings.base_url + file.path, places, client, means).run()
    except UnreachableError as error:
        note = str(error)
        if places.data.exists():
            status = Status.KEPT
    except (TransferError, StorageError) as error:
        note = str(error)
    except OSError as error:
        note = f"{error.strerror} ({error.filename or places.hidden})"
    size = places.data.stat().st_size if places.data.exists() else None
    return Result(file, status, size, printable(note))


def _run(threads: Sequence[Thread], stop: Event) -> None:
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:
        stop.set()
        end = monotonic() + _GRACE
        for thread in threads:
            if thread.is_alive():  # not all of them need have begun
                thread.join(max(0.0, end - monotonic()))
        raise


def _make_folder(data_dir: Path) -> None:
    try:
        (data_dir / HIDDEN).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"{data_dir} cannot be written ({error.strerror}); choose another --data-dir"
        ) from error
