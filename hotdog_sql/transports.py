"""The transport under every HTTP request: httpcore's connections, with a deadline for each request.

httpx limits each wait, but an answer that drips a byte now and then never makes it wait. httpcore
lets its user bring the network: here each wait is cut to what is left of the request's time.
"""

import math
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from hotdog_sql.errors import InputError

_POOL: dict[str, Any] = {"max_connections": 16, "max_keepalive_connections": 8}


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
            f"cannot read the TLS certificates ({error}); check SSL_CERT_FILE and SSL_CERT_DIR"
        ) from error


class DeadlineTransport(httpx.BaseTransport):
    """httpcore's connections for one thread. Proxies come from the environment.

    Attributes:
        deadline: when the request in hand must have ended, on the monotonic clock.
    """

    def __init__(self, context: ssl.SSLContext, connect_seconds: float, silence_seconds: float):
        self.deadline = math.inf
        self._context = context
        self._timeout = httpx.Timeout(silence_seconds, connect=connect_seconds).as_dict()
        self._proxies = getproxies()
        self._pools: dict[str, httpcore.ConnectionPool] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the body is read as the response is iterated."""
        url = request.url
        target = httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        sent = httpcore.Request(
            request.method,
            target,
            headers=request.headers.raw,
            extensions={"timeout": self._timeout},
        )
        with _as_httpx_errors():
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

    def seconds_left(self, wait: float | None) -> float:
        """How long a wait may take.

        Raises:
            httpcore.ReadTimeout: the request's time is up.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the request took too long")
        return left if wait is None else min(left, wait)

    def _pool(self, url: httpx.URL) -> httpcore.ConnectionPool:
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all") or ""
        if proxy and proxy_bypass(url.netloc.decode()):
            proxy = ""
        if proxy not in self._pools:
            self._pools[proxy] = self._new_pool(proxy)
        return self._pools[proxy]

    def _new_pool(self, address: str) -> httpcore.ConnectionPool:
        backend = _Network(self)
        if not address:
            return httpcore.ConnectionPool(self._context, network_backend=backend, **_POOL)
        try:
            proxy = httpx.Proxy(address if "://" in address else f"http://{address}")
            url = httpcore.URL(
                scheme=proxy.url.raw_scheme,
                host=proxy.url.raw_host,
                port=proxy.url.port,
                target=proxy.url.raw_path,
            )
            kind = (
                httpcore.SOCKSProxy if proxy.url.scheme.startswith("socks") else httpcore.HTTPProxy
            )
            return kind(
                url, proxy.raw_auth, ssl_context=self._context, network_backend=backend, **_POOL
            )
        except (ValueError, ImportError, httpx.InvalidURL) as error:
            raise InputError(
                f"cannot use the proxy ({error}); check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY"
            ) from error


class _Body(httpx.SyncByteStream):
    """The body of a response."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx_errors():
            yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class _Network(httpcore.NetworkBackend):
    """Opens connections that keep to the transport's deadline."""

    def __init__(self, transport: DeadlineTransport) -> None:
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

    def __init__(self, stream: httpcore.NetworkStream, transport: DeadlineTransport) -> None:
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


def _is_asked_for(response: httpcore.Response) -> bool:
    """Whether the answer came after the request, and was not there already."""
    connection = response.extensions["network_stream"]
    return not isinstance(connection, _Connection) or connection.heard


@contextmanager
def _as_httpx_errors() -> Iterator[None]:
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
        raise _HTTPX_ERRORS[type(error)](str(error)) from error


_HTTPX_ERRORS: dict[type[Exception], type[httpx.TransportError]] = {
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.ReadTimeout: httpx.ReadTimeout,
    httpcore.WriteTimeout: httpx.WriteTimeout,
    httpcore.PoolTimeout: httpx.PoolTimeout,
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.ReadError: httpx.ReadError,
    httpcore.WriteError: httpx.WriteError,
    httpcore.LocalProtocolError: httpx.LocalProtocolError,
    httpcore.RemoteProtocolError: httpx.RemoteProtocolError,
    httpcore.ProxyError: httpx.ProxyError,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
}
