"""A server that sends any bytes at any pace, whether or not they are HTTP."""

import socketserver
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import repeat
from threading import Event, Thread

#: Makes the bytes of an answer; it may wait for the event, which is set when the server ends.
Answer = Callable[[Event], Iterable[bytes]]


@contextmanager
def raw_server(answers: Mapping[str, Answer]) -> Iterator[str]:
    """A server on 127.0.0.1; gives its address.

    Args:
        answers: by path; other paths have none.
    """
    stopping = Event()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            path = self.rfile.readline().split(b" ")[1].decode()
            while self.rfile.readline().strip():
                continue
            try:
                for piece in answers.get(path.lstrip("/"), just())(stopping):
                    self.wfile.write(piece)
            except OSError:  # the client has heard enough
                return

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            stopping.set()
            server.shutdown()
            thread.join()


def just(*pieces: bytes) -> Answer:
    """Send these bytes, then close the connection."""
    return lambda _: pieces


def in_turn(*answers: Answer) -> Answer:
    """One answer for each request."""
    left = iter(answers)
    return lambda stopping: next(left)(stopping)


def endless(head: bytes, piece: bytes) -> Answer:
    """Send the head, then the piece for ever, as fast as the client takes it."""

    def answer(_: Event) -> Iterator[bytes]:
        yield head
        yield from repeat(piece)

    return answer


def dripping(head: bytes, piece: bytes, seconds: float = 0.5) -> Answer:
    """Send the head, then the piece after each wait."""

    def answer(stopping: Event) -> Iterator[bytes]:
        yield head
        while not stopping.wait(seconds):
            yield piece

    return answer
