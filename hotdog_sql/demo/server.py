"""Open Images, its mirror and the photo service on one HTTP server, for this machine alone."""

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
from typing import Any, NamedTuple

from hotdog_sql.catalog import CatalogFile, catalog
from hotdog_sql.files import temporary_folder
from hotdog_sql.options import DataOptions

#: The photos' addresses are in the CSV files: on the same port a second demo has the same files,
#: and so resumes the dataset of the first. Below the ports that systems lend to clients.
_PORT = 28620


class World(NamedTuple):
    """Where the demo's Open Images is: the base address and the mirror's."""

    base_url: str
    mirror_url: str


@contextmanager
def serve(port: int = 0) -> Iterator[World]:
    """Serve the demo's Open Images on 127.0.0.1 until the block ends.

    The image files have the server's address in them, so they are the same from run to run only on
    the same port; 0 takes any port that is free. A port that is in use is an OSError.
    """
    server = _Server(("127.0.0.1", port), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="demo server")
    thread.start()
    try:
        yield World(base_url=f"{server.url}openimages/", mirror_url=f"{server.url}mirror/")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def serve_demo(data_dir: Path | None) -> Iterator[DataOptions]:
    """Have this process use the demo's Open Images, with a temporary data folder by default."""
    with ExitStack() as stack:
        try:
            world = stack.enter_context(serve(_PORT))
        except OSError:  # the port is in use
            world = stack.enter_context(serve())
        os.environ["HOTDOG_SQL_BASE_URL"] = world.base_url
        os.environ["HOTDOG_SQL_MIRROR_URL"] = world.mirror_url
        yield DataOptions(data_dir or stack.enter_context(temporary_folder()), large=True)


class _Server(ThreadingHTTPServer):
    #: A downloader connects many times at once; the default of 5 makes some wait for a second.
    request_queue_size = 128
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.url = f"http://127.0.0.1:{self.server_port}/"
        self._photo_service = f"{self.url}photos/".encode()
        packed = files(__package__).joinpath("openimages.zip").read_bytes()
        self._zip = zipfile.ZipFile(io.BytesIO(packed))
        self._files = {f"openimages/{file.path}": _member(file) for file in catalog()}
        photos = csv.DictReader(io.StringIO(self._zip.read("photos.csv").decode()))
        self._photos = {photo["path"]: photo for photo in photos}

    def answer(self, path: str) -> tuple[int, bytes]:
        """The status and the body of a path."""
        if path in self._files:
            # The image files do not know where the photo service is.
            return 200, self._zip.read(self._files[path]).replace(b"PHOTOS/", self._photo_service)
        photo = self._photos.get(path)
        if photo is None:
            return 404, b""
        if not photo["picture"]:
            return int(photo["status"]), b""
        return 200, _commented(self._zip.read(f"pictures/{photo['picture']}"), photo["comment"])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client may leave at any time; anything else is a bug and shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    #: Head and body leave in one packet: without this, each answer waits for the client's ACK.
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


def _member(file: CatalogFile) -> str:
    """Both releases have the same files in the zip."""
    name = f"{file.kind}-{file.split}.csv" if file.split else f"{file.kind}.csv"
    return "files/hierarchy.json" if file.kind == "hierarchy" else f"files/{name}"


def _commented(picture: bytes, comment: str) -> bytes:
    """A JPEG with a comment; other pictures have none to add."""
    if not comment:
        return picture
    text = comment.encode()
    start, table, rest = picture.partition(b"\xff\xdb")
    return start + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + table + rest
