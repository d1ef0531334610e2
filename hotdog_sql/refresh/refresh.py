"""Refresh: update several files at the same time, and fetch those that are missing."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from enum import StrEnum
from functools import partial
from threading import Event, Thread
from typing import NamedTuple, TypeVar

from hotdog_sql.data_file import HIDDEN, DataFile, refresh_command, sidecar
from hotdog_sql.download_options import SILENCE_SECONDS, RetryPolicy
from hotdog_sql.errors import MissingFileError, StorageError, TransferError, UnreachableError
from hotdog_sql.files import locked, storage_errors
from hotdog_sql.http import open_client
from hotdog_sql.http.client import check_url
from hotdog_sql.progress import Progress
from hotdog_sql.refresh.transfer import Transfer, sizes_of
from hotdog_sql.text import printable

#: Ask the user before a download of this many bytes or more.
LARGE_BYTES = 500_000_000

#: Seconds that transfers have to stop when the refresh ends.
_STOP_SECONDS = 1.0

T = TypeVar("T")
#: Asks the user before a large download of this many files and, if known, bytes in all.
Confirm = Callable[[int, int | None], bool]


class Status(StrEnum):
    """How the refresh of one file ended."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    KEPT = "kept"  # the server could not be reached; the old file remains
    FAILED = "failed"  # there is no file, or the server sent something unusable


class FileResult(NamedTuple):
    """The result of refreshing one file."""

    file: DataFile
    status: Status
    note: str = ""  # why it was kept or failed, or that it differs from the catalog
    unwritable: bool = False  # whether it failed because of the data folder


def refresh(
    files: Sequence[DataFile],
    base_url: str,
    *,
    confirm: Confirm | None = None,
    offline: bool = False,
    progress: Progress | None = None,
    policy: RetryPolicy | None = None,
    silence_seconds: float = SILENCE_SECONDS,
) -> list[FileResult]:
    """Bring files up to date; an unchanged file costs one request.

    A file is replaced in one move by one that is complete and verified, or left alone. The next
    refresh resumes an interrupted body. Concurrent refreshes wait for each other, file by file.
    `confirm` is called before missing files of `LARGE_BYTES` or more are fetched. Raises
    `MissingFileError` if it returns False, or if `offline` is set. Results are in the order of
    `files`.
    """
    if offline:
        raise _missing_error(files, "--offline forbids downloading")
    check_url(base_url)
    display = progress or Progress()
    missing = [file for file in files if not file.path.is_file()]
    if confirm is not None and missing:
        _confirm_download(missing, base_url, confirm, display)
    hidden = files[0].path.parent / HIDDEN
    with storage_errors(hidden):
        hidden.mkdir(parents=True, exist_ok=True)
    stop = Event()

    def work(file: DataFile) -> FileResult:
        with open_client(silence_seconds) as client:
            url = base_url + file.catalog.path
            return _run(Transfer(file, url, client, policy or RetryPolicy(), display, stop))

    futures: list[Future[FileResult]] = []
    try:
        futures.extend(_start(work, file) for file in files)  # Ctrl-C may come between two of them
        return [future.result() for future in futures]
    finally:
        stop.set()
        wait(futures, _STOP_SECONDS)


def _start(function: Callable[..., T], *arguments: object) -> Future[T]:
    """Call a function in a daemon thread: Ctrl-C must not wait for a request that hangs."""
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(function(*arguments))
        except BaseException as error:  # noqa: BLE001 - `result()` raises it
            future.set_exception(error)

    Thread(target=work, daemon=True).start()
    return future


def failure(results: Sequence[FileResult]) -> TransferError | StorageError | None:
    """Return one error for all files that failed, with each reason once, or None."""
    failed = [result for result in results if result.status is Status.FAILED]
    if not failed:
        return None
    names = ", ".join(result.file.path.name for result in failed)
    reasons = "; ".join(dict.fromkeys(result.note for result in failed))
    if all(result.unwritable for result in failed):
        return StorageError(f"could not fetch {names}: {reasons}")
    return TransferError(
        f"could not fetch {names}: {reasons}; check the network, the proxy and "
        "HOTDOG_SQL_BASE_URL, then run the same command again"
    )


def _run(transfer: Transfer) -> FileResult:
    """Run a transfer when no other process refreshes the file."""
    file, progress = transfer.file, transfer.progress
    on_wait = partial(progress.file_waiting, file.path.name, "another refresh is working on it")
    note, unwritable, part = "", False, sidecar(file.path, ".part")
    try:
        with storage_errors(part), locked(sidecar(file.path, ".lock"), on_wait):
            for leftover in part.parent.glob(f".{file.path.name}.*"):
                leftover.unlink(missing_ok=True)  # from a killed process
            status = Status.CHANGED if file.path.exists() else Status.NEW
            if not transfer.run():
                status = Status.UNCHANGED
        if file.matches_catalog() is False:
            note = "differs from the catalog"
    except UnreachableError as error:
        status, note = Status.KEPT if file.path.exists() else Status.FAILED, str(error)
    except (TransferError, StorageError) as error:
        status, note, unwritable = Status.FAILED, str(error), isinstance(error, StorageError)
    return FileResult(file, status, printable(note), unwritable)


def _confirm_download(
    missing: Sequence[DataFile], base_url: str, confirm: Confirm, progress: Progress
) -> None:
    """Report the download; ask if it is large, or if the size of a train file is unknown."""
    sizes = _start(sizes_of, missing, base_url).result()
    known = [size for size in sizes.values() if size is not None]
    total = sum(known) if len(known) == len(sizes) else None
    progress.files_planned(sizes, total)
    train = [file for file in missing if file.catalog.split == "train"]
    is_large = sum(known) >= LARGE_BYTES or any(sizes[file.path.name] is None for file in train)
    if is_large and not confirm(len(missing), total):
        raise _missing_error(missing, "a large download needs --yes")


def _missing_error(missing: Sequence[DataFile], reason: str) -> MissingFileError:
    paths = ", ".join(str(file.path) for file in missing)
    command = refresh_command(missing, "--yes")
    return MissingFileError(f"missing {paths}, and {reason}; get it with: {command}")
