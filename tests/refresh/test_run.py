"""What lies around the fetching of one file: recovery, several at once, what is needed."""

from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.config import Settings
from hotdog_sql.errors import AddressError, StorageError
from hotdog_sql.refresh import Status, failure, refresh
from hotdog_sql.refresh.transfer import Progress
from tests.refresh.site import FILE, HALF, NEW, OLD, OTHER, Site, new
from tests.support.loopback import Reply, Request, file_reply


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

        class Notes(Progress):
            def started(self, name: str, done: int, total: int | None) -> None:
                told.append(("started", name, done, total))

            def progressed(self, name: str, done: int) -> None:
                if told[-1] != ("progressed", name, done):
                    told.append(("progressed", name, done))

            def waiting(self, name: str, reason: str) -> None:
                told.append(("waiting", name, reason.partition(" (")[0].partition(";")[0]))

        site.serve(Reply(500), new(Reply(cut_at=HALF)), new())
        site.refresh(Notes())
        host = site.server.host
        assert told[0] == ("waiting", "a.csv", f"{host}: HTTP status 500")
        assert told[1] == ("started", "a.csv", 0, len(NEW))
        assert ("waiting", "a.csv", f"{host}: the connection broke") in told
        assert ("started", "a.csv", HALF, len(NEW)) in told
        assert told[-1] == ("progressed", "a.csv", len(NEW))


class TestMeans:
    """What a refresh needs before it can begin."""

    def test_only_https_outside_this_machine(self, tmp_path: Path) -> None:
        with pytest.raises(AddressError):
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
