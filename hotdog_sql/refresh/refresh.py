"""Several files brought up to date at the same time, or fetched where they are missing."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple

from hotdog_sql.catalog import CatalogFile, refresh_command
from hotdog_sql.data_file import HIDDEN, DataFile
from hotdog_sql.download_options import SILENCE_SECONDS, RetryPolicy
from hotdog_sql.errors import MissingFileError, StorageError, TransferError, UnreachableError
from hotdog_sql.files import locked, storage_errors
from hotdog_sql.http import HttpClient, check_url
from hotdog_sql.progress import FileProgress
from hotdog_sql.refresh.transfer import Transfer, remote_sizes
from hotdog_sql.text import printable

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


class FileResult(NamedTuple):
    """The result of refreshing one file."""

    file: CatalogFile
    status: Status
    bytes: int | None  # size on disk
    note: str = ""  # why it was kept or failed, or that it differs from the catalog


def refresh(
    files: Sequence[CatalogFile],
    data_dir: Path,
    base_url: str,
    *,
    confirm: Confirm | None = None,
    progress: FileProgress | None = None,
    policy: RetryPolicy | None = None,
    silence_seconds: float = SILENCE_SECONDS,
) -> list[FileResult]:
    """Bring files up to date; one request for each that is unchanged.

    A file in the data folder is replaced in one move by another that is complete and verified,
    or not touched. An interrupted body is resumed by the next refresh. Refreshes at the same time
    wait for each other, file by file. `confirm` is asked before `LARGE` bytes or more of missing
    files are fetched; MissingFileError if it says no. Results are in the order of `files`.
    """
    check_url(base_url)
    shown = progress or FileProgress()
    wanted = [file for file in files if not (data_dir / file.name).is_file()]
    if confirm is not None and wanted:
        _announce(wanted, data_dir, base_url, confirm, shown)
    hidden = data_dir / HIDDEN
    with storage_errors(hidden):
        hidden.mkdir(parents=True, exist_ok=True)
    stop = Event()

    def work(file: CatalogFile, result: Future[FileResult]) -> None:
        here, url = DataFile(file, data_dir / file.name), base_url + file.path
        try:
            with HttpClient(silence_seconds=silence_seconds) as client:
                transfer = Transfer(here, url, client, policy or RetryPolicy(), shown, stop)
                result.set_result(_fetch(here, transfer, shown))
        except BaseException as error:  # noqa: BLE001 - whoever takes the result raises it
            result.set_exception(error)

    results: list[Future[FileResult]] = []
    try:
        for file in files:
            results.append(Future())
            # A daemon: a transfer that hangs in the system must not keep Ctrl-C waiting.
            Thread(target=work, args=(file, results[-1]), daemon=True).start()
        return [result.result() for result in results]
    finally:
        stop.set()
        wait(results, _GRACE)


def fetch_missing(
    files: Sequence[CatalogFile],
    data_dir: Path,
    base_url: str,
    *,
    confirm: Confirm,
    offline: bool = False,
    progress: FileProgress | None = None,
) -> None:
    """Fetch files that are missing.

    A file that may not be fetched is a MissingFileError, one that cannot be a TransferError.
    """
    if offline:
        raise _refusal(files, data_dir, "--offline forbids downloading")
    error = failure(refresh(files, data_dir, base_url, confirm=confirm, progress=progress))
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


def _fetch(file: DataFile, transfer: Transfer, progress: FileProgress) -> FileResult:
    def waiting() -> None:
        progress.waiting(file.catalog.name, "another refresh is working on it")

    note = ""
    try:
        with storage_errors(file.hidden(".part")), locked(file.hidden(".lock"), waiting):
            status = Status.CHANGED if file.path.exists() else Status.NEW
            if not transfer.run():
                status = Status.UNCHANGED
        if file.matches_catalog() is False:
            note = "differs from the catalog"
    except UnreachableError as error:
        status, note = Status.KEPT if file.path.exists() else Status.FAILED, str(error)
    except (TransferError, StorageError) as error:
        status, note = Status.FAILED, str(error)
    return FileResult(file.catalog, status, file.state[0], printable(note))


def _announce(
    wanted: Sequence[CatalogFile],
    data_dir: Path,
    base_url: str,
    confirm: Confirm,
    progress: FileProgress,
) -> None:
    """Tell what will be fetched, and ask if it is large, or of train and of unknown size."""
    sizes = remote_sizes([file for file in wanted if file.bytes is None], base_url)
    sized = [replace(file, bytes=file.bytes or sizes.get(file.name)) for file in wanted]
    known = [file.bytes for file in sized if file.bytes is not None]
    total = sum(known) if len(known) == len(sized) else None
    progress.planned(sized, total)
    unknown_train = any(file.bytes is None and file.split == "train" for file in sized)
    if (sum(known) >= LARGE or unknown_train) and not confirm(sized, total):
        raise _refusal(wanted, data_dir, "a large download needs --yes")


def _refusal(wanted: Sequence[CatalogFile], data_dir: Path, reason: str) -> MissingFileError:
    paths = ", ".join(str(data_dir / file.name) for file in wanted)
    command = refresh_command(wanted, data_dir, "--yes")
    return MissingFileError(f"missing {paths}, and {reason}; get it with: {command}")
