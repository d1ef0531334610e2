"""Refresh against a server that does everything wrong, on a real folder."""

import gzip
import hashlib
import os
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from threading import Barrier

import pytest

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.errors import InsecureAddressError, StorageError
from hotdog_sql.refresh import Result, Silence, Status, failure, file_facts, refresh
from hotdog_sql.settings import Settings
from tests.loopback import Answer, LoopbackServer, Reply, Request, file_reply
from tests.refreshing import FILE, NEW, OLD, OTHER, QUICK, Site, content

GZIPPED = gzip.compress(NEW, mtime=0)
HALF = len(NEW) // 2


def new(fault: Reply | None = None, md5: str | None = "right", *, ranges: bool = True) -> Answer:
    return file_reply(NEW, etag='"new"', fault=fault, md5=md5, ranges=ranges)


def md5_of(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def hash_of(data: bytes) -> dict[str, str]:
    return {"x-goog-hash": "md5=" + b64encode(hashlib.md5(data).digest()).decode()}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with LoopbackServer() as server:
        yield Site(server, tmp_path / "data")


@pytest.fixture
def old_site(site: Site) -> Site:
    """A site whose folder has the old file from an earlier refresh."""
    site.serve(file_reply(OLD, etag='"old"'))
    assert site.refresh().status is Status.NEW
    return site


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
    "an unknown encoding": ([Reply(body=NEW, headers={"Content-Encoding": "br"})], Status.FAILED),
    "gzip that is none": ([Reply(body=NEW, headers={"Content-Encoding": "gzip"})], Status.FAILED),
    "gzip cut with a clean end": (
        [Reply(body=GZIPPED[:-100], headers={"Content-Encoding": "gzip"})],
        Status.FAILED,
    ),
    "gzip with another's hash": (
        [Reply(body=GZIPPED, headers={"Content-Encoding": "gzip", **hash_of(NEW)})],
        Status.FAILED,
    ),
    "gzip cut": (
        [Reply(body=GZIPPED, cut_at=1000, headers={"Content-Encoding": "gzip"})],
        Status.KEPT,
    ),
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


def test_no_server_at_all(old_site: Site, tmp_path: Path) -> None:
    with LoopbackServer() as gone:
        away = Settings(old_site.data_dir, gone.url("/"))
    (kept,) = refresh([FILE], away, policy=QUICK)
    assert kept.status is Status.KEPT
    assert kept.note.startswith("no connection")
    (failed,) = refresh([FILE], replace(away, data_dir=tmp_path / "empty"), policy=QUICK)
    assert failed.status is Status.FAILED


class TestRequests:
    """What is asked for, and how often."""

    def test_an_unchanged_file_is_one_conditional_request(self, old_site: Site) -> None:
        old_site.server.clear()
        result = old_site.refresh()
        assert result == Result(FILE, Status.UNCHANGED, len(OLD))
        (request,) = old_site.requests()
        assert request.headers["if-none-match"] == '"old"'
        assert "range" not in request.headers

    def test_a_date_serves_where_there_is_no_etag(self, site: Site) -> None:
        site.serve(file_reply(OLD, etag=None))
        site.refresh()
        site.server.clear()
        assert site.refresh().status is Status.UNCHANGED
        (request,) = site.requests()
        assert request.headers["if-modified-since"] == "Wed, 01 May 2024 00:00:00 GMT"

    def test_a_server_without_conditions_costs_one_request_too(self, old_site: Site) -> None:
        # Its hash says that the body would be the same, so the body is not read.
        old_site.serve(Reply(body=OLD, headers=hash_of(OLD), stall_after=0))
        assert old_site.refresh().status is Status.UNCHANGED
        assert len(old_site.requests()) == 1

    def test_the_same_bytes_again_do_not_touch_the_file(self, old_site: Site) -> None:
        changed = old_site.path.stat().st_mtime_ns
        old_site.serve(file_reply(OLD, etag='"other"', md5=None))
        assert old_site.refresh().status is Status.UNCHANGED
        assert old_site.path.stat().st_mtime_ns == changed
        old_site.server.clear()
        assert old_site.refresh().status is Status.UNCHANGED
        assert old_site.requests()[0].headers["if-none-match"] == '"other"'
        assert old_site.hidden_files() == {".json"}

    def test_a_touched_file_is_the_same_file(self, old_site: Site) -> None:
        os.utime(old_site.path, (1, 1))
        old_site.server.clear()
        assert old_site.refresh().status is Status.UNCHANGED
        assert old_site.requests()[0].headers["if-none-match"] == '"old"'

    def test_an_altered_file_is_fetched_again(self, old_site: Site) -> None:
        old_site.path.write_bytes(OLD[:-1] + b"x")
        old_site.server.clear()
        assert old_site.refresh().status is Status.CHANGED
        assert old_site.path.read_bytes() == OLD
        assert "if-none-match" not in old_site.requests()[0].headers

    def test_a_removed_file_is_new(self, old_site: Site) -> None:
        old_site.path.unlink()
        assert old_site.refresh().status is Status.NEW

    def test_another_hosts_etag_is_not_trusted(self, old_site: Site) -> None:
        with LoopbackServer() as mirror:
            moved = Site(mirror, old_site.data_dir)
            moved.serve(file_reply(OLD, etag='"theirs"'))
            assert moved.refresh().status is Status.UNCHANGED
            (request,) = moved.requests()
            assert "if-none-match" not in request.headers

    def test_a_damaged_record_is_no_record(self, old_site: Site) -> None:
        for damage in (b"", b"{}", b"[1]", b"\xff", b'{"url": 1}'):
            old_site.record.write_bytes(damage)
            old_site.server.clear()
            assert old_site.refresh().status is Status.UNCHANGED
            assert len(old_site.requests()) == 1

    @pytest.mark.parametrize(
        "headers",
        [
            {"ETag": '"\xe9"'},
            {"ETag": "", "Last-Modified": "\xe9"},
            {"Last-Modified": "Wed, 01 May 2024 00:00:00 +99999999999999999999"},
            {"Last-Modified": "Wed, 31 Feb 2024 00:00:00 GMT"},
            {"x-goog-hash": ""},
        ],
    )
    def test_odd_headers_harm_nobody(self, site: Site, headers: dict[str, str]) -> None:
        site.serve(Reply(body=OLD, headers=headers))
        assert site.refresh().status is Status.NEW
        assert site.refresh().status is Status.UNCHANGED
        site.record.unlink()
        assert site.refresh().status in (Status.UNCHANGED, Status.CHANGED)
        assert file_facts([FILE], site.settings)[0].matches_server is True

    def test_no_password_is_kept(self, site: Site) -> None:
        site.serve(file_reply(OLD))
        base = site.server.url("/").replace("http://", "http://me:secret@")
        refresh([FILE], Settings(site.data_dir, base), policy=QUICK)
        assert "secret" not in site.record.read_text()
        assert refresh([FILE], Settings(site.data_dir, base))[0].status is Status.UNCHANGED
        assert len(site.requests()) == 2


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


class TestResuming:
    """An interrupted body is gone on with, if it is still the same."""

    def test_within_a_run(self, site: Site) -> None:
        site.serve(new(Reply(cut_at=HALF)), new())
        assert site.refresh().status is Status.NEW
        assert site.path.read_bytes() == NEW
        first, second = site.requests()
        assert "range" not in first.headers
        assert second.headers["range"] == f"bytes={HALF}-"
        assert second.headers["if-range"] == '"new"'
        assert second.headers["accept-encoding"] == "identity"

    def test_in_the_next_run(self, old_site: Site) -> None:
        old_site.serve(new(Reply(cut_at=1000)), Reply(404))
        assert old_site.refresh().status is Status.FAILED
        assert old_site.hidden_files() == {".json", ".part", ".part.json"}
        old_site.serve(new())
        assert old_site.refresh().status is Status.CHANGED
        assert old_site.path.read_bytes() == NEW
        (request,) = old_site.requests()
        assert request.headers["range"] == "bytes=1000-"
        assert request.headers["if-none-match"] == '"old"'

    def test_not_if_the_old_file_is_current_again(self, old_site: Site) -> None:
        old_site.serve(new(Reply(cut_at=1000)), Reply(404))
        old_site.refresh()
        old_site.serve(file_reply(OLD, etag='"old"'))
        assert old_site.refresh().status is Status.UNCHANGED
        assert old_site.hidden_files() == {".json"}

    def test_guarded_by_a_date_where_the_etag_is_weak(self, site: Site) -> None:
        weak = file_reply(NEW, etag='W/"1"', fault=Reply(cut_at=HALF))
        site.serve(weak, file_reply(NEW, etag='W/"1"'))
        assert site.refresh().status is Status.NEW
        assert site.requests()[1].headers["if-range"] == "Wed, 01 May 2024 00:00:00 GMT"
        assert site.requests()[1].headers["range"] == f"bytes={HALF}-"

    def test_not_without_a_guard(self, site: Site) -> None:
        bare = file_reply(NEW, etag=None, last_modified=None, fault=Reply(cut_at=HALF))
        site.serve(bare, file_reply(NEW, etag=None, last_modified=None))
        assert site.refresh().status is Status.NEW
        assert "range" not in site.requests()[1].headers

    @pytest.mark.parametrize("md5", ["right", None])
    def test_the_file_changes_between_the_halves(self, site: Site, md5: str | None) -> None:
        earlier = file_reply(content(9), etag='"earlier"', md5=md5, fault=Reply(cut_at=HALF))
        site.serve(earlier, new(md5=md5))
        assert site.refresh().status is Status.NEW
        assert site.path.read_bytes() == NEW
        assert len(site.requests()) == 2

    @pytest.mark.parametrize("told_by", [{"ETag": '"new"'}, hash_of(NEW)])
    def test_a_server_that_ignores_if_range(self, site: Site, told_by: dict[str, str]) -> None:
        # Its second half is another file's, which only the one header tells.
        earlier = file_reply(
            content(9, len(NEW)), etag='"earlier"', md5=None, fault=Reply(cut_at=HALF)
        )
        span = {"Content-Range": f"bytes {HALF}-{len(NEW) - 1}/{len(NEW)}"}
        site.serve(earlier, Reply(206, NEW[HALF:], span | told_by), new(md5=None))
        assert site.refresh().status is Status.NEW
        assert site.path.read_bytes() == NEW
        assert len(site.requests()) == 3
        assert "range" not in site.requests()[2].headers

    @pytest.mark.parametrize(
        "content_range",
        [
            "bytes 0-9/10",
            f"bytes {HALF + 1}-{len(NEW) - 1}/{len(NEW)}",
            f"bytes {HALF}-{len(NEW) - 2}/{len(NEW)}",
            f"bytes {HALF}-{len(NEW)}/{len(NEW) + 1}",
            f"bytes {HALF}-{len(NEW) - 1}/*",
            f"bytes {HALF}-{len(NEW) - 1}/{'9' * 5000}",
            "nonsense",
            None,
        ],
    )
    def test_a_range_that_was_not_asked_for(self, site: Site, content_range: str | None) -> None:
        headers = {"ETag": '"new"'} | ({"Content-Range": content_range} if content_range else {})
        site.serve(new(Reply(cut_at=HALF)), Reply(206, NEW[HALF:], headers), new())
        assert site.refresh().status is Status.NEW
        assert site.path.read_bytes() == NEW

    def test_a_range_that_ends_before_it_said(self, site: Site) -> None:
        headers = {"ETag": '"new"', "Content-Range": f"bytes {HALF}-{len(NEW) - 1}/{len(NEW)}"}
        short = Reply(206, NEW[HALF:-10], headers)
        site.serve(new(Reply(cut_at=HALF), md5=None), short, new(md5=None))
        assert site.refresh().status is Status.NEW
        assert site.path.read_bytes() == NEW

    def test_a_range_cut_again(self, site: Site) -> None:
        cut = new(Reply(cut_at=HALF // 2))
        site.serve(cut, cut, new())
        assert site.refresh().status is Status.NEW
        assert [r.headers.get("range") for r in site.requests()] == [
            None,
            f"bytes={HALF // 2}-",
            f"bytes={HALF // 2 * 2}-",
        ]

    def test_416_for_a_part_of_another_file(self, site: Site) -> None:
        site.serve(new(Reply(cut_at=HALF)), Reply(416), new())
        assert site.refresh().status is Status.NEW
        assert site.path.read_bytes() == NEW

    def test_a_body_that_lacked_only_its_verification(self, site: Site) -> None:
        site.serve(new(Reply(cut_at=HALF)), Reply(404))
        site.refresh()
        (site.hidden / "a.csv.part").write_bytes(NEW)
        site.serve(new())
        assert site.refresh().status is Status.NEW
        assert site.path.read_bytes() == NEW
        (request,) = site.requests()
        assert request.headers["range"] == f"bytes={len(NEW)}-"

    def test_a_whole_part_with_wrong_bytes(self, site: Site) -> None:
        site.serve(new(Reply(cut_at=HALF)), Reply(404))
        site.refresh()
        (site.hidden / "a.csv.part").write_bytes(content(9, len(NEW)))
        site.serve(new())
        assert site.refresh().status is Status.NEW
        assert site.path.read_bytes() == NEW

    def test_of_another_host_is_begun_anew(self, site: Site) -> None:
        site.serve(new(Reply(cut_at=HALF)), Reply(404))
        site.refresh()
        with LoopbackServer() as mirror:
            moved = Site(mirror, site.data_dir)
            moved.serve(new())
            assert moved.refresh().status is Status.NEW
            assert "range" not in moved.requests()[0].headers

    def test_an_encoded_body_is_begun_anew(self, site: Site) -> None:
        encoded = file_reply(NEW, compress=True, fault=Reply(cut_at=1000))
        site.serve(encoded, file_reply(NEW, compress=True))
        assert site.refresh().status is Status.NEW
        assert "range" not in site.requests()[1].headers


class TestLargeFiles:
    """Bodies that are read from the connection directly."""

    LARGE = content(4, 20 << 20)

    def serve(self, site: Site, *faults: Reply, md5: str = "right") -> None:
        site.serve(*(file_reply(self.LARGE, md5=md5, fault=fault) for fault in faults))

    def test_a_whole_one_and_a_small_one_after_it(self, site: Site) -> None:
        self.serve(site, Reply())
        site.server.on(OTHER.path, file_reply(OLD))
        results = refresh([FILE, OTHER], site.settings, workers=1)
        assert [result.status for result in results] == [Status.NEW] * 2
        assert site.path.read_bytes() == self.LARGE
        assert (site.data_dir / OTHER.name).read_bytes() == OLD

    @pytest.mark.parametrize(
        "fault",
        [
            Reply(cut_at=5_000_000),
            Reply(stall_after=5_000_000),
            Reply(declared_length=(20 << 20) + 1),
        ],
    )
    def test_an_interrupted_one_is_gone_on_with(self, site: Site, fault: Reply) -> None:
        self.serve(site, fault, Reply())
        site.silence = 1
        assert site.refresh().status is Status.NEW
        assert site.path.read_bytes() == self.LARGE
        first, second = site.requests()[:2]
        assert "range" not in first.headers
        assert int(second.headers["range"][6:-1]) > 1_000_000

    def test_one_whose_connection_is_reset(self, site: Site) -> None:
        # A reset may take with it what has come but has not been read: nothing is said of a range.
        self.serve(site, Reply(reset=5_000_000), Reply())
        assert site.refresh().status is Status.NEW
        assert site.path.read_bytes() == self.LARGE
        assert len(site.requests()) == 2

    def test_a_silent_server_is_given_up(self, old_site: Site) -> None:
        self.serve(old_site, Reply(stall_after=0))
        old_site.silence = 0.3
        result = old_site.refresh()
        assert (result.status, result.note) == (Status.KEPT, "the server fell silent")
        assert old_site.path.read_bytes() == OLD

    def test_a_wrong_hash(self, old_site: Site) -> None:
        self.serve(old_site, Reply(), md5="nonsense")
        assert old_site.refresh().status is Status.FAILED
        assert old_site.path.read_bytes() == OLD

    def test_without_a_hash(self, site: Site) -> None:
        site.serve(file_reply(self.LARGE, md5=None))
        assert site.refresh().status is Status.NEW
        assert site.path.read_bytes() == self.LARGE


class TestWithoutHash:
    """Nobody knows a hash: then none is computed, and an untouched file is the server's."""

    @pytest.fixture
    def bare(self, site: Site) -> Site:
        site.serve(file_reply(OLD, etag='"old"', md5=None))
        assert site.refresh().status is Status.NEW
        assert '"md5": null' in site.record.read_text()
        return site

    def test_it_is_unchanged(self, bare: Site) -> None:
        bare.server.clear()
        record = bare.record.read_bytes()
        assert bare.refresh().status is Status.UNCHANGED
        assert bare.requests()[0].headers["if-none-match"] == '"old"'
        assert bare.record.read_bytes() == record

    def test_a_touched_one_is_fetched_to_be_sure(self, bare: Site) -> None:
        os.utime(bare.path, (1, 1))
        bare.server.clear()
        assert bare.refresh().status is Status.UNCHANGED
        assert "if-none-match" not in bare.requests()[0].headers
        bare.server.clear()
        assert bare.refresh().status is Status.UNCHANGED
        assert "if-none-match" in bare.requests()[0].headers

    def test_an_altered_one_is_fetched_again(self, bare: Site) -> None:
        bare.path.write_bytes(OLD[:-1] + b"x")
        assert bare.refresh().status is Status.CHANGED
        assert bare.path.read_bytes() == OLD

    def test_an_altered_one_is_not_forgiven_for_being_looked_at(self, bare: Site) -> None:
        bare.path.write_bytes(OLD[:-1] + b"x")
        known = replace(FILE, md5=md5_of(OLD))
        for _ in range(2):
            (facts,) = file_facts([known], bare.settings)
            assert facts.matches_server is not True
            assert facts.matches_catalog is False
        bare.serve(file_reply(OLD, etag='"old"'))
        assert bare.refresh().status is Status.CHANGED
        assert bare.path.read_bytes() == OLD

    def test_a_catalog_that_learns_the_md5(self, bare: Site) -> None:
        assert bare.refresh(md5=md5_of(NEW)).note.startswith("differs from the catalog")
        assert md5_of(OLD) in bare.record.read_text()
        # From now on the bytes are known: a touched file is the same file.
        os.utime(bare.path, (1, 1))
        bare.server.clear()
        assert bare.refresh().status is Status.UNCHANGED
        assert "if-none-match" in bare.requests()[0].headers


class TestEncoding:
    """A gzipped answer is kept decoded, and verified as it was sent."""

    @pytest.mark.parametrize("chunked", [False, True])
    def test_it_is_decoded(self, site: Site, chunked: bool) -> None:
        site.serve(file_reply(NEW, compress=True, fault=Reply(chunked=chunked)))
        assert site.refresh() == Result(FILE, Status.NEW, len(NEW))
        assert site.path.read_bytes() == NEW
        assert site.requests()[0].headers["accept-encoding"] == "gzip"
        site.server.clear()
        assert site.refresh().status is Status.UNCHANGED
        assert len(site.requests()) == 1

    def test_several_members_and_much_air(self, site: Site) -> None:
        air = bytes(30_000_000)
        body = gzip.compress(air) + gzip.compress(OLD) + gzip.compress(NEW)
        site.serve(Reply(body=body, headers={"Content-Encoding": "x-gzip", **hash_of(body)}))
        assert site.refresh().status is Status.NEW
        assert site.path.read_bytes() == air + OLD + NEW

    def test_a_server_without_conditions(self, site: Site) -> None:
        headers = {"Content-Encoding": "gzip", **hash_of(GZIPPED)}
        site.serve(
            Reply(body=GZIPPED, headers=headers),
            Reply(body=GZIPPED, headers=headers, stall_after=0),
        )
        site.refresh()
        assert site.refresh().status is Status.UNCHANGED

    def test_the_catalogs_md5_is_of_the_decoded_bytes(self, site: Site) -> None:
        site.serve(file_reply(NEW, compress=True, md5=None))
        assert site.refresh(md5=md5_of(GZIPPED)).status is Status.FAILED
        assert site.refresh(md5=md5_of(NEW)) == Result(
            replace(FILE, md5=md5_of(NEW)), Status.NEW, len(NEW)
        )

    def test_a_hash_of_what_the_server_unpacked_says_nothing(self, site: Site) -> None:
        headers = {"x-goog-stored-content-encoding": "gzip", **hash_of(GZIPPED)}
        site.serve(Reply(body=NEW, headers=headers))
        assert site.refresh().status is Status.NEW
        assert site.path.read_bytes() == NEW


class TestCatalog:
    """Whose word counts: the server's hash, else the catalog's MD5, else the length."""

    def test_the_server_is_right_and_the_catalog_out_of_date(self, site: Site) -> None:
        site.serve(new())
        result = site.refresh(size=len(OLD), md5=md5_of(OLD))
        assert result.status is Status.NEW
        assert md5_of(NEW) in result.note
        assert md5_of(OLD) in result.note
        again = site.refresh(size=len(OLD), md5=md5_of(OLD))
        assert (again.status, again.note) == (Status.UNCHANGED, result.note)

    def test_the_catalog_does_not_excuse_a_wrong_hash(self, site: Site) -> None:
        site.serve(new(md5="AAAAAAAAAAAAAAAAAAAAAA=="))
        assert site.refresh(md5=md5_of(NEW)).status is Status.FAILED

    def test_without_a_hash_the_catalog_decides(self, old_site: Site) -> None:
        old_site.serve(new(md5=None))
        refused = old_site.refresh(md5=md5_of(OLD))
        assert refused.status is Status.FAILED
        assert "the catalog's MD5" in refused.note
        assert old_site.path.read_bytes() == OLD
        assert old_site.refresh(md5=md5_of(NEW)).status is Status.CHANGED

    def test_the_catalog_can_vouch_for_a_body_without_a_length(self, site: Site) -> None:
        site.serve(Reply(body=NEW, until_close=True))
        assert site.refresh(md5=md5_of(NEW)).status is Status.NEW

    def test_another_size_than_the_catalogs_is_told(self, site: Site) -> None:
        site.serve(new())
        assert "310,000 bytes, there 7" in site.refresh(size=7).note

    def test_agreement_is_not_worth_a_word(self, site: Site) -> None:
        site.serve(new())
        assert site.refresh(size=len(NEW), md5=md5_of(NEW)).note == ""


class TestAdoption:
    """A file that was put into the folder by hand is not fetched if it is the right one."""

    @pytest.fixture
    def by_hand(self, site: Site) -> Site:
        site.data_dir.mkdir()
        site.path.write_bytes(NEW)
        return site

    def adopted(self, site: Site, md5: str | None = None) -> bool:
        """Whether the file is taken as it is, without a look at the body."""
        site.server.clear()
        status = site.refresh(md5=md5).status
        assert len(site.requests()) == 1
        return status is Status.UNCHANGED and site.record.exists()

    def test_by_the_servers_hash(self, by_hand: Site) -> None:
        by_hand.serve(new(Reply(stall_after=0)))
        assert self.adopted(by_hand)
        by_hand.server.clear()
        assert by_hand.refresh().status is Status.UNCHANGED
        assert by_hand.requests()[0].headers["if-none-match"] == '"new"'

    def test_by_the_catalogs_md5(self, by_hand: Site) -> None:
        by_hand.serve(new(Reply(stall_after=0), md5=None))
        assert self.adopted(by_hand, md5_of(NEW))

    def test_by_length_and_date(self, by_hand: Site) -> None:
        by_hand.serve(new(Reply(stall_after=0), md5=None))
        assert self.adopted(by_hand)

    def test_not_if_the_server_has_a_later_one(self, by_hand: Site) -> None:
        later = formatdate(by_hand.path.stat().st_mtime + 60, usegmt=True)
        other = content(9, len(NEW))
        by_hand.serve(file_reply(other, last_modified=later, md5=None))
        assert by_hand.refresh().status is Status.CHANGED
        assert by_hand.path.read_bytes() == other

    @pytest.mark.parametrize("md5", ["right", None])
    def test_not_if_it_is_another(self, by_hand: Site, md5: str | None) -> None:
        by_hand.serve(file_reply(OLD, md5=md5))
        assert by_hand.refresh().status is Status.CHANGED
        assert by_hand.path.read_bytes() == OLD

    def test_not_by_length_if_the_etag_has_changed(self, old_site: Site) -> None:
        other = content(9, len(OLD))
        old_site.serve(file_reply(other, etag='"other"', md5=None))
        assert old_site.refresh().status is Status.CHANGED
        assert old_site.path.read_bytes() == other


class TestAfterAKill:
    """The states between the steps of a move, made by hand; `test_refresh_kill` kills for real."""

    @pytest.fixture
    def between(self, old_site: Site) -> Site:
        """The new file is verified and its record written; nothing has been moved."""
        record = old_site.record.read_bytes()
        old_site.serve(new())
        old_site.refresh()
        old_site.record.replace(old_site.hidden / "a.csv.next.json")
        old_site.path.replace(old_site.hidden / "a.csv.part")
        old_site.path.write_bytes(OLD)
        old_site.record.write_bytes(record)
        old_site.server.clear()
        return old_site

    def check(self, site: Site) -> None:
        assert site.refresh().status is Status.CHANGED
        assert site.path.read_bytes() == NEW
        assert [r.headers.get("if-none-match") for r in site.requests()] == ['"new"']
        assert site.hidden_files() == {".json"}

    def test_before_the_file_is_moved(self, between: Site) -> None:
        self.check(between)

    def test_before_the_record_is_moved(self, between: Site) -> None:
        (between.hidden / "a.csv.part").replace(between.path)
        self.check(between)

    def test_before_the_partials_record_is_removed(self, old_site: Site) -> None:
        old_site.serve(new(Reply(cut_at=1000)), Reply(404))
        old_site.refresh()
        partial = (old_site.hidden / "a.csv.part.json").read_bytes()
        old_site.serve(new())
        old_site.refresh()
        (old_site.hidden / "a.csv.part.json").write_bytes(partial)
        assert old_site.refresh().status is Status.UNCHANGED
        assert old_site.hidden_files() == {".json"}

    def test_a_next_record_of_nothing(self, between: Site) -> None:
        (between.hidden / "a.csv.part").unlink()
        between.refresh()
        assert between.path.read_bytes() == NEW
        assert between.hidden_files() == {".json"}


class TestSeveral:
    """Several files, several refreshes."""

    def test_files_are_fetched_at_the_same_time(self, site: Site) -> None:
        files = [replace(FILE, path=f"{n}.csv", name=f"{n}.csv") for n in range(4)]
        meeting = Barrier(4)  # broken after its timeout if the requests come one by one

        def together(request: Request) -> Reply:
            meeting.wait(10)
            return Reply(body=request.path.encode())

        site.server.default(together)
        results = refresh(files, site.settings)
        assert [result.status for result in results] == [Status.NEW] * 4
        for file in files:
            assert (site.data_dir / file.name).read_text() == f"/{file.name}"

    def test_results_keep_the_order_and_one_failure_harms_nobody(self, site: Site) -> None:
        site.serve(new())
        missing = replace(OTHER, path="nowhere", name="c.csv")
        site.server.on(OTHER.path, file_reply(OLD))
        results = site.refresh_all([missing, FILE, OTHER, FILE])
        assert [result.status for result in results] == ["failed", "new", "new", "new"]
        assert site.server.count(FILE.path) == 1
        assert "c.csv: HTTP status 404" in str(failure(results))

    def test_nothing_to_do(self, site: Site) -> None:
        assert refresh([], site.settings) == ()

    def test_the_listener_is_told(self, site: Site) -> None:
        told: list[tuple[object, ...]] = []

        class Notes(Silence):
            def started(self, name: str, done: int, total: int | None) -> None:
                told.append(("started", name, done, total))

            def progressed(self, name: str, done: int) -> None:
                if told[-1] != ("progressed", name, done):
                    told.append(("progressed", name, done))

            def waiting(self, name: str, reason: str) -> None:
                told.append(("waiting", name, reason.partition(" (")[0]))

            def finished(self, result: Result) -> None:
                told.append(("finished", result.status))

        site.serve(Reply(500), new(Reply(cut_at=HALF)), new())
        site.refresh(Notes())
        assert told[0] == ("waiting", "a.csv", "HTTP status 500")
        assert told[1] == ("started", "a.csv", 0, len(NEW))
        assert ("waiting", "a.csv", "the connection broke") in told
        assert ("started", "a.csv", HALF, len(NEW)) in told
        assert told[-2:] == [("progressed", "a.csv", len(NEW)), ("finished", "new")]


class TestMeans:
    """What a refresh needs before it can begin."""

    def test_only_https_outside_this_machine(self, tmp_path: Path) -> None:
        with pytest.raises(InsecureAddressError):
            refresh([FILE], Settings(tmp_path / "data", "http://example.org/"))
        assert not (tmp_path / "data").exists()

    def test_a_folder_that_cannot_be_made(self, site: Site) -> None:
        site.data_dir.write_bytes(b"a file")
        with pytest.raises(StorageError, match="--data-dir"):
            site.refresh()

    def test_a_disk_that_is_too_small(self, site: Site) -> None:
        site.serve(Reply(body=b"x", declared_length=10**15))
        result = site.refresh()
        assert "make room" in result.note
        assert len(site.requests()) == 1

    def test_a_place_that_cannot_be_written(self, site: Site) -> None:
        (site.hidden / "a.csv.part").mkdir(parents=True)
        site.serve(new())
        result = site.refresh()
        assert result.status is Status.FAILED
        assert "a.csv.part" in result.note


def test_the_row_of_the_catalog_is_what_was_asked_for(site: Site) -> None:
    file = CatalogFile("v7", "train", "human_labels", "x/y.csv", "y.csv", None, None)
    site.server.on("x/y.csv", file_reply(OLD))
    (result,) = site.refresh_all([file])
    assert result.file is file
