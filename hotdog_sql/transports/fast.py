"""pyreqwest's connections behind httpx's types; needs the extra `fast`."""

import atexit
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from threading import Lock

import httpx
from pyreqwest.client import SyncClientBuilder
from pyreqwest.compatibility.httpx import SyncHttpxTransport
from pyreqwest.exceptions import BuilderError, DecodeError, NetworkError, PyreqwestError
from pyreqwest.exceptions import RequestTimeoutError as PyreqwestTimeout

from hotdog_sql.errors import InputError
from hotdog_sql.transports.base import DeadlineTransport, proxies, ssl_context

_BUILDING = Lock()


class FastTransport(DeadlineTransport):
    """pyreqwest's connections, which all threads share. Proxies come from the environment."""

    def __init__(self, connect_seconds: float, silence_seconds: float) -> None:
        with _BUILDING:  # the process crashes where two threads build a client
            self._transport = _reqwest_transport(connect_seconds, silence_seconds)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the body is read as the response is iterated."""
        # The time may be extended while a body arrives, so pyreqwest's own limit is wider; the
        # deadline itself is kept as the body is read.
        request.extensions = {"timeout": {"pool": 2 * self.seconds_left()}}
        with _httpx_errors():
            response = self._transport.handle_request(request)
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=_FastBody(response, self),
            request=request,
        )

    def close(self) -> None:
        """Nothing: the connections are the process's."""


class _FastBody(httpx.SyncByteStream):
    """The body of a response."""

    def __init__(self, response: httpx.Response, transport: FastTransport) -> None:
        self._response = response
        self._transport = transport

    def __iter__(self) -> Iterator[bytes]:
        with _httpx_errors():
            for chunk in self._response.iter_raw():
                self._transport.seconds_left()
                yield chunk

    def close(self) -> None:
        self._response.close()


@cache
def _reqwest_transport(connect_seconds: float, silence_seconds: float) -> httpx.BaseTransport:
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
        transport = SyncHttpxTransport(builder.build())
    except (BuilderError, ValueError) as error:
        raise InputError(
            f"cannot use the proxy ({error}); check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY"
        ) from error
    # Its threads must not outlive the interpreter.
    atexit.register(transport.close)
    return transport


@contextmanager
def _httpx_errors() -> Iterator[None]:
    """Raise pyreqwest's errors as httpx's, each with the cause that httpcore's would have."""
    try:
        yield
    except BuilderError as error:
        raise httpx.InvalidURL(str(error)) from error
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        words = _words(error)
        if "(connect)" in words:
            raise type(error)(str(error)) from _cause(words)
        # There was a connection; what broke was the request.
        kind = httpx.ReadTimeout if "timed out" in words else httpx.RemoteProtocolError
        raise kind(str(error)) from error
    except (httpx.DecodingError, DecodeError) as error:  # nothing is encoded: it was cut short
        raise httpx.RemoteProtocolError(str(error)) from error
    except (NetworkError, PyreqwestTimeout) as error:
        broken = isinstance(error, NetworkError)
        raise (httpx.ReadError if broken else httpx.ReadTimeout)(str(error)) from error
    except PyreqwestError as error:
        raise httpx.RemoteProtocolError(str(error)) from error


def _words(error: httpx.TransportError) -> str:
    """All that pyreqwest says of an error."""
    details = getattr(error.__cause__, "details", None) or {}
    return " ".join(str(cause) for cause in details.get("causes") or ()).lower()


def _cause(words: str) -> Exception:
    """The exception of Python's that says the same."""
    if "dns" in words:
        return socket.gaierror(words)
    if "refused" in words:
        return ConnectionRefusedError(words)
    if "certificate" in words:
        return ssl.SSLCertVerificationError(words)
    return OSError(words)
