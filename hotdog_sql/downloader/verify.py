"""Compare the manifest of a dataset with its files, and repair what is wrong."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain, groupby, islice
from pathlib import Path, PurePosixPath

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.dataset import FOREIGN_FILES, METADATA_FILES, open_dataset
from hotdog_sql.downloader.hosts import HostQueue
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

#: Photos per batch, and photos read at the same time: many, because object stores are slow to
#: respond.
_BATCH = 1024
_READERS = 32


class Fault(StrEnum):
    """What can be wrong with a file."""

    MISSING = "missing"  # in the manifest but not in the dataset
    ALTERED = "altered"  # with other bytes than downloaded
    UNDECODABLE = "undecodable"  # as downloaded, but not decodable
    EXTRA = "extra"  # in the dataset but not in the manifest


@dataclass(frozen=True, slots=True)
class Problem:
    """A file with a fault.

    Attributes:
        fault: what is wrong.
        path: path of the file relative to the dataset, with slashes.
        photo: the photo of the file; None for an extra file.
    """

    fault: Fault
    path: str
    photo: Photo | None = None


@dataclass(slots=True)
class VerifyReport:
    """What `verify` found.

    Attributes:
        checked: photos that were checked, all those in the manifest.
        bytes: total size of the intact photos.
        problems: files with faults; after a repair, those that remain.
        repaired: problems that a repair fixed.
        foreign: files of the operating system or a trainer, which are no problem.
    """

    checked: int = 0
    bytes: int = 0
    problems: list[Problem] = field(default_factory=list)
    repaired: list[Problem] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether the dataset matches its manifest."""
        return not self.problems


def verify(
    address: str | Path, *, decode: bool = False, progress: Progress | None = None
) -> VerifyReport:
    """Check every photo of a dataset against its manifest, byte for byte.

    Writes nothing and ignores hidden files.
    """
    DownloadOptions(decode=decode)  # raises an error if Pillow is needed but not installed
    storage = open_storage(address)
    report = VerifyReport()
    extra: list[str] = []  # unexpected members of tars
    with open_manifest(storage) as manifest:
        for tar, rows in groupby(manifest.rows_by_path(), key=lambda row: tar_of(row.path)):
            results = map(manifest.result, rows)
            if tar:
                checks = _check_tar(storage, tar, results, extra, decode=decode)
            else:
                checks = _check_files(storage, results, decode=decode)
            for result, fault in checks:
                report.checked += 1
                if fault is None:
                    report.bytes += result.size or 0
                else:
                    report.problems.append(Problem(fault, result.path, result.photo))
                if progress is not None:
                    progress.checked(report.checked, report.bytes)
        report.problems += [Problem(Fault.EXTRA, path) for path in extra]
        expected = METADATA_FILES | manifest.tars
        for path, _ in storage.files():
            name = PurePosixPath(path).name
            if name in FOREIGN_FILES or name.endswith(".cache"):
                report.foreign.append(path)
            elif not (path in expected or "/." in f"/{path}" or manifest.has_path(path)):
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
    """Download the photos that `verify` found missing, altered or undecodable.

    A photo that cannot be downloaded keeps its file and its row, but a missing photo that no source
    has any more is recorded as lost. Photos are altered as `selection.json` says, whatever the
    options. Extra files stay.
    """
    faults = {problem.photo: problem.fault for problem in report.problems if problem.photo}
    storage = open_storage(address)
    if any(tar_of(problem.path) for problem in report.problems):
        raise InputError(
            f"{storage.name} has its photos in tars, which are never changed: "
            "remove the tars that are altered, then run the download again"
        )
    if not faults:
        return report
    options = options or DownloadOptions()
    decode = options.decode or Fault.UNDECODABLE in faults.values()
    alterations = {"upright": False, "max_side": None} | recorded_alterations(storage)
    options = replace(options, decode=decode, **alterations)
    repaired: set[Photo | None] = set()
    size = report.bytes
    with open_dataset(address, None, options) as dataset:
        hosts = HostQueue(options, progress or Progress())
        with DownloadPool(dataset.storage, mirror_url, hosts) as pool:
            for result in chain.from_iterable(pool.run(faults)):
                if result.status is Status.DOWNLOADED:
                    repaired.add(result.photo)
                    size += result.size or 0
                    dataset.append(result)
                elif result.status is Status.LOST and faults[result.photo] is Fault.MISSING:
                    dataset.append(result)
        dataset.finalize(DownloadReport(), None, options)
    return replace(
        report,
        bytes=size,
        problems=[problem for problem in report.problems if problem.photo not in repaired],
        repaired=[problem for problem in report.problems if problem.photo in repaired],
    )


def _check_files(
    storage: Storage, results: Iterator[Result], *, decode: bool
) -> Iterator[tuple[Result, Fault | None]]:
    """Check photos against their files, many at the same time."""

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
        # Ctrl-C does not wait for unread files.
        pool.shutdown(wait=False, cancel_futures=True)


def _check_tar(
    storage: Storage, tar: str, results: Iterator[Result], extra: list[str], *, decode: bool
) -> Iterator[tuple[Result, Fault | None]]:
    """Check the photos of a tar, which is read once."""
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
        companions = [members.pop(f"{key}.{suffix}", None) for suffix in ("cls", "json")]
        is_altered = bool(md5) and (md5 != result.md5 or None in companions)
        yield result, Fault.ALTERED if is_altered else fault
    extra += [f"{tar}/{name}" for name in members]


def _decode_fault(data: Bytes, enabled: bool) -> Fault | None:
    if not enabled:
        return None
    from hotdog_sql.downloader.transform import decode

    try:
        decode(data)
    except RejectedError:
        return Fault.UNDECODABLE
    return None
