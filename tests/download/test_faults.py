"""What servers can do to a photo, and what the disk, the manifest and the requests show then."""

import socket
from pathlib import Path
from typing import NamedTuple

import pytest

from hotdog_sql.download_options import RetryPolicy
from hotdog_sql.downloader import pool
from tests.support.datasets import contents, rows_at
from tests.support.loopback import LoopbackServer, Reply
from tests.support.photos import everywhere, mirror_path, original_path, photo, run, thumbnail_path
from tests.support.pictures import gif, jpeg, md5, md5_base64, png, webp

GOOD = jpeg(7)
RECORDS = {"manifest.csv", "ATTRIBUTION.csv"}


class Case(NamedTuple):
    """The responses of the mirror, the only source, and the expected result."""

    answers: tuple[Reply, ...]
    status: str
    requests: int
    error: str = ""
    ending: str = "jpg"


def downloaded(*answers: Reply, ending: str = "jpg") -> Case:
    """The last response becomes the photo."""
    return Case(answers, "downloaded", len(answers), ending=ending)


def lost(error: str, answer: Reply) -> Case:
    return Case((answer,), "lost", 1, f"mirror: {error}")


def failed(error: str, answer: Reply, requests: int = 3) -> Case:
    return Case((answer,), "failed", requests, f"mirror: {error}")


LARGE = jpeg(1, 4_000_000)
TOO_LARGE = jpeg(1, 5_000_000)
WHOLE = Reply(body=GOOD)
CASES = {
    "a header that is not ASCII": downloaded(Reply(body=GOOD, headers={"X": "\xe9"})),
    "403": lost("http 403", Reply(403, body=GOOD)),
    "404": lost("http 404", Reply(404)),
    "416": lost("http 416", Reply(416)),
    "408, then 200": downloaded(Reply(408), WHOLE),
    "425, 429, then 200": downloaded(Reply(425), Reply(429), WHOLE),
    "500, then 200": downloaded(Reply(500), WHOLE),
    "503 for ever": failed("http 503", Reply(503)),
    "reset before": downloaded(Reply(reset="before"), WHOLE),
    "reset before, always": failed("connection broke", Reply(reset="before")),
    "reset in the body": downloaded(Reply(body=GOOD, reset=900), WHOLE),
    "reset in the body, always": failed("cut short", Reply(body=GOOD, reset=900)),
    "too long a length": failed("cut short", Reply(body=GOOD, declared_length=len(GOOD) + 10)),
    # The rest of the body would be the response to the next request on the same connection.
    "too short a length": lost(
        "truncated",
        Reply(body=GOOD, declared_length=len(GOOD) - 10, headers={"Connection": "close"}),
    ),
    "chunked": downloaded(Reply(body=GOOD, chunked=True)),
    "chunked, cut short": failed("cut short", Reply(body=GOOD, chunked=True, cut_at=900)),
    "until the connection closes": downloaded(Reply(body=GOOD, until_close=True)),
    "until it closes, too early": lost("truncated", Reply(body=GOOD[:-700], until_close=True)),
    "slow drip": downloaded(Reply(body=GOOD, drip=(600, 0.05))),
    "too slow": failed("too slow", Reply(body=GOOD, drip=(20, 0.1)), requests=2),
    "silence": failed("silence", Reply(body=GOOD, stall_after=0)),
    "silence before": downloaded(Reply(body=GOOD, delay=5), WHOLE),
    "HTML with 200": lost("not an image", Reply(body=b"<html>sorry</html>")),
    "empty 200": lost("empty", Reply()),
    "204": lost("http 204", Reply(204)),
    "a truncated file": lost("truncated", Reply(body=GOOD[:-2])),
    "the header of a JPEG alone": lost("truncated", Reply(body=GOOD[:20] + b"\xff\xd9")),
    "PNG behind .jpg": downloaded(Reply(body=png()), ending="png"),
    "WebP behind .jpg": downloaded(Reply(body=webp()), ending="webp"),
    "GIF behind .jpg": downloaded(Reply(body=gif()), ending="gif"),
    "gzipped on the way": lost("encoded", Reply(body=GOOD, gzip=True)),
    "large": downloaded(Reply(body=LARGE)),
    "too large": lost("too large", Reply(body=TOO_LARGE)),
    "too large, chunked": lost("too large", Reply(body=TOO_LARGE, chunked=True)),
    "the placeholder's bytes": lost("placeholder", Reply(body=png(9))),
    "redirect to nowhere": lost("bad address", Reply(302, location="https://a:b/")),
    "redirect to no host": lost("bad address", Reply(302, location="https://xn--/")),
    "dead redirect": failed("redirect: connection refused", Reply(302, location="//127.0.0.1:1/")),
    "redirect to http": lost("unsafe address", Reply(302, location="http://flickr.example/a.jpg")),
}


