"""A server on 127.0.0.1 that can send any bytes at any speed, also invalid HTTP."""

import socket
from collections.abc import Callable
from contextlib import suppress
from socketserver import BaseRequestHandler
from threading import Event

from tests.support.loopback import Server

#: The start of a response, and of one with a chunked body.
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

#: Handles one connection, which is closed when the function returns.
Talk = Callable[["Connection"], object]


class Connection:
    """The server's side of a connection."""

    def __init__(self, connection: socket.socket, stopping: Event) -> None:
        self._connection = connection
        self._stopping = stopping

    def request(self) -> bytes:
        """Return the next request's head, or nothing at the end of the connection."""
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self._connection.recv(4096)
            if not piece:
                return b""
            head += piece
        return head

    def send(self, *pieces: bytes, pause: float = 0.0) -> None:
        """Send pieces, with a pause after each."""
        for piece in pieces:
            self._connection.sendall(piece)
            if pause and self._stopping.wait(pause):
                return

    def send_for_ever(self, piece: bytes, pause: float = 0.0) -> None:
        """Send a piece repeatedly until the client disconnects."""
        while not self._stopping.is_set():
            self.send(piece, pause=pause)


class RawServer(Server):
    """Handles each connection in a separate thread."""

    def __init__(self, talk: Talk) -> None:
        super().__init__(_Handler)
        self.talk = talk

    @property
    def url(self) -> str:
        return f"http://{self.host}/"


class _Handler(BaseRequestHandler):
    server: RawServer

    def handle(self) -> None:
        with suppress(OSError):
            self.server.talk(Connection(self.request, self.server.stopping))
