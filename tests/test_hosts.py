"""Which transfer starts when: limits, rests, and no host that holds up another."""

from collections import Counter
from pathlib import Path
from threading import Condition, Event, Lock, Thread
from typing import Any

import pytest

from hotdog_sql.downloading.events import Listener
from hotdog_sql.downloading.hosts import Hosts, RestPolicy, host_of
from hotdog_sql.transport import RetryPolicy
from tests.support.loopback import LoopbackServer, Reply, Request
from tests.support.photos import (
    NO_REST,
    manifest_rows,
    mirror_path,
    original_path,
    photo,
    run,
    serve,
)
from tests.support.pictures import jpeg


class Crowd:
    """Replies once so many requests are there at the same time, and counts them."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._changed = Condition()
        self._now = 0
        self.met = False
        self.most = 0

    def __call__(self, _: Request) -> Reply:
        with self._changed:
            self._now += 1
            self.most = max(self.most, self._now)
            self.met = self.met or self._now >= self._expected
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.met, timeout=20)
            self._now -= 1
        return Reply(body=jpeg())


def test_so_many_in_all_and_so_many_for_each_host(tmp_path: Path) -> None:
    mirror, original = Crowd(5), Crowd(3)
    with LoopbackServer() as one, LoopbackServer() as two:
        one.default(mirror)
        two.default(original)
        photos = [photo(n) for n in range(1, 31)]
        photos += [
            photo(n, subset="", original_url=two.url(original_path(photo(n))))
            for n in range(31, 61)
        ]
        run(one, tmp_path, photos, workers=8, per_host=5, silence_seconds=30)
    assert mirror.met
    assert original.met
    assert mirror.most == 5
    assert 3 <= original.most <= 5


class Rests(Listener):
    def __init__(self) -> None:
        self.heard: list[tuple[str, float]] = []

    def rested(self, host: str, seconds: float) -> None:
        self.heard.append((host, seconds))


def test_a_host_that_keeps_failing_rests_and_holds_up_nobody(tmp_path: Path) -> None:
    """Its photos wait; meanwhile all those of the other host arrive; then its own do."""
    others_done = Event()
    arrived = Counter[str]()
    lock = Lock()

    def healthy(_: Request) -> Reply:
        with lock:
            arrived["healthy"] += 1
            if arrived["healthy"] == 40:
                others_done.set()
        return Reply(body=jpeg())

    def ailing(_: Request) -> Reply:
        with lock:
            arrived["ailing"] += 1
        return Reply(body=jpeg()) if others_done.is_set() else Reply(503)

    rests = Rests()
    with LoopbackServer() as good, LoopbackServer() as bad:
        good.default(healthy)
        bad.default(ailing)
        photos = [
            photo(n, subset="", original_url=bad.url(original_path(photo(n)))) for n in range(1, 41)
        ]
        photos += [photo(n) for n in range(41, 81)]
        report = run(
            good,
            tmp_path,
            photos,
            workers=4,
            listener=rests,
            retry=RetryPolicy(attempts=4, base=0.01, cap=0.02),
            rest=RestPolicy(after=5, base=0.3, cap=0.3, rests=100),
        )
        assert report.on_disk == 80
        assert rests.heard[0] == (bad.host, 0.3)
        # Without the rest, 40 photos would have been asked for several times each.
        assert arrived["ailing"] < 40 + 20


def test_a_host_that_asks_for_a_rest_gets_it(tmp_path: Path) -> None:
    rests = Rests()
    with LoopbackServer() as server:
        serve(server, [photo(n) for n in range(2, 6)])
        one = photo(1)
        server.on(mirror_path(one), Reply(429, headers={"Retry-After": "1"}), Reply(body=jpeg()))
        report = run(server, tmp_path, [photo(n) for n in range(1, 6)], workers=1, listener=rests)
        assert rests.heard == [(server.host, 1.0)]
        assert server.requests[0].path == mirror_path(one)
    assert report.on_disk == 5


def test_a_dead_host_is_given_up(tmp_path: Path) -> None:
    rests = Rests()
    photos = [photo(n) for n in range(1, 101)]
    with LoopbackServer() as server:
        server.default(Reply(503))
        report = run(
            server,
            tmp_path,
            photos,
            workers=4,
            listener=rests,
            sources=("mirror",),
            rest=RestPolicy(after=5, base=0.01, cap=0.02, rests=3),
        )
        assert len(server.requests) < 20
    assert report.failed == 100
    assert report.worth_retrying
    assert [seconds for _, seconds in rests.heard] == [0.01, 0.02, 0.02, float("inf")]
    assert "mirror: host given up" in {row["error"] for row in manifest_rows(tmp_path)}


def test_a_host_that_asks_for_too_long_a_rest_is_given_up(tmp_path: Path) -> None:
    photos = [photo(n) for n in range(1, 11)]
    with LoopbackServer() as server:
        server.default(Reply(429, headers={"Retry-After": "86400"}))
        report = run(server, tmp_path, photos, workers=1, sources=("mirror",))
        assert len(server.requests) == 1
    assert report.failed == 10


@pytest.mark.parametrize(
    ("url", "host"),
    [
        (
            "https://open-images-dataset.s3.amazonaws.com/test/1.jpg",
            "open-images-dataset.s3.amazonaws.com",
        ),
        ("https://farm5.staticflickr.com/1.jpg", "staticflickr.com"),
        ("https://c2.staticflickr.com/1.jpg", "staticflickr.com"),
        ("http://user:word@LOCALHOST:80/x", "localhost:80"),
        ("nonsense", ""),
    ],
)
def test_host_of(url: str, host: str) -> None:
    assert host_of(url) == host


def queue(per_host: int = 10, **rest: Any) -> Hosts[str]:
    policy = RestPolicy(**rest) if rest else NO_REST
    return Hosts(per_host, policy, lambda _host, _seconds: None)


def test_second_tries_come_before_new_ones_and_hosts_take_turns() -> None:
    hosts = queue()
    hosts.put("again", "a", delay=1e-9)
    for task in ("a1", "a2", "a3"):
        hosts.put(task, "a")
    hosts.put("b1", "b")
    turns = [hosts.take() for _ in range(5)]
    assert [turn.task for turn in turns if turn] == ["again", "b1", "a1", "a2", "a3"]


def test_close_ends_every_waiting_thread() -> None:
    hosts = queue()
    got: list[object] = []
    threads = [Thread(target=lambda: got.append(hosts.take())) for _ in range(8)]
    for thread in threads:
        thread.start()
    hosts.close()
    for thread in threads:
        thread.join(5)
    assert got == [None] * 8


def test_after_a_rest_one_at_a_time_finds_out() -> None:
    hosts = queue(after=2, base=0.01, cap=0.01, rests=5)
    for number in range(6):
        hosts.put(str(number), "a")
    first, second = hosts.take(), hosts.take()
    assert first is not None
    assert second is not None
    hosts.done("a", failed=True)
    hosts.done("a", failed=True)
    probe = hosts.take()
    assert probe is not None
    seen: list[object] = []
    waiting = Thread(target=lambda: seen.append(hosts.take()))
    waiting.start()
    waiting.join(0.05)
    assert seen == []  # the probe is still out
    hosts.done("a", failed=False)
    waiting.join(5)
    assert len(seen) == 1
