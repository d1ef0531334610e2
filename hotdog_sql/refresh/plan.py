"""Deciding what to ask for, and whether an answer has anything new. Nothing here moves a byte."""

from dataclasses import dataclass

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.refresh.answers import Answer
from hotdog_sql.refresh.disk import DiskFile, Part
from hotdog_sql.refresh.hashing import as_base64
from hotdog_sql.refresh.records import Partial


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask the server.

    Attributes:
        headers: of the request.
        conditional: whether it may answer that nothing has changed.
        resumed: which body it is to send the rest of; None: the whole file is wanted.
    """

    headers: dict[str, str]
    conditional: bool
    resumed: Partial | None


def plan(address: str, old: DiskFile | None, part: Part) -> Plan:
    """The request that costs least, given what is on disk.

    Both conditions may go together: a server looks at If-None-Match first, and at Range and
    If-Range if that fails (RFC 9110, section 13.2.2).

    Args:
        address: where the file is, as it is recorded.
        old: the file in place.
        part: the body as far as it has come.
    """
    conditions = _conditions(address, old)
    resumed = part.resumable(address)
    # A range of an encoded body would be a range of other bytes: no encoding then.
    headers = {"Accept-Encoding": "identity" if resumed else "gzip", **conditions}
    if resumed is not None:
        headers |= {"Range": f"bytes={part.bytes}-", "If-Range": resumed.validator or ""}
    return Plan(headers, bool(conditions), resumed)


def _conditions(address: str, old: DiskFile | None) -> dict[str, str]:
    if old is None or old.record is None or not old.is_from(address):
        return {}
    if old.record.etag is not None:
        return {"If-None-Match": old.record.etag}
    if old.record.last_modified is not None:
        return {"If-Modified-Since": old.record.last_modified}
    return {}


def is_same(file: CatalogFile, answer: Answer, old: DiskFile) -> bool:
    """Whether the body would bring just the bytes in place, however those got there."""
    if answer.encoding != "identity":
        known = old.record.server_hash if old.record and old.is_from(answer.url) else None
        return known is not None and answer.server_hash == known
    if answer.total not in (None, old.bytes):
        return False
    if answer.server_hash is not None:
        return as_base64(old.md5) == answer.server_hash
    if file.md5 is not None:
        return old.md5 == file.md5
    # No hash anywhere. A file that was put there by hand is taken for the server's if it has
    # the same size and the server's has not changed since.
    by_hand = old.record is None or old.record.url is None
    return by_hand and answer.total == old.bytes and answer.is_older_than(old.mtime_ns / 1e9)
