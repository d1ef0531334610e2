"""A server on 127.0.0.1 that sends any bytes at any pace: what no HTTP library would send."""

import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import Self

#: Talks on one connection; may return at any time, whereupon the connection is closed.
Talk = Callable[["Connection"], None]


class Connection:
    """One connection, for the server's side of the talk."""

    def __init__(self, connection: socket.socket, stopping: Event) -> None:
        self._connection = connection
        self._stopping = stopping

    def request(self) -> bytes:
        """The next request's head; empty at the end of the connection."""
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
        """Send a piece again and again, until the client goes away."""
        while not self._stopping.is_set():
            self.send(piece, pause=pause)

    def answer(self, body: bytes) -> None:
        """Answer a request properly."""
        self.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body), body)


class RawServer:
    """A context manager; inside it, each connection is talked to in a thread of its own."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._stopping = Event()
        self._lock = Lock()
        self._open: set[socket.socket] = set()
        self._threads = [Thread(target=self._accept)]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(connection)
            thread = Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            self._talk(Connection(connection, self._stopping))
        with self._lock:
            self._open.discard(connection)
        connection.close()
