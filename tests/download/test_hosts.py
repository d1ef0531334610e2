"""Scheduling of requests: limits, pauses, and hosts that do not delay each other."""

import socket
from collections import Counter, deque
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hotdog_sql.download_options import DownloadOptions, RetryPolicy
from hotdog_sql.downloader.hosts import GIVEN_UP, HostQueue, Task
from hotdog_sql.options import Source
from hotdog_sql.progress import Progress
from tests.conftest import Run
from tests.support.loopback import LoopbackServer, Reply, Request
from tests.support.photos import (
    Crowd,
    any_photo,
    manifest_rows,
    mirror_path,
    photo,
    run,
    save_selection,
    serve,
)
from tests.support.pictures import jpeg


def test_limits_in_total_and_per_host(tmp_path: Path) -> None:
    mirror, original = Crowd(5), Crowd(3)
    with LoopbackServer() as one, LoopbackServer() as two:
        one.default(mirror)
        two.default(original)
        photos = [photo(n) for n in range(1, 31)]
        photos += [photo(n, subset="", original_url=two.url(f"{n}.jpg")) for n in range(31, 61)]
        run(one, tmp_path, photos, workers=8, per_host=5, silence_seconds=30)
    assert mirror.met
    assert original.met
    assert mirror.most == 5
    assert 3 <= original.most <= 5


def test_flickr_gets_fewer_requests_than_the_mirror() -> None:
    names = ["farm1.staticflickr.com", "c2.staticflickr.com", "mirror.example"]
    for pools, flickr, mirror in ((1, 16, 20), (20, 1, 3)):
        queue = HostQueue(DownloadOptions(), Progress(), pools)
        for n in range(60):
            url = f"https://me:secret@{names[n % 3]}/{n}.jpg"
            queue.put(Task(photo(n), deque([(Source.ORIGINAL, url)])))
        taken = Counter(task.host for _ in range(flickr + mirror) if (task := queue.take()))
        assert taken == {"staticflickr.com": flickr, "mirror.example": mirror}


def test_few_files_are_open_at_once(tmp_path: Path, in_sh: Run) -> None:
    """A thread keeps its last connection, not one to each host."""
    with ExitStack() as stack:
        servers = [stack.enter_context(LoopbackServer()) for _ in range(12)]
        for server in servers:
            server.default(any_photo)
        photos = [photo(n, original_url=servers[n % 12].url(f"{n:016x}.jpg")) for n in range(240)]
        save_selection(tmp_path / "rows.csv", photos)
        options = "--workers 12 --source original --no-gallery"
        line = f"ulimit -n 100; $program download rows.csv dataset {options}"
        in_sh(line, HOTDOG_SQL_TRANSPORT="httpx")


class HostEvents(Progress):
    """Records the events of hosts."""

    def __init__(self) -> None:
        self.pauses: list[tuple[str, float]] = []
        self.unreached: list[tuple[str, str]] = []
        self.lost: list[tuple[str, str]] = []

    def paused(self, host: str, seconds: float) -> None:
        self.pauses.append((host, seconds))

    def unreachable(self, host: str, reason: str) -> None:
        self.unreached.append((host, reason))

    def given_up(self, host: str, reason: str) -> None:
        self.lost.append((host, reason))


def test_a_failing_host_pauses_without_delaying_others(tmp_path: Path) -> None:
    """Its photos wait until all those of the other host have arrived."""
    events = HostEvents()
    with LoopbackServer() as good, LoopbackServer() as bad:

        def ailing(_: Request) -> Reply:
            return Reply(body=jpeg()) if len(good.requests) == 40 else Reply(503)

        good.default(Reply(body=jpeg()))
        bad.default(ailing)
        photos = [photo(n, subset="", original_url=bad.url(f"{n}.jpg")) for n in range(1, 41)]
        photos += [photo(n) for n in range(41, 81)]
        retry = RetryPolicy(attempts=4, base=0.3, cap=0.3, silence=0.0)
        report = run(good, tmp_path, photos, workers=4, progress=events, retry=retry)
        assert report.on_disk == 80
        assert events.pauses[0] == (bad.host, 0.3)
        # Without the pause, each of the 40 photos would be requested several times.
        assert len(bad.requests) < 40 + 20


def test_a_few_bad_photos_do_not_pause_a_host_that_answers(tmp_path: Path) -> None:
    """They fail after their attempts while the others are downloaded."""
    events = HostEvents()
    photos = [photo(n) for n in range(1, 74)]
    with LoopbackServer() as server:
        serve(server, photos)
        server.on(mirror_path(photos[70]), Reply(503))
        server.on(mirror_path(photos[71]), Reply(body=jpeg(), cut_at=90))
        server.on(mirror_path(photos[72]), Reply(reset="before"))
        report = run(server, tmp_path, photos, sources=("mirror",), progress=events)
    assert (report.on_disk, report.failed) == (70, 3)
    assert (events.pauses, events.lost) == ([], [])


def test_retry_after_pauses_a_host(server: LoopbackServer, tmp_path: Path) -> None:
    events = HostEvents()
    serve(server, [photo(n) for n in range(2, 6)])
    one = photo(1)
    server.on(mirror_path(one), Reply(429, headers={"Retry-After": "1"}), Reply(body=jpeg()))
    report = run(server, tmp_path, [photo(n) for n in range(1, 6)], workers=1, progress=events)
    assert events.pauses == [(server.host, 1.0)]
    assert server.requests[0].path == mirror_path(one)
    assert report.on_disk == 5


def test_a_host_that_only_fails_is_given_up(server: LoopbackServer, tmp_path: Path) -> None:
    events = HostEvents()
    photos = [photo(n) for n in range(1, 101)]
    server.default(Reply(503))
    retry = RetryPolicy(base=0.01, cap=0.02, silence=0.0, patience=0.2)
    how: Any = {"sources": "mirror", "replace_failed": True, "retry": retry}
    report = run(server, tmp_path, photos, workers=4, progress=events, **how)
    assert len(server.requests) < 50
    assert events.lost == [(server.host, "http 503")]
    assert report.failed == 100
    assert {row["error"] for row in manifest_rows(tmp_path)} == {f"mirror: {GIVEN_UP} (http 503)"}


def test_a_host_that_refuses_connections_is_reported_once(tmp_path: Path) -> None:
    """Waiting for it does not count as an attempt; then the next source is tried."""
    events = HostEvents()
    with socket.socket() as unused, LoopbackServer() as server:
        unused.bind(("127.0.0.1", 0))  # not listening, so connections are refused
        gone = f"127.0.0.1:{unused.getsockname()[1]}"
        photos = [photo(n, original_url=f"http://{gone}/{n}.jpg") for n in range(1, 20)]
        photos.append(photo(20))  # which shows that the network works
        serve(server, photos)
        retry = RetryPolicy(base=0.05, cap=0.05, silence=0.2)
        report = run(
            server, tmp_path, photos, sources=("original", "mirror"), progress=events, retry=retry
        )
    assert report.on_disk == 20
    assert events.unreached == events.lost == [(gone, "connection refused")]
