"""pyreqwest's connections behind httpx's types: a Rust client outside the interpreter's lock."""

import atexit
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache, partial
from threading import Lock
from typing import cast
from urllib.request import getproxies

import httpx
from pyreqwest.client import SyncClient, SyncClientBuilder
from pyreqwest.exceptions import BuilderError, RequestError, RequestTimeoutError
from pyreqwest.proxy import ProxyBuilder
from pyreqwest.response import SyncResponse, SyncResponseBodyReader

from hotdog_sql.transport import Body, Deadline, proxies, proxy_errors, ssl_context

_BUILDING = Lock()

#: The headers of an answer that are read here; making httpx's of all of them takes time.
_READ = (
    *("Content-Encoding", "Content-Length", "Content-Range", "Content-Type", "ETag"),
    *("Last-Modified", "Location", "Retry-After", "Transfer-Encoding", "x-goog-hash"),
)


class FastTransport(httpx.BaseTransport):
    """pyreqwest's connections, which all threads share. Proxies come from the environment."""

    def __init__(self, deadline: Deadline, connect_seconds: float, silence_seconds: float) -> None:
        self._deadline = deadline
        with _BUILDING:  # the process crashes where two threads build a client
            self._client = _client(connect_seconds, silence_seconds)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the body is read as the response is iterated."""
        url = request.url.copy_with(userinfo=b"") if request.url.userinfo else request.url
        # pyreqwest's own limit on a request cannot be extended while a body arrives. Without it,
        # no wait is longer than its silence limit, and the deadline is kept between two waits.
        self._deadline.seconds_left()
        with _httpx_errors():
            sent = (
                self._client.request(request.method, str(url))
                .headers(request.headers.multi_items())
                .streamed_read_buffer_limit(0)  # the headers do not wait for the body
                .build_streamed()
            )
            response = sent.__enter__()
        headers = [(name, value) for name in _READ for value in _header(response, name)]
        body = Body(self._chunks(response.body_reader), partial(sent.__exit__, None, None, None))
        return httpx.Response(response.status, headers=headers, stream=body, request=request)

    def _chunks(self, reader: SyncResponseBodyReader) -> Iterator[bytes]:
        with _httpx_errors():
            while (chunk := reader.read_chunk()) is not None:
                self._deadline.seconds_left()
                yield cast(bytes, chunk)  # it is like one, and httpx only passes it on


def _header(response: SyncResponse, name: str) -> list[str]:
    """The values of a header that are text to pyreqwest."""
    try:
        return response.get_header_all(name)
    except ValueError:
        return []


@cache
def _client(connect_seconds: float, silence_seconds: float) -> SyncClient:
    """One client for the process: its connections serve whichever thread asks."""
    builder = (
        SyncClientBuilder()
        .http1_only()
        .follow_redirects(False)
        .gzip(False)
        .brotli(False)
        .zstd(False)
        .deflate(False)
        .referer(False)
        .connect_timeout(timedelta(seconds=connect_seconds))
        .read_timeout(timedelta(seconds=silence_seconds))
    )
    for scheme, proxy in sorted(proxies().items(), reverse=True):  # the one for all comes last
        with proxy_errors():  # it refuses some that httpx accepts
            chosen = getattr(ProxyBuilder, scheme)(str(proxy.url)).no_proxy(getproxies().get("no"))
        builder = builder.proxy(chosen.basic_auth(*proxy.auth) if proxy.auth else chosen)
    for certificate in ssl_context().get_ca_certs(binary_form=True):
        builder = builder.add_root_certificate_der(certificate)
    client = builder.build()
    # Its threads must not outlive the interpreter.
    atexit.register(client.close)
    return client


@contextmanager
def _httpx_errors() -> Iterator[None]:
    """Raise pyreqwest's errors as httpx's, each with the cause that httpcore's would have."""
    try:
        yield
    except BuilderError as error:
        raise httpx.InvalidURL(str(error)) from error
    except RequestError as error:
        causes = [one["message"] for one in (error.details or {}).get("causes") or ()]
        words, last = " ".join(causes).lower(), (causes or [str(error)])[-1]
        slow = isinstance(error, RequestTimeoutError)
        if "(connect)" in words:
            raise (httpx.ConnectTimeout if slow else httpx.ConnectError)(last) from _cause(words)
        # There was a connection; what broke was the answer.
        raise (httpx.ReadTimeout if slow else httpx.RemoteProtocolError)(last) from error


def _cause(words: str) -> Exception:
    """The exception of Python's that says the same."""
    if "dns" in words:
        return socket.gaierror(words)
    if "refused" in words:
        return ConnectionRefusedError(words)
    if "certificate" in words:
        return ssl.SSLCertVerificationError(words)
    return OSError(words)
