"""`hotdog-sql refresh` as a process: its output, TLS and Ctrl-C."""

import signal
from pathlib import Path
from threading import Event

import pytest

from tests.conftest import Run, started
from tests.refresh.conftest import NEW, OLD, content, statuses
from tests.support.loopback import LoopbackServer, Reply, Request, file_reply

CLASSES = "v6/oidv6-class-descriptions.csv"
IMAGES = "2018_04/test/test-images-with-rotation.csv"
LABELS = "v5/test-annotations-human-imagelabels.csv"


@pytest.fixture
def server(server: LoopbackServer) -> LoopbackServer:
    server.on(LABELS, file_reply(NEW))
    server.on(CLASSES, file_reply(OLD))
    server.on(IMAGES, file_reply(content(5)))
    return server


def test_output_for_each_file(run: Run, call: Run, server: LoopbackServer, tmp_path: Path) -> None:
    first = call("refresh", HOTDOG_SQL_BASE_URL=server.url("/"))
    # The catalog has MD5s or sizes of two of the three, and these differ.
    assert first.stdout.count("differs from the catalog") == 2
    assert (tmp_path / "data" / "test-annotations-human-imagelabels.csv").read_bytes() == NEW

    server.clear()
    second = call("refresh", HOTDOG_SQL_BASE_URL=server.url("/"))
    assert statuses(second.stdout) == ["unchanged"] * 3
    assert second.stderr == ""
    assert server.counts() == {"/" + CLASSES: 1, "/" + IMAGES: 1, "/" + LABELS: 1}

    server.on(CLASSES, Reply(503, headers={"Retry-After": "999"}))
    server.on(IMAGES, file_reply(content(6), etag='"2"'))
    server.on(LABELS, Reply(404))
    third = run("refresh", HOTDOG_SQL_BASE_URL=server.url("/"), code=5)
    assert statuses(third.stdout) == ["kept", "changed", "failed"]
    assert "HTTP status 503" in third.stdout
    (line,) = [line for line in third.stderr.splitlines() if line.startswith("hotdog-sql:")]
    assert "could not fetch test-annotations-human-imagelabels.csv: HTTP status 404" in line

    boxes = tmp_path / "data" / "test-annotations-bbox.csv"
    boxes.touch()
    server.default(file_reply(NEW))
    server.on(LABELS, file_reply(NEW))
    kept = call("refresh", "--quiet", HOTDOG_SQL_BASE_URL=server.url("/"))
    assert (kept.stdout, kept.stderr, boxes.read_bytes()) == ("", "", NEW)


def test_https(run: Run, certificate: Path, tmp_path: Path) -> None:
    with LoopbackServer(certificate) as server:
        server.on(CLASSES, file_reply(NEW, fault=Reply(cut_at=200_000)), file_reply(NEW))
        fetch = ["refresh", "--file", "oidv6-class-descriptions.csv"]
        refused = run(*fetch, HOTDOG_SQL_BASE_URL=server.url("/"), code=5)
        assert "untrusted certificate, see SSL_CERT_FILE" in refused.stderr
        assert "retrying" not in refused.stderr
        assert server.requests == []
        run(*fetch, HOTDOG_SQL_BASE_URL=server.url("/"), SSL_CERT_FILE=str(certificate))
        ranges = [request.headers.get("range") for request in server.requests]
    assert ranges == [None, "bytes=200000-"]
    assert (tmp_path / "data" / "oidv6-class-descriptions.csv").read_bytes() == NEW


def test_ctrl_c_does_not_wait_for_a_size(server: LoopbackServer, tmp_path: Path) -> None:
    requested = Event()

    def silent(_: Request) -> Reply:
        requested.set()
        return Reply(delay=3600)

    server.on(LABELS, silent)
    command = ("refresh", "--file", "test-annotations-human-imagelabels.csv")
    base_url = {"HOTDOG_SQL_BASE_URL": server.url("/")}
    with started(*command, "--data-dir", tmp_path / "data", variables=base_url) as process:
        assert requested.wait(30)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=15)  # a silent request would take 30 s
    assert process.returncode == 130, stderr


def test_ctrl_c_keeps_the_part(run: Run, server: LoopbackServer, tmp_path: Path) -> None:
    large = bytes(16_000_000)
    name = "test-annotations-human-imagelabels.csv"
    server.on(LABELS, Reply(405), file_reply(large, fault=Reply(stall_after=15_000_000)))
    data, base_url = tmp_path / "data", {"HOTDOG_SQL_BASE_URL": server.url("/")}
    part = data / ".hotdog-sql" / f"{name}.part"
    with started("refresh", "--file", name, "--data-dir", data, variables=base_url) as process:
        while not (part.exists() and part.stat().st_size > 14_000_000):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr

    server.on(LABELS, file_reply(large))
    server.clear()
    run("refresh", "--file", name, **base_url)
    assert (data / name).read_bytes() == large
    (request,) = [request for request in server.requests if request.method == "GET"]
    assert int(request.headers["range"].removeprefix("bytes=").removesuffix("-")) >= 4_000_000
