"""`hotdog-sql refresh` as its own process."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.refresh.site import NEW, OLD, content
from tests.support.loopback import LoopbackServer, Reply, file_reply
from tests.support.terminal import in_terminal

CLASSES = "v6/oidv6-class-descriptions.csv"
IMAGES = "2018_04/test/test-images-with-rotation.csv"
LABELS = "v5/test-annotations-human-imagelabels.csv"


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer() as server:
        server.on(LABELS, file_reply(NEW))
        server.on(CLASSES, file_reply(OLD))
        server.on(IMAGES, file_reply(content(5)))
        yield server


def rows(stdout: str) -> list[list[str]]:
    """Status, size and name of each line."""
    return [
        [line[:9].strip(), line[11:20].strip(), line[22:].split("  ")[0]]
        for line in stdout.splitlines()
    ]


def test_what_it_says_of_each_file(run: Run, server: LoopbackServer, tmp_path: Path) -> None:
    first = run("refresh", HOTDOG_SQL_BASE_URL=server.url("/"))
    assert first.returncode == 0, first.stderr
    assert rows(first.stdout) == [
        ["new", "300.0 kB", "oidv6-class-descriptions.csv"],
        ["new", "300.0 kB", "test-images-with-rotation.csv"],
        ["new", "310.0 kB", "test-annotations-human-imagelabels.csv"],
    ]
    # The catalog knows two of the three, and it knows them otherwise.
    assert first.stdout.count("differs from the catalog") == 2
    assert "files to download: 3" in first.stderr
    assert (tmp_path / "data" / "test-annotations-human-imagelabels.csv").read_bytes() == NEW

    server.clear()
    second = run("refresh", HOTDOG_SQL_BASE_URL=server.url("/"))
    assert [row[0] for row in rows(second.stdout)] == ["unchanged"] * 3
    assert second.stderr == ""
    assert server.counts() == {"/" + CLASSES: 1, "/" + IMAGES: 1, "/" + LABELS: 1}

    server.on(CLASSES, Reply(503, headers={"Retry-After": "999"}))
    server.on(IMAGES, file_reply(content(6), etag='"2"'))
    server.on(LABELS, Reply(404))
    third = run("refresh", HOTDOG_SQL_BASE_URL=server.url("/"))
    assert third.returncode == 5
    assert [row[0] for row in rows(third.stdout)] == ["kept", "changed", "failed"]
    assert "HTTP status 503" in third.stdout
    (line,) = [line for line in third.stderr.splitlines() if line.startswith("hotdog-sql:")]
    assert "could not fetch test-annotations-human-imagelabels.csv: HTTP status 404" in line

    server.on(LABELS, file_reply(NEW))
    kept = run("refresh", "--quiet", HOTDOG_SQL_BASE_URL=server.url("/"))
    assert (kept.returncode, kept.stdout, kept.stderr) == (0, "", "")


def test_all_splits_of_another_release(run: Run, server: LoopbackServer, tmp_path: Path) -> None:
    server.default(file_reply(b"x"))
    done = run(
        *("refresh", "--all", "--release", "v7", "--labels", "both", "--yes"),
        *("--data-dir", tmp_path / "elsewhere"),
        HOTDOG_SQL_BASE_URL=server.url("/"),
    )
    assert done.returncode == 0, done.stderr
    assert len(rows(done.stdout)) == 10
    names = {path.name for path in (tmp_path / "elsewhere").iterdir()}
    assert "oidv7-val-annotations-machine-imagelabels.csv" in names
    assert len(names) == 11


def test_a_large_download_needs_yes_where_nobody_can_be_asked(
    run: Run, server: LoopbackServer
) -> None:
    server.default(file_reply(b"x"))
    refused = run("refresh", "--split", "train", HOTDOG_SQL_BASE_URL=server.url("/"))
    assert refused.returncode == 4
    assert "--yes" in refused.stderr
    assert {request.method for request in server.requests} == {"HEAD"}


def test_a_file_that_does_not_exist(run: Run) -> None:
    wrong = ("refresh", "--file", "oidv6-class-description.csv")
    refused = run(*wrong, HOTDOG_SQL_BASE_URL="http://127.0.0.1:1/")
    assert refused.returncode == 3
    assert "did you mean oidv6-class-descriptions" in refused.stderr


def test_https(run: Run, certificate: Path, tmp_path: Path) -> None:
    large = content(7, 20 << 20)
    with LoopbackServer(certificate) as server:
        server.on(CLASSES, file_reply(large, fault=Reply(cut_at=9_000_000)), file_reply(large))
        fetch = ["refresh", "--file", "oidv6-class-descriptions.csv"]
        refused = run(*fetch, HOTDOG_SQL_BASE_URL=server.url("/"))
        assert refused.returncode == 5
        assert "its certificate is not trusted: see SSL_CERT_FILE" in refused.stderr
        assert server.requests == []
        done = run(*fetch, HOTDOG_SQL_BASE_URL=server.url("/"), SSL_CERT_FILE=str(certificate))
        assert done.returncode == 0, done.stderr
        assert [request.headers.get("range") for request in server.requests] == [
            None,
            "bytes=9000000-",
        ]
    assert (tmp_path / "data" / "oidv6-class-descriptions.csv").read_bytes() == large


def test_ctrl_c_keeps_what_has_come(run: Run, server: LoopbackServer, tmp_path: Path) -> None:
    large = bytes(16_000_000)
    name = "test-annotations-human-imagelabels.csv"
    server.on(LABELS, Reply(405), file_reply(large, fault=Reply(stall_after=15_000_000)))
    environment = os.environ | {"HOTDOG_SQL_BASE_URL": server.url("/")}
    process = subprocess.Popen(
        [sys.executable, "-m", "hotdog_sql", "refresh", "--file", name],
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    part = tmp_path / "data" / ".hotdog-sql" / f"{name}.part"
    while not (part.exists() and part.stat().st_size > 14_000_000):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    rest = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 130, rest
    assert "Traceback" not in rest

    server.on(LABELS, file_reply(large))
    server.clear()
    done = run("refresh", "--file", name, HOTDOG_SQL_BASE_URL=server.url("/"))
    assert done.returncode == 0
    assert (tmp_path / "data" / name).read_bytes() == large
    (request,) = [request for request in server.requests if request.method == "GET"]
    assert int(request.headers["range"].removeprefix("bytes=").removesuffix("-")) >= 4_000_000


@pytest.mark.parametrize(("answer", "code"), [(b"n\n", 4), (b"y\n", 0)])
def test_a_terminal_is_asked_and_shows_bars(
    server: LoopbackServer, tmp_path: Path, answer: bytes, code: int
) -> None:
    server.default(file_reply(NEW))
    variables = {"HOTDOG_SQL_BASE_URL": server.url("/"), "TERM": "xterm", "COLUMNS": "120"}
    wanted = ("refresh", "--split", "train")
    found, screen = in_terminal(tmp_path, *wanted, answer=answer, after=b"[y/N]", **variables)
    assert found == code
    assert "2.7 GB" in screen
    fetched = {request.path for request in server.requests if request.method == "GET"}
    assert len(fetched) == (3 if code == 0 else 0)
    if code == 0:
        assert "310.0/310.0 kB" in screen
