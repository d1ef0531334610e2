"""Several files brought up to date at the same time, or fetched where they are missing."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING

from hotdog_sql.catalog import CatalogFile, refresh_command
from hotdog_sql.config import Settings
from hotdog_sql.download_options import SILENCE_SECONDS, RetryPolicy
from hotdog_sql.errors import MissingFileError, StorageError, TransferError, UnreachableError
from hotdog_sql.lock import locked
from hotdog_sql.progress import FileProgress
from hotdog_sql.refresh.local_file import HIDDEN, LocalFile
from hotdog_sql.text import printable

# The modules that import httpx are imported where files are fetched: most commands have theirs.
if TYPE_CHECKING:
    from hotdog_sql.http import HttpClient
    from hotdog_sql.progress import FileProgress

#: Files in flight at the same time.
WORKERS = 4

#: Bytes from which on the user is asked before a download.
LARGE = 500_000_000

#: Seconds that transfers have to notice that the refresh ends.
_GRACE = 1.0
_POLICY = RetryPolicy()
_SIZE_SECONDS = 20.0

#: Is asked before a large download: the files, and their total size if that is known.
Confirm = Callable[[Sequence[CatalogFile], int | None], bool]


class Status(StrEnum):
    """How the refresh of one file ended."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    KEPT = "kept"  # the server could not be reached; the old file is still there
    FAILED = "failed"  # there is no file, or what the server gave cannot be used


@dataclass(frozen=True, slots=True)
class FileResult:
    """The result of refreshing one file.

    Attributes:
        file: its row of the catalog.
        status: new, changed, unchanged, kept or failed.
        bytes: its size on disk; None where it is missing.
        note: why it was kept or failed, or how it differs from the catalog; else empty.
    """

    file: CatalogFile
    status: Status
    bytes: int | None
    note: str = ""


def refresh(
    files: Sequence[CatalogFile],
    settings: Settings,
    *,
    confirm: Confirm | None = None,
    progress: FileProgress | None = None,
    policy: RetryPolicy = _POLICY,
    silence_seconds: float = SILENCE_SECONDS,
) -> tuple[FileResult, ...]:
    """Bring files up to date; one request for each that is unchanged.

    A file in the data folder is replaced in one move by another that is complete and verified,
    or not touched. An interrupted body is resumed by the next refresh. Refreshes at the same time
    wait for each other, file by file.

    Args:
        files: rows of the catalog.
        settings: the data folder, which is made where missing, and the base address.
        confirm: is asked before `LARGE` bytes or more of missing files are fetched.
        progress: is told what happens.
        policy: when failed attempts are repeated.
        silence_seconds: how long a server may send nothing.

    Returns:
        The result of each file, in the order of `files`. A file that could not be fetched has the
        status kept or failed.

    Raises:
        AddressError: the base address cannot be used, or is neither https nor on this machine.
        InputError: the proxy or the certificates of the environment cannot be used.
        MissingFileError: `confirm` said no.
        StorageError: the data folder cannot be written.
    """
    from hotdog_sql.http import HttpClient, check_url
    from hotdog_sql.progress import FileProgress

    check_url(settings.base_url)
    progress = progress or FileProgress()
    wanted = missing_files(files, settings)
    if confirm is not None and wanted:
        _announce(wanted, settings, confirm, progress)
    _make_folder(settings.data_dir)
    stop = Event()
    queue: SimpleQueue[CatalogFile] = SimpleQueue()
    results: dict[str, Future[FileResult]] = {}
    for file in files:
        if file.name not in results:
            results[file.name] = Future()
            queue.put(file)

    def work(client: HttpClient) -> None:
        with client:
            while True:
                try:
                    file = queue.get_nowait()
                except Empty:
                    return
                result = results[file.name]
                try:
                    result.set_result(_fetch(file, settings, client, policy, progress, stop))
                except BaseException as error:  # noqa: BLE001 - whoever takes the result raises it
                    result.set_exception(error)

    count = min(WORKERS, len(results))
    clients = [HttpClient(silence_seconds=silence_seconds, plain=True) for _ in range(count)]
    # Daemons: a transfer that hangs in the system must not keep Ctrl-C waiting.
    threads = [Thread(target=work, args=(client,), daemon=True) for client in clients]
    try:
        for thread in threads:
            thread.start()
        return tuple(results[file.name].result() for file in files)
    finally:
        stop.set()
        wait(results.values(), _GRACE)


