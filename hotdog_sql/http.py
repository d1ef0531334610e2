"""HTTP for refresh and download: which addresses may be asked, redirects, retries, error words.

One rule each: every request has an overall deadline; only https is fetched, and http from this
machine; bodies come without Content-Encoding; redirects are followed here, their bodies unread.
"""

import base64
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Self

import httpx

from hotdog_sql import __version__
from hotdog_sql.download_options import CONNECT_SECONDS, SILENCE_SECONDS
from hotdog_sql.errors import AddressError
from hotdog_sql.text import http_date, printable
from hotdog_sql.transports import new_transport

_MAX_REDIRECTS = 10

_HEADERS = {
    "User-Agent": f"hotdog-sql/{__version__}",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
}


class HttpClient:
    """Makes requests, one at a time: each thread has its own. A context manager.

    Proxies come from the environment (`HTTPS_PROXY`, `NO_PROXY`, …), a user name and a password
    from the address. Cookies are not kept.
    """

    def __init__(
        self,
        connect_seconds: float = CONNECT_SECONDS,
        silence_seconds: float = SILENCE_SECONDS,
        *,
        plain: bool = False,
    ) -> None:
        """Makes no request yet.

        Args:
            connect_seconds: time limit for a connection.
            silence_seconds: time limit for each wait in which nothing arrives.
            plain: use httpcore in any case: pyreqwest's time for a request cannot be extended far.

        Raises:
            InputError: the certificates that the environment names cannot be read.
        """
        self._transport = new_transport(connect_seconds, silence_seconds, plain=plain)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._transport.close()

    def extend(self, seconds: float) -> None:
        """Give the request in hand more time."""
        self._transport.deadline += seconds

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

        Args:
            url: the address.
            seconds: time for all of it: connection, redirects, headers and body.
            method: `GET` or `HEAD`.
            headers: further headers.

        Raises:
            AddressError: the address, or one that it redirects to, cannot be used.
            InputError: the proxy that the environment names cannot be used.
            httpx.HTTPError: the request failed; `httpx.TooManyRedirects` among them.
        """
        self._transport.deadline = time.monotonic() + seconds
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
        while True:
            try:
                target = history[-1].url.join(address) if history else httpx.URL(address)
                check_url(target)
                if history and is_loopback(target) and not is_loopback(history[-1].url):
                    raise AddressError(
                        f"{public_address(history[-1].url)} redirects to this machine; "
                        "check its address"
                    )
                request = httpx.Request(method, target, headers=headers | _credentials(target))
                response = self._transport.handle_request(request)
            except (httpx.InvalidURL, UnicodeError) as error:  # a name that no host can have
                raise _not_an_address(address, error) from error
            response.history = list(history)
            if not response.has_redirect_location:
                return response
            response.close()
            history.append(response)
            address = response.headers["Location"]
            if len(history) > _MAX_REDIRECTS:
                raise httpx.TooManyRedirects("too many redirects", request=request)


def check_url(url: str | httpx.URL) -> None:
    """Let https addresses pass, and http ones of this machine.

    Raises:
        AddressError: any other address, or text that is not an address.
    """
    try:
        parsed = httpx.URL(url)
        host = parsed.host if (parsed.port or 1) in range(1, 65_536) else ""
        parsed.raw_host.decode("ascii").encode("idna")  # has no empty label, and none too long
    except (httpx.InvalidURL, UnicodeError) as error:
        raise _not_an_address(str(url), error) from error
    if not (
        host and (parsed.scheme == "https" or (parsed.scheme == "http" and is_loopback(parsed)))
    ):
        raise AddressError(
            f"{public_address(parsed)}: only https addresses are fetched; "
            "check HOTDOG_SQL_BASE_URL and HOTDOG_SQL_MIRROR_URL"
        )


def is_loopback(url: httpx.URL) -> bool:
    """Whether the address is on this machine."""
    if url.host == "localhost":
        return True
    try:
        return ipaddress.ip_address(url.host).is_loopback
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
    """What went wrong, in a few words for people."""
    if isinstance(failure, int):
        return f"HTTP status {failure}"
    match failure:
        case httpx.ConnectTimeout():
            words = "no connection in time"
        case httpx.TimeoutException():
            words = "the server stopped sending"
        case httpx.TooManyRedirects():
            words = "too many redirects"
        case httpx.ConnectError() if _has_cause(failure, ssl.SSLCertVerificationError):
            words = f"its certificate is not trusted ({failure}): see SSL_CERT_FILE"
        case httpx.ConnectError() if _has_cause(failure, socket.gaierror):
            words = "no connection (unknown host)"
        case httpx.ConnectError() | httpx.ProxyError():
            words = f"no connection ({failure})"
        case httpx.NetworkError() | httpx.RemoteProtocolError():
            words = f"the connection broke ({failure})"
        case httpx.DecodingError():
            words = str(failure)
        case _:
            words = f"{type(failure).__name__}: {failure}"
    return printable(words)


def reason_of(error: httpx.HTTPError, *, in_body: bool) -> str:
    """What went wrong, in the fixed words of the manifest."""
    match error:
        case httpx.TooManyRedirects():
            return "redirect loop"
        case httpx.ConnectTimeout():
            return "no connection"
        case httpx.TimeoutException():
            return "silence"
        case httpx.ConnectError() if _has_cause(error, socket.gaierror):
            return "unknown host"
        case httpx.ConnectError() if _has_cause(error, ConnectionRefusedError):
            return "connection refused"
        case httpx.ConnectError():
            return "no connection"
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


def _credentials(url: httpx.URL) -> dict[str, str]:
    """The header for an address with a user name and a password (RFC 7617)."""
    if not url.userinfo:
        return {}
    pair = f"{url.username}:{url.password}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def _has_cause(error: BaseException, kind: type[BaseException]) -> bool:
    cause = error.__cause__ or error.__context__
    return cause is not None and (isinstance(cause, kind) or _has_cause(cause, kind))
