"""Requests of refresh, the hash that it trusts, and its reports on local files."""

import os
import sys
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hotdog_sql.data_file import DataFile
from hotdog_sql.errors import StorageError
from hotdog_sql.refresh.refresh import FileResult, Status, failure
from tests.refresh.conftest import FILE, NEW, OLD, Site, content, new
from tests.support.loopback import LoopbackServer, Reply, file_reply
from tests.support.pictures import md5


def sent(site: Site, header: str) -> list[str | None]:
    """The values of the header in the requests since `serve`."""
    return [request.headers.get(header) for request in site.requests()]


def test_an_unchanged_file_is_one_conditional_request(old_site: Site) -> None:
    old_site.server.clear()
    assert old_site.refresh() == FileResult(old_site.file(), Status.UNCHANGED)
    assert sent(old_site, "if-none-match") == ['"old"']
    assert sent(old_site, "range") == [None]


def test_a_date_is_used_without_an_etag(site: Site) -> None:
    site.serve(file_reply(OLD, etag=None))
    assert [site.refresh().status for _ in range(2)] == [Status.NEW, Status.UNCHANGED]
    assert sent(site, "if-modified-since") == [None, "Wed, 01 May 2024 00:00:00 GMT"]


def test_an_altered_or_removed_file_is_fetched_again(old_site: Site) -> None:
    old_site.path.write_bytes(b"x" + OLD[1:])
    os.utime(old_site.path, (86400, 86400))
    for _ in range(2):
        local = old_site.file(md5=md5(OLD))
        assert (local.matches_server(), local.matches_catalog()) == (False, False)
        assert local.date == datetime(1970, 1, 2, tzinfo=UTC)
    # Computing the MD5 has not recorded the altered file as current.
    old_site.server.clear()
    assert old_site.refresh().status is Status.CHANGED
    assert old_site.path.read_bytes() == OLD
    assert sent(old_site, "if-none-match") == [None]
    old_site.path.unlink()
    assert old_site.refresh().status is Status.NEW


def test_another_hosts_etag_is_not_trusted(old_site: Site) -> None:
    with LoopbackServer() as mirror:
        moved = Site(mirror, old_site.data_dir)
        moved.serve(file_reply(OLD, etag='"theirs"'))
        assert moved.refresh().status is Status.UNCHANGED
        assert sent(moved, "if-none-match") == [None]


def test_a_damaged_record_is_ignored(old_site: Site) -> None:
    no_text = old_site.record.read_bytes().replace(b'"\\"old\\""', b"5")
    for damage in (b"", b"{}", b"[1]", b"\xff", no_text, b"[" * 100_000):
        old_site.record.write_bytes(damage)
        old_site.server.clear()
        assert old_site.refresh().status is Status.UNCHANGED
        assert len(old_site.requests()) == 1


@pytest.mark.parametrize("data", [NEW, content(9, len(NEW))])
def test_a_copied_file_is_kept_if_it_is_the_right_one(site: Site, data: bytes) -> None:
    site.data_dir.mkdir()
    site.path.write_bytes(data)
    site.serve(new(Reply(stall_after=0) if data == NEW else None))
    results = [site.refresh().status for _ in range(2)]
    assert results == [Status.UNCHANGED if data == NEW else Status.CHANGED, Status.UNCHANGED]
    assert sent(site, "if-none-match") == [None, '"new"']
    assert site.path.read_bytes() == NEW


def test_the_same_bytes_again_do_not_touch_the_file(old_site: Site) -> None:
    """The server gives no hash, and its ETag says that the file has changed."""
    before = old_site.path.stat().st_mtime_ns
    old_site.serve(file_reply(OLD, etag='"other"', md5=None))
    assert old_site.refresh().status is Status.UNCHANGED
    assert old_site.path.stat().st_mtime_ns == before
    old_site.server.clear()
    assert old_site.refresh().status is Status.UNCHANGED
    assert sent(old_site, "if-none-match") == ['"other"']
    assert old_site.hidden_files() == {".json"}


def test_the_server_is_right_and_the_catalog_out_of_date(site: Site) -> None:
    site.serve(new())
    result = site.refresh(size=len(OLD), md5=md5(OLD))
    assert result.status is Status.NEW
    assert result.note == "differs from the catalog"
    again = site.refresh(size=len(OLD), md5=md5(OLD))
    assert (again.status, again.note) == (Status.UNCHANGED, result.note)
    assert site.refresh(size=7).note == result.note
    assert site.refresh(size=len(NEW), md5=md5(NEW)).note == ""


def test_without_a_hash_the_catalog_decides(old_site: Site) -> None:
    old_site.serve(new(md5=None))
    refused = old_site.refresh(md5=md5(OLD))
    assert refused.status is Status.FAILED
    assert "the MD5 of the catalog" in refused.note
    assert old_site.path.read_bytes() == OLD
    assert old_site.refresh(md5=md5(NEW)).status is Status.CHANGED


def test_the_crc32c_is_checked(old_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's storage sends it with the MD5."""
    library = pytest.importorskip("google_crc32c")

    def crc32c_of(data: bytes) -> str:
        return b64encode(library.value(data).to_bytes(4, "big")).decode()

    old_site.serve(file_reply(NEW, '"new"', crc32c=crc32c_of(OLD)))
    result = old_site.refresh()
    assert (result.status, "CRC32C" in result.note) == (Status.FAILED, True)
    assert old_site.path.read_bytes() == OLD
    old_site.serve(file_reply(NEW, '"new"', crc32c=crc32c_of(NEW)))
    assert old_site.refresh().status is Status.CHANGED
    assert '"md5": null' in old_site.record.read_text()
    for data in (b"x" + NEW[1:], NEW):
        old_site.path.write_bytes(data)
        for _ in range(2):
            assert old_site.file().matches_server() == (data == NEW)
    assert old_site.refresh().status is Status.UNCHANGED
    local = old_site.file(md5=md5(NEW))
    assert (local.matches_server(), local.matches_catalog()) == (True, True)
    assert md5(NEW) in old_site.record.read_text()
    monkeypatch.setitem(sys.modules, "google_crc32c", None)
    old_site.serve(file_reply(OLD, '"old"', crc32c=crc32c_of(NEW)))
    assert old_site.refresh().status is Status.CHANGED


def test_results_keep_the_order_and_a_failure_affects_no_other_file(site: Site) -> None:
    site.serve(new())
    missing = DataFile(replace(FILE, name="c.csv", path="c.csv"), site.data_dir / "c.csv")
    results = site.refresh_all(missing, site.file())
    assert [result.status for result in results] == ["failed", "new"]
    assert "could not fetch c.csv: HTTP status 404" in str(failure(results))


def test_a_folder_that_cannot_be_made(site: Site) -> None:
    site.data_dir.write_bytes(b"a file")
    with pytest.raises(StorageError, match="data"):
        site.refresh()
