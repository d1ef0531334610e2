"""HTTP for refresh and download: permitted addresses, redirects and temporary failures.

Every request has an overall deadline. Only https is permitted, and http on this machine. Bodies
must have no Content-Encoding. Redirects are followed here, and their bodies are not read.
"""

import ipaddress
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Self

import httpx

from hotdog_sql.config import VERSION
from hotdog_sql.download_options import SILENCE_SECONDS, transport_name
from hotdog_sql.errors import RequestError
from hotdog_sql.text import http_date, printable
from hotdog_sql.transport import HttpcoreTransport, Transport

_MAX_REDIRECTS = 10

_HEADERS = {
    "User-Agent": f"hotdog-sql/{VERSION}",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
}

_USERINFO = re.compile(r"(?<=://)[^/?#]*@")


class HttpClient:
    """Makes requests, one at a time; each thread needs its own client. A context manager.

    Proxies come from the environment (`HTTPS_PROXY`, `NO_PROXY`, …), a user name and password from
    the address. Cookies are ignored.
    """

    def __init__(self, silence_seconds: float = SILENCE_SECONDS) -> None:
        self._transport: Transport
        if transport_name() == "httpx":
            self._transport = HttpcoreTransport(silence_seconds)
        else:
            # pyreqwest's allocator would commit memory that it does not need.
            os.environ.setdefault("MIMALLOC_ARENA_EAGER_COMMIT", "0")
            from hotdog_sql.fast_transport import FastTransport

            self._transport = FastTransport(silence_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._transport.close()

    def extend(self, seconds: float) -> None:
        """Give the current request more time."""
        self._transport.deadline += seconds

    @contextmanager
    def stream(
        self, url: str, seconds: float, method: str = "GET", headers: dict[str, str] | None = None
    ) -> Iterator[httpx.Response]:
        """Yield the response after redirects; its body must be read inside the block.

        `seconds` limits the request as a whole. Raises `RequestError`, inside the block too.
        """
        self._transport.deadline = time.monotonic() + seconds
        history: list[httpx.Response] = []
        target = check_url(url)
        while len(history) <= _MAX_REDIRECTS:
            request = httpx.Request(method, target, headers=_HEADERS | (headers or {}))
            if target.userinfo:
                auth = httpx.BasicAuth(target.username, target.password)
                request = next(auth.sync_auth_flow(request))
            with self._transport.send(request) as response:
                response.request, response.history = request, list(history)
                if not response.has_redirect_location:
                    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
                    if response.is_success and encoding not in ("", "identity"):
                        message = f"Content-Encoding is {encoding}, which was not asked for"
                        raise RequestError(message, "encoded")
                    yield response
                    return
            history.append(response)
            target = check_url(response.headers["Location"], target)
        raise RequestError("too many redirects", "redirect loop")


def check_url(url: str, base: httpx.URL | None = None) -> httpx.URL:
    """Return the parsed address; a relative one is resolved against `base`, which redirects to it.

    Raises `RequestError` if it is neither https nor http on this machine, or if another machine
    redirects to this one.
    """
    try:
        target = httpx.URL(url) if base is None else base.join(url)
        host = target.host if (target.port or 1) in range(1, 65_536) else ""
        target.raw_host.decode("ascii").encode("idna")  # refuses empty and overlong labels
    except (httpx.InvalidURL, UnicodeError) as error:
        # The text before an @ may be a password, which the error may quote too.
        reason = "" if "@" in url else f" ({error})"
        raise RequestError(
            f"{url.rpartition('@')[2]} is not an address{reason}", "bad address"
        ) from error
    is_allowed = target.scheme == "https" or (target.scheme == "http" and _is_loopback(host))
    if not (host and is_allowed):
        address = public_address(target).rpartition("@")[2]
        raise RequestError(
            f"{address}: only https addresses are fetched; "
            "check HOTDOG_SQL_BASE_URL and HOTDOG_SQL_MIRROR_URL",
            "unsafe address",
        )
    if base is not None and _is_loopback(host) and not _is_loopback(base.host):
        raise RequestError(
            f"{public_address(base)} redirects to this machine; check its address", "unsafe address"
        )
    return target


def check_status(response: httpx.Response) -> None:
    """Raise a transient `RequestError` if the status means that a retry may succeed."""
    status = response.status_code
    if status in (408, 425, 429) or status >= 500:
        wait = _retry_after(response.headers.get("Retry-After", "").strip())
        raise RequestError(
            f"HTTP status {status}", f"http {status}", transient=True, retry_after=wait
        )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def public_address(url: str | httpx.URL) -> str:
    """Return the address without user name and password, for messages and records."""
    return printable(_USERINFO.sub("", str(url)))


def _retry_after(value: str) -> float | None:
    """Seconds to wait, from a number or an HTTP date; None if it is neither."""
    if value.isascii() and value.isdigit():
        return float(value)
    date = http_date(value)
    return None if date is None else max(0.0, (date - datetime.now(UTC)).total_seconds())
