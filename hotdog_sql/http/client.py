"""Requests: permitted addresses, redirects and temporary failures.

Every request has an overall deadline. Only https is permitted, and http on this machine. Bodies
must have no Content-Encoding. Redirects are followed here, and their bodies are not read.
"""

import ipaddress
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib import import_module
from typing import Self
from urllib.request import getproxies

import httpx

from hotdog_sql.config import VERSION
from hotdog_sql.errors import InputError, RequestError
from hotdog_sql.text import http_date, printable

#: Time limit for making a connection, in seconds.
CONNECT_SECONDS = 10.0

#: The reason of a request that exceeded its deadline; the downloader retries it once.
TOO_SLOW = "too slow"

#: The reason of a request to a host whose certificate is not trusted.
UNTRUSTED = "untrusted certificate, see SSL_CERT_FILE"

#: What httpcore and pyreqwest say about a failed connection, in lower case, and what it means.
_CONNECTION_REASONS = {
    "sslcertverificationerror": UNTRUSTED,
    "invalid peer certificate": UNTRUSTED,
    "gaierror": "unknown host",
    "dns error": "unknown host",
    "refused": "connection refused",
    "too many open files": "too many open files",
    "proxyerror": "proxy error",
    "tunnel error": "proxy error",
}
#: Reasons of requests that failed without a connection.
NO_CONNECTION = frozenset({*_CONNECTION_REASONS.values(), "no connection"})

_MAX_REDIRECTS = 10

#: The headers of every request.
HEADERS = {
    "User-Agent": f"hotdog-sql/{VERSION}",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
}

_REDIRECTS = frozenset({301, 302, 303, 307, 308})

#: Addresses that need no parsing, and the part of them that is checked.
_PLAIN_URL = re.compile(r"(https?://[a-z0-9.-]+(?::[0-9]+)?)/[\w/.-]{0,2000}", re.ASCII)

_USERINFO = re.compile(r"(?<=://)[^/?#]*@")


@dataclass(slots=True)
class Response:
    """A response. The models of httpx would take as long as receiving a photo.

    Names in `headers` are in lower case. `chunks` is the body, which can be read once, inside the
    block of `HttpClient.stream`. `urls` are the requested address and those after redirects.
    """

    status: int
    headers: dict[str, str]
    chunks: Iterator[bytes]
    urls: tuple[str, ...] = ()


class HttpClient:
    """Makes requests, one at a time; each thread needs its own client. A context manager.

    Proxies come from the environment (`HTTPS_PROXY`, `NO_PROXY`, …), a user name and password from
    the address. Cookies are ignored. A subclass sends requests with a library.
    """

    deadline: float  # of the current request, on the monotonic clock
    _redirected: bool

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections that no other client uses."""

    def seconds_left(self, wait: float | None = None) -> float:
        """Return how long a wait may take, or raise `RequestError` if the deadline has passed."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise RequestError("the request took too long", TOO_SLOW, transient=True)
        return left if wait is None else min(left, wait)

    @contextmanager
    def stream(
        self, url: str, seconds: float, method: str = "GET", headers: dict[str, str] | None = None
    ) -> Iterator[Response]:
        """Yield the response after redirects; its body must be read inside the block.

        `seconds` limits the request as a whole. Raises `RequestError`, inside the block too.
        """
        self.deadline = time.monotonic() + seconds
        urls: tuple[str, ...] = (check_url(url),)
        while len(urls) <= _MAX_REDIRECTS + 1:
            self._redirected = len(urls) > 1
            with self._send(method, urls[-1], headers or {}) as response:
                location = response.headers.get("location")
                if location is None or response.status not in _REDIRECTS:
                    encoding = response.headers.get("content-encoding", "").strip().lower()
                    if encoding not in ("", "identity") and 200 <= response.status < 300:
                        message = f"Content-Encoding is {encoding}, which was not asked for"
                        raise RequestError(message, "encoded")
                    response.urls = urls
                    yield response
                    return
            urls = (*urls, check_url(location, urls[-1]))
        raise RequestError("too many redirects", "redirect loop")

    def _connect_error(self, error: str, cause: str) -> RequestError:
        """Return the error for a failed connection; `cause` is what the library says of it."""
        reasons = (reason for text, reason in _CONNECTION_REASONS.items() if text in cause.lower())
        reason = next(reasons, "no connection")
        if self._redirected:  # the host of the first address has answered
            reason = f"redirect: {reason}"
        return RequestError(f"{reason} ({error})", reason, transient=True)

    def _send(
        self, method: str, url: str, headers: dict[str, str]
    ) -> AbstractContextManager[Response]:
        """Send a request and yield the response, whose body can be read inside the block.

        Raises `RequestError`, inside the block too.
        """
        raise NotImplementedError


def check_url(url: str, base: str = "") -> str:
    """Return the address; a relative one is resolved against `base`, which redirects to it.

    Raises `RequestError` if it is neither https nor http on this machine, or if another machine
    redirects to this one.
    """
    plain = None if base else _PLAIN_URL.fullmatch(url)
    if plain and _is_allowed(plain[1]):
        return url
    start = httpx.URL(base)
    try:
        target = httpx.URL(str(start.join(url) if base else httpx.URL(url)))  # not too long either
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
    if base and _is_loopback(host) and not _is_loopback(start.host):
        raise RequestError(
            f"{public_address(base)} redirects to this machine; check its address", "unsafe address"
        )
    return str(target)


@lru_cache(maxsize=1024)
def _is_allowed(origin: str) -> bool:
    with suppress(RequestError):
        return bool(check_url(origin))
    return False


def check_status(response: Response) -> None:
    """Raise a transient `RequestError` if the status means that a retry may succeed."""
    code = response.status
    if code in (408, 425, 429) or code >= 500:
        wait = _retry_after(response.headers.get("retry-after", "").strip())
        raise RequestError(f"HTTP status {code}", f"http {code}", transient=True, retry_after=wait)


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


@cache
def ssl_context() -> ssl.SSLContext:
    """Return the TLS context; it trusts certifi, or `SSL_CERT_FILE` and `SSL_CERT_DIR`."""
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # includes ssl.SSLError
        raise InputError(
            f"cannot read the TLS certificates ({error}); check SSL_CERT_FILE and SSL_CERT_DIR"
        ) from error


@contextmanager
def proxies() -> Iterator[dict[str, httpx.Proxy]]:
    """Yield the proxies of the environment by URL scheme, or `all`.

    Raises `InputError` if one cannot be used, also for an error inside the block.
    """
    try:
        found = {}
        for scheme, address in getproxies().items():
            if scheme in ("http", "https", "all"):
                found[scheme] = httpx.Proxy(address if "://" in address else f"http://{address}")
                if found[scheme].url.scheme.startswith("socks"):
                    import_module("socksio")
        yield found
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        raise InputError(
            f"cannot use the proxy ({error}); check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY"
        ) from error
