"""moto's S3 server as a process of its own, which refuses what a test tells it to refuse.

`python -m tests.support.s3_process FILE` listens on a free port of 127.0.0.1, which it writes
into FILE.
`PUT /__refuse__?every=3` makes it refuse every third request to write into a bucket with 503
SlowDown; `every=0` makes it refuse nothing any more.
"""

import itertools
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

_BODY = b'<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Wait</Message></Error>'


class Refusing:
    """The S3 application behind one that sometimes refuses; counts what it refused."""

    def __init__(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self._every = 0
        self._count = itertools.count(1)
        self._lock = threading.Lock()
        self._refused = 0

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/__refuse__":
            return self._told(parse_qs(environ["QUERY_STRING"]), start)
        with self._lock:
            writes = environ["REQUEST_METHOD"] == "PUT" and environ["PATH_INFO"].count("/") > 1
            refuse = writes and self._every > 0 and next(self._count) % self._every == 0
            self._refused += refuse
        if refuse:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start("503 Slow Down", [("Content-Type", "application/xml")])
            return [_BODY]
        answer: Iterable[bytes] = self._app(environ, start)
        return answer

    def _told(self, query: dict[str, list[str]], start: Callable[..., Any]) -> Iterable[bytes]:
        with self._lock:
            refused, self._refused = self._refused, 0
            self._every = int(query["every"][0])
        start("200 OK", [("Content-Type", "text/plain")])
        return [str(refused).encode()]


class _Quiet(MotoRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    server = make_server("127.0.0.1", 0, Refusing(), threaded=True, request_handler=_Quiet)
    Path(sys.argv[1]).write_text(str(server.server_port))
    server.serve_forever()


if __name__ == "__main__":
    main()
