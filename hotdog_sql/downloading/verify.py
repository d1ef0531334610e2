"""The manifest against the disk, and the disk against the manifest."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from importlib import import_module
from pathlib import Path

from hotdog_sql.config import Settings
from hotdog_sql.downloading import manifest
from hotdog_sql.downloading.dataset import workshop
from hotdog_sql.downloading.engine import Engine
from hotdog_sql.downloading.entry import Entry, Status
from hotdog_sql.downloading.events import Listener
from hotdog_sql.downloading.inspection import Bytes, md5_hex
from hotdog_sql.downloading.ledger import Ledger
from hotdog_sql.downloading.options import DownloadOptions
from hotdog_sql.downloading.photo import Photo
from hotdog_sql.downloading.record import NAME as RECORD
from hotdog_sql.downloading.record import recorded_alterations
from hotdog_sql.downloading.records import ATTRIBUTION, write_records
from hotdog_sql.downloading.report import DownloadReport
from hotdog_sql.downloading.store import FolderStore
from hotdog_sql.errors import DatasetError

#: Files of a dataset that are no photos: the records, and the contact sheet.
RECORD_FILES = frozenset({RECORD, manifest.NAME, ATTRIBUTION, "index.html"})

#: Rows looked at ahead of the one whose turn it is.
_AHEAD = 64


class Fault(StrEnum):
    """What can be wrong with a file."""

    #: The manifest has it, the disk has not.
    MISSING = "missing"
    #: Its bytes are not those that were downloaded.
    ALTERED = "altered"
    #: They are, but no picture can be made of them.
    UNDECODABLE = "undecodable"
    #: The disk has it, the manifest has not.
    EXTRA = "extra"


@dataclass(frozen=True, slots=True)
class Finding:
    """A file that is not as it should be.

    Attributes:
        fault: what is wrong.
        path: of the file, relative to the dataset, with slashes.
        photo: what should be there; None for an extra file.
    """

    fault: Fault
    path: str
    photo: Photo | None = None


@dataclass(slots=True)
class VerifyReport:
    """What `verify` found.

    Attributes:
        checked: photos of the manifest that should be on disk.
        bytes: of those that are.
        findings: what is wrong, or still wrong after a repair.
        repaired: what was wrong and is right again.
    """

    checked: int = 0
    bytes: int = 0
    findings: list[Finding] = field(default_factory=list)
    repaired: list[Finding] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether the dataset is what its manifest says."""
        return not self.findings


class VerifyListener(Listener):
    """Hears of the check too; a subclass overrides what it wants to hear."""

    def checked(self, count: int, size: int) -> None:
        """So many photos, of so many bytes in all, have been looked at."""


def verify(
    directory: Path, *, decode: bool = False, listener: VerifyListener | None = None
) -> VerifyReport:
    """Compare every row of the manifest with the disk, and every file with the manifest.

    Nothing is written, so a dataset on a disk that cannot be written can be verified. Hidden files
    are passed over: they are the system's.

    Args:
        directory: the dataset.
        decode: decode each photo too, which takes about ten times as long.
        listener: hears how far it has come.

    Raises:
        MissingExtraError: photos are to be decoded, and Pillow is not installed.
        DatasetError: there is no manifest, or it is not one of ours.
        StorageError: it cannot be read.
    """
    if not (directory / manifest.NAME).is_file():
        raise DatasetError(
            f"{directory} is not a dataset, for it has no {manifest.NAME}: "
            "give the folder that was downloaded into"
        )
    look = _decoded_fault if decode else _fault
    if decode:
        import_module("hotdog_sql.images")  # which says how to get Pillow
    report = VerifyReport()
    with Ledger(directory / manifest.NAME, writable=False) as ledger:
        _check_rows(directory, ledger, look, report, listener or VerifyListener())
        ledger.index_paths()
        for path in _files(directory):
            if not ledger.has_path(path):
                report.findings.append(Finding(Fault.EXTRA, path))
    return report


