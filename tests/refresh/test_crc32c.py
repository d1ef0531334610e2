"""CRC32C, which Google's storage sends beside the MD5: with the extra, it is what is checked."""

from base64 import b64encode
from dataclasses import replace

import pytest

from hotdog_sql.refresh.local_file import local_files
from hotdog_sql.refresh.refresh import Status
from tests.refresh.site import FILE, NEW, OLD, Site, md5_of
from tests.support.loopback import file_reply

google_crc32c = pytest.importorskip("google_crc32c")


def crc32c_of(data: bytes) -> str:
    """As `x-goog-hash` writes it."""
    return b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()


def serve(site: Site, md5: str | None = "right", of: bytes = NEW) -> None:
    """Serves the new file with the CRC32C of these bytes."""
    site.serve(file_reply(NEW, '"new"', md5=md5, crc32c=crc32c_of(of)))


def test_it_is_enough_until_something_needs_an_md5(site: Site) -> None:
    serve(site)
    assert site.refresh().status is Status.NEW
    assert site.path.read_bytes() == NEW
    record = site.record.read_bytes()
    assert '"md5": null' in record.decode()
    site.server.clear()
    assert site.refresh().status is Status.UNCHANGED
    assert "if-none-match" in site.requests()[0].headers
    assert site.record.read_bytes() == record
    (local,) = local_files([replace(FILE, md5=md5_of(NEW))], site.data_dir)
    assert (local.matches_server(), local.matches_catalog()) == (True, True)
    assert md5_of(NEW) in site.record.read_text()


def test_damage_that_leaves_the_length(old_site: Site) -> None:
    serve(old_site, of=OLD)
    result = old_site.refresh()
    assert (result.status, "CRC32C" in result.note) == (Status.FAILED, True)
    assert old_site.path.read_bytes() == OLD


def test_the_md5_in_the_catalog_is_compared_too(old_site: Site) -> None:
    serve(old_site, md5="AAAAAAAAAAAAAAAAAAAAAA==")
    result = old_site.refresh(md5=md5_of(NEW))
    assert (result.status, "the MD5 of the server" in result.note) == (Status.FAILED, True)
    serve(old_site, md5=None)
    result = old_site.refresh(md5=md5_of(OLD))
    assert (result.status, result.note) == (Status.CHANGED, "differs from the catalog")
    assert md5_of(NEW) in old_site.record.read_text()
