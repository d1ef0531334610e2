"""A real HTTP server on 127.0.0.1 with faults that a test can choose.

`server.on("/a.jpg", Reply(500), Reply(body=jpeg))` answers 500 once, and then with the picture.
"""

import gzip
import hashlib
import re
import socket
import ssl
import struct
import sys
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Lock, Thread
from typing import Any, Literal, NamedTuple, Self

_PIECE = 1 << 20


class Request(NamedTuple):
    """A request, with header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """The server's answer, and the faults in it."""

    status: int = 200
    #: A memoryview is sent without a copy.
    body: bytes | memoryview = b""
    #: These override the headers that the server makes.
    headers: Mapping[str, str] = field(default_factory=dict)
    #: A wrong Content-Length; the connection closes after the body.
    declared_length: int | None = None
    #: Close the connection after this many bytes of the body.
    cut_at: int | None = None
    #: Send a TCP reset before the answer, or after this many bytes of the body.
    reset: Literal["before"] | int | None = None
    #: Seconds before the answer.
    delay: float = 0.0
    #: Send this many bytes at a time, with a pause of this many seconds after each.
    drip: tuple[int, float] | None = None
    #: After this many bytes, send nothing until the server closes.
    stall_after: int | None = None
    #: Without a Content-Length: send the body in chunks, or until the connection closes.
    chunked: bool = False
    until_close: bool = False
    #: Compress the body.
    gzip: bool = False
    location: str | None = None


Replier = Callable[[Request], Reply]
Answer = Reply | Replier


