"""Killed and concurrent refreshes, as real processes."""

import random
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Event

import pytest

from tests.conftest import started
from tests.refresh.conftest import content, statuses
from tests.support.loopback import LoopbackServer, Replier, Reply, Request, file_reply

#: Files without size and MD5 in the catalog.
NAMES = ("test-annotations-human-imagelabels.csv", "test-annotations-bbox.csv")
PATHS = (f"v5/{NAMES[0]}", f"v5/{NAMES[1]}")
DRIP = Reply(drip=(20_000, 0.002))


def refreshing(data: Path, server: LoopbackServer) -> AbstractContextManager[subprocess.Popen[str]]:
    """Start a refresh of the two files."""
    files = [option for name in NAMES for option in ("--file", name)]
    return started(
        *("refresh", "--data-dir", str(data), *files),
        variables={"HOTDOG_SQL_BASE_URL": server.url("/")},
        stderr=subprocess.DEVNULL,
    )


def kill(data: Path, server: LoopbackServer, served: Replier, seconds: float) -> None:
    """Start a refresh, and kill it this many seconds after its first request."""
    requested = Event()

    def reply(request: Request) -> Reply:
        if request.method == "GET":
            requested.set()
        return served(request)

    server.on(PATHS[0], reply)
    with refreshing(data, server) as process:
        assert requested.wait(30)
        Event().wait(seconds)
        process.kill()
        process.communicate()


def kill_refreshes(data: Path, rounds: int, seed: int) -> None:
    """Kill three refreshes of each version of the files, then let one finish."""
    rng, before = random.Random(seed), dict[str, bytes | None].fromkeys(NAMES)
    with LoopbackServer() as server:
        for number in range(rounds):
            bodies = {name: content(number, 300_000 + len(name)) for name in NAMES}
            served = [
                file_reply(body, f'"{number}"', md5="right" if number % 2 else None, fault=DRIP)
                for body in bodies.values()
            ]
            server.on(PATHS[1], served[1])
            for _ in range(3):
                kill(data, server, served[0], rng.uniform(0, 0.12))
                for name in NAMES:
                    found = (data / name).read_bytes() if (data / name).exists() else None
                    assert found in (before[name], bodies[name])
                    before[name] = found
            server.on(PATHS[0], served[0])
            with refreshing(data, server) as process:
                stdout, _ = process.communicate()
            assert process.returncode == 0
            assert {*statuses(stdout)} <= {"new", "changed", "unchanged"}
            assert {name: (data / name).read_bytes() for name in NAMES} == bodies
            hidden = {path.name for path in (data / ".hotdog-sql").iterdir()}
            assert hidden == {name + end for name in NAMES for end in (".json", ".lock")}
            before.update(bodies)


@pytest.mark.parametrize("rounds", [1, pytest.param(10, marks=pytest.mark.slow)])
def test_kills(tmp_path: Path, rounds: int) -> None:
    kill_refreshes(tmp_path / "data", rounds, seed=rounds)


def test_two_refreshes_at_once(server: LoopbackServer, tmp_path: Path) -> None:
    """Each body is sent once; the refresh that waited then makes a conditional request."""
    data, gate = tmp_path / "data", Event()
    served = file_reply(content(1))

    def hold(request: Request) -> Reply:
        if request.method == "GET":
            gate.wait(30)
        return served(request)

    server.default(hold)
    with refreshing(data, server) as one, refreshing(data, server) as other:
        gate.set()
        stdout = one.communicate()[0] + other.communicate()[0]
    assert sorted(statuses(stdout)) == ["new", "new", "unchanged", "unchanged"]
    for name, path in zip(NAMES, PATHS, strict=True):
        assert (data / name).read_bytes() == content(1)
        gets = [request for request in server.requests if request.method == "GET"]
        sent = [request.headers for request in gets if request.path == f"/{path}"]
        assert ["if-none-match" in headers for headers in sent] == [False, True]