def fetch_missing(
    files: Sequence[CatalogFile],
    settings: Settings,
    *,
    confirm: Confirm,
    offline: bool = False,
    progress: FileProgress | None = None,
    policy: RetryPolicy = _POLICY,
) -> tuple[FileResult, ...]:
    """Fetch those of the files that are missing; no server is asked about the others.

    Args:
        files: rows of the catalog.
        settings: the data folder and the base address.
        confirm: is asked before `LARGE` bytes or more are fetched.
        offline: make no request at all.
        progress: is told what happens.
        policy: when failed attempts are repeated.

    Returns:
        The result of each file that was missing.

    Raises:
        MissingFileError: a file is missing, and `offline` or `confirm` forbids to fetch it.
        TransferError: a file could not be fetched.
        StorageError: the data folder cannot be written.
    """
    wanted = missing_files(files, settings)
    if not wanted:
        return ()
    if offline:
        raise _refusal(wanted, settings, "--offline forbids to fetch it")
    results = refresh(wanted, settings, confirm=confirm, progress=progress, policy=policy)
    error = failure(results)
    if error is not None:
        raise error
    return results


def missing_files(files: Sequence[CatalogFile], settings: Settings) -> list[CatalogFile]:
    """Those of the files that are not in the data folder."""
    return [file for file in files if not (settings.data_dir / file.name).is_file()]


def failure(results: Sequence[FileResult]) -> TransferError | None:
    """The error for the files that failed; None where none did."""
    failed = [result for result in results if result.status is Status.FAILED]
    if not failed:
        return None
    listed = "; ".join(f"{result.file.name}: {result.note}" for result in failed)
    return TransferError(f"could not fetch {listed}; run the same command to try again")


def _fetch(
    file: CatalogFile,
    settings: Settings,
    client: "HttpClient",
    policy: RetryPolicy,
    progress: FileProgress,
    stop: Event,
) -> FileResult:
    from hotdog_sql.refresh.transfer import StoppedError, Transfer

    if stop.is_set():
        raise StoppedError
    local = LocalFile(settings.data_dir, file)

    def waiting() -> None:
        progress.waiting(file.name, "another refresh is working on it")

    status = Status.FAILED
    try:
        with locked(local.lock, waiting):
            local.load()
            existed = local.bytes is not None
            url = settings.base_url + file.path
            is_new = local.recover()
            is_new |= Transfer(local, url, client, policy, progress, stop).run()
        status = Status.UNCHANGED
        if is_new:
            status = Status.CHANGED if existed else Status.NEW
        note = _difference(local)
    except UnreachableError as error:
        note = str(error)
        if local.bytes is not None:
            status = Status.KEPT
    except (TransferError, StorageError) as error:
        note = str(error)
    except OSError as error:
        note = f"{error.strerror or error} ({error.filename or local.part})"
    return FileResult(file, status, local.bytes, printable(note))


def _difference(local: LocalFile) -> str:
    """How a file differs from what the catalog says; empty where it does not."""
    file = local.file
    if file.md5 is not None and local.md5 != file.md5:
        return f"differs from the catalog: MD5 {local.md5} instead of {file.md5}"
    if file.bytes not in (None, local.bytes):
        return f"differs from the catalog: {local.bytes:,} bytes instead of {file.bytes:,}"
    return ""


def _announce(
    wanted: Sequence[CatalogFile], settings: Settings, confirm: Confirm, progress: FileProgress
) -> None:
    """Tell what will be fetched, and ask if it is large."""
    sized = _with_sizes(wanted, settings)
    known = [file.bytes for file in sized if file.bytes is not None]
    total = sum(known) if len(known) == len(sized) else None
    progress.planned(sized, total)
    unknown_train = any(file.bytes is None and file.split == "train" for file in sized)
    if (sum(known) >= LARGE or unknown_train) and not confirm(sized, total):
        raise _refusal(wanted, settings, "a large download needs --yes")


def _with_sizes(files: Sequence[CatalogFile], settings: Settings) -> list[CatalogFile]:
    """The files with their sizes; the server is asked for those that the catalog does not know.

    A failure ends the asking: fetching the file will tell its reason.
    """
    sizes = {file.name: file.bytes for file in files}
    if None in sizes.values():
        import httpx

        from hotdog_sql.http import HttpClient
        from hotdog_sql.refresh.local_file import RemoteFile

        with suppress(httpx.HTTPError, TransferError), HttpClient(plain=True) as client:
            for file in files:
                url = settings.base_url + file.path
                if file.bytes is None:
                    with client.stream(url, seconds=_SIZE_SECONDS, method="HEAD") as response:
                        if response.status_code == 200:
                            sizes[file.name] = RemoteFile.of(response, url).total
    return [replace(file, bytes=sizes[file.name]) for file in files]


def _refusal(wanted: Sequence[CatalogFile], settings: Settings, reason: str) -> MissingFileError:
    paths = ", ".join(str(settings.data_dir / file.name) for file in wanted)
    command = refresh_command(wanted, settings.data_dir, "--yes")
    return MissingFileError(f"missing {paths}, and {reason}; get it with: {command}")


def _make_folder(data_dir: Path) -> None:
    try:
        (data_dir / HIDDEN).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"cannot write {data_dir} ({error.strerror}); choose another --data-dir"
        ) from error
