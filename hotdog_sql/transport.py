"""The httpcore transport, with a deadline for each request.

httpx limits each wait, but a server that sends a byte now and then never exceeds that limit. The
network backend here limits each wait to the time that the request has left.
"""

import math
import ssl
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from hotdog_sql.errors import InputError, RequestError

#: Time limit for making a connection, in seconds.
CONNECT_SECONDS = 10.0

#: The reason of a request that exceeded its deadline; the downloader does not retry it.
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
    "proxyerror": "proxy error",
    "tunnel error": "proxy error",
}
#: Reasons of requests that failed without a connection.
NO_CONNECTION = frozenset({*_CONNECTION_REASONS.values(), "no connection"})


class Transport:
    """Sends the requests of one thread, each with a deadline. Proxies come from the environment."""

    #: The time by which the current request must end, on the monotonic clock.
    deadline = math.inf

    def seconds_left(self, wait: float | None = None) -> float:
        """Return how long a wait may take, or raise `RequestError` if the deadline has passed."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise RequestError("the request took too long", TOO_SLOW, transient=True)
        return left if wait is None else min(left, wait)

    def send(self, request: httpx.Request) -> AbstractContextManager[httpx.Response]:
        """Send a request and yield the response, whose body can be read inside the block.

        Raises `RequestError`, inside the block too.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Close the connections that no other thread uses."""


@dataclass
class Body(httpx.SyncByteStream):
    """The body of a response."""

    chunks: Iterator[bytes]

    def __iter__(self) -> Iterator[bytes]:
        return self.chunks


class HttpcoreTransport(Transport):
    """A transport whose connections belong to one thread."""

    def __init__(self, silence_seconds: float) -> None:
        self._timeout = httpx.Timeout(silence_seconds, connect=CONNECT_SECONDS).as_dict()
        self._direct = self._pool()
        with proxies() as found:
            self._proxied = {scheme: self._pool(proxy) for scheme, proxy in found.items()}

    @contextmanager
    def send(self, request: httpx.Request) -> Iterator[httpx.Response]:
        """Send a request with httpcore."""
        method, url, headers = request.method, request.url, request.headers.raw
        # Not from a text, of which httpcore would lose what follows a semicolon.
        target = httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        sent = httpcore.Request(
            method, target, headers=headers, extensions={"timeout": self._timeout}
        )
        pool = self._direct
        if self._proxied and not proxy_bypass(url.netloc.decode()):
            pool = self._proxied.get(url.scheme) or self._proxied.get("all", pool)
        broken = "connection broke"
        try:
            received = pool.handle_request(sent)
            while not getattr(received.extensions["network_stream"], "has_read", True):
                # The response came before the request: a keep-alive server had sent more than its
                # previous response. Close that connection and try again.
                received.close()
                received = pool.handle_request(sent)
            broken = "cut short"
            with closing(received):
                body = Body(received.iter_stream())
                yield httpx.Response(received.status, headers=received.headers, stream=body)
        except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.ProxyError) as error:
            self.seconds_left()
            raise connection_error(str(error), repr(error)) from error
        except httpcore.TimeoutException as error:
            self.seconds_left()
            raise RequestError(f"silence ({error})", "silence", transient=True) from error
        except (httpcore.NetworkError, httpcore.RemoteProtocolError) as error:
            raise RequestError(f"{broken} ({error})", broken, transient=True) from error
        except httpcore.ProtocolError as error:
            raise RequestError(f"bad answer ({error})", "bad answer") from error

    def close(self) -> None:
        """Close every connection."""
        for pool in (self._direct, *self._proxied.values()):
            pool.close()

    def _pool(self, proxy: httpx.Proxy | None = None) -> httpcore.ConnectionPool:
        return httpcore.ConnectionPool(
            ssl_context(),
            None if proxy is None else httpcore.Proxy(str(proxy.url), proxy.raw_auth),
            network_backend=_Network(self),
        )


def connection_error(error: str, cause: str) -> RequestError:
    """Return the error for a failed connection; `cause` is the library's text about the cause."""
    reasons = (reason for text, reason in _CONNECTION_REASONS.items() if text in cause.lower())
    reason = next(reasons, "no connection")
    return RequestError(f"{reason} ({error})", reason, transient=True)


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


@dataclass
class _Network(httpcore.SyncBackend):
    """Opens connections whose waits end at the deadline."""

    transport: Transport

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **options: Any
    ) -> httpcore.NetworkStream:
        wait = self.transport.seconds_left(timeout)
        return _Connection(super().connect_tcp(host, port, wait, *args, **options), self.transport)


@dataclass
class _Connection(httpcore.NetworkStream):
    """A connection whose waits end at the deadline."""

    stream: httpcore.NetworkStream
    transport: Transport
    has_read: bool = False  # whether anything has been read since the last write

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.has_read = True
        return self.stream.read(max_bytes, self.transport.seconds_left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.has_read = False
        self.stream.write(buffer, self.transport.seconds_left(timeout))

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        wait = self.transport.seconds_left(timeout)
        stream = self.stream.start_tls(ssl_context, server_hostname, wait)
        return _Connection(stream, self.transport)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)
