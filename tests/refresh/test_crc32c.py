"""CRC32C, which Google's storage sends beside the MD5: what is held to it, and what then is not."""

import sys
from base64 import b64encode
from dataclasses import replace

import pytest

from hotdog_sql.refresh import Status, local_files
from tests.refresh.site import FILE, NEW, OLD, Site, content, md5_of
from tests.support.loopback import Answer, Reply, file_reply

google_crc32c = pytest.importorskip("google_crc32c")

LARGE = content(5, 20 << 20)
UNKNOWN = '"md5": null'


def crc32c_of(data: bytes) -> str:
    """As `x-goog-hash` writes it; the check value of RFC 3720, section B.4, is tested below."""
    return b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()


def serve(
    site: Site, data: bytes, *faults: Reply, md5: str | None = "right", crc32c: str | None = None
) -> None:
    """Serves these bytes with their CRC32C, or another."""
    crc32c = crc32c or crc32c_of(data)
    answers: list[Answer] = [
        file_reply(data, etag=f'"{len(data)}"', md5=md5, crc32c=crc32c, fault=fault)
        for fault in faults or (Reply(),)
    ]
    site.serve(*answers)


def cut_short(site: Site, data: bytes) -> None:
    """Serves half of these bytes, and then nothing more."""
    half = Reply(cut_at=len(data) // 2)
    etag, crc32c = f'"{len(data)}"', crc32c_of(data)
    site.serve(file_reply(data, etag=etag, crc32c=crc32c, fault=half), Reply(404))


def test_the_values_of_the_standard() -> None:
    assert google_crc32c.value(bytes(32)) == 0x8A9136AA
    assert google_crc32c.value(b"\xff" * 32) == 0x62A8AB43


@pytest.mark.parametrize("data", [NEW, LARGE])
class TestBodies:
    """Small ones, and large ones, which are read from the connection directly."""

    def test_the_right_one(self, site: Site, data: bytes) -> None:
        serve(site, data)
        assert site.refresh().status is Status.NEW
        assert site.path.read_bytes() == data
        assert UNKNOWN in site.record.read_text()

    def test_damage_that_leaves_the_length(self, old_site: Site, data: bytes) -> None:
        serve(old_site, data, crc32c=crc32c_of(data[:-1] + b"x"))
        result = old_site.refresh()
        assert (result.status, "CRC32C" in result.note) == (Status.FAILED, True)
        assert old_site.path.read_bytes() == OLD

    def test_damage_on_the_way_is_fetched_again_from_the_start(
        self, site: Site, data: bytes
    ) -> None:
        damaged = file_reply(data[:-1] + b"x", crc32c=crc32c_of(data))
        site.serve(damaged, file_reply(data, crc32c=crc32c_of(data)))
        assert site.refresh().status is Status.NEW
        assert site.path.read_bytes() == data
        assert "range" not in site.requests()[1].headers

    def test_an_interrupted_one_is_held_to_it_as_a_whole(self, site: Site, data: bytes) -> None:
        serve(site, data, Reply(cut_at=len(data) // 2), Reply())
        assert site.refresh().status is Status.NEW
        assert site.path.read_bytes() == data
        assert "range" in site.requests()[1].headers

    def test_a_damaged_beginning_is_found_out(self, site: Site, data: bytes) -> None:
        cut_short(site, data)
        assert site.refresh().status is Status.FAILED
        part = site.hidden / f"{FILE.name}.part"
        part.write_bytes(b"x" + part.read_bytes()[1:])
        serve(site, data)
        assert site.refresh().status is Status.NEW
        assert site.path.read_bytes() == data
        assert ["range" in request.headers for request in site.requests()] == [True, False]


class TestTheTwoHashes:
    """The catalog's MD5, the server's MD5 and its CRC32C."""

    def test_one_that_stands_alone_is_enough(self, old_site: Site) -> None:
        serve(old_site, NEW, md5=None, crc32c=crc32c_of(OLD))
        assert old_site.refresh().status is Status.FAILED
        serve(old_site, NEW, md5=None)
        assert old_site.refresh().status is Status.CHANGED

    def test_an_md5_in_the_catalog_is_compared_too(self, site: Site) -> None:
        serve(site, NEW)
        result = site.refresh(md5=md5_of(OLD))
        assert (result.status, md5_of(NEW) in result.note) == (Status.NEW, True)
        assert md5_of(NEW) in site.record.read_text()

    def test_then_both_of_the_servers_must_agree(self, old_site: Site) -> None:
        serve(old_site, NEW, md5="AAAAAAAAAAAAAAAAAAAAAA==")
        result = old_site.refresh(md5=md5_of(NEW))
        assert (result.status, "the MD5 of the server" in result.note) == (Status.FAILED, True)

    def test_it_goes_before_a_catalog_without_an_md5_of_the_servers(self, site: Site) -> None:
        serve(site, NEW, md5=None)
        assert site.refresh(md5=md5_of(OLD)).note.startswith("differs from the catalog")

    def test_without_the_library_the_md5_counts(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "google_crc32c", None)
        serve(site, NEW, crc32c=crc32c_of(OLD))
        assert site.refresh().status is Status.NEW
        assert md5_of(NEW) in site.record.read_text()


class TestLater:
    """No MD5 is known of a file that was held to a CRC32C, until something needs it."""

    @pytest.fixture
    def fetched(self, site: Site) -> Site:
        serve(site, NEW)
        assert site.refresh().status is Status.NEW
        site.server.clear()
        return site

    def test_it_is_unchanged(self, fetched: Site) -> None:
        record = fetched.record.read_bytes()
        assert fetched.refresh().status is Status.UNCHANGED
        assert "if-none-match" in fetched.requests()[0].headers
        assert fetched.record.read_bytes() == record

    def test_an_altered_one_is_fetched_again(self, fetched: Site) -> None:
        fetched.path.write_bytes(NEW[:-1] + b"x")
        assert fetched.refresh().status is Status.CHANGED
        assert fetched.path.read_bytes() == NEW

    def test_one_put_back_by_hand_is_known_by_the_servers_md5(self, fetched: Site) -> None:
        fetched.record.unlink()
        assert fetched.refresh().status is Status.UNCHANGED
        assert md5_of(NEW) in fetched.record.read_text()

    def test_a_catalog_that_learns_the_md5(self, fetched: Site) -> None:
        (facts,) = local_files([replace(FILE, md5=md5_of(NEW))], fetched.settings)
        assert (facts.matches_server(), facts.matches_catalog()) == (True, True)
        assert md5_of(NEW) in fetched.record.read_text()
