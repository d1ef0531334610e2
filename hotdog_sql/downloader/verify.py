"""Compare the manifest of a dataset with its files, and its files with the manifest."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import islice
from pathlib import Path, PurePosixPath

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.dataset import FOREIGN_FILES, RECORDS, open_dataset
from hotdog_sql.downloader.manifest import Manifest
from hotdog_sql.downloader.photo import Photo
from hotdog_sql.downloader.pool import DownloadPool
from hotdog_sql.downloader.remote_records import fetch_manifest
from hotdog_sql.downloader.result import MANIFEST, DownloadReport, Result, Status
from hotdog_sql.downloader.selection_json import recorded_alterations
from hotdog_sql.downloader.tars import read_members
from hotdog_sql.downloader.validate import Bytes, RejectedError, md5_hex
from hotdog_sql.errors import DatasetError, InputError
from hotdog_sql.files import temporary_folder
from hotdog_sql.progress import Progress
from hotdog_sql.storage import WORK_FOLDER, Storage, open_storage

#: Photos that are read in one go, and remote photos that are read at the same time: many, because
#: most of the time is spent waiting for the store.
_BATCH = 1024
_REMOTE_READERS = 32


class Fault(StrEnum):
    """What can be wrong with a file."""

    #: The manifest has it, the dataset does not.
    MISSING = "missing"
    #: Its bytes are not those that were downloaded.
    ALTERED = "altered"
    #: They are, but they cannot be decoded.
    UNDECODABLE = "undecodable"
    #: The dataset has it, the manifest does not.
    EXTRA = "extra"


@dataclass(frozen=True, slots=True)
class Problem:
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
        checked: photos that the dataset should have.
        bytes: of those that are right.
        problems: what is wrong, or still wrong after a repair.
        repaired: what was wrong and is right again.
        foreign: files that a system or a trainer has left; nothing is wrong with them.
    """

    checked: int = 0
    bytes: int = 0
    problems: list[Problem] = field(default_factory=list)
    repaired: list[Problem] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether the dataset is what its manifest says."""
        return not self.problems


def verify(
    address: str | Path, *, decode: bool = False, progress: Progress | None = None
) -> VerifyReport:
    """Check every photo of a dataset against its manifest, byte for byte.

    Nothing is written. Hidden files are passed over: they are the system's.
    """
    DownloadOptions(decode=decode)  # which says how to get Pillow
    storage = open_storage(address)
    report = VerifyReport()
    with _manifest_of(storage) as table:
        tars = sorted(table.tars - {""})
        check = _Check(storage, table, decode=decode)
        for result, fault in check.tars(tars) if tars else check.photos():
            report.checked += 1
            if fault is None:
                report.bytes += result.size or 0
            else:
                report.problems.append(Problem(fault, result.path, result.photo))
            if progress is not None:
                progress.checked(report.checked, report.bytes)
        report.problems += [Problem(Fault.EXTRA, path) for path in check.extra_members]
        for path, _ in storage.files():
            name = PurePosixPath(path).name
            if path in RECORDS or path in tars or table.has_path(path):
                continue
            if name in FOREIGN_FILES or name.endswith(".cache"):
                report.foreign.append(path)
            elif not any(part.startswith(".") for part in PurePosixPath(path).parts):
                report.problems.append(Problem(Fault.EXTRA, path))
    return report


def repair(
    address: str | Path,
    report: VerifyReport,
    *,
    mirror_url: str,
    options: DownloadOptions | None = None,
    progress: Progress | None = None,
) -> VerifyReport:
    """Download what `verify` found missing, altered or undecodable.

    A file is replaced by its photo or not at all: where no source has the photo any more, the file
    and its row stay as they are. Photos are altered as the dataset's record says, whatever the
    options. Extra files stay.
    """
    faults = {problem.photo: problem.fault for problem in report.problems if problem.photo}
    storage = open_storage(address)
    with _manifest_of(storage) as table:
        if table.tars - {""}:
            raise InputError(
                f"{storage.name} has its photos in tars, which are never changed: "
                "remove the tars that are altered, then run the download again"
            )
    options = options or DownloadOptions()
    options = replace(
        options,
        **({"upright": False, "max_side": None} | recorded_alterations(storage)),
        decode=Fault.UNDECODABLE in faults.values() or options.decode,
    )
    repaired: set[Photo | None] = set()
    with open_dataset(address, None, options) as dataset:
        with DownloadPool(dataset.storage, mirror_url, options, progress or Progress()) as pool:
            for result in pool.run(faults):
                if result.status is Status.DOWNLOADED:
                    repaired.add(result.photo)
                if result.photo in repaired or faults[result.photo] is Fault.MISSING:
                    dataset.append(result)
        dataset.finalize(DownloadReport(), None, options)
    return replace(
        report,
        problems=[problem for problem in report.problems if problem.photo not in repaired],
        repaired=[problem for problem in report.problems if problem.photo in repaired],
    )


@contextmanager
def _manifest_of(storage: Storage) -> Iterator[Manifest]:
    """The manifest of a dataset, to be read."""
    if storage.size(MANIFEST) is None and (
        storage.folder is not None or not any(storage.files(WORK_FOLDER))
    ):
        raise DatasetError(
            f"{storage.name} is not a dataset, for it has no {MANIFEST}: "
            "give the folder or the address that was downloaded to"
        )
    with temporary_folder() as temporary:
        if storage.folder is None:
            fetch_manifest(storage, temporary)
        with Manifest((storage.folder or temporary) / MANIFEST, writable=False) as table:
            yield table


class _Check:
    """Compares photos with their rows.

    `extra_members` are what tars hold beside their photos.
    """

    def __init__(self, storage: Storage, table: Manifest, *, decode: bool) -> None:
        self.extra_members: list[str] = []
        self._storage = storage
        self._table = table
        self._decode = decode

    def photos(self) -> Iterator[tuple[Result, Fault | None]]:
        """Every row against its file, many files at the same time."""
        local = self._storage.folder is not None
        pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1) if local else _REMOTE_READERS)
        rows = (row for row in self._table.rows() if row.status == Status.DOWNLOADED)
        try:
            while batch := [self._table.result(row) for row in islice(rows, _BATCH)]:
                yield from zip(batch, pool.map(self._file_fault, batch), strict=True)
        finally:
            # Ctrl-C does not wait for files that have not been read yet.
            pool.shutdown(wait=False, cancel_futures=True)

    def tars(self, tars: Iterable[str]) -> Iterator[tuple[Result, Fault | None]]:
        """Every tar, read once, against the rows of the photos that it should hold."""
        for tar in tars:
            members: dict[str, tuple[str, Fault | None]] = {}
            if self._storage.size(tar) is not None:
                with self._storage.local(tar) as file:
                    for name, data in read_members(file):
                        is_photo = not name.endswith((".cls", ".json"))
                        fault = self._decode_fault(data) if is_photo else None
                        members[name] = md5_hex(data), fault
            for row in self._table.rows_in(tar):
                result = self._table.result(row)
                name = result.path.rpartition("/")[2]
                key = name.partition(".")[0]
                md5, fault = members.pop(name, ("", Fault.MISSING))
                beside = [members.pop(f"{key}.{suffix}", None) for suffix in ("cls", "json")]
                right = not md5 or (md5 == result.md5 and None not in beside)
                yield result, fault if right else Fault.ALTERED
            self.extra_members += [f"{tar}/{name}" for name in members]

    def _file_fault(self, result: Result) -> Fault | None:
        size = self._storage.size(result.path)
        if size is None:
            return Fault.MISSING
        data = self._storage.read(result.path) or b"" if size == result.size else b""
        return self._decode_fault(data) if md5_hex(data) == result.md5 else Fault.ALTERED

    def _decode_fault(self, data: Bytes) -> Fault | None:
        if not self._decode:
            return None
        from hotdog_sql.downloader.transform import decode

        try:
            decode(data)
        except RejectedError:
            return Fault.UNDECODABLE
        return None