def repair(
    directory: Path,
    report: VerifyReport,
    *,
    settings: Settings,
    options: DownloadOptions | None = None,
    listener: Listener | None = None,
) -> VerifyReport:
    """Download what `verify` found missing, altered or undecodable.

    A file is only ever replaced by the photo: where that cannot be had any more, file and row stay
    as they are. Photos are turned and made smaller as the dataset's record says, and where one
    was undecodable, another such is refused. Extra files stay, for they are not ours.

    Args:
        directory: the dataset.
        report: what `verify` found.
        settings: where the mirror is.
        options: how it is done; `upright` and `max_side` are the record's.
        listener: hears what happens.

    Raises:
        MissingExtraError: photos are to be decoded, and Pillow is not installed.
        DatasetError: the dataset's record is not one of ours.
        DatasetLockedError: another run is working on the dataset.
        StorageError: something cannot be written.
    """
    undecodable = any(finding.fault is Fault.UNDECODABLE for finding in report.findings)
    options = replace(
        options or DownloadOptions(),
        **({"upright": False, "max_side": None} | recorded_alterations(directory)),
        decode=undecodable or (options is not None and options.decode),
    )
    wrong = {(f.photo.folder, f.photo.image_id): f for f in report.findings if f.photo is not None}
    repaired: set[tuple[str, str]] = set()
    with workshop(directory) as scratch, Ledger(directory / manifest.NAME) as ledger:
        photos = [finding.photo for finding in report.findings if finding.photo is not None]
        store = FolderStore(directory)
        with Engine(store, scratch, settings.mirror_url, options, listener or Listener()) as engine:
            for entry in engine.run(photos):
                key = (entry.photo.folder, entry.photo.image_id)
                if entry.status is Status.DOWNLOADED:
                    repaired.add(key)
                    ledger.add(entry)
                elif wrong[key].fault is Fault.MISSING:
                    ledger.add(entry)
        write_records(ledger, directory, scratch, DownloadReport())
    # In the order of the check, whatever the order in which the photos came.
    return VerifyReport(
        report.checked,
        report.bytes,
        findings=[f for f in report.findings if _key(f) not in repaired],
        repaired=[f for f in report.findings if _key(f) in repaired],
    )


def _key(finding: Finding) -> tuple[str, str] | None:
    photo = finding.photo
    return None if photo is None else (photo.folder, photo.image_id)


def _check_rows(
    directory: Path,
    ledger: Ledger,
    look: Callable[[FolderStore, Entry], Fault | None],
    report: VerifyReport,
    listener: VerifyListener,
) -> None:
    """Every row against the disk, a few files at a time."""
    store = FolderStore(directory)
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        pending: deque[tuple[Entry, Future[Fault | None]]] = deque()
        try:
            for entry in _on_disk(ledger):
                pending.append((entry, pool.submit(look, store, entry)))
                if len(pending) > _AHEAD:
                    _note(pending.popleft(), report, listener)
            for one in pending:
                _note(one, report, listener)
        finally:
            # Whoever stops it does not wait for what has not begun.
            pool.shutdown(wait=False, cancel_futures=True)


def _note(
    one: tuple[Entry, Future[Fault | None]], report: VerifyReport, listener: VerifyListener
) -> None:
    entry, future = one
    fault = future.result()
    report.checked += 1
    if fault is None:
        report.bytes += entry.size or 0
    else:
        report.findings.append(Finding(fault, entry.path, entry.photo))
    listener.checked(report.checked, report.bytes)


def _on_disk(ledger: Ledger) -> Iterator[Entry]:
    return (ledger.entry(row) for row in ledger.rows() if row.status is Status.DOWNLOADED)


def _fault(store: FolderStore, entry: Entry) -> Fault | None:
    size = store.size(entry.path)
    if size is None:
        return Fault.MISSING
    if size != entry.size:
        return Fault.ALTERED
    with store.read(entry.path) as data:
        return None if md5_hex(data) == entry.md5 else Fault.ALTERED


def _decoded_fault(store: FolderStore, entry: Entry) -> Fault | None:
    fault = _fault(store, entry)
    if fault is not None:
        return fault
    with store.read(entry.path) as data:
        return decode_fault(data)


def decode_fault(data: Bytes) -> Fault | None:
    """`UNDECODABLE` where no picture can be made of the bytes.

    Raises:
        MissingExtraError: Pillow is not installed.
    """
    from hotdog_sql.images.decode import UndecodableError, check

    try:
        check(data)
    except UndecodableError:
        return Fault.UNDECODABLE
    return None


def _files(directory: Path) -> Iterator[str]:
    """The visible files of a dataset that are no records, in an order of their own."""
    for folder, folders, files in os.walk(directory):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        below = Path(folder).relative_to(directory)
        for name in sorted(files):
            path = (below / name).as_posix()
            if not name.startswith(".") and path not in RECORD_FILES:
                yield path
