"""A small HTTP server for this machine alone, which answers as a storage service does.

Validators, conditional requests and ranges follow RFC 9110, sections 8.8, 13 and 14;
`x-goog-hash` is Google Cloud Storage's (https://cloud.google.com/storage/docs/xml-api/reference-headers).
"""

import hashlib
import re
import socket
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is at an address.

    Attributes:
        status: the HTTP status; conditions and ranges count for 200 only.
        body: the bytes.
        kind: their media type.
        location: where a redirect leads.
    """

    status: int = 200
    body: bytes = b""
    kind: str = "text/plain; charset=utf-8"
    location: str | None = None


#: What is at a path, without its query; called from many threads.
Site = Callable[[str], Answer]


@contextmanager
def serving(port: int = 0) -> Iterator["Server"]:
    """A server on 127.0.0.1 until the block ends; port 0 takes any that is free."""
    server = Server(port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="demo server")
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.hang_up()
        server.server_close()


class Server(ThreadingHTTPServer):
    """Answers each connection in a thread of its own, which ends before the server does.

    Attributes:
        site: what it serves; nothing until it is set.
        started: HTTP date of its beginning, the Last-Modified of everything.
    """

    #: A worker pool connects all at once; the default of 5 would make some wait for a second.
    request_queue_size = 128
    daemon_threads = False

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.site: Site = lambda _path: Answer(404, b"nothing here\n")
        self.started = formatdate(usegmt=True)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """The server's address, ending in a slash."""
        return f"http://127.0.0.1:{self.server_port}/"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Notes the connection, so that it can be hung up."""
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Ends a connection."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Ends the connections that clients keep open, and with them their threads."""
        with self._lock:
            for connection in self._open:
                with suppress(OSError):  # the client went first
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client may leave at any time; anything else is a bug and shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    #: Head and body leave in one packet: without this, each answer waits for the client's ACK.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        """Answers a GET request."""
        answer = self.server.site(unquote(urlsplit(self.path).path))
        if answer.status != 200:
            self._send(answer.status, answer.body, answer)
            return
        etag = f'"{hashlib.md5(answer.body, usedforsecurity=False).hexdigest()}"'
        validators = {"ETag": etag, "Last-Modified": self.server.started}
        if self._is_known(etag):
            self._send(304, None, answer, validators)
            return
        part = self._range(len(answer.body)) if self._is_guarded(etag) else None
        if part is None:
            self._send(200, answer.body, answer, validators | _hashes(answer.body))
        elif part.start >= part.stop:
            self._send(416, b"", answer, {"Content-Range": f"bytes */{len(answer.body)}"})
        else:
            span = f"bytes {part.start}-{part.stop - 1}/{len(answer.body)}"
            hashes = _hashes(answer.body)
            body = answer.body[part.start : part.stop]
            self._send(206, body, answer, validators | hashes | {"Content-Range": span})

    def do_HEAD(self) -> None:
        """Answers a HEAD request."""
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def _send(
        self, status: int, body: bytes | None, answer: Answer, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if answer.location is not None:
            self.send_header("Location", answer.location)
        if body is not None:
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body is not None and self.command != "HEAD":
            self.wfile.write(body)

    def _is_known(self, etag: str) -> bool:
        """Whether the client has this version: If-None-Match goes before If-Modified-Since."""
        tags = self.headers["If-None-Match"]
        if tags is not None:
            return tags.strip() == "*" or etag in [tag.strip() for tag in tags.split(",")]
        return self.headers["If-Modified-Since"] == self.server.started

    def _is_guarded(self, etag: str) -> bool:
        """Whether a range may be sent: If-Range is absent or names this version."""
        return self.headers["If-Range"] in (None, etag, self.server.started)

    def _range(self, size: int) -> range | None:
        """The bytes that one range asks for, empty if there are none; None without a range."""
        match = _RANGE.fullmatch(self.headers["Range"] or "")
        if match is None or match[0] == "bytes=-":
            return None
        first, last = match.groups()
        if not first:
            return range(max(0, size - int(last)), size)
        return range(int(first), min(size, int(last) + 1) if last else size)


def _hashes(body: bytes) -> dict[str, str]:
    digest = hashlib.md5(body, usedforsecurity=False).digest()
    return {"x-goog-hash": f"md5={b64encode(digest).decode()}"}
