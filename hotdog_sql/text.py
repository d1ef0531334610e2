"""Strangers' text made safe to show, sizes as people read them, dates as servers send them."""

import re
import unicodedata
from datetime import UTC, datetime

from rich.filesize import decimal

#: Unicode categories that move the cursor, hide text or reorder it: control, format
#: (bidirectional overrides, zero-width), surrogate, private use, line and paragraph separators.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})

#: What may hold a password or a signature, wherever in a text an address is.
_USERINFO = re.compile(r"(?<=://)[^\s'\"]*@")
_QUERY = re.compile(r"(://[^\s?'\"]*)\?[^\s'\"]*")


def printable(text: str) -> str:
    """The text on one line, without anything that a terminal would act on."""
    if text.isprintable():
        return text
    return "".join(" " if unicodedata.category(c) in _UNSAFE else c for c in text)


def without_credentials(text: str) -> str:
    """The text on one line, its addresses without user names, passwords and signatures."""
    return printable(_QUERY.sub(r"\1", _USERINFO.sub("", text)))


def is_unicode(text: str) -> bool:
    """Whether the text has no byte that is not UTF-8, which Python keeps as half of a pair."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def size_text(size: int | None) -> str:
    """A size as people read it, in decimal units."""
    return "unknown size" if size is None else decimal(size)


def http_date(value: str | None) -> datetime | None:
    """The time in a header such as Last-Modified; None where it is not a date."""
    from email.utils import parsedate_to_datetime  # slow to import; few commands need it

    try:
        time = parsedate_to_datetime(value or "")
    except (ValueError, OverflowError):
        return None
    # "-0000" is UTC by RFC 5322, of which HTTP dates are a part.
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)
