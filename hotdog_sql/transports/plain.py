"""httpcore's connections, each wait of which is cut to what is left of the request's time.

httpcore lets its user bring the network, which is where that is done.
"""

import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import proxy_bypass

import httpcore
import httpx

from hotdog_sql.errors import InputError
from hotdog_sql.transports.base import DeadlineTransport, proxies

_POOL: dict[str, Any] = {"max_connections": 16, "max_keepalive_connections": 8}


class PlainTransport(DeadlineTransport):
    """httpcore's connections. Proxies come from the environment."""

    def __init__(self, context: ssl.SSLContext, connect_seconds: float, silence_seconds: float):
        self._context = context
        self._timeout = httpx.Timeout(silence_seconds, connect=connect_seconds).as_dict()
        self._proxies = proxies()
        self._pools: dict[str, httpcore.ConnectionPool] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the body is read as the response is iterated."""
        url = request.url
        sent = httpcore.Request(
            request.method,
            _httpcore_url(url),
            headers=request.headers.raw,
            extensions={"timeout": self._timeout},
        )
        with _httpx_errors():
            received = self._pool(url).handle_request(sent)
            while not _is_asked_for(received):
                # A keep-alive server sent more than its last answer: that connection is closed.
                received.close()
                received = self._pool(url).handle_request(sent)
        return httpx.Response(
            received.status, headers=received.headers, stream=_Body(received), request=request
        )

    def close(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            pool.close()

    def _pool(self, url: httpx.URL) -> httpcore.ConnectionPool:
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all")
        if proxy is not None and proxy_bypass(url.netloc.decode()):
            proxy = None
        name = "" if proxy is None else str(proxy.url)
        if name not in self._pools:
            self._pools[name] = self._new_pool(proxy)
        return self._pools[name]

    def _new_pool(self, proxy: httpx.Proxy | None) -> httpcore.ConnectionPool:
        backend = _Network(self)
        if proxy is None:
            return httpcore.ConnectionPool(self._context, network_backend=backend, **_POOL)
        url = _httpcore_url(proxy.url)
        kind = httpcore.SOCKSProxy if proxy.url.scheme.startswith("socks") else httpcore.HTTPProxy
        try:
            return kind(
                url, proxy.raw_auth, ssl_context=self._context, network_backend=backend, **_POOL
            )
        except ImportError as error:  # the library for SOCKS
            raise InputError(f"cannot use the proxy ({error}); check ALL_PROXY") from error


class _Body(httpx.SyncByteStream):
    """The body of a response."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        with _httpx_errors():
            yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class _Network(httpcore.NetworkBackend):
    """Opens connections that keep to the transport's deadline."""

    def __init__(self, transport: PlainTransport) -> None:
        self._transport = transport
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        wait = self._transport.seconds_left(timeout)
        stream = self._backend.connect_tcp(host, port, wait, local_address, socket_options)
        return _Connection(stream, self._transport)


class _Connection(httpcore.NetworkStream):
    """A connection on which every wait ends with the request's time.

    Attributes:
        heard: whether anything was read since the last request was sent.
    """

    def __init__(self, stream: httpcore.NetworkStream, transport: PlainTransport) -> None:
        self.heard = False
        self._stream = stream
        self._transport = transport

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.heard = True
        return self._stream.read(max_bytes, self._transport.seconds_left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.heard = False
        self._stream.write(buffer, self._transport.seconds_left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        wait = self._transport.seconds_left(timeout)
        return _Connection(
            self._stream.start_tls(ssl_context, server_hostname, wait), self._transport
        )

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _httpcore_url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


def _is_asked_for(response: httpcore.Response) -> bool:
    """Whether the answer came after the request, and was not there already."""
    connection = response.extensions["network_stream"]
    return not isinstance(connection, _Connection) or connection.heard


@contextmanager
def _httpx_errors() -> Iterator[None]:
    """Raise httpcore's errors as httpx's, which have the same names."""
    try:
        yield
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.ProxyError,
        httpcore.UnsupportedProtocol,
    ) as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error
