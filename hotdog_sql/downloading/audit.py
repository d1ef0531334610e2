"""`verify` for every dataset there can be: in class folders, in tars, in an object store."""

import tarfile
import tempfile
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path, PurePosixPath

from hotdog_sql.downloading import manifest
from hotdog_sql.downloading.destination import Destination
from hotdog_sql.downloading.entry import Entry, Status
from hotdog_sql.downloading.inspection import md5_hex
from hotdog_sql.downloading.ledger import Ledger
from hotdog_sql.downloading.listing import Listing
from hotdog_sql.downloading.place import fetch_manifest
from hotdog_sql.downloading.remote import RemoteStore
from hotdog_sql.downloading.store import FolderStore, storage_error
from hotdog_sql.downloading.tarnames import tar_of
from hotdog_sql.downloading.verify import (
    RECORD_FILES,
    Fault,
    Finding,
    VerifyListener,
    VerifyReport,
    decode_fault,
    verify,
)
from hotdog_sql.errors import DatasetError, InputError

#: Photos of an object store that are read at once, and looked at ahead of the one whose turn it is.
_AT_ONCE = 32
_AHEAD = 256


def audit(
    destination: Destination, *, decode: bool = False, listener: VerifyListener | None = None
) -> VerifyReport:
    """Hold every photo of a dataset to its manifest, wherever it is and however it is kept.

    Nothing is written into the dataset. Of an object store every photo is read once.

    Args:
        destination: the dataset.
        decode: decode each photo too, which takes about ten times as long.
        listener: hears how far it has come.

    Raises:
        DatasetError: there is no manifest, or it is not one of ours.
        StorageError: it cannot be read.
        MissingExtraError: the library for such addresses, or Pillow, is not installed.
    """
    listener = listener or VerifyListener()
    if decode:
        import_module("hotdog_sql.images")  # which says how to get Pillow
    if not destination.is_remote:
        report = verify_tars(destination.folder, listener, decode=decode)
        return report or verify(destination.folder, decode=decode, listener=listener)
    store = RemoteStore(destination)
    with tempfile.TemporaryDirectory(prefix="hotdog-sql-") as folder:
        parts = fetch_manifest(store, Path(folder))
        if not parts and store.size(manifest.NAME) is None:
            raise DatasetError(
                f"{destination} is not a dataset, for it has no {manifest.NAME}: "
                "give the address that was downloaded to"
            )
        report = VerifyReport()
        with Ledger(Path(folder) / manifest.NAME, writable=False) as ledger:
            ledger.index_paths()
            tars = ledger.tars()
            if tars:
                _check_tars(store, sorted(tars), ledger, report, listener, decode=decode)
            else:
                _check_photos(store, ledger, report, listener, decode=decode)
            for path, _ in store.files():
                if _is_extra(path, ledger, tars):
                    report.findings.append(Finding(Fault.EXTRA, path))
    return report


def check_repairable(destination: Destination, report: VerifyReport) -> None:
    """See that `repair` can mend what was found.

    Raises:
        InputError: the dataset is not in class folders of this machine.
    """
    if destination.is_remote or any(tar_of(finding.path) for finding in report.findings):
        raise InputError(
            f"{destination} is not repaired in place: remove what is altered, then run the "
            "download again"
        )


def verify_tars(
    directory: Path, listener: VerifyListener, *, decode: bool = False
) -> VerifyReport | None:
    """Check a folder that keeps its photos in tars; None where it does not.

    Raises:
        DatasetError: the manifest is not one of ours.
        StorageError: a file cannot be read.
    """
    if not (directory / manifest.NAME).is_file():
        return None
    report = VerifyReport()
    with Ledger(directory / manifest.NAME, writable=False) as ledger:
        tars = ledger.tars()
        if not tars:
            return None
        ledger.index_paths()
        _check_tars(FolderStore(directory), sorted(tars), ledger, report, listener, decode=decode)
        files = (
            path.relative_to(directory) for path in sorted(directory.rglob("*")) if path.is_file()
        )
        for path in map(Path.as_posix, files):
            if _is_extra(path, ledger, tars):
                report.findings.append(Finding(Fault.EXTRA, path))
    return report


