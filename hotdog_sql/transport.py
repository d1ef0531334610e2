"""The HTTP ground that refresh and download stand on.

One client for each thread, all sharing one TLS context: with many transfers in flight the
bookkeeping of a shared connection pool costs more than the transfers themselves.
"""

import ipaddress
import netrc
import os
import random
import ssl
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from http.cookiejar import CookieJar
from pathlib import Path

import httpx

from hotdog_sql import __version__
from hotdog_sql.errors import InputError, InsecureAddressError
from hotdog_sql.http_date import http_date
from hotdog_sql.text import printable

USER_AGENT = f"hotdog-sql/{__version__}"

#: Seconds for a connection to be made, and seconds of silence before a transfer counts as dead.
CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 30.0

MAX_REDIRECTS = 10

_JITTER = random.SystemRandom()


@cache
def ssl_context() -> ssl.SSLContext:
    """The TLS context of this process: certifi's roots, or `SSL_CERT_FILE`, `SSL_CERT_DIR`.

    Raises:
        InputError: the certificates that the environment names cannot be read.
    """
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # ssl.SSLError is one
        raise InputError(
            f"the TLS certificates cannot be read ({error}); check SSL_CERT_FILE and SSL_CERT_DIR"
        ) from error


def new_client(
    context: ssl.SSLContext,
    connect_seconds: float = CONNECT_SECONDS,
    silence_seconds: float = SILENCE_SECONDS,
) -> httpx.Client:
    """A client for one thread.

    Proxies come from the environment (`HTTPS_PROXY`, `NO_PROXY`, ...), credentials from the
    address, else from `.netrc`. It keeps no cookies, and it asks for bodies without
    Content-Encoding, so that the bytes that are counted and hashed are the bytes that are kept.
    There is no limit on the time of a whole transfer.

    Args:
        context: from `ssl_context`.
        connect_seconds: time limit for a connection.
        silence_seconds: time limit for each wait in which nothing is received or sent.

    Raises:
        InputError: the proxy or `.netrc` that the environment names cannot be used.
    """
    credentials = _credentials()
    try:
        return httpx.Client(
            verify=context,
            auth=credentials,
            cookies=_NoCookies(),
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
            timeout=httpx.Timeout(silence_seconds, connect=connect_seconds),
            follow_redirects=True,
            max_redirects=MAX_REDIRECTS,
            event_hooks={"request": [_check_request], "response": [_check_redirect]},
        )
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        raise InputError(
            f"the proxy cannot be used ({error}); check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY"
        ) from error


def check_url(url: str | httpx.URL) -> None:
    """Let https addresses pass, and http ones of this machine.

    Raises:
        InsecureAddressError: any other address, or none at all.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise InsecureAddressError(f"{printable(str(url))}: not an address ({error})") from error
    if parsed.scheme == "https" and parsed.host:
        return
    if parsed.scheme != "http" or not _is_loopback(parsed.host):
        raise InsecureAddressError(
            f"{public_address(parsed)}: only https addresses are fetched; "
            "check HOTDOG_SQL_BASE_URL and HOTDOG_SQL_MIRROR_URL"
        )


def public_address(url: str | httpx.URL) -> str:
    """The address as it may be shown and recorded: without a user name and password."""
    return printable(str(httpx.URL(url).copy_with(userinfo=b"")))


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a transient failure is worth another try: exponential backoff with full jitter.

    Attributes:
        attempts: tries in all.
        base: seconds, the longest wait after the first try; it doubles with each further one.
        cap: seconds, the longest wait of all.
        patience: seconds; a server that asks to be left alone for longer is given up.
    """

    attempts: int = 5
    base: float = 0.5
    cap: float = 20.0
    patience: float = 120.0

    def delay(self, attempt: int, retry_after: float | None = None) -> float | None:
        """Seconds to wait after the given try (the first is 1); None: do not try again."""
        if attempt >= self.attempts:
            return None
        if retry_after is not None and retry_after > self.patience:
            return None
        wait = _JITTER.uniform(0, min(self.cap, self.base * 2 ** (attempt - 1)))
        return max(wait, retry_after or 0.0)


def is_transient(failure: int | httpx.HTTPError) -> bool:
    """Whether the same request may succeed later: by status code or by httpx's exception."""
    if isinstance(failure, int):
        return failure in (408, 425, 429) or failure >= 500
    if isinstance(failure, httpx.ConnectError):
        return not _is_certificate_error(failure)
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
    """What went wrong in a few words, fit to be shown."""
    if isinstance(failure, int):
        return f"HTTP status {failure}"
    match failure:
        case httpx.ConnectTimeout():
            words = "no connection in time"
        case httpx.TimeoutException():
            words = "the server fell silent"
        case httpx.TooManyRedirects():
            words = "too many redirects"
        case httpx.ConnectError() if _is_certificate_error(failure):
            words = f"its certificate is not trusted ({failure}): see SSL_CERT_FILE"
        case httpx.ConnectError() | httpx.ProxyError():
            words = f"no connection ({failure})"
        case httpx.NetworkError() | httpx.RemoteProtocolError():
            words = f"the connection broke ({failure})"
        case _:
            words = f"{type(failure).__name__}: {failure}"
    return printable(words)


def _check_request(request: httpx.Request) -> None:
    check_url(request.url)


def _check_redirect(response: httpx.Response) -> None:
    """A server elsewhere must not send us to the services of this machine."""
    if not response.has_redirect_location or _is_loopback(response.url.host):
        return
    try:
        target = response.url.join(response.headers["Location"])
    except httpx.InvalidURL:
        return  # httpx refuses it with an error of its own
    if _is_loopback(target.host):
        raise InsecureAddressError(
            f"{public_address(response.url)} redirects to this machine; check its address"
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_certificate_error(error: BaseException) -> bool:
    """Whether a certificate was refused, which waiting does not change."""
    cause = error.__cause__ or error.__context__
    return cause is not None and (
        isinstance(cause, ssl.SSLCertVerificationError) or _is_certificate_error(cause)
    )


class _NoCookies(CookieJar):
    """Keeps none: nobody needs them, and looking for them took a fifth of a request's time."""

    def extract_cookies(self, response: object, request: object) -> None:
        """Leave them where they are."""


class _NetrcAuth(httpx.NetRCAuth):
    """Credentials of `.netrc`, unless the address brings its own."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if request.url.userinfo:
            own = httpx.BasicAuth(request.url.username, request.url.password)
            yield from own.auth_flow(request)
        else:
            yield from super().auth_flow(request)


def _credentials() -> httpx.Auth | None:
    """The user's `.netrc` where there is one."""
    for path in _netrc_candidates():
        if path.is_file():
            try:
                return _NetrcAuth(str(path))
            except (OSError, UnicodeError, netrc.NetrcParseError) as error:
                raise InputError(f"{path} cannot be used ({error}); correct it") from error
    return None


def _netrc_candidates() -> list[Path]:
    named = os.environ.get("NETRC")
    if named:
        return [Path(named)]
    try:
        home = Path.home()
    except RuntimeError:  # a user without a home, as in some containers
        return []
    return [home / ".netrc", home / "_netrc"]
