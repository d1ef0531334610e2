"""HTTP: which URLs are allowed, which failures are retried, and when."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from hotdog_sql import __version__
from hotdog_sql.errors import RequestError
from hotdog_sql.http import open_client
from hotdog_sql.http.client import Response, check_status, check_url
from tests.conftest import ROOT
from tests.support.loopback import LoopbackServer, Reply


def get(url: str) -> bytes:
    with open_client() as client, client.stream(url, seconds=20) as response:
        return b"".join(response.chunks)


def test_only_https_and_local_http_are_allowed() -> None:
    for host in ("127.0.0.1:8000", "[::1]:80", "localhost"):
        check_url(f"http://{host}/a")
    check_url("https://example.org/a/")
    others = ("127.0.0.1.example.org", "localhost.example.org", "10.0.0.1")
    for url in (*(f"http://{host}/a" for host in others), "https:///a", "127.0.0.1/a", ""):
        with pytest.raises(RequestError):
            check_url(url)


def test_request_headers(server: LoopbackServer) -> None:
    server.default(Reply())
    server.on("/a", Reply(302, location="/b"))
    server.on("/c", Reply(body=b"x", gzip=True))
    for url in (server.url("/a"), server.url("/b").replace("http://", "http://me:secret@")):
        get(url)
    for request in server.requests:
        assert request.headers["user-agent"] == f"hotdog-sql/{__version__}"
        assert request.headers["accept-encoding"] == "identity"
    sent = [request.headers.get("authorization") for request in server.requests]
    assert sent == [None, None, "Basic bWU6c2VjcmV0"]
    with pytest.raises(RequestError, match="gzip, which was not asked for"):
        get(server.url("/c"))


def test_no_message_shows_a_password() -> None:
    """However the URL is mistyped."""
    after = ("http://", "ftp://", "https:", "https:///", "//", "")
    for url in (*(f"{one}me:secret@host.example/" for one in after), "https://me:secret@[::1/"):
        with pytest.raises(RequestError) as caught:
            check_url(url)
        assert "secret" not in str(caught.value)


def retry_after(value: str) -> float | None:
    with pytest.raises(RequestError) as caught:
        check_status(Response(503, {"retry-after": value}, iter(())))
    return caught.value.retry_after


def test_retry_after_in_both_forms() -> None:
    assert retry_after("7") == 7
    assert retry_after("Wed, 01 May 2024 00:00:00 GMT") == 0
    later = retry_after(format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True))
    assert later is not None
    assert 3000 < later <= 3600
    assert [retry_after(value) for value in ("", "soon", "-5", "1.5")] == [None] * 4


def fetch_in_process(url: str, **environment: str) -> tuple[str, str]:
    """Make a request with another environment; return its body and the last line of errors.

    Its thread is the second to open a client; the first has ended.
    """
    code = (
        "import sys, threading; from hotdog_sql.http import open_client\n"
        "def fetch():\n"
        "    with open_client() as client, client.stream(sys.argv[1], seconds=20) as response:\n"
        "        print(b''.join(response.chunks).decode(), end='')\n"
        "for target in (open_client, fetch):\n"
        "    thread = threading.Thread(target=target); thread.start(); thread.join()\n"
    )
    environment |= {name: os.environ[name] for name in ("PATH", "HOTDOG_SQL_TRANSPORT")}
    command = [sys.executable, "-c", code, url]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout, "".join(done.stderr.splitlines()[-1:])


def test_a_proxy_is_used(server: LoopbackServer) -> None:
    server.on("/a", Reply(body=b"by proxy"))
    url = "http://localhost:1/a"
    assert fetch_in_process(url, HTTP_PROXY=server.url()) == ("by proxy", "")
    assert fetch_in_process(url, HTTP_PROXY=server.url(), NO_PROXY="localhost")[0] == ""
    named = server.url().replace("//", "//me:a b@")
    assert fetch_in_process(url, HTTP_PROXY=named) == ("by proxy", "")
    assert "proxy-authorization" in server.requests[-1].headers
    _, refused = fetch_in_process("https://localhost:1/a", HTTPS_PROXY=server.url())  # no tunnels
    assert "RequestError: proxy error (" in refused


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SSL_CERT_FILE", "/nonexistent"),
        ("HTTP_PROXY", "gopher://127.0.0.1"),
        ("ALL_PROXY", "socks5://127.0.0.1"),
        ("HTTP_PROXY", "http://127.0.0.1:x"),
    ],
)
def test_errors_in_the_environment_are_reported(name: str, value: str) -> None:
    _, last = fetch_in_process("http://127.0.0.1:1/a", **{name: value})
    assert last.startswith("hotdog_sql.errors.InputError: cannot ")
    assert name in last
