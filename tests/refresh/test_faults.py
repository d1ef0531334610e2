"""The result of each fault of a server, and the number of requests."""

import pytest

from hotdog_sql.refresh.refresh import Status, failure
from tests.refresh.conftest import HALF, NEW, OLD, Site, new
from tests.support.loopback import Answer, Reply

#: Lasting faults of a server, and the status of an old file.
FAULTS: dict[str, tuple[Answer, Status]] = {
    "cut in the middle, no ranges": (new(Reply(cut_at=HALF), ranges=False), Status.KEPT),
    "chunks cut short": (new(Reply(cut_at=HALF, chunked=True), ranges=False), Status.KEPT),
    "reset before the answer": (Reply(reset="before"), Status.KEPT),
    "reset in the middle": (new(Reply(reset=HALF), ranges=False), Status.KEPT),
    "a length too long": (new(Reply(declared_length=len(NEW) + 1), ranges=False), Status.KEPT),
    "a length too short": (new(Reply(declared_length=len(NEW) - 1)), Status.FAILED),
    "a stall in the middle": (new(Reply(stall_after=HALF), ranges=False), Status.KEPT),
    "a stall before the answer": (Reply(delay=3600), Status.KEPT),
    "a wrong hash": (new(md5="AAAAAAAAAAAAAAAAAAAAAA=="), Status.FAILED),
    "304 to something else": (Reply(304), Status.UNCHANGED),
    "206 without a request for it": (Reply(206, NEW), Status.FAILED),
    "404": (Reply(404, b"no"), Status.FAILED),
    "429 for an hour": (Reply(429, headers={"Retry-After": "3600"}), Status.KEPT),
    "503, encoded": (Reply(503, b"busy", gzip=True), Status.KEPT),
    "a redirect loop": (Reply(302, location="/2018_04/a.csv"), Status.FAILED),
    "a web page": (Reply(body=b"<p>", headers={"Content-Type": "text/html; x"}), Status.FAILED),
    "an empty body without a hash": (Reply(), Status.FAILED),
    "an error text without a hash": (Reply(body=b"no such file\nsorry\n"), Status.FAILED),
    "no length and no hash": (Reply(body=NEW, until_close=True), Status.FAILED),
    "an encoding": (Reply(body=NEW, gzip=True), Status.FAILED),
    "more than the disk holds": (Reply(body=b"x", declared_length=10**15), Status.FAILED),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_changes_nothing(old_site: Site, fault: str) -> None:
    site, (answer, status) = old_site, FAULTS[fault]
    record, changed = site.record.read_bytes(), site.path.stat().st_mtime_ns
    site.silence = 0.3 if "stall" in fault else site.silence
    site.serve(answer)

    result = site.refresh()

    assert result.status is status
    assert (result.note == "") is (result.status is Status.UNCHANGED)
    assert (failure([result]) is not None) is (result.status is Status.FAILED)
    assert site.path.read_bytes() == OLD
    assert (site.record.read_bytes(), site.path.stat().st_mtime_ns) == (record, changed)
    site.silence = 10
    site.serve(new())
    assert site.refresh().status is Status.CHANGED
    assert site.path.read_bytes() == NEW
    assert site.hidden_files() == {".json"}


def test_number_of_attempts(site: Site) -> None:
    for reply, requests in (
        (Reply(503), 3),
        (Reply(503, headers={"Retry-After": "3600"}), 1),
        (Reply(404), 1),
        (new(md5="nonsense"), 2),
    ):
        site.serve(reply)
        assert site.refresh().status is Status.FAILED
        assert len(site.requests()) == requests
        assert not site.path.exists()


def test_temporary_faults_are_retried(site: Site) -> None:
    site.serve(Reply(429), Reply(503, headers={"Retry-After": "0"}), new())
    assert site.refresh().status is Status.NEW
    assert len(site.requests()) == 3
