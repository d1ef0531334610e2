"""Open Images, its mirror and the photo service on one HTTP server, for this machine alone.

Validators, conditional requests and ranges follow RFC 9110, sections 8.8, 13 and 14;
`x-goog-hash` is Google Cloud Storage's (https://cloud.google.com/storage/docs/xml-api/reference-headers).
"""

import hashlib
import re
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from hotdog_sql.catalog import all_splits, catalog
from hotdog_sql.demo.data import file_bytes, original_name, thumbnail_name
from hotdog_sql.demo.photos import photos, unavailable_bytes

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_MEDIA_TYPES = {
    "csv": "text/csv",
    "jpg": "image/jpeg",
    "json": "application/json",
    "png": "image/png",
}
_STATUSES = {"missing": 404, "removed": 410, "unavailable": 302}
_PLACEHOLDER = "photo_unavailable.png"


class World(NamedTuple):
    """Where the demo's Open Images is, in the terms of the program's settings.

    Attributes:
        base_url: address below which the catalog's paths lie.
        mirror_url: address below which `{split}/{ImageID}.jpg` lies.
    """

    base_url: str
    mirror_url: str


@contextmanager
def serve(port: int = 0) -> Iterator[World]:
    """Serve the demo's Open Images on 127.0.0.1 until the block ends.

    The addresses in the image files are the server's own, so the files are the same from run to
    run only on the same port; everything else in them always is.

    Args:
        port: where to listen; 0 takes any port that is free.

    Raises:
        OSError: the port is in use.
    """
    server = _Server(("127.0.0.1", port), _Handler)
    url = f"http://127.0.0.1:{server.server_port}/"
    server.bodies, server.statuses = _site(url)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="demo server")
    thread.start()
    try:
        yield World(base_url=f"{url}openimages/", mirror_url=f"{url}mirror/")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _site(url: str) -> tuple[dict[str, Callable[[], bytes]], dict[str, int]]:
    """The body at each path, and the status of paths that have no body."""
    bodies: dict[str, Callable[[], bytes]] = {f"/photos/{_PLACEHOLDER}": unavailable_bytes}
    statuses = {}
    for file in catalog():
        make = partial(file_bytes, file.kind, file.split, f"{url}photos/")
        bodies[f"/openimages/{file.path}"] = cache(make)
    for photo in (photo for split in all_splits() for photo in photos(split)):
        if photo.mirror != "gone":
            bodies[f"/mirror/{photo.split}/{photo.image_id}.jpg"] = photo.mirror_bytes
        if photo.thumbnail != "gone":
            bodies[f"/photos/{thumbnail_name(photo)}"] = photo.thumbnail_bytes
        original = f"/photos/{original_name(photo)}"
        if photo.original in ("there", "changed"):
            changed = photo.original == "changed"
            bodies[original] = photo.changed_bytes if changed else photo.original_bytes
        else:
            statuses[original] = _STATUSES[photo.original]
    return bodies, statuses


class _Server(ThreadingHTTPServer):
    #: A downloader connects many times at once; the default of 5 makes some wait for a second.
    request_queue_size = 128
    daemon_threads = True
    bodies: dict[str, Callable[[], bytes]]
    statuses: dict[str, int]
    started = formatdate(usegmt=True)

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
        path = unquote(urlsplit(self.path).path)
        if path not in self.server.bodies:
            status = self.server.statuses.get(path, 404)
            location = {"Location": f"/photos/{_PLACEHOLDER}"} if status == 302 else {}
            self._send(status, b"", location)
            return
        body = self.server.bodies[path]()
        md5 = hashlib.md5(body, usedforsecurity=False)
        etag = f'"{md5.hexdigest()}"'
        headers = {"ETag": etag, "Last-Modified": self.server.started, "Accept-Ranges": "bytes"}
        if self._has(etag):
            self._send(304, None, headers)
            return
        headers["Content-Type"] = _MEDIA_TYPES[path.rpartition(".")[2]]
        headers["x-goog-hash"] = f"md5={b64encode(md5.digest()).decode()}"
        part = self._range(len(body), etag)
        if part is None:
            self._send(200, body, headers)
        elif not part:
            self._send(416, b"", {"Content-Range": f"bytes */{len(body)}"})
        else:
            headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{len(body)}"
            self._send(206, body[part.start : part.stop], headers)

    def do_HEAD(self) -> None:
        """Answer a HEAD request."""
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def _send(self, status: int, body: bytes | None, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if body is not None:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body and self.command != "HEAD":
            self.wfile.write(body)

    def _has(self, etag: str) -> bool:
        """Whether the client has this version: If-None-Match goes before If-Modified-Since."""
        tags = self.headers["If-None-Match"]
        if tags is not None:
            return etag in [tag.strip() for tag in tags.split(",")]
        return self.headers["If-Modified-Since"] == self.server.started

    def _range(self, size: int, etag: str) -> range | None:
        """The bytes that one range asks for, empty if there are none; None for all of them."""
        match = _RANGE.fullmatch(self.headers["Range"] or "")
        current = self.headers["If-Range"] in (None, etag, self.server.started)
        if match is None or match[0] == "bytes=-" or not current:
            return None
        first, last = match.groups()
        if not first:
            return range(max(0, size - int(last)), size)
        return range(int(first), min(size, int(last) + 1) if last else size)
