"""Fetching on first use, and what is known of the files without asking a server."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.errors import MissingFileError
from hotdog_sql.progress import FileProgress
from hotdog_sql.refresh.local_file import LocalFile, file_md5, local_files
from hotdog_sql.refresh.refresh import LARGE, Status, fetch_missing
from tests.refresh.site import FILE, NEW, OLD, OTHER, Site, md5_of
from tests.support.loopback import LoopbackServer, Reply, file_reply

MD5 = md5_of(NEW)


class Asked(FileProgress):
    """Notes what is planned and asked, and answers."""

    def __init__(self, answer: bool = True) -> None:
        self.answer = answer
        self.plan: list[tuple[str, int | None]] = []
        self.total: int | None = None
        self.questions: list[tuple[int, int | None]] = []

    def planned(self, files: Sequence[CatalogFile], total: int | None) -> None:
        self.plan = [(file.name, file.bytes) for file in files]
        self.total = total

    def confirm(self, files: Sequence[CatalogFile], total: int | None) -> bool:
        self.questions.append((len(files), total))
        return self.answer


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with LoopbackServer() as server:
        server.on(FILE.path, file_reply(NEW))
        server.on(OTHER.path, file_reply(OLD))
        yield Site(server, tmp_path / "data")


def fetch(site: Site, asked: Asked, *files: CatalogFile, offline: bool = False) -> None:
    fetch_missing(files, site.settings, confirm=asked.confirm, offline=offline, progress=asked)


class TestFetchMissing:
    def test_what_is_fetched_and_how_large_it_is(self, site: Site) -> None:
        asked = Asked()
        fetch(site, asked, FILE, replace(OTHER, bytes=7))
        assert (site.path.read_bytes(), (site.data_dir / "b.csv").read_bytes()) == (NEW, OLD)
        assert (asked.plan, asked.questions) == ([("a.csv", len(NEW)), ("b.csv", 7)], [])
        assert asked.total == len(NEW) + 7
        # The size that the catalog lacks was asked for, the other was not.
        assert [r.path for r in site.requests() if r.method == "HEAD"] == ["/2018_04/a.csv"]

    def test_a_large_download_is_asked_about(self, site: Site) -> None:
        fetch(site, Asked(answer=False), replace(OTHER, bytes=LARGE - 1))
        large = replace(FILE, bytes=LARGE)
        asked = Asked(answer=False)
        with pytest.raises(MissingFileError, match="--yes"):
            fetch(site, asked, large)
        assert asked.questions == [(1, LARGE)]
        assert site.server.count(FILE.path) == 0
        fetch(site, Asked(), large)
        assert site.path.read_bytes() == NEW

    def test_a_train_file_of_unknown_size_counts_as_large(self, site: Site) -> None:
        site.serve(Reply(405), file_reply(NEW))
        asked = Asked(answer=False)
        with pytest.raises(MissingFileError):
            fetch(site, asked, replace(FILE, split="train"))
        assert asked.questions == [(1, None)]


class TestLocalFiles:
    def local(self, site: Site, md5: str | None = None, size: int | None = None) -> LocalFile:
        (local,) = local_files([replace(FILE, md5=md5, bytes=size), OTHER], site.data_dir)
        return local

    def test_a_fetched_file(self, site: Site) -> None:
        fetch(site, Asked(), FILE)
        site.server.clear()
        local = self.local(site, MD5)
        assert (local.bytes, local.date) == (len(NEW), datetime(2024, 5, 1, tzinfo=UTC))
        assert (local.matches_server(), local.matches_catalog()) == (True, True)
        assert self.local(site, md5_of(OLD)).matches_catalog() is False
        assert self.local(site, size=1).matches_catalog() is False
        assert self.local(site, size=len(NEW)).matches_catalog() is None
        os.utime(site.path, (1, 1))
        assert self.local(site).matches_server() is True
        assert site.requests() == []

    def test_an_altered_file(self, site: Site) -> None:
        fetch(site, Asked(), FILE)
        site.path.write_bytes(b"x" + NEW[1:])
        os.utime(site.path, (86400, 86400))
        for _ in range(2):
            local = self.local(site, MD5)
            assert (local.matches_server(), local.matches_catalog()) == (False, False)
            assert local.date == datetime(1970, 1, 2, tzinfo=UTC)
        # It has been looked at, not forgiven: the next refresh puts the right bytes back.
        assert site.refresh().status is Status.CHANGED

    def test_an_md5_is_computed_once(self, site: Site) -> None:
        site.data_dir.mkdir()
        site.path.write_bytes(NEW)
        assert (self.local(site).matches_server(), self.local(site).matches_catalog()) == (
            None,
            None,
        )
        assert file_md5([FILE], site.data_dir, compute=False) == {}
        assert not site.hidden.exists()
        assert file_md5([FILE], site.data_dir) == {FILE.name: MD5}
        # Same size and time, other bytes: only a recorded MD5 still agrees.
        times = (site.path.stat().st_atime_ns, site.path.stat().st_mtime_ns)
        site.path.write_bytes(b"x" + NEW[1:])
        os.utime(site.path, ns=times)
        assert file_md5([FILE], site.data_dir, compute=False) == {FILE.name: MD5}
        assert self.local(site, MD5).matches_catalog() is True
        os.utime(site.path, (1, 1))
        assert self.local(site, MD5).matches_catalog() is False
