"""`verify` compares the manifest with the files, and `repair` fixes them."""

import tracemalloc
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hotdog_sql.downloader import verify as verify_module
from hotdog_sql.downloader.result import HEADER, Result, Status, encode
from hotdog_sql.downloader.verify import Fault, VerifyReport, verify
from hotdog_sql.errors import DatasetError
from hotdog_sql.progress import Progress
from hotdog_sql.storage import open_storage
from tests.support.datasets import TARS, contents, download, mend, rows_at
from tests.support.loopback import LoopbackServer, Reply
from tests.support.photos import mirror_path, photo, refuse, serve
from tests.support.pictures import jpeg, md5, undecodable
from tests.support.quarters import quarters, saved

PHOTOS = [photo(n) for n in range(1, 7)]
PATHS = [f"{one.stem}.jpg" for one in PHOTOS]
THEIRS = ("Thumbs.db", "labels.cache")


class Checks(Progress):
    """Records the progress, and the memory in use."""

    def __init__(self) -> None:
        self.last = (0, 0)
        self.used: list[int] = []

    def checked(self, count: int, size: int) -> None:
        self.last = (count, size)
        self.used.append(tracemalloc.get_traced_memory()[0])


def found(report: VerifyReport) -> list[tuple[str, str]]:
    return [(problem.fault.value, problem.path) for problem in report.problems]


def damage(there: str) -> None:
    """Delete, alter and truncate a photo each, and add foreign files."""
    storage = open_storage(there)
    whole = storage.read(PATHS[1]) or b""
    storage.delete(PATHS[0])
    storage.write(PATHS[1], whole[:100] + b"X" + whole[101:])
    storage.write(PATHS[2], whole[:9])
    for path in ("notes.txt", "other/mine.jpg", "other/.DS_Store", *THEIRS):
        storage.write(path, b"mine")


def test_problems_are_found_and_repaired(server: LoopbackServer, there: str) -> None:
    with pytest.raises(DatasetError, match="give the folder or the address"):
        verify(there)
    assert contents(there) == {}
    for number, one in enumerate(PHOTOS):
        server.on(mirror_path(one), Reply(body=saved(quarters(96 + 16 * number))))
    download(server, there, PHOTOS, max_side=32)
    before = contents(there)
    progress = Checks()
    assert verify(there, progress=progress).good
    assert progress.last == (6, sum(len(before[path]) for path in PATHS))
    assert contents(there) == before
    damage(there)
    report = verify(there)
    assert found(report) == [
        ("missing", PATHS[0]),
        ("altered", PATHS[1]),
        ("altered", PATHS[2]),
        ("extra", "notes.txt"),
        ("extra", "other/mine.jpg"),
    ]
    assert {*THEIRS} <= {*report.foreign}
    server.clear()
    after = mend(server, there)
    assert server.counts() == {mirror_path(one): 1 for one in PHOTOS[:3]}
    assert len(after.repaired) == 3
    assert [problem.fault for problem in after.problems] == [Fault.EXTRA] * 2
    open_storage(there).delete("notes.txt", "other/mine.jpg", "other/.DS_Store", *THEIRS)
    assert contents(there) == before
    assert verify(there).good


def test_repair_of_photos_that_no_source_has(server: LoopbackServer, there: str) -> None:
    """Missing photos are recorded as lost; altered files are not deleted."""
    serve(server, PHOTOS)
    download(server, there, PHOTOS)
    damage(there)
    altered = open_storage(there).read(PATHS[1])
    refuse(server, PHOTOS[:2], 404)
    refuse(server, PHOTOS[2:3], 503)
    after = mend(server, there)
    assert after.repaired == []
    faults = [Fault.MISSING, Fault.ALTERED, Fault.ALTERED]
    assert [problem.fault for problem in after.problems if problem.photo] == faults
    statuses = [row["status"] for row in rows_at(there)]
    assert statuses == ["lost", *["downloaded"] * 5]
    assert open_storage(there).read(PATHS[1]) == altered


@pytest.mark.parametrize("options", [{}, {"dataset_format": TARS}], ids=["files", "tars"])
def test_undecodable_photos_are_found(
    server: LoopbackServer, there: str, options: dict[str, Any]
) -> None:
    server.on(mirror_path(PHOTOS[0]), Reply(body=saved(quarters())))
    server.on(mirror_path(PHOTOS[1]), Reply(body=undecodable()))
    download(server, there, PHOTOS[:2], **options)
    assert verify(there).good
    (problem,) = verify(there, decode=True).problems
    assert (problem.fault, problem.photo) == (Fault.UNDECODABLE, PHOTOS[1])


def test_memory_does_not_grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_module, "_BATCH", 10)
    data = jpeg()
    results = [
        Result(one, Status.DOWNLOADED, f"{one.stem}.jpg", size=len(data), md5=md5(data))
        for one in map(photo, range(1500))
    ]
    for result in results:
        open_storage(tmp_path).write(result.path, data)
    lines = [HEADER, *(encode(result.row()) for result in results)]
    (tmp_path / "manifest.csv").write_bytes(b"".join(lines))
    progress = Checks()
    tracemalloc.start()
    try:
        assert verify(tmp_path, progress=progress).good
    finally:
        tracemalloc.stop()
    # Python's table of interned names may grow once.
    assert min(progress.used[end] - progress.used[end - 600] for end in (700, 1400)) < 100_000


def test_a_manifest_with_foreign_paths_is_refused(server: LoopbackServer, tmp_path: Path) -> None:
    """A dataset may be untrusted: its manifest must not give access to other files."""
    serve(server, PHOTOS[:1])
    download(server, tmp_path, PHOTOS[:1])
    manifest = tmp_path / "manifest.csv"
    text = manifest.read_text()
    for good, bad in ((PATHS[0], "../../home/precious.jpg"), (",1,", f",{'1' * 30},")):
        manifest.write_text(text.replace(good, bad))
        for use in (verify, partial(download, server, photos=PHOTOS[:1])):
            with pytest.raises(DatasetError, match="hotdog-sql did not write"):
                use(tmp_path)
