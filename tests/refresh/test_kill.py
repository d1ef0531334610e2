"""Refreshes that are killed, that meet each other, and whose disk fails: real processes."""

import random
from threading import Event

import pytest

from hotdog_sql.refresh import Status
from tests.refresh import process as refreshing
from tests.refresh.site import FILE, NEW, OLD, OTHER, Site, content
from tests.support.loopback import Reply, Request, file_reply

#: Seconds after which a process is killed at the latest; a refresh here takes about half of it.
LIFE = 0.12
DRIP = Reply(drip=(20_000, 0.002))


class Folder:
    """A data folder whose refreshes are killed, while the server has ever newer files."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.served: dict[str, bytes] = {}
        self.last: dict[str, bytes | None] = {FILE.name: None, OTHER.name: None}

    def serve(self, number: int) -> None:
        """Serve other files from now on, slowly; every second time without a hash."""
        for file in (FILE, OTHER):
            data = content(number, 300_000 + 1000 * number) + file.name.encode()
            md5 = "right" if number % 2 else None
            self.served[file.name] = data
            self.site.server.on(file.path, file_reply(data, f'"{number}"', md5=md5, fault=DRIP))

    def kill(self, seconds: float) -> bool:
        """Begin a refresh and kill it after so long; returns whether it was still at work."""
        report: refreshing.Report = refreshing.CONTEXT.SimpleQueue()
        process = refreshing.start(self.site.data_dir, self.site.server.url("/"), report)
        Event().wait(seconds)
        process.kill()
        process.join()
        at_work = report.empty()
        report.close()
        process.close()
        return at_work

    def check(self) -> None:
        """Each file is what it was before, or the whole of what is served."""
        for name, before in self.last.items():
            path = self.site.data_dir / name
            found = path.read_bytes() if path.exists() else None
            assert found in (before, self.served[name])
            self.last[name] = found
        names = {path.name for path in self.site.data_dir.iterdir()}
        assert names <= {FILE.name, OTHER.name, ".hotdog-sql"}

    def finish(self) -> None:
        """A refresh that is left alone ends with what is served, and leaves nothing else."""
        for result in self.site.refresh_all([FILE, OTHER]):
            assert result.status in (Status.NEW, Status.CHANGED, Status.UNCHANGED)
        self.check()
        assert self.last == self.served
        assert {path.name for path in self.site.hidden.iterdir()} == {
            file.name + ending for file in (FILE, OTHER) for ending in (".json", ".lock")
        }
        self.site.server.clear()
        again = self.site.refresh_all([FILE, OTHER])
        assert [result.status for result in again] == [Status.UNCHANGED] * 2
        assert len(self.site.requests()) == 2


def kill_refreshes(site: Site, rounds: int, seed: int) -> int:
    """Kill three refreshes of each version of the files; returns how many were at work."""
    chance = random.Random(seed)
    folder = Folder(site)
    killed = 0
    for number in range(rounds):
        folder.serve(number)
        for _ in range(3):
            killed += folder.kill(chance.uniform(0, LIFE))
            folder.check()
        folder.finish()
    return killed


def test_a_few_kills(site: Site) -> None:
    assert kill_refreshes(site, rounds=4, seed=1) > 0


@pytest.mark.slow
def test_many_kills(site: Site) -> None:
    killed = kill_refreshes(site, rounds=40, seed=2)
    assert killed >= 50


def test_two_refreshes_at_once(site: Site) -> None:
    gate = Event()
    served = file_reply(NEW)

    def hold(request: Request) -> Reply:
        gate.wait(30)
        return served(request)

    for file in (FILE, OTHER):
        site.server.on(file.path, hold)
    reports: list[refreshing.Report] = []
    processes = []
    for _ in range(2):
        report: refreshing.Report = refreshing.CONTEXT.SimpleQueue()
        reports.append(report)
        processes.append(refreshing.start(site.data_dir, site.server.url("/"), report))
    gate.set()
    statuses = []
    for process, report in zip(processes, reports, strict=True):
        results = report.get()
        assert results is not None
        statuses += [(result.file.name, str(result.status)) for result in results]
        process.join()
        process.close()
        report.close()
    # Each body came once; the refresh that waited for it asked whether it was still current.
    assert sorted(statuses) == [
        ("a.csv", "new"),
        ("a.csv", "unchanged"),
        ("b.csv", "new"),
        ("b.csv", "unchanged"),
    ]
    for file in (FILE, OTHER):
        assert (site.data_dir / file.name).read_bytes() == NEW
        asked = [r.headers for r in site.requests() if r.path == f"/{file.path}"]
        assert ["if-none-match" in headers for headers in asked] == [False, True]


def test_a_disk_that_fails_in_the_middle(site: Site) -> None:
    site.server.on(FILE.path, file_reply(OLD, etag='"old"'))
    site.server.on(OTHER.path, file_reply(b"small"))
    site.refresh_all([FILE, OTHER])
    record = site.record.read_bytes()
    site.server.on(FILE.path, file_reply(NEW, etag='"new"'))

    report: refreshing.Report = refreshing.CONTEXT.SimpleQueue()
    process = refreshing.start(site.data_dir, site.server.url("/"), report, 100_000)
    results = report.get()
    process.join()
    process.close()
    report.close()

    assert results is not None
    assert [result.status for result in results] == [Status.FAILED, Status.UNCHANGED]
    assert "File too large" in results[0].note
    assert site.path.read_bytes() == OLD
    assert site.record.read_bytes() == record
    assert site.refresh().status is Status.CHANGED
    assert site.path.read_bytes() == NEW
