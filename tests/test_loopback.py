"""The server that the other tests stand on does what it is told."""

import gzip

import httpx
import pytest

from tests.support.loopback import LoopbackServer, Reply, Request, file_reply

DATA = bytes(range(256)) * 40


def fetch(server: LoopbackServer, path: str = "/a", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with httpx.Client(timeout=5) as client:
        return client.get(server.url(path), headers=named)


def test_replies_come_in_turn_and_the_last_stays() -> None:
    with LoopbackServer() as server:
        server.on(
            "/a", Reply(500), Reply(body=b"x"), lambda request: Reply(body=request[0].encode())
        )
        assert [fetch(server).status_code for _ in range(2)] == [500, 200]
        assert [fetch(server).text for _ in range(2)] == ["GET", "GET"]
        assert fetch(server, "/b").status_code == 404
        assert server.count("/a") == 4
        assert server.requests[-1].path == "/b"
        server.default(Reply(body=b"any"))
        assert fetch(server, "/b?zz=1").text == "any"


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(body=DATA, cut_at=100), httpx.RemoteProtocolError),
        (Reply(body=DATA, cut_at=0), httpx.RemoteProtocolError),
        (Reply(body=DATA, cut_at=100, chunked=True), httpx.RemoteProtocolError),
        (Reply(body=DATA, declared_length=len(DATA) + 1), httpx.RemoteProtocolError),
        (Reply(body=DATA, reset="before"), httpx.ReadError),
        (Reply(body=DATA, reset=100), httpx.ReadError),
    ],
)
def test_faults(reply: Reply, error: type[Exception]) -> None:
    with LoopbackServer() as server:
        server.on("/a", reply)
        with pytest.raises(error):
            fetch(server)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=DATA, chunked=True),
        Reply(body=DATA, gzip=True),
        Reply(body=DATA, until_close=True),
        Reply(body=memoryview(DATA), drip=(4000, 0.001)),
        Reply(body=DATA + b"more", declared_length=len(DATA)),
    ],
)
def test_whole_bodies(reply: Reply) -> None:
    with LoopbackServer() as server:
        server.on("/a", reply)
        assert fetch(server).content == DATA


def test_a_stall_lasts_until_the_server_closes() -> None:
    with LoopbackServer() as server, httpx.Client(timeout=0.2) as client:
        server.on("/a", Reply(body=DATA, stall_after=10))
        server.on("/b", Reply(delay=3600))
        with pytest.raises(httpx.ReadTimeout):
            client.get(server.url("/a"))
        with pytest.raises(httpx.ReadTimeout):
            client.get(server.url("/b"))
        # Leaving the block must end both replies at once: else this test does not end.


def test_a_file_honours_conditions_and_ranges() -> None:
    with LoopbackServer() as server:
        server.on("/a", file_reply(DATA, etag='"1"'))
        assert fetch(server).content == DATA
        assert fetch(server, If_None_Match='"1"').status_code == 304
        assert fetch(server, If_None_Match='"2"').status_code == 200
        assert fetch(server, If_Modified_Since="Wed, 01 May 2024 00:00:00 GMT").status_code == 304
        part = fetch(server, Range="bytes=10-", If_Range='"1"')
        assert (part.status_code, part.content) == (206, DATA[10:])
        assert part.headers["Content-Range"] == f"bytes 10-{len(DATA) - 1}/{len(DATA)}"
        assert fetch(server, Range="bytes=10-", If_Range='"2"').status_code == 200
        assert fetch(server, Range="bytes=99999-").status_code == 416
        server.on("/a", file_reply(DATA, compress=True))
        whole = fetch(server)
        assert whole.content == DATA
        assert int(whole.headers["Content-Length"]) == len(gzip.compress(DATA, mtime=0))


def test_head_and_redirects() -> None:
    with LoopbackServer() as server:
        server.on("/a", Reply(302, location="/b"))
        server.on("/b", Reply(body=DATA))
        with httpx.Client(follow_redirects=True, timeout=5) as client:
            assert client.get(server.url("/a")).content == DATA
            head = client.head(server.url("/b"))
        assert head.headers["Content-Length"] == str(len(DATA))
        assert server.requests[-1] == Request("HEAD", "/b", server.requests[-1].headers)
