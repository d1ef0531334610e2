"""Whether the bytes that came are the file."""

from dataclasses import dataclass

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.errors import TransferError
from hotdog_sql.refresh.answers import Answer


class BadBodyError(Exception):
    """The bytes that came are not the file."""


def check_answer(file: CatalogFile, answer: Answer) -> None:
    """Look at the headers before a body is received.

    Raises:
        TransferError: whatever the body is, it could not be taken.
    """
    if answer.is_page:
        raise TransferError(
            f"{answer.url} is a web page, not the file; check HOTDOG_SQL_BASE_URL and the proxy"
        )
    if answer.encoding not in ("identity", "gzip"):
        raise TransferError(f"{answer.url} comes in the unknown encoding {answer.encoding}")
    if not (answer.delimited or answer.server_hash or file.md5):
        raise TransferError(f"{answer.url} comes without a length and without a hash")


@dataclass(frozen=True, slots=True)
class Body:
    """A body that came to its end.

    Attributes:
        bytes: its size as it is kept.
        md5: MD5 of the bytes as they are kept, hexadecimal digits; None where there is nothing to
            hold it to.
        sent_hash: MD5 of the bytes as they were sent, base64; likewise.
        total: the size that it should have; None where unsaid.
    """

    bytes: int
    md5: str | None
    sent_hash: str | None
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
    if answer.server_hash is not None:
        if body.sent_hash != answer.server_hash:
            raise BadBodyError("the bytes do not have the MD5 that the server gives")
    elif file.md5 is not None and body.md5 != file.md5:
        raise BadBodyError("the bytes do not have the catalog's MD5, and the server gives none")


def difference(file: CatalogFile, md5: str | None, size: int) -> str:
    """How a file differs from what the catalog knows of it; empty where it does not."""
    if file.md5 is not None and md5 != file.md5:
        return f"differs from the catalog: MD5 {md5}, there {file.md5}"
    if file.bytes is not None and size != file.bytes:
        return f"differs from the catalog: {size:,} bytes, there {file.bytes:,}"
    return ""
