"""HTTP for refresh and download: which addresses may be asked, redirects, retries, error words.

One rule each: every request has an overall deadline; only https is fetched, and http from this
machine; bodies come without Content-Encoding; redirects are followed here, their bodies unread.
"""

import ipaddress
import os
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Self

import httpx

from hotdog_sql.config import VERSION
from hotdog_sql.download_options import CONNECT_SECONDS, SILENCE_SECONDS, transport_name
from hotdog_sql.errors import AddressError
from hotdog_sql.text import http_date, printable
from hotdog_sql.transport import Deadline, Transport

_MAX_REDIRECTS = 10

_HEADERS = {
    "User-Agent": f"hotdog-sql/{VERSION}",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
}


class HttpClient:
    """Makes requests, one at a time: each thread has its own. A context manager.

    Proxies come from the environment (`HTTPS_PROXY`, `NO_PROXY`, …), a user name and a password
    from the address. Cookies are not kept.
    """

    def __init__(
        self, connect_seconds: float = CONNECT_SECONDS, silence_seconds: float = SILENCE_SECONDS
    ) -> None:
        self._deadline = Deadline()
        self._transport: httpx.BaseTransport
        if transport_name() == "httpx":
            self._transport = Transport(self._deadline, connect_seconds, silence_seconds)
        else:
            # Its allocator would make memory ready that it does not need.
            os.environ.setdefault("MIMALLOC_ARENA_EAGER_COMMIT", "0")
            from hotdog_sql.fast_transport import FastTransport

            self._transport = FastTransport(self._deadline, connect_seconds, silence_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._transport.close()

    def extend(self, seconds: float) -> None:
        """Give the request in hand more time."""
        self._deadline.at += seconds

    @contextmanager
    def stream(
        self,
        url: str,
        *,
        seconds: float,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[httpx.Response]:
        """The answer to a request, redirects followed; its body is read inside the block.

        `seconds` are for all of it. Raises `AddressError`, or httpx's errors.
        """
        self._deadline.at = time.monotonic() + seconds
        response = self._follow(method, url, {**_HEADERS, **(headers or {})})
        try:
            encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
            if response.is_success and encoding not in ("", "identity"):
                raise httpx.DecodingError(
                    f"Content-Encoding is {encoding}, which was not asked for"
                )
            yield response
        finally:
            response.close()

    def _follow(self, method: str, url: str, headers: dict[str, str]) -> httpx.Response:
        history: list[httpx.Response] = []
        address = url
        while len(history) <= _MAX_REDIRECTS:
            try:
                target = history[-1].url.join(address) if history else httpx.URL(address)
                check_url(target)
                if history and is_loopback(target.host) and not is_loopback(history[-1].url.host):
                    raise AddressError(
                        f"{public_address(history[-1].url)} redirects to this machine; "
                        "check its address"
                    )
                request = httpx.Request(method, target, headers=headers)
                if target.userinfo:
                    auth = httpx.BasicAuth(target.username, target.password)
                    request = next(auth.sync_auth_flow(request))
                response = self._transport.handle_request(request)
            except (httpx.InvalidURL, UnicodeError) as error:  # a name that no host can have
                raise _not_an_address(address, error) from error
            response.history = list(history)
            if not response.has_redirect_location:
                return response
            response.close()
            history.append(response)
            address = response.headers["Location"]
        raise httpx.TooManyRedirects("too many redirects")


def check_url(url: str | httpx.URL) -> None:
    """Let https addresses pass, and http ones of this machine; `AddressError` for all others."""
    try:
        parsed = httpx.URL(url)
        host = parsed.host if (parsed.port or 1) in range(1, 65_536) else ""
        parsed.raw_host.decode("ascii").encode("idna")  # has no empty label, and none too long
    except (httpx.InvalidURL, UnicodeError) as error:
        raise _not_an_address(str(url), error) from error
    is_allowed = parsed.scheme == "https" or (parsed.scheme == "http" and is_loopback(host))
    if not (host and is_allowed):
        raise AddressError(
            f"{public_address(parsed)}: only https addresses are fetched; "
            "check HOTDOG_SQL_BASE_URL and HOTDOG_SQL_MIRROR_URL"
        )


@lru_cache
def is_loopback(host: str) -> bool:
    """Whether the host is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def public_address(url: str | httpx.URL) -> str:
    """The address as it may be shown and recorded: without a user name and password."""
    try:
        return printable(str(httpx.URL(url).copy_with(userinfo=b"")))
    except (httpx.InvalidURL, UnicodeError):
        return printable(str(url).rpartition("@")[2])


def is_transient(failure: int | httpx.HTTPError) -> bool:
    """Whether the same request may succeed later: by status code or by httpx's exception."""
    if isinstance(failure, int):
        return failure in (408, 425, 429) or failure >= 500
    if isinstance(failure, httpx.ConnectError):
        return not _has_cause(failure, ssl.SSLCertVerificationError)
    return isinstance(
        failure,
        httpx.TimeoutException | httpx.NetworkError | httpx.RemoteProtocolError | httpx.ProxyError,
    )


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that the server asks to wait: a number or an HTTP date; None if it does not say."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    then = http_date(value)
    return None if then is None else max(0.0, (then - datetime.now(UTC)).total_seconds())


def describe(failure: int | httpx.HTTPError) -> str:
    """What went wrong, for people."""
    if isinstance(failure, int):
        return f"HTTP status {failure}"
    advice = ""
    if _has_cause(failure, ssl.SSLCertVerificationError):
        advice = "; its certificate is not trusted: see SSL_CERT_FILE"
    return printable(f"{reason_of(failure)} ({failure}){advice}")


def reason_of(error: httpx.HTTPError, *, in_body: bool = False) -> str:
    """What went wrong, in the fixed words of the manifest."""
    match error:
        case httpx.TooManyRedirects():
            return "redirect loop"
        case httpx.ConnectError() if _has_cause(error, socket.gaierror):
            return "unknown host"
        case httpx.ConnectError() if _has_cause(error, ConnectionRefusedError):
            return "connection refused"
        case httpx.ConnectError() | httpx.ConnectTimeout():
            return "no connection"
        case httpx.TimeoutException():
            return "silence"
        case httpx.NetworkError() | httpx.RemoteProtocolError():
            return "cut short" if in_body else "connection broke"
        case httpx.ProxyError():
            return "proxy error"
        case httpx.UnsupportedProtocol():
            return "bad address"
        case httpx.DecodingError():
            return "encoded"
        case _:
            return "bad answer"


def _not_an_address(url: str, error: Exception) -> AddressError:
    reason = "" if "@" in url else f" ({error})"  # which may quote a password
    return AddressError(printable(f"{public_address(url)} is not an address{reason}"))


def _has_cause(error: BaseException, kind: type[BaseException]) -> bool:
    cause = error.__cause__ or error.__context__
    return cause is not None and (isinstance(cause, kind) or _has_cause(cause, kind))
