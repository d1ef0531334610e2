"""Whether the bytes that came are the file."""

from collections.abc import Mapping
from dataclasses import dataclass

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.errors import TransferError
from hotdog_sql.refresh.answers import Answer
from hotdog_sql.refresh.hashing import CRC32C, MD5, crc32c_is_quick


class BadBodyError(Exception):
    """The bytes that came are not the file."""


def check_answer(file: CatalogFile, answer: Answer) -> None:
    """Look at the headers before a body is received.

    Raises:
        TransferError: whatever the body is, it could not be taken.
    """
    if answer.is_page:
        raise not_given(f"{answer.url} is a web page, not the file")
    if answer.encoding not in ("identity", "gzip"):
        raise not_given(f"{answer.url} comes in the unknown encoding {answer.encoding}")
    if not (answer.delimited or needed_sums(file, answer)):
        raise not_given(f"{answer.url} comes without a length and without a hash")


def not_given(reason: str) -> TransferError:
    """The error for a host that does not give the file, however often it is asked."""
    return TransferError(f"{reason}; check HOTDOG_SQL_BASE_URL and the proxy")


def needed_sums(file: CatalogFile, answer: Answer) -> frozenset[str]:
    """Which hashes of a body are to be computed: what the server gives, and the catalog.

    MD5 takes longer than receiving a file from a near server does. So where the server's CRC32C
    can be computed and nothing else asks for an MD5, that is left until something does.
    """
    kinds = set()
    if answer.server_crc32c is not None and crc32c_is_quick():
        kinds.add(CRC32C)
    elif answer.server_hash is not None:
        kinds.add(MD5)
    if file.md5 is not None:
        kinds.add(MD5)
    return frozenset(kinds)


@dataclass(frozen=True, slots=True)
class Body:
    """A body that came to its end.

    Attributes:
        bytes: its size as it is kept.
        md5: MD5 of the bytes as they are kept, hexadecimal digits; None where nothing needs it.
        sent: hashes of the bytes as they were sent, base64, those of `needed_sums`.
        total: the size that it should have; None where unsaid.
    """

    bytes: int
    md5: str | None
    sent: Mapping[str, str]
    total: int | None


def check_body(file: CatalogFile, answer: Answer, body: Body) -> None:
    """Hold the bytes to what is known of them.

    The catalog's MD5 is what was known of a file on one day, so it decides only where the server
    gives no hash of its own.

    Raises:
        BadBodyError: they are not the file.
    """
    if body.total is not None and body.bytes != body.total:
        raise BadBodyError(f"{body.bytes:,} bytes came instead of {body.total:,}")
    comparable = answer.hashes.keys() & body.sent.keys()
    for kind in sorted(comparable):
        if body.sent[kind] != answer.hashes[kind]:
            raise BadBodyError(f"the bytes do not have the {kind.upper()} that the server gives")
    if not comparable and file.md5 is not None and body.md5 != file.md5:
        raise BadBodyError("the bytes do not have the catalog's MD5, and the server gives none")


def difference(file: CatalogFile, md5: str | None, size: int) -> str:
    """How a file differs from what the catalog knows of it; empty where it does not."""
    if file.md5 is not None and md5 != file.md5:
        return f"differs from the catalog: MD5 {md5}, there {file.md5}"
    if file.bytes is not None and size != file.bytes:
        return f"differs from the catalog: {size:,} bytes, there {file.bytes:,}"
    return ""
