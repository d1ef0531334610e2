"""What is left after each fault of a server, and how often one is tried again."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from hotdog_sql.config import Settings
from hotdog_sql.refresh import Status, failure, refresh
from tests.refresh.site import FILE, HALF, NEW, OLD, QUICK, Site, content, hash_of, new
from tests.support.loopback import Answer, LoopbackServer, Reply, file_reply

# What a server may do wrong for ever, and what becomes of the file where there is an old one.
FAULTS: dict[str, tuple[Sequence[Answer], Status]] = {
    "cut before the first byte": ([new(Reply(cut_at=0))], Status.KEPT),
    "cut after the first byte": ([new(Reply(cut_at=1))], Status.KEPT),
    "cut in the middle, no ranges": ([new(Reply(cut_at=HALF), ranges=False)], Status.KEPT),
    "cut before the last byte": (
        [new(Reply(cut_at=len(NEW) - 1), ranges=False)],
        Status.KEPT,
    ),
    "chunks cut short": ([new(Reply(cut_at=HALF, chunked=True), ranges=False)], Status.KEPT),
    "reset before the answer": ([Reply(reset="before")], Status.KEPT),
    "reset in the middle": ([new(Reply(reset=HALF), ranges=False)], Status.KEPT),
    "a length too long": (
        [new(Reply(declared_length=len(NEW) + 1), ranges=False)],
        Status.KEPT,
    ),
    "a length too short": ([new(Reply(declared_length=len(NEW) - 1))], Status.FAILED),
    "a stall in the middle": ([new(Reply(stall_after=HALF), ranges=False)], Status.KEPT),
    "a stall before the answer": ([Reply(delay=3600)], Status.KEPT),
    "a wrong hash": ([new(md5="AAAAAAAAAAAAAAAAAAAAAA==")], Status.FAILED),
    "a hash that is none": ([new(md5="nonsense")], Status.FAILED),
    "304 to something else": ([Reply(304)], Status.UNCHANGED),
    "206 without a request for it": ([Reply(206, NEW)], Status.FAILED),
    "403": ([Reply(403)], Status.FAILED),
    "404": ([Reply(404, b"no")], Status.FAILED),
    "416": ([Reply(416)], Status.FAILED),
    "429": ([Reply(429)], Status.KEPT),
    "429 for an hour": ([Reply(429, headers={"Retry-After": "3600"})], Status.KEPT),
    "500": ([Reply(500)], Status.KEPT),
    "503": ([Reply(503)], Status.KEPT),
    "a redirect loop": ([Reply(302, location="/2018_04/a.csv")], Status.FAILED),
    "a redirect to plain http": ([Reply(302, location="http://example.invalid/")], Status.FAILED),
    "a web page": (
        [Reply(body=b"<p>Log in", headers={"Content-Type": "text/html; charset=utf-8"})],
        Status.FAILED,
    ),
    "no length and no hash": ([Reply(body=NEW, until_close=True)], Status.FAILED),
    "an encoding": ([Reply(body=NEW, headers={"Content-Encoding": "br"})], Status.FAILED),
    "more than the disk holds": (
        [Reply(body=b"x", declared_length=10**15)],
        Status.FAILED,
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_leaves_the_old_file_and_its_record(old_site: Site, fault: str) -> None:
    answers, status = FAULTS[fault]
    old_site.silence = 0.3 if "stall" in fault else old_site.silence
    record = old_site.record.read_bytes()
    changed = old_site.path.stat().st_mtime_ns
    old_site.serve(*answers)

    result = old_site.refresh()

    assert result.status is status
    assert (result.note == "") is (status is Status.UNCHANGED)
    assert result.bytes == len(OLD)
    assert old_site.path.read_bytes() == OLD
    assert old_site.path.stat().st_mtime_ns == changed
    assert old_site.record.read_bytes() == record
    assert {path.name for path in old_site.data_dir.iterdir()} == {"a.csv", ".hotdog-sql"}
    assert (failure([result]) is not None) is (status is Status.FAILED)

    old_site.silence = 10
    old_site.serve(new())
    assert old_site.refresh().status is Status.CHANGED
    assert old_site.path.read_bytes() == NEW
    assert old_site.hidden_files() == {".json"}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_leaves_no_file_where_there_was_none(site: Site, fault: str) -> None:
    answers, _ = FAULTS[fault]
    site.silence = 0.3 if "stall" in fault else site.silence
    site.serve(*answers)

    result = site.refresh()

    assert result.status is Status.FAILED
    assert result.bytes is None
    assert {path.name for path in site.data_dir.iterdir()} == {".hotdog-sql"}
    error = failure([result])
    assert error is not None
    assert "a.csv" in str(error)
    assert "\n" not in str(error)

    site.silence = 10
    site.serve(new())
    assert site.refresh().status is Status.NEW
    assert site.path.read_bytes() == NEW
    assert site.hidden_files() == {".json"}


@pytest.mark.parametrize(
    "fault",
    ["403", "404", "a redirect loop", "a web page", "no length and no hash", "an encoding"],
)
def test_a_host_that_does_not_give_the_file_can_be_replaced(site: Site, fault: str) -> None:
    """The same command does not help, so what does is named too."""
    answers, _ = FAULTS[fault]
    site.serve(*answers)
    assert "check HOTDOG_SQL_BASE_URL and the proxy" in site.refresh().note


def test_no_server_at_all(old_site: Site, tmp_path: Path) -> None:
    with LoopbackServer() as gone:
        away = Settings(old_site.data_dir, gone.url("/"))
    (kept,) = refresh([FILE], away, policy=QUICK)
    assert kept.status is Status.KEPT
    assert kept.note.startswith("127.0.0.1:")
    assert "no connection" in kept.note
    (failed,) = refresh([FILE], replace(away, data_dir=tmp_path / "empty"), policy=QUICK)
    assert failed.status is Status.FAILED


class TestRetries:
    """Transient failures are tried again; others are not."""

    @pytest.mark.parametrize("status", [429, 500, 502, 503])
    def test_a_transient_status(self, site: Site, status: int) -> None:
        site.serve(Reply(status), Reply(status, headers={"Retry-After": "0"}), new())
        assert site.refresh().status is Status.NEW
        assert len(site.requests()) == 3

    @pytest.mark.parametrize(
        ("reply", "requests"),
        [
            (Reply(503), 3),
            (Reply(503, headers={"Retry-After": "3600"}), 1),
            (Reply(404), 1),
            (Reply(403), 1),
            (Reply(302, location="/2018_04/a.csv"), 11),
            (new(md5="nonsense"), 2),
        ],
    )
    def test_how_often_in_all(self, site: Site, reply: Answer, requests: int) -> None:
        site.serve(reply)
        assert site.refresh().status is Status.FAILED
        assert len(site.requests()) == requests

    def test_damage_on_the_way_is_fetched_again_from_the_start(self, site: Site) -> None:
        site.serve(Reply(body=OLD, headers=hash_of(NEW)), new())
        assert site.refresh().status is Status.NEW
        assert site.path.read_bytes() == NEW
        assert "range" not in site.requests()[1].headers

    def test_tries_that_bring_something_do_not_count(self, site: Site) -> None:
        large = content(3, 8 << 20)
        site.serve(file_reply(large, fault=Reply(cut_at=(1 << 20) + 1)))
        assert site.refresh().status is Status.NEW
        assert site.path.read_bytes() == large
        assert len(site.requests()) == 8
