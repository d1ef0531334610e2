"""Why a request brought nothing, in the words of the manifest."""

import socket

import httpx


def reason_of(error: httpx.HTTPError, *, in_body: bool) -> str:
    """An exception in a few words out of a fixed vocabulary, fit for the manifest.

    Args:
        error: what ended a request.
        in_body: whether the answer had begun.
    """
    if isinstance(error.__context__, httpx.InvalidURL):
        return "bad address"
    match error:
        case httpx.TooManyRedirects():
            return "redirect loop"
        case httpx.ConnectTimeout():
            return "no connection"
        case httpx.TimeoutException():
            return "silence"
        case httpx.ConnectError():
            return _connect_reason(error)
        case httpx.NetworkError() | httpx.RemoteProtocolError():
            return "cut short" if in_body else "connection broke"
        case httpx.ProxyError():
            return "proxy error"
        case httpx.UnsupportedProtocol():
            return "bad address"
        case _:
            return "bad answer"


def _connect_reason(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return "unknown host"
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused"
        cause = cause.__cause__ or cause.__context__
    return "no connection"
