"""What both transports have: a deadline for each request, and the TLS certificates.

httpx limits each wait, but an answer that drips a byte now and then never makes it wait.
"""

import math
import ssl
import time
from abc import ABC
from functools import cache
from urllib.request import getproxies

import httpx

from hotdog_sql.errors import InputError


class DeadlineTransport(httpx.BaseTransport, ABC):
    """A transport for one thread.

    Attributes:
        deadline: when the request in hand must have ended, on the monotonic clock.
    """

    deadline = math.inf

    def seconds_left(self, wait: float | None = None) -> float:
        """How long a wait may take.

        Raises:
            httpx.ReadTimeout: the request's time is up.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise httpx.ReadTimeout("the request took too long")
        return left if wait is None else min(left, wait)


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


@cache
def proxies() -> dict[str, httpx.Proxy]:
    """The proxies of the environment, by the scheme of the addresses they are for, or `all`.

    Raises:
        InputError: one cannot be used.
    """
    found = {}
    for scheme, address in getproxies().items():
        if scheme in ("http", "https", "all"):
            try:
                url = address if "://" in address else f"http://{address}"
                found[scheme] = httpx.Proxy(url)
            except (ValueError, httpx.InvalidURL) as error:
                raise InputError(
                    f"cannot use the proxy ({error}); check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY"
                ) from error
    return found
