"""Several files brought up to date at the same time, or fetched where they are missing."""

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
from hotdog_sql.http import HttpClient, check_url
from hotdog_sql.progress import Progress
from hotdog_sql.refresh.transfer import Transfer, sizes_of
from hotdog_sql.text import printable

#: Bytes from which on the user is asked before a download.
LARGE = 500_000_000

#: Seconds that transfers have to notice that the refresh ends.
_GRACE = 1.0

T = TypeVar("T")
#: Is asked before a large download: how many files, and their total size if that is known.
Confirm = Callable[[int, int | None], bool]


class Status(StrEnum):
    """How the refresh of one file ended."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    KEPT = "kept"  # the server could not be reached; the old file is still there
    FAILED = "failed"  # there is no file, or what the server gave cannot be used


class FileResult(NamedTuple):
    """The result of refreshing one file."""

    file: DataFile
    status: Status
    note: str = ""  # why it was kept or failed, or that it differs from the catalog


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

    A file in the data folder is replaced in one move by another that is complete and verified,
    or not touched. An interrupted body is resumed by the next refresh. Refreshes at the same time
    wait for each other, file by file. `confirm` is asked before `LARGE` bytes or more of missing
    files are fetched. MissingFileError if it says no, or if no request may be sent. Results are in
    the order of `files`.
    """
    if offline:
        raise _refusal(files, "--offline forbids downloading")
    check_url(base_url)
    HttpClient(silence_seconds)  # pyreqwest crashes where the thread that it began in has ended
    shown = progress or Progress()
    missing = [file for file in files if not file.path.is_file()]
    if confirm is not None and missing:
        _announce(missing, base_url, confirm, shown)
    for folder in {file.path.parent / HIDDEN for file in files}:
        with storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
    stop = Event()

    def work(file: DataFile) -> FileResult:
        with HttpClient(silence_seconds=silence_seconds) as client:
            url = base_url + file.catalog.path
            transfer = Transfer(file, url, client, policy or RetryPolicy(), shown, stop)
            return _fetch(file, transfer, shown)

    results: list[Future[FileResult]] = []
    try:
        results.extend(_begin(partial(work, file)) for file in files)
        return [result.result() for result in results]
    finally:
        stop.set()
        wait(results, _GRACE)


def _begin(call: Callable[[], T]) -> Future[T]:
    """Begin a call whose requests must not keep Ctrl-C waiting: one may hang in the system."""
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - whoever takes the result raises it
            future.set_exception(error)

    Thread(target=work, daemon=True).start()
    return future


def failure(results: Sequence[FileResult]) -> TransferError | None:
    """The error for the files that failed, each reason once; None where none did."""
    failed = [result for result in results if result.status is Status.FAILED]
    if not failed:
        return None
    names = ", ".join(result.file.path.name for result in failed)
    reasons = "; ".join(dict.fromkeys(result.note for result in failed))
    return TransferError(
        f"could not fetch {names}: {reasons}; check the network, the proxy and "
        "HOTDOG_SQL_BASE_URL, then run the same command again"
    )


def _fetch(file: DataFile, transfer: Transfer, progress: Progress) -> FileResult:
    def waiting() -> None:
        progress.file_waiting(file.path.name, "another refresh is working on it")

    note, lock, part = "", sidecar(file.path, ".lock"), sidecar(file.path, ".part")
    try:
        with storage_errors(part), locked(lock, waiting):
            for leftover in lock.parent.glob(f".{file.path.name}.*"):
                leftover.unlink(missing_ok=True)  # of a run that was killed
            status = Status.CHANGED if file.path.exists() else Status.NEW
            if not transfer.run():
                status = Status.UNCHANGED
        if file.matches_catalog() is False:
            note = "differs from the catalog"
    except UnreachableError as error:
        status, note = Status.KEPT if file.path.exists() else Status.FAILED, str(error)
    except (TransferError, StorageError) as error:
        status, note = Status.FAILED, str(error)
    return FileResult(file, status, printable(note))


def _announce(
    missing: Sequence[DataFile], base_url: str, confirm: Confirm, progress: Progress
) -> None:
    """Tell what will be fetched, and ask if it is large, or of train and of unknown size."""
    sizes = _begin(partial(sizes_of, missing, base_url)).result()
    known = [size for size in sizes.values() if size is not None]
    total = sum(known) if len(known) == len(sizes) else None
    progress.files_planned(sizes, total)
    of_train = [file for file in missing if file.catalog.split == "train"]
    is_large = sum(known) >= LARGE or any(sizes[file.path.name] is None for file in of_train)
    if is_large and not confirm(len(missing), total):
        raise _refusal(missing, "a large download needs --yes")


def _refusal(missing: Sequence[DataFile], reason: str) -> MissingFileError:
    paths = ", ".join(str(file.path) for file in missing)
    command = refresh_command(missing, "--yes")
    return MissingFileError(f"missing {paths}, and {reason}; get it with: {command}")
