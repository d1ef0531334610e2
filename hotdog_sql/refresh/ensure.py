"""Fetching what a command needs and the data folder lacks."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import httpx

from hotdog_sql.catalog import CatalogFile, refresh_command
from hotdog_sql.config import Settings
from hotdog_sql.errors import MissingFileError
from hotdog_sql.refresh.events import Listener, Result, Silence
from hotdog_sql.refresh.run import failure, refresh
from hotdog_sql.transport import RetryPolicy, new_client, ssl_context

#: Bytes from which on a download is not begun without asking.
LARGE = 500_000_000

#: Is asked before a large download: the files, and their bytes in all where that is known.
Confirm = Callable[[Sequence[CatalogFile], int | None], bool]


def missing(files: Sequence[CatalogFile], settings: Settings) -> tuple[CatalogFile, ...]:
    """Those of the files that are not in the data folder."""
    return tuple(file for file in files if not (settings.data_dir / file.name).is_file())


def ensure(
    files: Sequence[CatalogFile],
    settings: Settings,
    *,
    confirm: Confirm,
    offline: bool = False,
    listener: Listener | None = None,
    policy: RetryPolicy | None = None,
) -> tuple[Result, ...]:
    """Fetch those of the files that are missing; the others are not asked about.

    The listener is told what is going to be fetched, and how large it is, before it begins.

    Args:
        files: what some work needs.
        settings: the data folder and the base address.
        confirm: is asked before `LARGE` bytes or more are fetched.
        offline: make no request at all.
        listener: is told what happens.
        policy: how failed tries are repeated.

    Returns:
        What became of each file that was missing.

    Raises:
        MissingFileError: a file is missing, and `offline` or `confirm` forbids to fetch it.
        TransferError: a file could not be fetched.
        StorageError: the data folder cannot be written.
    """
    wanted = missing(files, settings)
    if not wanted:
        return ()
    if offline:
        raise MissingFileError(_refusal(wanted, settings, "--offline forbids to fetch it"))
    announce(wanted, settings, confirm=confirm, listener=listener or Silence())
    results = refresh(wanted, settings, listener=listener, policy=policy)
    error = failure(results)
    if error is not None:
        raise error
    return results


def announce(
    wanted: Sequence[CatalogFile], settings: Settings, *, confirm: Confirm, listener: Listener
) -> None:
    """Tell what is going to be fetched, and ask if it is large.

    Raises:
        MissingFileError: `confirm` says no.
    """
    sized = sizes(wanted, settings)
    known = [file.bytes for file in sized if file.bytes is not None]
    total = sum(known) if len(known) == len(sized) else None
    listener.planned(sized, total)
    unknown_train = any(file.bytes is None and file.split == "train" for file in sized)
    if (sum(known) >= LARGE or unknown_train) and not confirm(sized, total):
        raise MissingFileError(
            _refusal(wanted, settings, "a large download is not begun without --yes")
        )


def sizes(files: Sequence[CatalogFile], settings: Settings) -> tuple[CatalogFile, ...]:
    """The files with their sizes; one request for each that the catalog has none of.

    Without an answer a size stays None: why there is none, fetching it will tell.
    """
    if all(file.bytes is not None for file in files):
        return tuple(files)
    with new_client(ssl_context()) as client:
        return tuple(
            file if file.bytes is not None else replace(file, bytes=_size(client, settings, file))
            for file in files
        )


def _size(client: httpx.Client, settings: Settings, file: CatalogFile) -> int | None:
    try:
        response = client.head(settings.base_url + file.path)
    except httpx.HTTPError:
        return None
    length = response.headers.get("Content-Length", "")
    return int(length) if response.status_code == 200 and length.isdigit() else None


def _refusal(wanted: Sequence[CatalogFile], settings: Settings, reason: str) -> str:
    paths = ", ".join(str(settings.data_dir / file.name) for file in wanted)
    command = refresh_command(wanted, settings.data_dir, "--yes")
    return f"missing {paths}, and {reason}; get it with: {command}"
