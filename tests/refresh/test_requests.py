"""What is asked for, and whose word counts about what comes."""

import os
from dataclasses import replace

import pytest

from hotdog_sql.refresh.local_file import local_files
from hotdog_sql.refresh.refresh import FileResult, Status
from tests.refresh.site import FILE, NEW, OLD, Site, content, md5_of, new
from tests.support.loopback import LoopbackServer, Reply, file_reply


def asked(site: Site, header: str) -> list[str | None]:
    """The values of the header in the requests since `serve`."""
    return [request.headers.get(header) for request in site.requests()]


class TestRequests:
    def test_an_unchanged_file_is_one_conditional_request(self, old_site: Site) -> None:
        old_site.server.clear()
        assert old_site.refresh() == FileResult(FILE, Status.UNCHANGED, len(OLD))
        assert asked(old_site, "if-none-match") == ['"old"']
        assert asked(old_site, "range") == [None]

    def test_the_same_bytes_again_do_not_touch_the_file(self, old_site: Site) -> None:
        changed = old_site.path.stat().st_mtime_ns
        old_site.serve(file_reply(OLD, etag='"other"', md5=None))
        assert old_site.refresh().status is Status.UNCHANGED
        assert old_site.path.stat().st_mtime_ns == changed
        old_site.server.clear()
        assert old_site.refresh().status is Status.UNCHANGED
        assert asked(old_site, "if-none-match") == ['"other"']
        assert old_site.hidden_files() == {".json"}

    def test_an_altered_or_removed_file_is_fetched_again(self, old_site: Site) -> None:
        old_site.path.write_bytes(OLD[:-1] + b"x")
        old_site.server.clear()
        assert old_site.refresh().status is Status.CHANGED
        assert old_site.path.read_bytes() == OLD
        assert asked(old_site, "if-none-match") == [None]
        old_site.path.unlink()
        assert old_site.refresh().status is Status.NEW

    def test_another_hosts_etag_is_not_trusted(self, old_site: Site) -> None:
        with LoopbackServer() as mirror:
            moved = Site(mirror, old_site.data_dir)
            moved.serve(file_reply(OLD, etag='"theirs"'))
            assert moved.refresh().status is Status.UNCHANGED
            assert asked(moved, "if-none-match") == [None]

    def test_a_damaged_record_is_no_record(self, old_site: Site) -> None:
        damages = [b"", b"{}", b"[1]", b"\xff", b'{"url": 1}', b"[" * 100_000]
        for damage in damages:
            old_site.record.write_bytes(damage)
            old_site.server.clear()
            assert old_site.refresh().status is Status.UNCHANGED
            assert len(old_site.requests()) == 1

    def test_odd_headers_harm_nobody(self, site: Site) -> None:
        for headers in (
            {"ETag": '"\xe9"', "x-goog-hash": ""},
            {"ETag": "", "Last-Modified": "Wed, 01 May 2024 00:00:00 +99999999999999999999"},
        ):
            site.serve(Reply(body=OLD, headers=headers))
            assert site.refresh().status in (Status.NEW, Status.UNCHANGED)
            site.record.unlink()
            assert site.refresh().status is Status.UNCHANGED
            (local,) = local_files([FILE], site.data_dir)
            assert local.matches_server() is True
            assert local.date.year >= 2024


class TestWithoutHash:
    """Nobody knows a hash: then none is computed, and an untouched file is the server's."""

    @pytest.fixture
    def bare(self, site: Site) -> Site:
        site.serve(file_reply(OLD, etag='"old"', md5=None))
        assert site.refresh().status is Status.NEW
        assert '"md5": null' in site.record.read_text()
        site.server.clear()
        return site

    def test_a_touched_one_is_fetched_to_be_sure(self, bare: Site) -> None:
        record = bare.record.read_bytes()
        assert bare.refresh().status is Status.UNCHANGED
        assert asked(bare, "if-none-match") == ['"old"']
        assert bare.record.read_bytes() == record
        bare.server.clear()
        os.utime(bare.path, (1, 1))
        for _ in range(2):
            assert bare.refresh().status is Status.UNCHANGED
        assert asked(bare, "if-none-match") == [None, '"old"']

    def test_an_altered_one_is_not_forgiven_for_being_looked_at(self, bare: Site) -> None:
        bare.path.write_bytes(OLD[:-1] + b"x")
        known = replace(FILE, md5=md5_of(OLD))
        for _ in range(2):
            (local,) = local_files([known], bare.data_dir)
            assert local.matches_server() is not True
            assert local.matches_catalog() is False
        assert bare.refresh().status is Status.CHANGED
        assert bare.path.read_bytes() == OLD


class TestCatalog:
    """Whose word counts: the server's hash, else the catalog's MD5, else the length."""

    def test_the_server_is_right_and_the_catalog_out_of_date(self, site: Site) -> None:
        site.serve(new())
        result = site.refresh(size=len(OLD), md5=md5_of(OLD))
        assert result.status is Status.NEW
        assert result.note == "differs from the catalog"
        again = site.refresh(size=len(OLD), md5=md5_of(OLD))
        assert (again.status, again.note) == (Status.UNCHANGED, result.note)
        assert site.refresh(size=7).note == result.note
        assert site.refresh(size=len(NEW), md5=md5_of(NEW)).note == ""

    def test_without_a_hash_the_catalog_decides(self, old_site: Site) -> None:
        old_site.serve(new(md5=None))
        refused = old_site.refresh(md5=md5_of(OLD))
        assert refused.status is Status.FAILED
        assert "the MD5 of the catalog" in refused.note
        assert old_site.path.read_bytes() == OLD
        assert old_site.refresh(md5=md5_of(NEW)).status is Status.CHANGED


class TestAdoption:
    """A file that was put into the folder by hand is not fetched if it is the right one."""

    @pytest.mark.parametrize("data", [NEW, content(9, len(NEW))])
    def test_by_the_servers_hash(self, site: Site, data: bytes) -> None:
        site.data_dir.mkdir()
        site.path.write_bytes(data)
        site.serve(new(Reply(stall_after=0) if data == NEW else None))
        ends = [site.refresh().status for _ in range(2)]
        assert ends == [Status.UNCHANGED if data == NEW else Status.CHANGED, Status.UNCHANGED]
        assert asked(site, "if-none-match") == [None, '"new"']
        assert site.path.read_bytes() == NEW
