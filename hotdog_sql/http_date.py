"""Dates as HTTP headers tell them."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def http_date(value: str | None) -> datetime | None:
    """The time that a header such as Last-Modified tells; None where it is no date."""
    try:
        time = parsedate_to_datetime(value or "")
    except (ValueError, OverflowError):
        return None
    # "-0000" is UTC by RFC 5322, of which HTTP dates are a part.
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)
