"""A local HTTP server with a small Open Images, its mirror and the photo service."""

import csv
import hashlib
import io
import os
import sys
import threading
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any

from hotdog_sql.catalog import catalog
from hotdog_sql.files import temporary_folder
from hotdog_sql.options import DataOptions

#: The CSV files contain the photos' addresses: with a fixed port, a second demo has the same files
#: and resumes the dataset of the first. The port is below those that systems assign to clients.
_PORT = 28620


@contextmanager
def serve(port: int = 0) -> Iterator[dict[str, str]]:
    """Serve the demo's Open Images on 127.0.0.1 until the block ends.

    Yields the environment variables with which hotdog-sql uses it.

    The image files contain the server's address, so they are identical between runs only if the
    port is. Port 0 takes any free port. Raises `OSError` if the port is in use.
    """
    with _Server(port) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="demo server")
        thread.start()
        try:
            yield {
                "HOTDOG_SQL_BASE_URL": f"{server.url}openimages/",
                "HOTDOG_SQL_MIRROR_URL": f"{server.url}mirror/",
            }
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def serve_demo(data_dir: Path | None) -> Iterator[DataOptions]:
    """Make this process use the demo's Open Images, by default with a temporary data folder."""
    with ExitStack() as stack:
        try:
            os.environ |= stack.enter_context(serve(_PORT))
        except OSError:  # the port is in use
            os.environ |= stack.enter_context(serve())
        yield DataOptions(data_dir or stack.enter_context(temporary_folder()), large=True)


class _Server(ThreadingHTTPServer):
    #: A download opens many connections at once; with the default of 5, some wait for a second.
    request_queue_size = 128
    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/"
        self._photo_service = f"{self.url}photos/".encode()
        data = files(__package__).joinpath("openimages.zip").read_bytes()
        self._zip = zipfile.ZipFile(io.BytesIO(data))
        self._files = {}
        for file in catalog():  # both releases have the same files
            name = f"{file.kind}-{file.split}" if file.split else file.kind
            self._files[f"openimages/{file.path}"] = f"files/{name}{Path(file.path).suffix}"
        photos = csv.DictReader(io.StringIO(self._zip.read("photos.csv").decode()))
        self._photos = {photo["path"]: photo for photo in photos}

    def answer(self, path: str) -> tuple[int, bytes]:
        """Return the status and body for a path."""
        if path in self._files:
            # The image files have a placeholder for the photo service's address.
            return 200, self._zip.read(self._files[path]).replace(b"PHOTOS/", self._photo_service)
        photo = self._photos.get(path)
        if photo is None:
            return 404, b""
        if not photo["picture"]:
            return int(photo["status"]), b""
        picture = self._zip.read(f"pictures/{photo['picture']}")
        if text := photo["comment"].encode():  # of a JPEG
            comment = b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text
            picture = picture.replace(b"\xff\xdb", comment + b"\xff\xdb", 1)
        return 200, picture

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect; report anything else, which is a bug."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    #: Send head and body in one packet; otherwise each response waits for the client's ACK.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        """Answer a GET request."""
        status, body = self.server.answer(self.path.partition("?")[0].lstrip("/"))
        md5 = hashlib.md5(body, usedforsecurity=False)
        etag = f'"{md5.hexdigest()}"'
        if status == 200 and self.headers["If-None-Match"] == etag:
            status, body = 304, b""
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/photos/photo_unavailable.png")
        if status == 200:
            self.send_header("ETag", etag)
            self.send_header("x-goog-hash", f"md5={b64encode(md5.digest()).decode()}")
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self) -> None:
        """Answer a HEAD request."""
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Log nothing."""
