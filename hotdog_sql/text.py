"""Untrusted text made safe to print, human-readable sizes, and HTTP dates."""

import re
import unicodedata
from datetime import UTC, datetime

from rich.filesize import decimal

#: Unicode categories that move the cursor, hide text or reorder it: control, format
#: (bidirectional overrides, zero-width), surrogate, private use, line and paragraph separators.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})

#: Parts of the addresses in a text that may contain a password or a signature.
_USERINFO = re.compile(r"(?<=://)[^\s'\"]*@")
_QUERY = re.compile(r"(://[^\s?'\"]*)\?[^\s'\"]*")


def one_line(error: Exception) -> str:
    """Return the first line of DuckDB's message, above those that point into the query."""
    return printable(str(error).partition("\n")[0])


def printable(text: str) -> str:
    """Return the text on one line, without characters that control a terminal."""
    if text.isprintable():
        return text
    return "".join(" " if unicodedata.category(c) in _UNSAFE else c for c in text)


def without_credentials(text: str) -> str:
    """Return the text on one line, without user names, passwords and queries in addresses."""
    return printable(_QUERY.sub(r"\1", _USERINFO.sub("", text)))


def is_unicode(text: str) -> bool:
    """Return whether the text is free of surrogates, which stand for bytes that are not UTF-8."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def size_text(size: int | None) -> str:
    """Return a size in decimal units, such as `1.5 MB`."""
    return "unknown size" if size is None else decimal(size)


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return a number of things, such as `1 photo` or `2,000 boxes`."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def http_date(value: str | None) -> datetime | None:
    """Return the time in a header such as Last-Modified, or None if it is not a date."""
    from email.utils import parsedate_to_datetime  # slow to import; few commands need it

    try:
        time = parsedate_to_datetime(value or "")
    except (ValueError, OverflowError):
        return None
    # RFC 5322, on which HTTP dates are based, defines "-0000" as UTC.
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)
