"""Hostile servers and invalid addresses, met by the installed program."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import Run, run_process
from tests.refresh.conftest import hash_of
from tests.support.loopback import Answer, LoopbackServer, Reply, file_reply
from tests.support.photos import tree
from tests.support.raw_server import CHUNKED, OK, Connection, RawServer, Talk

NAME = "oidv6-class-descriptions.csv"
CLASSES = f"v6/{NAME}"
IMAGES = "2018_04/{0}/{0}-images-with-rotation.csv"
LABELS = "v5/{0}-annotations-human-imagelabels.csv"

_CHUNK = b"100000\r\n" + bytes(1 << 20) + b"\r\n"


def files_of(paths: list[str]) -> list[str]:
    """The options that name the files at these paths."""
    return [option for path in paths for option in ("--file", path.rpartition("/")[2])]


def send(*pieces: bytes, then: bytes = b"", pause: float = 0.0) -> Talk:
    """Send the pieces, then repeat `then` without end."""

    def talk(connection: Connection) -> None:
        connection.send(*pieces)
        if then:
            connection.send_for_ever(then, pause)

    return talk


def by_path(talks: Mapping[str, Talk]) -> Talk:
    """A talk for each path."""

    def talk(connection: Connection) -> None:
        talks[connection.request().split(b" ")[1].decode().lstrip("/")](connection)

    return talk


def in_turn(first: Talk, second: Talk) -> Talk:
    """A talk for the first connection, and one for the second."""
    left = iter((first, second))
    return lambda connection: next(left)(connection)


def only_line(stderr: str) -> str:
    """The only error line, which must be the last line."""
    assert "Traceback" not in stderr
    (line,) = [line for line in stderr.splitlines() if line.startswith("hotdog-sql:")]
    assert line == stderr.splitlines()[-1]
    return line


def part_bytes(tmp_path: Path) -> int:
    """Total size of the parts."""
    return sum(path.stat().st_size for path in (tmp_path / "data").rglob("*.part"))


def test_invalid_base_addresses_are_refused_without_their_passwords(run: Run) -> None:
    """Not even a part of a password is shown."""
    for address in (
        "https://me:sec#ret@a..b/",
        "http://me:sec/ret@example.invalid/",
        "gopher://me:secret@host:port/",
    ):
        refused = run("refresh", HOTDOG_SQL_BASE_URL=address, code=5)
        assert "sec" not in only_line(refused.stderr)
        assert "ret" not in only_line(refused.stderr)


def test_endless_bodies(run: Run, tmp_path: Path) -> None:
    """The catalog has the sizes of the files."""
    md5 = b"x-goog-hash: md5=AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    answers = {
        IMAGES.format("test"): send(CHUNKED, then=_CHUNK),
        IMAGES.format("validation"): send(OK + md5, then=bytes(1 << 20)),
    }
    with RawServer(by_path(answers)) as server:
        refused = run("refresh", *files_of([*answers]), HOTDOG_SQL_BASE_URL=server.url, code=5)
    assert only_line(refused.stderr).count("sends more than") == 2
    assert part_bytes(tmp_path) == 0


def test_malformed_responses(run: Run, tmp_path: Path) -> None:
    answers = {
        CLASSES: send(b"\x00\xff" * 5000),
        IMAGES.format("test"): send(OK, then=b"X-Header: and no end of it\r\n"),
        LABELS.format("test"): send(OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345"),
        IMAGES.format("validation"): send(CHUNKED + b"zz\r\nno number\r\n"),
        LABELS.format("validation"): send(b"HTTP/1.1 404 Not Found\r\n\r\n", then=bytes(1 << 20)),
        "v6/oidv6-train-images-with-labels-with-rotation.csv": send(
            OK + b"Content-Encoding: \x1b[31mred\r\nContent-Length: 9\r\n\r\n123456789"
        ),
        "v6/oidv6-train-annotations-human-imagelabels.csv": send(
            OK + b"Content-Length: " + b"9" * 17 + b"\r\n\r\nx"
        ),
    }
    with RawServer(by_path(answers)) as server:
        refused = run("refresh", "--all", "--yes", HOTDOG_SQL_BASE_URL=server.url, code=5)
    assert refused.stdout.count("failed") == len(answers)
    line = only_line(refused.stderr)
    for reason in ("HTTP status 404", "make room"):
        assert reason in line
    assert "\x1b" not in refused.stdout + refused.stderr
    assert part_bytes(tmp_path) == 0


@pytest.mark.slow
def test_endless_slow_responses(tmp_path: Path) -> None:
    """Each would last for ever; it is ended after a minute, and then the server works."""
    drips = {
        CLASSES: send(OK, then=b"X", pause=0.5),
        IMAGES.format("test"): send(then=b"HTTP/1.1 103 Early Hints\r\n\r\n", pause=0.5),
        LABELS.format("validation"): send(CHUNKED + b"1;", then=b"x", pause=0.5),
        IMAGES.format("validation"): send(
            OK + b"Content-Length: 999999\r\n\r\n", then=b"x", pause=0.5
        ),
    }
    md5 = hash_of(b"fine")["x-goog-hash"].encode()
    good = send(OK + b"Content-Length: 4\r\nx-goog-hash: " + md5 + b"\r\n\r\nfine")
    answers = {path: in_turn(drip, good) for path, drip in drips.items()}
    with RawServer(by_path(answers)) as server:
        command = [sys.executable, "-m", "hotdog_sql", "refresh", *files_of([*answers])]
        done = run_process(command, tmp_path, 0, 300, HOTDOG_SQL_BASE_URL=server.url)
    assert done.stdout.count("new") == len(answers)
    assert len(re.findall(": silence |took too long", done.stderr)) == len(answers)


def test_no_password_is_shown_or_recorded(server: LoopbackServer, run: Run, tmp_path: Path) -> None:
    replies: dict[str, Answer] = {
        CLASSES: file_reply(b"fine"),
        IMAGES.format("test"): Reply(404),
        LABELS.format("test"): Reply(302, location="https://a..b/"),
        IMAGES.format("validation"): Reply(503, headers={"Retry-After": "999"}),
        LABELS.format("validation"): Reply(body=b"x", until_close=True),
    }
    for path, reply in replies.items():
        server.on(path, reply)
    base = server.url("/").replace("//", "//me:secret@", 1)
    done = run("refresh", *files_of([*replies]), HOTDOG_SQL_BASE_URL=base, code=5)
    assert all("authorization" in request.headers for request in server.requests)
    assert "secret" not in done.stdout + done.stderr
    records = list((tmp_path / "data").rglob("*.json"))
    assert records
    for record in records:
        assert "secret" not in record.read_text()


def test_a_full_disk(server: LoopbackServer, call: Run, in_sh: Run, tmp_path: Path) -> None:
    """A limit on file sizes simulates it; the error is one line."""
    base_url = {"HOTDOG_SQL_BASE_URL": server.url("/")}
    server.on(CLASSES, file_reply(b"old"))
    call("refresh", "--file", NAME, **base_url)
    before = tree(tmp_path / "data")
    for body, limit in ((bytes(1_000_000), 100), (b"old", 0)):  # the file, or its record alone
        server.on(CLASSES, file_reply(body, etag='"other"'))
        command = f"ulimit -f {limit}; exec $program refresh --file {NAME}"
        refused = in_sh(command, **base_url, code=6)
        assert "File too large" in only_line(refused.stderr)
        assert before.items() <= tree(tmp_path / "data").items()