class Server(ThreadingTCPServer):
    """A server on 127.0.0.1. A context manager that waits for every thread on exit."""

    request_queue_size = 512
    daemon_threads = False  # server_close waits for the threads, so no socket outlives a test

    def __init__(self, handler: type[BaseRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.stopping = Event()
        self._connections: set[Any] = set()
        self._lock = Lock()
        self._thread = Thread(target=self.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.shutdown()
        self._thread.join()
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):  # the client has closed it already
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def host(self) -> str:
        """Host and port, as in an address."""
        return f"127.0.0.1:{self.port}"


class LoopbackServer(Server):
    """Answers at `url(path)`; uses TLS if it gets a PEM file with a key and a certificate."""

    def __init__(self, certificate: Path | None = None) -> None:
        super().__init__(_Handler)
        self.requests: list[Request] = []
        self._replies: dict[str, list[Answer]] = {}
        self._default: Answer = Reply(404)
        self._scheme = "http"
        if certificate is not None:
            self._scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            # Each connection's thread does the handshake.
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    def url(self, path: str = "/") -> str:
        return f"{self._scheme}://{self.host}/{path.lstrip('/')}"

    def on(self, path: str, *replies: Answer) -> None:
        """Answer requests for the path (with query) with these in turn; repeat the last one."""
        with self._lock:
            self._replies["/" + path.lstrip("/")] = list(replies)

    def default(self, reply: Answer) -> None:
        """Answer every other path with this reply; the default is 404."""
        self._default = reply

    def count(self, path: str) -> int:
        """Return the number of requests for the path."""
        return self.counts()["/" + path.lstrip("/")]

    def counts(self) -> Counter[str]:
        """Return the number of requests by path."""
        with self._lock:
            return Counter(request.path for request in self.requests)

    def clear(self) -> None:
        """Delete the list of requests."""
        with self._lock:
            self.requests.clear()

    def answer(self, request: Request) -> Reply:
        """Record the request, and return the next reply to it."""
        with self._lock:
            self.requests.append(request)
            replies = self._replies.get(request.path) or [self._default]
            answer = replies.pop(0) if len(replies) > 1 else replies[0]
        return answer if isinstance(answer, Reply) else answer(request)


def file_reply(
    data: bytes | memoryview,
    etag: str | None = '"1"',
    md5: str | None = "right",
    crc32c: str | None = None,
    *,
    ranges: bool = True,
    fault: Reply | None = None,
) -> Replier:
    """Return a reply that honours If-None-Match, If-Modified-Since, Range and If-Range.

    `md5` and `crc32c` go into `x-goog-hash`; "right" is the correct MD5. The faults of `fault`
    (cut_at, stall_after, drip, …) apply to every body.
    """
    if md5 == "right":
        md5 = b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
    hashes = [f"{kind}={value}" for kind, value in (("crc32c", crc32c), ("md5", md5)) if value]
    headers = {
        "ETag": etag,
        "Last-Modified": "Wed, 01 May 2024 00:00:00 GMT",
        "x-goog-hash": ", ".join(hashes) or None,
        "Accept-Ranges": "bytes" if ranges else None,
    }
    present = {name: value for name, value in headers.items() if value is not None}
    base = fault or Reply()

    def reply(request: Request) -> Reply:
        if _is_unchanged(request.headers, present):
            return replace(base, status=304, headers=present, body=b"")
        span = _range(request.headers, present) if ranges else None
        if span is None:
            return replace(base, status=200, headers=present, body=data)
        start, end = span[0], min(span[1], len(data))
        if start >= len(data):
            return Reply(416, headers={"Content-Range": f"bytes */{len(data)}"})
        part = {**present, "Content-Range": f"bytes {start}-{end - 1}/{len(data)}"}
        return replace(base, status=206, headers=part, body=data[start:end])

    return reply


def _is_unchanged(request: Mapping[str, str], headers: Mapping[str, str]) -> bool:
    if "if-none-match" in request:
        return headers.get("ETag") in [tag.strip() for tag in request["if-none-match"].split(",")]
    return request.get("if-modified-since") == headers["Last-Modified"]


def _range(request: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, int] | None:
    """Return the start and the end of the requested range, or None for the whole file."""
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", request.get("range", ""))
    validators = (None, headers.get("ETag"), headers["Last-Modified"])
    if not match or request.get("if-range") not in validators:
        return None
    return int(match[1]), int(match[2]) + 1 if match[2] else sys.maxsize


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a small body waits 40 ms for the headers' ACK
    server: LoopbackServer

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, ssl.SSLError):  # the client closed the connection
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def do_GET(self) -> None:
        server = self.server
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = server.answer(Request(self.command, self._path(), headers))
        if reply.delay:
            server.stopping.wait(reply.delay)
        if reply.reset == "before":
            self._reset()
            return
        self._send(reply)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _path(self) -> str:
        """Return the requested path; clients that use this server as a proxy send a full URL."""
        return re.sub(r"^https?://[^/]+", "", self.path)

    def _send(self, reply: Reply) -> None:
        body = gzip.compress(reply.body, mtime=0) if reply.gzip else reply.body
        bodiless = self.command == "HEAD" or reply.status in (204, 304)
        headers = dict(reply.headers)
        if reply.gzip:
            headers.setdefault("Content-Encoding", "gzip")
        if reply.location is not None:
            headers.setdefault("Location", reply.location)
        if reply.chunked:
            headers.setdefault("Transfer-Encoding", "chunked")
        elif not reply.until_close and reply.status not in (204, 304):
            declared = len(body) if reply.declared_length is None else reply.declared_length
            headers.setdefault("Content-Length", str(declared))
        if reply.until_close or reply.declared_length is not None:
            self.close_connection = True
        self.send_response(reply.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if not bodiless:
            self._send_body(reply, memoryview(body))

    def _send_body(self, reply: Reply, body: memoryview) -> None:
        ends = [reply.cut_at, reply.stall_after, reply.reset]
        stop = min([len(body), *(end for end in ends if isinstance(end, int))])
        size, pause = reply.drip or (_PIECE, 0.0)
        for start in range(0, stop, size):
            piece = body[start : min(start + size, stop)]
            if reply.chunked:
                # If the body is cut in the middle, leave a chunk incomplete.
                cut = stop < len(body) and start + size >= stop
                self.wfile.write(b"%x\r\n" % (len(piece) + cut))
                self.wfile.write(piece)
                self.wfile.write(b"" if cut else b"\r\n")
            else:
                self.wfile.write(piece)
            if pause and self.server.stopping.wait(pause):
                self.close_connection = True
                return
        if isinstance(reply.reset, int):
            self._reset()
        elif reply.stall_after is not None:
            self.server.stopping.wait()
            self.close_connection = True
        elif reply.cut_at is not None:
            self.close_connection = True
        elif reply.chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _reset(self) -> None:
        """Close the connection with a TCP reset."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(self.connection.detach())
