"""`hotdog-sql download` and `verify`, as separate processes."""

import os
import pty
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest

from tests.conftest import Run, started
from tests.support.loopback import LoopbackServer, Reply, Request
from tests.support.openimages import csv_rows
from tests.support.photos import any_photo, manifest_rows, mirror_of, tree


@pytest.fixture
def server(server: LoopbackServer) -> LoopbackServer:
    server.default(any_photo)
    return server


@pytest.fixture
def saved(call: Run, small_data: Path, tmp_path: Path) -> Path:
    """Twelve hot dogs and eight others, saved as CSV with their selection.json."""
    call("select", "Hot dog", "--negatives", "8", "-o", "rows.csv", "--data-dir", small_data)
    return tmp_path / "rows.csv"


def mirrored(path: Path) -> list[str]:
    """The mirror's paths of the saved rows."""
    return [f"/mirror/test/{row['ImageID']}.jpg" for row in csv_rows(path)]


def test_lost_photos_are_replaced(
    server: LoopbackServer, saved: Path, call: Run, small_data: Path
) -> None:
    lost = mirrored(saved)[-3:]  # negatives
    for path in lost:
        server.on(path, Reply(404))
    arguments = ("download", saved, "dataset", *("--source", "mirror") * 2)
    said = call(*arguments, "-v", "--data-dir", small_data, **mirror_of(server))
    assert f"{lost[0][-20:-4]}  mirror  http 404  {server.url(lost[0])}" in said.stderr
    assert said.stderr.count("  mirror  ok  ") == 20
    report = " ".join(said.stderr.split())
    assert "photos 20 " in report
    assert "lost for good 3 mirror: http 404 (3)" in report
    rows = manifest_rows(saved.parent / "dataset")
    assert [row["rank"] for row in rows if row["reserve"] == "true"] == ["9", "10", "11"]

    without = call(*arguments[:2], "without", *arguments[3:], **mirror_of(server))
    assert "Lost photos are not replaced without" in without.stderr
    assert len(tree(saved.parent / "without")) == 17 + 3

    (saved.parent / "empty.csv").touch()
    assert "empty.csv is empty" in call("download", "empty.csv", "none", code=3).stderr
    assert "--split is for a list" in call(*arguments, "--split", "test", code=2).stderr
    other = call(*arguments[:2], "without", "--max-side", "9", **mirror_of(server), code=6)
    assert len(other.stderr.splitlines()) == 1  # no note on replacements


def test_failed_photos_are_retried(server: LoopbackServer, saved: Path, call: Run) -> None:
    first = mirrored(saved)[0]
    server.on(first, Reply(429, headers={"Retry-After": "3600"}))  # the host is given up at once
    said = call("download", saved, "dataset", "--source", "mirror", **mirror_of(server), code=7)
    assert "run the same command again" in said.stderr
    server.on(first, any_photo)
    assert call("download", saved, "dataset", "--quiet", **mirror_of(server)).stderr == ""


def test_in_a_terminal(server: LoopbackServer, saved: Path) -> None:
    """Two progress lines, replaced by the report at the end."""
    may_end = Event()

    def waits(request: Request) -> Reply:
        may_end.wait(20)
        return any_photo(request)

    server.on(mirrored(saved)[-1], waits)
    ours, theirs = pty.openpty()
    variables = {"TERM": "xterm"} | mirror_of(server)
    dataset = saved.parent / "dataset"
    with started("download", saved, dataset, variables=variables, stderr=theirs) as process:
        os.close(theirs)
        screen = ""
        while "19 of 20 photos" not in screen:
            screen += os.read(ours, 1 << 16).decode()
        may_end.set()
        with suppress(OSError):  # on Linux, when the other side is closed
            while True:
                screen += os.read(ours, 1 << 16).decode()
        process.communicate(timeout=30)
    os.close(ours)
    assert process.returncode == 0
    assert "mirror 19" in screen
    assert "photos 20 20 downloaded now" in " ".join(screen.split())


def test_verify(server: LoopbackServer, saved: Path, call: Run, tmp_path: Path) -> None:
    call("download", saved, "dataset", **mirror_of(server))
    dataset = tmp_path / "dataset"
    row = manifest_rows(dataset)[0]
    (dataset / row["path"]).write_bytes(b"altered")
    (dataset / "other" / "mine\x1b[31m.jpg").write_bytes(b"mine")
    said = call("verify", "dataset", code=8)
    assert said.stdout == f"altered  {row['path']}\nextra  other/mine [31m.jpg\n"
    assert "20 photos checked" in said.stderr
    call("verify", ".", code=6)
