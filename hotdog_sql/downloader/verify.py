"""Compare the manifest of a dataset with its files, and its files with the manifest."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import groupby, islice
from pathlib import Path, PurePosixPath

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.dataset import FOREIGN_FILES, RECORDS, open_dataset
from hotdog_sql.downloader.manifest import open_manifest
from hotdog_sql.downloader.photo import Photo
from hotdog_sql.downloader.pool import DownloadPool
from hotdog_sql.downloader.result import DownloadReport, Result, Status
from hotdog_sql.downloader.selection_json import recorded_alterations
from hotdog_sql.downloader.tars import read_members, tar_of
from hotdog_sql.downloader.validate import Bytes, RejectedError, md5_hex
from hotdog_sql.errors import InputError
from hotdog_sql.progress import Progress
from hotdog_sql.storage import Storage, open_storage

#: Photos that are read in one go, and those that are read at the same time: many, because reading
#: from a store is waiting for it.
_BATCH = 1024
_READERS = 32


class Fault(StrEnum):
    """What can be wrong with a file."""

    MISSING = "missing"  # the manifest has it, the dataset does not
    ALTERED = "altered"  # its bytes are not those that were downloaded
    UNDECODABLE = "undecodable"  # they are, but they cannot be decoded
    EXTRA = "extra"  # the dataset has it, the manifest does not


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
    extra: list[str] = []  # what tars hold beside their photos
    with open_manifest(storage) as table:
        for tar, rows in groupby(table.rows_by_path(), key=lambda row: tar_of(row.path)):
            results = map(table.result, rows)
            found = (
                _tar_photos(storage, tar, results, extra, decode=decode)
                if tar
                else _photos(storage, results, decode=decode)
            )
            for result, fault in found:
                report.checked += 1
                if fault is None:
                    report.bytes += result.size or 0
                else:
                    report.problems.append(Problem(fault, result.path, result.photo))
                if progress is not None:
                    progress.checked(report.checked, report.bytes)
        report.problems += [Problem(Fault.EXTRA, path) for path in extra]
        records = RECORDS | table.tars
        for path, _ in storage.files():
            name = PurePosixPath(path).name
            if name in FOREIGN_FILES or name.endswith(".cache"):
                report.foreign.append(path)
            elif not (path in records or "/." in f"/{path}" or table.has_path(path)):
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
    if any(tar_of(problem.path) for problem in report.problems if problem.photo):
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


def _photos(
    storage: Storage, results: Iterator[Result], *, decode: bool
) -> Iterator[tuple[Result, Fault | None]]:
    """Photos against their files, many at the same time."""

    def fault_of(result: Result) -> Fault | None:
        size = storage.size(result.path)
        if size is None:
            return Fault.MISSING
        data = storage.read(result.path) or b"" if size == result.size else b""
        return _decode_fault(data, decode) if md5_hex(data) == result.md5 else Fault.ALTERED

    pool = ThreadPoolExecutor(_READERS)
    try:
        while batch := list(islice(results, _BATCH)):
            yield from zip(batch, pool.map(fault_of, batch), strict=True)
    finally:
        # Ctrl-C does not wait for files that have not been read yet.
        pool.shutdown(wait=False, cancel_futures=True)


def _tar_photos(
    storage: Storage, tar: str, results: Iterator[Result], extra: list[str], *, decode: bool
) -> Iterator[tuple[Result, Fault | None]]:
    """The photos that a tar should hold against the tar, which is read once."""
    members: dict[str, tuple[str, Fault | None]] = {}
    if storage.size(tar) is not None:
        with storage.local(tar) as file:
            for name, data in read_members(file):
                is_photo = not name.endswith((".cls", ".json"))
                members[name] = md5_hex(data), _decode_fault(data, decode and is_photo)
    for result in results:
        name = result.path.rpartition("/")[2]
        key = name.partition(".")[0]
        md5, fault = members.pop(name, ("", Fault.MISSING))
        beside = [members.pop(f"{key}.{suffix}", None) for suffix in ("cls", "json")]
        right = not md5 or (md5 == result.md5 and None not in beside)
        yield result, fault if right else Fault.ALTERED
    extra += [f"{tar}/{name}" for name in members]


def _decode_fault(data: Bytes, wanted: bool) -> Fault | None:
    if not wanted:
        return None
    from hotdog_sql.downloader.transform import decode

    try:
        decode(data)
    except RejectedError:
        return Fault.UNDECODABLE
    return None
