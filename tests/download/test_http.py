"""The HTTP ground: which addresses are fetched, which failures are tried again, and when."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from hotdog_sql import __version__
from hotdog_sql.download_options import RetryPolicy
from hotdog_sql.errors import AddressError, InputError
from hotdog_sql.http import (
    HttpClient,
    check_url,
    describe,
    is_transient,
    public_address,
    retry_after,
)
from tests.support.loopback import LoopbackServer, Reply, Request


def get(url: str, silence: float = 10.0) -> bytes:
    with HttpClient(10, silence) as client, client.stream(url, seconds=20) as response:
        return response.read()


def failure_of(url: str, silence: float = 10.0) -> httpx.HTTPError:
    with pytest.raises(httpx.HTTPError) as caught:
        get(url, silence)
    return caught.value


@pytest.mark.parametrize(
    "url",
    [
        "https://storage.googleapis.com/openimages/",
        "http://127.0.0.1:8000/a",
        "http://localhost/a",
        "http://[::1]:80/a",
    ],
)
def test_fit_addresses(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a",
        "http://127.0.0.1.example.org/a",
        "http://localhost.example.org/a",
        "http://10.0.0.1/a",
        "ftp://127.0.0.1/a",
        "file:///etc/passwd",
        "https:///a",
        "127.0.0.1/a",
        "",
        "http://[::1",
        "https://a..b/x.jpg" + chr(0),
        "https://xn--/",
        "https://☃☃.example/",
    ],
)
def test_unfit_addresses(url: str) -> None:
    with pytest.raises(AddressError):
        check_url(url)


def test_no_message_shows_a_password() -> None:
    with pytest.raises(AddressError) as caught:
        check_url("http://me:secret@example.org/a")
    assert "secret" not in str(caught.value)
    assert public_address("https://me:secret@example.org/a") == "https://example.org/a"


@pytest.mark.parametrize("location", ["http://example.invalid/b", "https://xn--/", "https://a:b/"])
def test_a_redirect_is_held_to_the_same_rule(location: str) -> None:
    with LoopbackServer() as server:
        server.on("/a", Reply(302, location=location))
        with pytest.raises(AddressError):
            get(server.url("/a"))
        assert server.count("/a") == 1


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".example"])
def test_a_name_that_no_host_can_have(host: str) -> None:
    with pytest.raises(AddressError, match="is not an address"):
        get(f"https://{host}/a.jpg")


def test_it_says_who_it_is_and_asks_for_plain_bytes() -> None:
    with LoopbackServer() as server:
        server.on("/a", Reply(302, location="/b"))
        server.on("/b", Reply(body=b"x"))
        server.on("/c", Reply(body=b"x", gzip=True))
        assert get(server.url("/a")) == b"x"
        for request in server.requests:
            assert request.headers["user-agent"] == f"hotdog-sql/{__version__}"
            assert request.headers["accept-encoding"] == "identity"
        assert isinstance(failure_of(server.url("/c")), httpx.DecodingError)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(reset="before"), "the connection broke"),
        (Reply(body=b"abc", cut_at=1), "the connection broke"),
        (Reply(body=b"abc", reset=1), "the connection broke"),
        (Reply(body=b"abc", stall_after=1), "the server stopped sending"),
        (Reply(delay=3600), "the server stopped sending"),
    ],
)
def test_broken_transfers_are_transient(reply: Reply, words: str) -> None:
    with LoopbackServer() as server:
        server.on("/a", reply)
        failure = failure_of(server.url("/a"), 0.3 if "stopped" in words else 10.0)
    assert is_transient(failure)
    assert describe(failure).startswith(words)


def test_no_server_is_transient() -> None:
    with LoopbackServer() as server:
        url = server.url("/a")
    for address in (url, "https://no-such-host.invalid/a"):
        failure = failure_of(address)
        assert is_transient(failure)
        assert describe(failure).startswith("no connection (")


def test_a_redirect_loop_is_not_transient() -> None:
    with LoopbackServer() as server:
        server.on("/a", Reply(302, location="/b"))
        server.on("/b", Reply(302, location="/a"))
        failure = failure_of(server.url("/a"))
        assert len(server.requests) == 11
    assert not is_transient(failure)
    assert describe(failure) == "too many redirects"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_transient_statuses(status: int) -> None:
    assert is_transient(status)


@pytest.mark.parametrize("status", [200, 304, 400, 401, 403, 404, 410, 416])
def test_final_statuses(status: int) -> None:
    assert not is_transient(status)


def test_backoff_grows_to_its_cap_and_ends() -> None:
    policy = RetryPolicy(attempts=10, base=1, cap=5, patience=60)
    for attempt, longest in [(1, 1), (2, 2), (3, 4), (4, 5), (9, 5)]:
        waits = [policy.delay(attempt) for _ in range(200)]
        seconds = [wait for wait in waits if wait is not None]
        assert len(seconds) == 200
        assert 0 <= min(seconds) < longest / 2 < max(seconds) <= longest
    assert policy.delay(10) is None
    assert RetryPolicy(attempts=1).delay(1) is None


def test_retry_after_is_a_lower_bound_up_to_the_patience() -> None:
    policy = RetryPolicy(base=0.1, patience=60)
    assert policy.delay(1, 60) == 60
    assert policy.delay(1, 61) is None


def seconds_said(value: str | None) -> float | None:
    return retry_after(httpx.Response(503, headers={"Retry-After": value} if value else {}))


def test_retry_after_in_both_forms() -> None:
    assert seconds_said("7") == 7
    assert seconds_said("Wed, 01 May 2024 00:00:00 GMT") == 0
    later = seconds_said(format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True))
    assert later is not None
    assert 3000 < later <= 3600
    for nonsense in (None, "soon", "-5", "1.5"):
        assert seconds_said(nonsense) is None


def in_a_process(code: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Runs the code in an environment of its own, because proxies and the like are read from it."""
    kept = {
        name: os.environ[name]
        for name in ("PATH", "SYSTEMROOT", "PYTHONPATH", "HOTDOG_SQL_TRANSPORT")
        if name in os.environ
    }
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, "HOME": "/nonexistent", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


GET = """
from hotdog_sql.http import HttpClient
with HttpClient() as client, client.stream({url!r}, seconds=20) as response:
    print(response.read().decode())
"""


def test_the_address_gives_credentials() -> None:
    def show(request: Request) -> Reply:
        return Reply(body=request.headers.get("authorization", "none").encode())

    with LoopbackServer() as server:
        server.default(show)
        assert get(server.url("/a")) == b"none"
        assert (
            get(server.url("/a").replace("http://", "http://me:secret@")) == b"Basic bWU6c2VjcmV0"
        )


def test_a_proxy_is_used() -> None:
    with LoopbackServer() as proxy:
        proxy.on("/a", Reply(body=b"by proxy"))
        code = GET.format(url="http://localhost:1/a")
        assert in_a_process(code, HTTP_PROXY=proxy.url()).stdout == "by proxy\n"
        assert in_a_process(code, HTTP_PROXY=proxy.url(), NO_PROXY="localhost").returncode != 0


def test_what_the_environment_gets_wrong_is_said(tmp_path: Path) -> None:
    for name, value in [
        ("SSL_CERT_FILE", str(tmp_path / "none")),
        ("HTTP_PROXY", "gopher://127.0.0.1"),
    ]:
        ended = in_a_process(GET.format(url="http://127.0.0.1:1/a"), **{name: value})
        last = ended.stderr.splitlines()[-1]
        assert last.startswith(f"{InputError.__module__}.InputError: ")
        assert name in last or value in last
