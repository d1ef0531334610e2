"""The file that is in place, the part that is to follow it, and moving one over the other.

A file is replaced in three steps, each of them atomic: the record of the verified part is saved
as the next record, the part is moved to the file's place, the next record to the record's. Moving
a file keeps its modification time, so after a kill between two steps `recover` can tell by size
and time which steps were done, and do the others.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hotdog_sql.refresh.hashing import md5_of
from hotdog_sql.refresh.places import Places
from hotdog_sql.refresh.records import Partial, Record, load, save

if TYPE_CHECKING:
    from hotdog_sql.refresh.answers import Answer


@dataclass(slots=True)
class DiskFile:
    """The file in place.

    Attributes:
        path: where it is.
        record: what is known of it; None where nothing is.
        bytes: its size.
        mtime_ns: its modification time, nanoseconds since 1970.
        hashed_anew: whether its MD5 had to be computed.
    """

    path: Path
    record: Record | None
    bytes: int
    mtime_ns: int
    hashed_anew: bool = False
    _md5: str | None = None

    @classmethod
    def at(cls, places: Places) -> "DiskFile | None":
        """The file at these places; None where there is none."""
        try:
            found = places.data.stat()
        except FileNotFoundError:
            return None
        record = load(places.record, Record)
        disk = cls(places.data, record, found.st_size, found.st_mtime_ns)
        if record is not None and record.describes(places.data):
            disk._md5 = record.md5
        return disk

    @property
    def md5(self) -> str:
        """Its MD5: out of the record where that still describes the file, else computed."""
        if self._md5 is None:
            self._md5 = md5_of(self.path)
            self.hashed_anew = True
        return self._md5

    @property
    def known_md5(self) -> str | None:
        """Its MD5 if nothing has to be computed for it."""
        return self._md5

    def is_as_recorded(self) -> bool | None:
        """Whether it has the bytes that the server had; None where no server was asked."""
        if self.record is None or self.record.url is None:
            return None
        if self.record.server_md5 is None:
            return self.record.describes(self.path)
        return self.md5 == self.record.server_md5

    def is_from(self, address: str) -> bool:
        """Whether it has the bytes that were at this address when it was recorded."""
        return (
            self.record is not None and self.record.url == address and self.is_as_recorded() is True
        )

    def record_now(self) -> Record:
        """Its record with the size, time and MD5 that it has now; computes one if need be."""
        known = self.record or _NOTHING
        if known.describes(self.path) and not self.hashed_anew:
            return known
        if known.server_md5 is None:
            # Without a hash of the server's, only an untouched file is known to be the server's.
            untouched = known.url is not None and known.describes(self.path)
            known = replace(known, server_md5=self.md5) if untouched else _NOTHING
        return replace(known, bytes=self.bytes, mtime_ns=self.mtime_ns, md5=self.md5)


_NOTHING = Record(None, None, None, None, None, None, 0, 0, None)


@dataclass(frozen=True, slots=True)
class Part:
    """The body as far as it has come."""

    places: Places

    @property
    def bytes(self) -> int:
        """How much of it there is."""
        try:
            return self.places.part.stat().st_size
        except FileNotFoundError:
            return 0

    def resumable(self, address: str) -> Partial | None:
        """Which body of this address it is the beginning of; None where it is of no use."""
        partial = load(self.places.part_record, Partial)
        if partial is None or partial.url != address or not self.bytes:
            return None
        return partial if partial.validator is not None else None

    def begin(self, answer: "Answer") -> None:
        """Begin a new body; one that is encoded, or cannot be told from another, is not resumed."""
        self.discard()
        if answer.encoding == "identity":
            partial = Partial(
                url=answer.url,
                etag=answer.strong_etag,
                last_modified=answer.last_modified,
                server_hash=answer.server_hash,
                server_crc32c=answer.server_crc32c,
                total=answer.total,
            )
            save(self.places.part_record, partial)

    def discard(self) -> None:
        """Forget what has come."""
        self.places.part_record.unlink(missing_ok=True)
        self.places.part.unlink(missing_ok=True)


def record_of(answer: "Answer", path: Path, md5: str | None) -> Record:
    """The record of a file that is the one the answer tells of; its MD5 if one was computed."""
    found = path.stat()
    return Record(
        url=answer.url,
        etag=answer.etag,
        last_modified=answer.last_modified,
        server_hash=answer.server_hash,
        server_md5=md5,
        fetched=datetime.now(UTC).isoformat(timespec="seconds"),
        bytes=found.st_size,
        mtime_ns=found.st_mtime_ns,
        md5=md5,
    )


def move_into_place(places: Places, record: Record) -> None:
    """Make the part, which is whole and verified, the file.

    Nothing is forced to the disk: after a power failure a file that is not whole no longer
    has the size, time or MD5 of its record, and the next refresh fetches it anew.
    """
    save(places.next_record, record)
    _move(places)


def recover(places: Places) -> bool:
    """Finish what a killed run had verified; returns whether the file is a new one thereby."""
    record = load(places.next_record, Record)
    if record is None:
        return False
    if record.describes(places.part):
        _move(places)
        return True
    if record.describes(places.data):
        places.next_record.replace(places.record)
        places.part_record.unlink(missing_ok=True)
        return True
    places.next_record.unlink()
    return False


def _move(places: Places) -> None:
    places.part.replace(places.data)
    places.next_record.replace(places.record)
    places.part_record.unlink(missing_ok=True)
