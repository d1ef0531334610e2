"""HTTP with httpcore, the library beneath httpx.

httpx limits each wait, but a server that sends a byte now and then never exceeds that limit. The
network backend here limits each wait to the time that the request has left.
"""

import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.request import proxy_bypass

import httpcore
import httpx

from hotdog_sql.errors import RequestError
from hotdog_sql.http.client import (
    CONNECT_SECONDS,
    HEADERS,
    HttpClient,
    Response,
    proxies,
    ssl_context,
)


class HttpcoreClient(HttpClient):
    """A client with its own connections."""

    def __init__(self, silence_seconds: float) -> None:
        timeout = httpx.Timeout(silence_seconds, connect=CONNECT_SECONDS)
        self._extensions = {"timeout": timeout.as_dict()}
        self._direct = self._pool()
        with proxies() as found:
            self._proxied = {scheme: self._pool(proxy) for scheme, proxy in found.items()}

    def __exit__(self, *_: object) -> None:
        for pool in (self._direct, *self._proxied.values()):
            pool.close()

    @contextmanager
    def _send(self, method: str, url: str, headers: dict[str, str]) -> Iterator[Response]:
        request = httpx.Request(method, url, headers=HEADERS | headers)
        parts = request.url
        if parts.userinfo:
            auth = httpx.BasicAuth(parts.username, parts.password)
            request = next(auth.sync_auth_flow(request))
        # Not from a text, of which httpcore would lose what follows a semicolon.
        target = httpcore.URL(
            scheme=parts.raw_scheme, host=parts.raw_host, port=parts.port, target=parts.raw_path
        )
        raw_headers = request.headers.raw
        sent = httpcore.Request(method, target, headers=raw_headers, extensions=self._extensions)
        pool = self._direct
        if self._proxied and not proxy_bypass(parts.netloc.decode()):
            pool = self._proxied.get(parts.scheme) or self._proxied.get("all", pool)
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
                names = httpx.Headers(received.headers)
                yield Response(received.status, dict(names), received.iter_stream())
        except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.ProxyError) as error:
            self.seconds_left()
            raise self._connect_error(str(error), repr(error)) from error
        except httpcore.TimeoutException as error:
            self.seconds_left()
            raise RequestError(f"silence ({error})", "silence", transient=True) from error
        except (httpcore.NetworkError, httpcore.RemoteProtocolError) as error:
            raise RequestError(f"{broken} ({error})", broken, transient=True) from error
        except httpcore.ProtocolError as error:
            raise RequestError(f"bad answer ({error})", "bad answer") from error

    def _pool(self, proxy: httpx.Proxy | None = None) -> httpcore.ConnectionPool:
        return httpcore.ConnectionPool(
            ssl_context(),
            None if proxy is None else httpcore.Proxy(str(proxy.url), proxy.raw_auth),
            max_keepalive_connections=1,  # a client makes one request at a time
            network_backend=_Network(self),
        )


@dataclass
class _Network(httpcore.SyncBackend):
    """Opens connections whose waits end at the deadline."""

    client: HttpClient

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **options: Any
    ) -> httpcore.NetworkStream:
        wait = self.client.seconds_left(timeout)
        return _Connection(super().connect_tcp(host, port, wait, *args, **options), self.client)


@dataclass
class _Connection(httpcore.NetworkStream):
    """A connection whose waits end at the deadline."""

    stream: httpcore.NetworkStream
    client: HttpClient
    has_read: bool = False  # whether anything has been read since the last write

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.has_read = True
        return self.stream.read(max_bytes, self.client.seconds_left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.has_read = False
        self.stream.write(buffer, self.client.seconds_left(timeout))

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        wait = self.client.seconds_left(timeout)
        stream = self.stream.start_tls(ssl_context, server_hostname, wait)
        return _Connection(stream, self.client)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)
