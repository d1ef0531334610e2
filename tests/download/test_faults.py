"""Everything that a server can do to a photo: what is on disk, what the manifest says, how often
it was asked.
"""

import socket
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from hotdog_sql.download_options import BackoffPolicy
from tests.support.loopback import Answer, LoopbackServer, Reply
from tests.support.photos import (
    everywhere,
    manifest_rows,
    mirror_path,
    original_path,
    photo,
    run,
    thumbnail_path,
    tree,
)
from tests.support.pictures import gif, jpeg, md5, md5_base64, png, webp

GOOD = jpeg(7)
RECORDS = {"manifest.csv", "ATTRIBUTION.csv"}


@dataclass(frozen=True)
class Case:
    """What the mirror answers, and what is to come of it; it is the only source."""

    name: str
    answers: tuple[Answer, ...]
    status: str
    requests: int
    error: str = ""
    body: bytes = GOOD
    ending: str = "jpg"
    options: dict[str, Any] = field(default_factory=dict)


CASES = [
    Case("200", (Reply(body=GOOD),), "downloaded", 1),
    Case("a header that is not ASCII", (Reply(body=GOOD, headers={"X": "\xe9"}),), "downloaded", 1),
    Case("404", (Reply(404),), "lost", 1, "mirror: http 404"),
    Case("410", (Reply(410),), "lost", 1, "mirror: http 410"),
    Case("403", (Reply(403, body=GOOD),), "lost", 1, "mirror: http 403"),
    Case(
        "429 with Retry-After",
        (Reply(429, headers={"Retry-After": "1"}), Reply(body=GOOD)),
        "downloaded",
        2,
    ),
    Case(
        "429 that asks for an hour",
        (Reply(429, headers={"Retry-After": "3600"}), Reply(body=GOOD)),
        "failed",
        1,
        "mirror: http 429",
    ),
    Case("500 then 200", (Reply(500), Reply(body=GOOD)), "downloaded", 2),
    Case("503 for ever", (Reply(503),), "failed", 3, "mirror: http 503"),
    Case("reset before", (Reply(reset="before"), Reply(body=GOOD)), "downloaded", 2),
    Case("reset before, always", (Reply(reset="before"),), "failed", 3, "mirror: connection broke"),
    Case("reset in the body", (Reply(body=GOOD, reset=900), Reply(body=GOOD)), "downloaded", 2),
    Case(
        "reset in the body, always",
        (Reply(body=GOOD, reset=900),),
        "failed",
        3,
        "mirror: cut short",
    ),
    Case(
        "Content-Length too long",
        (Reply(body=GOOD, declared_length=len(GOOD) + 10),),
        "failed",
        3,
        "mirror: cut short",
    ),
    Case(
        "Content-Length too short",
        (Reply(body=GOOD, declared_length=len(GOOD) - 10),),
        "lost",
        1,
        "mirror: truncated",
    ),
    Case(
        "chunked, cut short",
        (Reply(body=GOOD, chunked=True, cut_at=900),),
        "failed",
        3,
        "mirror: cut short",
    ),
    Case("chunked", (Reply(body=GOOD, chunked=True),), "downloaded", 1),
    Case("until the connection closes", (Reply(body=GOOD, until_close=True),), "downloaded", 1),
    Case(
        "until the connection closes, too early",
        (Reply(body=GOOD[:-700], until_close=True),),
        "lost",
        1,
        "mirror: truncated",
    ),
    Case("slow drip", (Reply(body=GOOD, drip=(600, 0.05)),), "downloaded", 1),
    Case(
        "a drip that is too slow",
        (Reply(body=GOOD, drip=(20, 0.1)),),
        "failed",
        1,
        "mirror: too slow",
        options={"photo_seconds": 0.5},
    ),
    Case(
        "silence after the headers",
        (Reply(body=GOOD, stall_after=0),),
        "failed",
        3,
        "mirror: silence",
    ),
    Case("silence before", (Reply(body=GOOD, delay=5), Reply(body=GOOD)), "downloaded", 2),
    Case("HTML with 200", (Reply(body=b"<html>sorry</html>"),), "lost", 1, "mirror: not an image"),
    Case("empty 200", (Reply(),), "lost", 1, "mirror: empty"),
    Case("204", (Reply(204),), "lost", 1, "mirror: http 204"),
    Case("a truncated file", (Reply(body=GOOD[:-2]),), "lost", 1, "mirror: truncated"),
    Case("PNG behind .jpg", (Reply(body=png()),), "downloaded", 1, body=png(), ending="png"),
    Case("WebP behind .jpg", (Reply(body=webp()),), "downloaded", 1, body=webp(), ending="webp"),
    Case("GIF behind .jpg", (Reply(body=gif()),), "downloaded", 1, body=gif(), ending="gif"),
    Case("gzipped on the way", (Reply(body=GOOD, gzip=True),), "lost", 1, "mirror: encoded"),
    Case(
        "larger than may be",
        (Reply(body=GOOD),),
        "lost",
        1,
        "mirror: too large",
        options={"max_bytes": 1000},
    ),
    Case(
        "larger than may be, chunked",
        (Reply(body=jpeg(1, 500_000), chunked=True),),
        "lost",
        1,
        "mirror: too large",
        options={"max_bytes": 100_000},
    ),
    Case(
        "too large for memory",
        (Reply(body=jpeg(1, 3_000_000)),),
        "downloaded",
        1,
        body=jpeg(1, 3_000_000),
    ),
    Case(
        "the placeholder's own bytes",
        (Reply(body=png(9)),),
        "lost",
        1,
        "mirror: placeholder",
        options={"placeholders": frozenset({md5(png(9))})},
    ),
    Case(
        "a header of a JPEG alone",
        (Reply(body=GOOD[:20] + b"\xff\xd9"),),
        "lost",
        1,
        "mirror: truncated",
    ),
    Case(
        "redirect to nowhere",
        (Reply(302, location="https://a:b/"),),
        "lost",
        1,
        "mirror: bad address",
    ),
    Case(
        "redirect to plain http",
        (Reply(302, location="http://flickr.example/a.jpg"),),
        "lost",
        1,
        "mirror: unsafe address",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_answer(tmp_path: Path, case: Case) -> None:
    one = photo(1)
    with LoopbackServer() as server:
        server.on(mirror_path(one), *case.answers)
        report = run(server, tmp_path, [one], sources=("mirror",), **case.options)
        assert server.count(mirror_path(one)) == len(server.requests) == case.requests

    (row,) = manifest_rows(tmp_path)
    assert (row["status"], row["error"]) == (case.status, case.error)
    photos = {path: data for path, data in tree(tmp_path).items() if path not in RECORDS}
    if case.status == "downloaded":
        path = f"other/{one.image_id}.{case.ending}"
        assert photos == {path: case.body}
        assert (row["path"], row["source"]) == (path, "mirror")
        assert (row["bytes"], row["md5"]) == (str(len(case.body)), md5(case.body))
        assert (report.on_disk, report.received) == (1, len(case.body))
    else:
        assert photos == {}
        assert (row["path"], row["source"], row["url"], row["bytes"], row["md5"]) == ("",) * 5
    assert report.worth_retrying == (case.status == "failed")


def test_redirects(tmp_path: Path) -> None:
    chain, loop, gone = photo(1), photo(2), photo(3)
    with LoopbackServer() as server:
        server.on(mirror_path(chain), Reply(302, location="/a"))
        server.on("/a", Reply(301, location="/b"))
        server.on("/b", Reply(body=GOOD))
        server.on(mirror_path(loop), Reply(302, location=mirror_path(loop)))
        server.on(mirror_path(gone), Reply(302, location="/en-us/photo_unavailable_l.png"))
        server.on("/en-us/photo_unavailable_l.png", Reply(body=png()))
        run(server, tmp_path, [chain, loop, gone], sources=("mirror",))
        asked = server.count(mirror_path(loop))
    rows = manifest_rows(tmp_path)
    assert [row["status"] for row in rows] == ["downloaded", "lost", "lost"]
    assert rows[0]["url"].endswith(mirror_path(chain))  # not where it led
    assert [row["error"] for row in rows[1:]] == ["mirror: redirect loop", "mirror: placeholder"]
    assert asked == 11  # ten redirects are followed, once
    assert set(tree(tmp_path)) == RECORDS | {f"other/{chain.image_id}.jpg"}


def test_hosts_that_are_not_there(tmp_path: Path) -> None:
    with socket.socket() as unused:  # bound, but not listening: connections are refused
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}/a.jpg"
        with LoopbackServer() as server:
            photos = [
                photo(1, original_url="https://no-such-host.invalid/a.jpg"),
                photo(2, original_url=nowhere),
                everywhere(server, photo(3)),
            ]
            server.on(original_path(photos[2]), Reply(body=GOOD))
            backoff = BackoffPolicy(base=0.01, first_answer=0.2)
            report = run(server, tmp_path, photos, sources=("original",), backoff=backoff)
    assert [(row["status"], row["error"]) for row in manifest_rows(tmp_path)] == [
        ("failed", "original: unknown host"),
        ("failed", "original: connection refused"),
        ("downloaded", ""),
    ]
    assert report.failed == 2


def test_a_body_of_200_megabytes(tmp_path: Path) -> None:
    declared, chunked = photo(1), photo(2)
    huge = memoryview(bytes(200_000_000))
    with LoopbackServer() as server:
        server.on(mirror_path(declared), Reply(body=huge))
        server.on(mirror_path(chunked), Reply(body=huge, chunked=True))
        run(server, tmp_path, [declared, chunked], sources=("mirror",))
        assert len(server.requests) == 2
    assert {row["error"] for row in manifest_rows(tmp_path)} == {"mirror: too large"}
    assert set(tree(tmp_path)) == RECORDS


def test_the_next_source_has_it(tmp_path: Path) -> None:
    with LoopbackServer() as server:
        one = everywhere(server, photo(1))
        server.on(mirror_path(one), Reply(404))
        server.on(original_path(one), Reply(503))
        server.on(thumbnail_path(one), Reply(body=GOOD))
        report = run(server, tmp_path, [one])
        assert [
            server.count(path(one)) for path in (mirror_path, original_path, thumbnail_path)
        ] == [1, 3, 1]
    (row,) = manifest_rows(tmp_path)
    assert (row["status"], row["source"], row["url"]) == (
        "downloaded",
        "thumbnail",
        one.thumbnail_url,
    )
    assert row["error"] == "mirror: http 404; original: http 503"
    assert report.sources == {"thumbnail": 1}


def test_no_source_has_it(tmp_path: Path) -> None:
    with LoopbackServer() as server:
        one = replace(everywhere(server, photo(1)), thumbnail_url="")
        two = everywhere(server, photo(2))
        server.on(mirror_path(two), Reply(500))
        report = run(server, tmp_path, [one, two])
    rows = manifest_rows(tmp_path)
    assert [(row["status"], row["error"]) for row in rows] == [
        ("lost", "mirror: http 404; original: http 404; thumbnail: no address"),
        # One of them may have it another time.
        ("failed", "mirror: http 500; original: http 404; thumbnail: http 404"),
    ]
    assert report.lost_reasons[("original", "http 404")] == 1
    assert report.failed_reasons[("mirror", "http 500")] == 1


def test_sources_in_another_order(tmp_path: Path) -> None:
    with LoopbackServer() as server:
        one = everywhere(server, photo(1))
        server.on(thumbnail_path(one), Reply(body=jpeg(1)))
        server.on(mirror_path(one), Reply(body=jpeg(2)))
        run(server, tmp_path, [one], sources=("original", "thumbnail", "mirror"))
        assert [request.path for request in server.requests] == [
            original_path(one),
            thumbnail_path(one),
        ]
    (row,) = manifest_rows(tmp_path)
    assert (row["source"], row["md5"]) == ("thumbnail", md5(jpeg(1)))


@pytest.mark.parametrize("strict", [False, True])
def test_originals_are_held_to_their_md5(tmp_path: Path, strict: bool) -> None:
    with LoopbackServer() as server:
        photos = [
            everywhere(
                server, photo(1, original_md5=md5_base64(GOOD), original_size=str(len(GOOD)))
            ),
            everywhere(server, photo(2, original_md5=md5_base64(b"other"), original_size="5")),
            everywhere(server, photo(3, original_md5="", original_size="5")),
            everywhere(server, photo(4, original_md5="not base64!", original_size=str(len(GOOD)))),
        ]
        for one in photos:
            server.on(original_path(one), Reply(body=GOOD))
            server.on(thumbnail_path(one), Reply(body=jpeg(2)))
        run(server, tmp_path, photos, sources=("original", "thumbnail"), strict_md5=strict)
    rows = manifest_rows(tmp_path)
    assert {row["status"] for row in rows} == {"downloaded"}
    if strict:
        assert [row["source"] for row in rows] == ["original", "thumbnail", "thumbnail", "original"]
        assert [row["error"] for row in rows] == [
            "",
            "original: md5 differs",
            "original: size differs",
            "",
        ]
        assert {row["note"] for row in rows} == {""}  # a thumbnail is not held to it
    else:
        assert {row["source"] for row in rows} == {"original"}
        assert [row["note"] for row in rows] == ["", "md5 differs", "size differs", ""]
