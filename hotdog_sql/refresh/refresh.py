"""Several files brought up to date at the same time, or fetched where they are missing."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Event, Semaphore, Thread

from hotdog_sql.catalog import CatalogFile, refresh_command
from hotdog_sql.config import Settings
from hotdog_sql.download_options import SILENCE_SECONDS, RetryPolicy
from hotdog_sql.errors import MissingFileError, StorageError, TransferError, UnreachableError
from hotdog_sql.files import locked, storage_errors
from hotdog_sql.http import HttpClient, check_url
from hotdog_sql.progress import FileProgress
from hotdog_sql.refresh.local_file import HIDDEN, LocalFile
from hotdog_sql.refresh.transfer import Transfer, remote_sizes
from hotdog_sql.text import printable

#: Files in flight at the same time.
WORKERS = 4

#: Bytes from which on the user is asked before a download.
LARGE = 500_000_000

#: Seconds that transfers have to notice that the refresh ends.
_GRACE = 1.0

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
    """The result of refreshing one file."""

    file: CatalogFile
    status: Status
    bytes: int | None  # size on disk
    note: str = ""  # why it was kept or failed, or that it differs from the catalog


def refresh(
    files: Sequence[CatalogFile],
    settings: Settings,
    *,
    confirm: Confirm | None = None,
    progress: FileProgress | None = None,
    policy: RetryPolicy | None = None,
    silence_seconds: float = SILENCE_SECONDS,
) -> tuple[FileResult, ...]:
    """Bring files up to date; one request for each that is unchanged.

    A file in the data folder is replaced in one move by another that is complete and verified,
    or not touched. An interrupted body is resumed by the next refresh. Refreshes at the same time
    wait for each other, file by file. `confirm` is asked before `LARGE` bytes or more of missing
    files are fetched; MissingFileError if it says no. Results are in the order of `files`.
    """
    check_url(settings.base_url)
    shown = progress or FileProgress()
    wanted = [file for file in files if not (settings.data_dir / file.name).is_file()]
    if confirm is not None and wanted:
        _announce(wanted, settings, confirm, shown)
    hidden = settings.data_dir / HIDDEN
    with storage_errors(hidden):
        hidden.mkdir(parents=True, exist_ok=True)
    stop, slots = Event(), Semaphore(WORKERS)
    results: dict[str, Future[FileResult]] = {}

    def work(file: CatalogFile, result: Future[FileResult]) -> None:
        local, url = LocalFile(settings.data_dir, file), settings.base_url + file.path
        try:
            with slots, HttpClient(silence_seconds=silence_seconds) as client:
                transfer = Transfer(local, url, client, policy or RetryPolicy(), shown, stop)
                result.set_result(_fetch(local, transfer, shown))
        except BaseException as error:  # noqa: BLE001 - whoever takes the result raises it
            result.set_exception(error)

    try:
        for file in files:
            if file.name not in results:
                result = results[file.name] = Future()
                # A daemon: a transfer that hangs in the system must not keep Ctrl-C waiting.
                Thread(target=work, args=(file, result), daemon=True).start()
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
) -> None:
    """Fetch files that are missing.

    A file that may not be fetched is a MissingFileError, one that cannot be a TransferError.
    """
    if offline:
        raise _refusal(files, settings, "--offline forbids downloading")
    error = failure(refresh(files, settings, confirm=confirm, progress=progress))
    if error is not None:
        raise error


def failure(results: Sequence[FileResult]) -> TransferError | None:
    """The error for the files that failed, each reason once; None where none did."""
    names: dict[str, list[str]] = {}
    for result in results:
        if result.status is Status.FAILED:
            names.setdefault(result.note, []).append(result.file.name)
    if not names:
        return None
    reasons = "; ".join(f"{', '.join(failed)}: {reason}" for reason, failed in names.items())
    return TransferError(
        f"could not fetch {reasons}; check the network, the proxy and HOTDOG_SQL_BASE_URL, then "
        "run the same command again"
    )


def _fetch(local: LocalFile, transfer: Transfer, progress: FileProgress) -> FileResult:
    def waiting() -> None:
        progress.waiting(local.file.name, "another refresh is working on it")

    status, note = Status.FAILED, ""
    try:
        with locked(local.lock, waiting):
            local.load()
            existed = local.bytes is not None
            recovered = local.recover()
            if transfer.run() or recovered:
                status = Status.CHANGED if existed else Status.NEW
            else:
                status = Status.UNCHANGED
        if local.matches_catalog() is False:
            note = "differs from the catalog"
    except UnreachableError as error:
        note = str(error)
        status = Status.FAILED if local.bytes is None else Status.KEPT
    except (TransferError, StorageError) as error:
        note = str(error)
    except OSError as error:
        note = f"{error.strerror or error}: {error.filename or local.part}"
    return FileResult(local.file, status, local.bytes, printable(note))


def _announce(
    wanted: Sequence[CatalogFile], settings: Settings, confirm: Confirm, progress: FileProgress
) -> None:
    """Tell what will be fetched, and ask if it is large, or of train and of unknown size."""
    sizes = remote_sizes([file for file in wanted if file.bytes is None], settings.base_url)
    sized = [replace(file, bytes=file.bytes or sizes.get(file.name)) for file in wanted]
    known = [file.bytes for file in sized if file.bytes is not None]
    total = sum(known) if len(known) == len(sized) else None
    progress.planned(sized, total)
    unknown_train = any(file.bytes is None and file.split == "train" for file in sized)
    if (sum(known) >= LARGE or unknown_train) and not confirm(sized, total):
        raise _refusal(wanted, settings, "a large download needs --yes")


def _refusal(wanted: Sequence[CatalogFile], settings: Settings, reason: str) -> MissingFileError:
    paths = ", ".join(str(settings.data_dir / file.name) for file in wanted)
    command = refresh_command(wanted, settings.data_dir, "--yes")
    return MissingFileError(f"missing {paths}, and {reason}; get it with: {command}")
