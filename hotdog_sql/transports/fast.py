"""pyreqwest's connections behind httpx's types; needs the extra `fast`."""

import atexit
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from functools import cache
from threading import Lock

import httpx
from pyreqwest.client import SyncClient, SyncClientBuilder
from pyreqwest.exceptions import BuilderError, RequestError, RequestTimeoutError
from pyreqwest.response import SyncResponse, SyncResponseBodyReader

from hotdog_sql.errors import InputError
from hotdog_sql.transports.base import DeadlineTransport, proxies, ssl_context

_BUILDING = Lock()


class FastTransport(DeadlineTransport):
    """pyreqwest's connections, which all threads share. Proxies come from the environment."""

    def __init__(self, connect_seconds: float, silence_seconds: float) -> None:
        with _BUILDING:  # the process crashes where two threads build a client
            self._client = _client(connect_seconds, silence_seconds)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the body is read as the response is iterated."""
        # The time may be extended while a body arrives, so pyreqwest's own limit is wider; the
        # deadline itself is kept as the body is read.
        limit = timedelta(seconds=2 * self.seconds_left())
        answer = ExitStack()
        with _httpx_errors():
            response = answer.enter_context(
                self._client.request(request.method, str(request.url.copy_with(userinfo=b"")))
                .headers(request.headers.multi_items())
                .timeout(limit)
                .streamed_read_buffer_limit(0)  # the headers do not wait for the body
                .build_streamed()
            )
        body = _Body(response.body_reader, answer, self)
        return httpx.Response(
            response.status, headers=list(_headers(response)), stream=body, request=request
        )

    def close(self) -> None:
        """Nothing: the connections are the process's."""


class _Body(httpx.SyncByteStream):
    """The body of a response."""

    def __init__(
        self, reader: SyncResponseBodyReader, answer: ExitStack, transport: FastTransport
    ) -> None:
        self._reader = reader
        self._answer = answer
        self._transport = transport

    def __iter__(self) -> Iterator[bytes]:
        with _httpx_errors():
            while (chunk := self._reader.read_chunk()) is not None:
                self._transport.seconds_left()
                yield bytes(chunk)

    def close(self) -> None:
        self._answer.close()


def _headers(response: SyncResponse) -> Iterator[tuple[str, str]]:
    """The headers but for those that are not text to pyreqwest."""
    for name in response.headers:
        with suppress(ValueError):
            for value in response.get_header_all(name):
                yield name, value


@cache
def _client(connect_seconds: float, silence_seconds: float) -> SyncClient:
    """One client for the process: its connections serve whichever thread asks."""
    proxies()  # which says what is wrong with them; pyreqwest would pass over it
    try:
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
        for certificate in ssl_context().get_ca_certs(binary_form=True):
            builder = builder.add_root_certificate_der(certificate)
        client = builder.build()
    except (BuilderError, ValueError) as error:
        raise InputError(
            f"cannot use the proxy ({error}); check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY"
        ) from error
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
        words = " ".join(str(one) for one in (error.details or {}).get("causes") or ()).lower()
        slow = isinstance(error, RequestTimeoutError)
        if "(connect)" in words:
            raise (httpx.ConnectTimeout if slow else httpx.ConnectError)(words) from _cause(words)
        # There was a connection; what broke was the answer.
        raise (httpx.ReadTimeout if slow else httpx.RemoteProtocolError)(words) from error


def _cause(words: str) -> Exception:
    """The exception of Python's that says the same."""
    if "dns" in words:
        return socket.gaierror(words)
    if "refused" in words:
        return ConnectionRefusedError(words)
    if "certificate" in words:
        return ssl.SSLCertVerificationError(words)
    return OSError(words)
