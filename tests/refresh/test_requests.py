"""What is asked for, and whose word counts about what comes."""

import os
from dataclasses import replace

import pytest

from hotdog_sql.config import Settings
from hotdog_sql.refresh import FileResult, Status, local_files, refresh
from tests.refresh.site import FILE, NEW, OLD, QUICK, Site, content, hash_of, md5_of, new
from tests.support.loopback import LoopbackServer, Reply, file_reply


class TestRequests:
    """What is asked for, and how often."""

    def test_an_unchanged_file_is_one_conditional_request(self, old_site: Site) -> None:
        old_site.server.clear()
        result = old_site.refresh()
        assert result == FileResult(FILE, Status.UNCHANGED, len(OLD))
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
        assert local_files([FILE], site.settings)[0].matches_server() is True

    def test_no_password_is_kept(self, site: Site) -> None:
        site.serve(file_reply(OLD))
        base = site.server.url("/").replace("http://", "http://me:secret@")
        refresh([FILE], Settings(site.data_dir, base), policy=QUICK)
        assert "secret" not in site.record.read_text()
        assert refresh([FILE], Settings(site.data_dir, base))[0].status is Status.UNCHANGED
        assert len(site.requests()) == 2


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
            (facts,) = local_files([known], bare.settings)
            assert facts.matches_server() is not True
            assert facts.matches_catalog() is False
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
        assert "the MD5 of the catalog" in refused.note
        assert old_site.path.read_bytes() == OLD
        assert old_site.refresh(md5=md5_of(NEW)).status is Status.CHANGED

    def test_the_catalog_can_vouch_for_a_body_without_a_length(self, site: Site) -> None:
        site.serve(Reply(body=NEW, until_close=True))
        assert site.refresh(md5=md5_of(NEW)).status is Status.NEW

    def test_another_size_than_the_catalogs_is_told(self, site: Site) -> None:
        site.serve(new())
        assert "310,000 bytes instead of 7" in site.refresh(size=7).note

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