def test_responses(server: LoopbackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_PLACEHOLDERS", {md5(png(9))})
    photos = {name: photo(number) for number, name in enumerate(CASES, 1)}
    for name, one in photos.items():
        server.on(mirror_path(one), *CASES[name].answers)
    report = run(
        server,
        tmp_path,
        photos.values(),
        sources=("mirror",),
        photo_seconds=4,
        silence_seconds=1.5,
        max_bytes=len(LARGE),
    )
    requests = {name: server.count(mirror_path(one)) for name, one in photos.items()}
    rows = dict(zip(CASES, rows_at(tmp_path), strict=True))
    assert requests == {name: case.requests for name, case in CASES.items()}
    assert {name: (row["status"], row["error"]) for name, row in rows.items()} == {
        name: (case.status, case.error) for name, case in CASES.items()
    }
    expected = {}
    for name, case in CASES.items():
        row = rows[name]
        values = [row[column] for column in ("path", "source", "bytes", "md5", "url")]
        if case.status == "downloaded":
            path, body = f"{photos[name].stem}.{case.ending}", bytes(case.answers[-1].body)
            expected[path] = body
            url = server.url(mirror_path(photos[name]))
            assert values == [path, "mirror", str(len(body)), md5(body), url]
        else:
            assert values == [""] * 5
    assert {
        path: body for path, body in contents(tmp_path).items() if path not in RECORDS
    } == expected
    assert report.on_disk == len(expected)
    assert report.received == sum(map(len, expected.values()))
    assert report.failed


def test_redirects(server: LoopbackServer, tmp_path: Path) -> None:
    chain, loop, gone = photo(1), photo(2), photo(3)
    server.on(mirror_path(chain), Reply(302, location="/a"))
    server.on("/a", Reply(301, location="/b"))
    server.on("/b", Reply(body=GOOD))
    server.on(mirror_path(loop), Reply(302, location=mirror_path(loop)))
    server.on(mirror_path(gone), Reply(302, location="/en-us/photo_unavailable_l.png"))
    server.on("/en-us/photo_unavailable_l.png", Reply(body=png()))
    run(server, tmp_path, [chain, loop, gone], sources=("mirror",))
    url = server.url(mirror_path(chain))  # not the redirect's target
    assert [(row["status"], row["url"], row["error"]) for row in rows_at(tmp_path)] == [
        ("downloaded", url, ""),
        ("lost", "", "mirror: redirect loop"),
        ("lost", "", "mirror: placeholder"),
    ]
    assert server.count(mirror_path(loop)) == 11  # ten redirects, and no retry
    assert set(contents(tmp_path)) == RECORDS | {f"other/{chain.image_id}.jpg"}


def test_unreachable_hosts(tmp_path: Path, certificate: Path) -> None:
    with socket.socket() as unused:  # bound but not listening, so connections are refused
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}/a.jpg"
        with LoopbackServer() as server, LoopbackServer(certificate) as untrusted:
            photos = [
                photo(1, original_url="https://no-such-host.invalid/a.jpg"),
                photo(2, original_url=nowhere),
                everywhere(server, photo(3)),
                photo(4, original_url=untrusted.url("/a.jpg")),
            ]
            server.on(original_path(photos[2]), Reply(body=GOOD))
            retry = RetryPolicy(base=0.01, silence=0.2)
            report = run(server, tmp_path, photos, sources=("original",), retry=retry)
    assert [(row["status"], row["error"]) for row in rows_at(tmp_path)] == [
        ("failed", "original: unknown host"),
        ("failed", "original: connection refused"),
        ("downloaded", ""),
        ("failed", "original: untrusted certificate, see SSL_CERT_FILE"),
    ]
    assert report.failed == 3


def test_every_source_is_tried(server: LoopbackServer, tmp_path: Path) -> None:
    one, two, three = (everywhere(server, photo(n)) for n in (1, 2, 3))
    server.on(original_path(one), Reply(503))
    server.on(thumbnail_path(one), Reply(body=GOOD))
    server.on(mirror_path(three), Reply(500))
    report = run(server, tmp_path, [one, two._replace(thumbnail_url=""), three])
    paths = mirror_path(one), original_path(one), thumbnail_path(one)
    assert [server.count(path) for path in paths] == [1, 3, 1]
    assert [(row["status"], row["url"], row["error"]) for row in rows_at(tmp_path)] == [
        ("downloaded", one.thumbnail_url, "mirror: http 404; original: http 503"),
        ("lost", "", "mirror: http 404; original: http 404; thumbnail: no address"),
        # The mirror may have it later.
        ("failed", "", "mirror: http 500; original: http 404; thumbnail: http 404"),
    ]
    assert report.sources == {"thumbnail": 1}
    assert report.lost_reasons[("original", "http 404")] == 1
    assert report.failed_reasons[("mirror", "http 500")] == 1


@pytest.mark.parametrize("strict", [False, True])
def test_originals_are_compared_with_their_md5(tmp_path: Path, strict: bool) -> None:
    with LoopbackServer() as server:
        photos = [
            everywhere(server, photo(1, original_md5=md5_base64(GOOD), original_size="5")),
            everywhere(server, photo(2, original_md5=md5_base64(b"other"))),
            everywhere(server, photo(3, original_size="5")),
        ]
        for one in photos:
            server.on(original_path(one), Reply(body=GOOD))
            server.on(thumbnail_path(one), Reply(body=jpeg(2)))
        run(server, tmp_path, photos, sources=("original", "thumbnail"), strict_md5=strict)
    remarks = ["md5 differs", "size differs"]
    found = [(row["source"], row["error"], row["note"]) for row in rows_at(tmp_path)]
    assert found[0] == ("original", "", "")
    if strict:  # --strict-md5 applies only to originals
        assert found[1:] == [("thumbnail", f"original: {remark}", "") for remark in remarks]
    else:
        assert found[1:] == [("original", "", remark) for remark in remarks]
