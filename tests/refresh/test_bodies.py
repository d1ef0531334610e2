"""Bodies: interrupted and resumed, large, encoded."""

import pytest

from hotdog_sql.refresh import Status
from tests.refresh.site import (
    HALF,
    NEW,
    OLD,
    Site,
    content,
    hash_of,
    new,
)
from tests.support.loopback import LoopbackServer, Reply, file_reply


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

    def test_of_another_host_is_begun_anew(self, site: Site) -> None:
        site.serve(new(Reply(cut_at=HALF)), Reply(404))
        site.refresh()
        with LoopbackServer() as mirror:
            moved = Site(mirror, site.data_dir)
            moved.serve(new())
            assert moved.refresh().status is Status.NEW
            assert "range" not in moved.requests()[0].headers


class TestLargeFiles:
    """Bodies that are read from the connection directly."""

    LARGE = content(4, 20 << 20)

    def serve(self, site: Site, *faults: Reply, md5: str = "right") -> None:
        site.serve(*(file_reply(self.LARGE, md5=md5, fault=fault) for fault in faults))

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
        assert (result.status, "the server stopped sending" in result.note) == (Status.KEPT, True)
        assert old_site.path.read_bytes() == OLD

    def test_a_wrong_hash(self, old_site: Site) -> None:
        self.serve(old_site, Reply(), md5="nonsense")
        assert old_site.refresh().status is Status.FAILED
        assert old_site.path.read_bytes() == OLD

    def test_without_a_hash(self, site: Site) -> None:
        site.serve(file_reply(self.LARGE, md5=None))
        assert site.refresh().status is Status.NEW
        assert site.path.read_bytes() == self.LARGE
