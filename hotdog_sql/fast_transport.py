"""pyreqwest's connections behind httpx's types: a Rust client outside the interpreter's lock."""

import atexit
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache, partial
from threading import Lock
from typing import cast
from urllib.request import getproxies

import httpx
from pyreqwest import exceptions
from pyreqwest.client import SyncClient, SyncClientBuilder
from pyreqwest.proxy import ProxyBuilder
from pyreqwest.response import SyncResponse, SyncResponseBodyReader

from hotdog_sql.errors import RequestError
from hotdog_sql.transport import (
    CONNECT_SECONDS,
    Body,
    Deadline,
    no_connection,
    proxies,
    proxy_errors,
    ssl_context,
)

_BUILDING = Lock()

#: The headers of an answer that are read here; making httpx's of all of them takes time.
_READ = (
    *("Content-Encoding", "Content-Length", "Content-Range", "Content-Type", "ETag"),
    *("Last-Modified", "Location", "Retry-After", "Transfer-Encoding", "x-goog-hash"),
)


class FastTransport(httpx.BaseTransport):
    """pyreqwest's connections, which all threads share. Proxies come from the environment."""

    def __init__(self, deadline: Deadline, silence_seconds: float) -> None:
        self._deadline = deadline
        with _BUILDING:  # the process crashes where two threads build a client
            self._client = _client(silence_seconds)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the body is read as the response is iterated."""
        url = request.url.copy_with(userinfo=b"") if request.url.userinfo else request.url
        # pyreqwest's own limit on a request cannot be extended while a body arrives. Without it,
        # no wait is longer than its silence limit, and the deadline is kept between two waits.
        self._deadline.seconds_left()
        with self._errors("connection broke"):
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
        with self._errors("cut short"):
            while (chunk := reader.read_chunk()) is not None:
                self._deadline.seconds_left()
                yield cast(bytes, chunk)  # it is like one, and httpx only passes it on

    @contextmanager
    def _errors(self, broken: str) -> Iterator[None]:
        """Raise pyreqwest's errors as ours; `broken` is the reason where a connection broke."""
        try:
            yield
        except ValueError as error:  # pyreqwest knows fewer addresses than httpx
            raise RequestError(str(error), "bad address") from error
        except exceptions.RequestError as error:
            causes = [one["message"] for one in (error.details or {}).get("causes") or ()]
            words, last = " ".join(causes).lower(), (causes or [str(error)])[-1]
            if "(connect)" in words:
                raise no_connection(
                    last,
                    is_unknown="dns" in words,
                    is_refused="refused" in words,
                    is_distrusted="certificate" in words,
                ) from error
            if isinstance(error, exceptions.RequestTimeoutError):
                self._deadline.seconds_left()
                broken = "silence"
            raise RequestError(f"{broken} ({last})", broken, transient=True) from error


def _header(response: SyncResponse, name: str) -> list[str]:
    """The values of a header that are text to pyreqwest."""
    try:
        return response.get_header_all(name)
    except ValueError:
        return []


@cache
def _client(silence_seconds: float) -> SyncClient:
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
        .connect_timeout(timedelta(seconds=CONNECT_SECONDS))
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