def _is_extra(path: str, ledger: Ledger, tars: set[str]) -> bool:
    hidden = any(name.startswith(".") for name in PurePosixPath(path).parts)
    return not (hidden or path in RECORD_FILES or path in tars or ledger.has_path(path))


def _check_photos(
    store: RemoteStore,
    ledger: Ledger,
    report: VerifyReport,
    listener: VerifyListener,
    *,
    decode: bool,
) -> None:
    """Every row against the listing, and against the bytes."""
    listing = Listing(store, ledger.manifest_bytes())
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        pending: deque[tuple[Entry, Fault | Future[Fault | None] | None]] = deque()
        for row in ledger.rows():
            if row.status is not Status.DOWNLOADED:
                continue
            entry = ledger.entry(row)
            size = listing.size(entry.path)
            if size != entry.size:
                pending.append((entry, Fault.MISSING if size is None else Fault.ALTERED))
            else:
                pending.append((entry, pool.submit(_fault, store, entry, decode=decode)))
            if len(pending) > _AHEAD:
                _note(*pending.popleft(), report, listener)
        for entry, fault in pending:
            _note(entry, fault, report, listener)
    listing.close()


def _fault(store: RemoteStore, entry: Entry, *, decode: bool) -> Fault | None:
    data = store.read_if_there(entry.path)
    if data is None:
        return Fault.MISSING
    if md5_hex(data) != entry.md5:
        return Fault.ALTERED
    return decode_fault(data) if decode else None


def _check_tars(
    store: RemoteStore | FolderStore,
    tars: list[str],
    ledger: Ledger,
    report: VerifyReport,
    listener: VerifyListener,
    *,
    decode: bool,
) -> None:
    """Every tar, read once, against the rows of the photos that it should hold."""
    for tar in tars:
        found: dict[str, tuple[str, Fault | None]] = {}
        if store.size(tar) is not None:
            with _at_hand(store, tar) as file:
                found = _members(file, decode=decode)
        for row in ledger.rows_in(tar):
            entry = ledger.entry(row)
            name = entry.path.rpartition("/")[2]
            key = name.partition(".")[0]
            photo = found.pop(name, None)
            beside = [found.pop(f"{key}.{ending}", None) for ending in ("cls", "json")]
            if photo is None:
                _note(entry, Fault.MISSING, report, listener)
            else:
                md5, fault = photo
                right = md5 == entry.md5 and None not in beside
                _note(entry, fault if right else Fault.ALTERED, report, listener)
        report.findings += [Finding(Fault.EXTRA, f"{tar}/{name}") for name in found]


@contextmanager
def _at_hand(store: RemoteStore | FolderStore, tar: str) -> Iterator[Path]:
    """The tar as a file of this machine."""
    if isinstance(store, FolderStore):
        yield store.directory / tar
        return
    with tempfile.TemporaryDirectory(prefix="hotdog-sql-") as folder:
        copy = Path(folder) / "copy.tar"
        store.download(tar, copy)
        yield copy


def _members(file: Path, *, decode: bool) -> dict[str, tuple[str, Fault | None]]:
    """MD5 and fault of each member of a tar by its name; of a damaged tar, of the readable ones."""
    found: dict[str, tuple[str, Fault | None]] = {}
    try:
        with tarfile.open(file, "r|") as tar:
            for member in tar:
                stream = tar.extractfile(member)
                data = stream.read() if stream is not None else b""
                is_photo = not member.name.endswith((".cls", ".json"))
                fault = decode_fault(data) if decode and is_photo else None
                found[member.name] = (md5_hex(data), fault)
    except tarfile.TarError:
        return found
    except OSError as error:
        raise storage_error(file, error) from error
    return found


def _note(
    entry: Entry,
    fault: Fault | Future[Fault | None] | None,
    report: VerifyReport,
    listener: VerifyListener,
) -> None:
    if isinstance(fault, Future):
        fault = fault.result()
    report.checked += 1
    if fault is None:
        report.bytes += entry.size or 0
    else:
        report.findings.append(Finding(fault, entry.path, entry.photo))
    listener.checked(report.checked, report.bytes)
