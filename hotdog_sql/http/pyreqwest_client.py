"""HTTP with pyreqwest: a Rust client that does not hold the GIL."""

import atexit
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cache
from typing import cast
from urllib.request import getproxies

from pyreqwest import exceptions
from pyreqwest.client import SyncClient, SyncClientBuilder
from pyreqwest.proxy import ProxyBuilder
from pyreqwest.response import SyncResponseBodyReader

from hotdog_sql.errors import RequestError
from hotdog_sql.http.client import (
    CONNECT_SECONDS,
    HEADERS,
    HttpClient,
    Response,
    proxies,
    ssl_context,
)

#: The response headers in use; reading all of them takes time.
_NAMES = (
    *("content-encoding", "content-length", "content-range", "content-type", "etag"),
    *("last-modified", "location", "retry-after", "transfer-encoding", "x-goog-hash"),
)


class PyreqwestClient(HttpClient):
    """A client; all clients of the process share their connections."""

    def __init__(self, silence_seconds: float) -> None:
        self._client = _client(silence_seconds)

    @contextmanager
    def _send(self, method: str, url: str, headers: dict[str, str]) -> Iterator[Response]:
        # pyreqwest's limit on a whole request cannot be extended while a body arrives. Instead, its
        # read timeout limits each wait, and the deadline is checked between waits.
        self.seconds_left()
        try:
            sent = self._client.request(method, url)
        except ValueError as error:  # pyreqwest accepts fewer addresses than httpx
            raise RequestError(str(error), "bad address") from error
        sent = sent.headers(headers).streamed_read_buffer_limit(0)
        broken = "connection broke"
        try:
            with sent.build_streamed() as received:
                broken = "cut short"
                found = {}
                for name in _NAMES:
                    with suppress(ValueError):  # pyreqwest cannot read the value as text
                        if values := received.get_header_all(name):
                            found[name] = ", ".join(values)
                is_known = "transfer-encoding" not in found
                length = found.get("content-length", "") if is_known else ""
                chunks = self._chunks(received.body_reader, length)
                yield Response(received.status, found, chunks)
        except exceptions.RequestError as error:
            causes = error.details["causes"] or [{"message": str(error)}]
            root_cause = causes[-1]["message"]
            if "client error (Connect)" in str(error):
                # The first of the causes quotes the address.
                raise self._connect_error(root_cause, str(causes[1:])) from error
            if isinstance(error, exceptions.RequestTimeoutError):
                self.seconds_left()
                broken = "silence"
            raise RequestError(f"{broken} ({root_cause})", broken, transient=True) from error

    def _chunks(self, reader: SyncResponseBodyReader, length: str) -> Iterator[bytes]:
        # With a length, the end of the body needs no call of its own, which would take time.
        left = int(length) if length.isdecimal() else -1
        while left and (chunk := reader.read_chunk()) is not None:
            self.seconds_left()
            left -= len(chunk)
            yield cast(bytes, chunk)  # a similar type


@cache
def _client(silence_seconds: float) -> SyncClient:
    """The client of this process."""
    builder = (
        SyncClientBuilder()
        .default_headers(HEADERS)
        .follow_redirects(False)
        .gzip(False)
        .brotli(False)
        .zstd(False)
        .deflate(False)
        .connect_timeout(timedelta(seconds=CONNECT_SECONDS))
        .read_timeout(timedelta(seconds=silence_seconds))
    )
    with proxies() as found:  # pyreqwest refuses some that httpx accepts
        for scheme, proxy in sorted(found.items(), reverse=True):  # `all` comes last
            route = getattr(ProxyBuilder, scheme)(str(proxy.url)).no_proxy(getproxies().get("no"))
            builder = builder.proxy(route.basic_auth(*proxy.auth) if proxy.auth else route)
    for certificate in ssl_context().get_ca_certs(binary_form=True):
        builder = builder.add_root_certificate_der(certificate)
    client = builder.build()
    atexit.register(client.close)  # its threads must not outlive the interpreter
    return client
