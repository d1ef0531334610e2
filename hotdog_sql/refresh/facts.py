"""What is known of the files in the data folder, without asking any server."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.config import Settings
from hotdog_sql.http_date import http_date
from hotdog_sql.refresh.disk import DiskFile
from hotdog_sql.refresh.lock import locked_if_free
from hotdog_sql.refresh.places import Places
from hotdog_sql.refresh.records import save


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One file in the data folder.

    Attributes:
        file: its row of the catalog.
        bytes: its size on disk.
        date: when the server's file was last changed; where that is unknown, the file's own time.
        matches_server: whether it has the bytes that the server had; None where no server has
            been asked.
        matches_catalog: whether it has the catalog's size and MD5; None where the catalog has
            no MD5 and nothing else speaks against it.
        md5: its MD5, hexadecimal digits; None where nothing needed it.
    """

    file: CatalogFile
    bytes: int
    date: datetime
    matches_server: bool | None
    matches_catalog: bool | None
    md5: str | None


def file_facts(files: Sequence[CatalogFile], settings: Settings) -> tuple[FileFacts, ...]:
    """The facts of those of the files that are there.

    An MD5 that had to be computed is kept in the file's record, with the size and time that it
    is good for, if the data folder can be written.
    """
    found = (_facts(file, Places.of(settings.data_dir, file.name)) for file in files)
    return tuple(facts for facts in found if facts is not None)


def file_md5(
    files: Sequence[CatalogFile], settings: Settings, *, compute: bool = True
) -> dict[str, str]:
    """MD5 of those of the files that are there, by name; one that is computed is kept.

    See `file_facts`. Without `compute`, files whose MD5 is not known are left out.
    """
    digests = {}
    for file in files:
        places = Places.of(settings.data_dir, file.name)
        disk = DiskFile.at(places)
        if disk is not None and (compute or disk.known_md5 is not None):
            digests[file.name] = disk.md5
            if disk.hashed_anew:
                _remember(disk, places)
    return digests


def _facts(file: CatalogFile, places: Places) -> FileFacts | None:
    disk = DiskFile.at(places)
    if disk is None:
        return None
    matches_server = disk.is_as_recorded()
    matches_catalog = _matches_catalog(file, disk)
    if disk.hashed_anew:
        _remember(disk, places)
    return FileFacts(
        file=file,
        bytes=disk.bytes,
        date=_date(disk),
        matches_server=matches_server,
        matches_catalog=matches_catalog,
        md5=disk.known_md5,
    )


def _matches_catalog(file: CatalogFile, disk: DiskFile) -> bool | None:
    if file.bytes is not None and disk.bytes != file.bytes:
        return False
    return None if file.md5 is None else disk.md5 == file.md5


def _date(disk: DiskFile) -> datetime:
    recorded = disk.record.last_modified if disk.record and disk.is_as_recorded() else None
    return http_date(recorded) or datetime.fromtimestamp(disk.mtime_ns / 1e9, UTC)


def _remember(disk: DiskFile, places: Places) -> None:
    try:
        places.hidden.mkdir(exist_ok=True)
        with locked_if_free(places.lock) as free:
            now = DiskFile.at(places)
            unchanged = now is not None and (now.bytes, now.mtime_ns, now.record) == (
                disk.bytes,
                disk.mtime_ns,
                disk.record,
            )
            if free and unchanged:
                save(places.record, disk.record_now())
    except OSError:  # a folder that is only to be read: the MD5 is computed again next time
        return
