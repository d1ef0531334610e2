"""Several files at once, what a refresh reports, and recovery between the steps of a move."""

from dataclasses import replace

import pytest

from hotdog_sql.errors import StorageError
from hotdog_sql.progress import FileProgress
from hotdog_sql.refresh.refresh import Status, failure, refresh
from tests.refresh.site import FILE, HALF, NEW, OLD, OTHER, Site, new
from tests.support.loopback import Reply, file_reply


def test_results_keep_the_order_and_one_failure_harms_nobody(site: Site) -> None:
    site.serve(new())
    missing = replace(OTHER, path="nowhere", name="c.csv")
    site.server.on(OTHER.path, file_reply(OLD))
    results = site.refresh_all([missing, FILE, OTHER, FILE])
    assert [result.status for result in results] == ["failed", "new", "new", "new"]
    assert results[1].file is FILE
    assert site.server.count(FILE.path) == 1
    assert "c.csv: HTTP status 404" in str(failure(results))
    assert refresh([], site.settings) == ()


def test_what_is_reported(site: Site) -> None:
    told: list[tuple[object, ...]] = []

    class Notes(FileProgress):
        def started(self, name: str, done: int, total: int | None) -> None:
            told.append(("started", name, done, total))

        def progressed(self, name: str, done: int) -> None:
            told.append(("progressed", name, done))

        def waiting(self, name: str, reason: str) -> None:
            told.append(("waiting", name, reason.partition(" (")[0].partition(";")[0]))

    site.serve(Reply(500), new(Reply(cut_at=HALF)), new())
    site.refresh(Notes())
    host = site.server.host
    assert told[0] == ("waiting", "a.csv", f"{host}: HTTP status 500")
    assert told[1] == ("started", "a.csv", 0, len(NEW))
    assert ("waiting", "a.csv", f"{host}: connection broke") in told
    assert ("started", "a.csv", HALF, len(NEW)) in told
    assert told[-1] == ("progressed", "a.csv", len(NEW))


def test_places_that_cannot_be_written(site: Site) -> None:
    site.data_dir.write_bytes(b"a file")
    with pytest.raises(StorageError, match="data"):
        site.refresh()
    site.data_dir.unlink()
    (site.hidden / "a.csv.part").mkdir(parents=True)
    site.serve(new())
    result = site.refresh()
    assert result.status is Status.FAILED
    assert "a.csv.part" in result.note
