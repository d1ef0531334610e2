"""`verify`: the manifest against the disk, the disk against the manifest, and mending."""

from pathlib import Path
from typing import Any

import pytest

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.verify import Fault, VerifyReport, repair, verify
from hotdog_sql.errors import DatasetError
from hotdog_sql.progress import Progress
from tests.support.loopback import LoopbackServer, Reply
from tests.support.photos import (
    NO_PAUSE,
    QUICK,
    manifest_rows,
    mirror_path,
    photo,
    refuse,
    run,
    serve,
    tree,
)
from tests.support.pictures import jpeg

PHOTOS = [photo(n) for n in range(1, 7)]
MIRROR: Any = {"sources": ("mirror",)}


def file_of(directory: Path, number: int) -> Path:
    return directory / "other" / f"{PHOTOS[number - 1].image_id}.jpg"


def found(report: VerifyReport) -> list[tuple[str, str]]:
    return [(problem.fault.value, problem.path) for problem in report.problems]


def mend(server: LoopbackServer, directory: Path) -> VerifyReport:
    options = DownloadOptions(sources=MIRROR["sources"], retry=QUICK, backoff=NO_PAUSE)
    return repair(directory, verify(directory), mirror_url=server.url("/mirror/"), options=options)


def damage(directory: Path) -> None:
    file_of(directory, 1).unlink()
    whole = file_of(directory, 2).read_bytes()
    file_of(directory, 2).write_bytes(whole[:100] + b"X" + whole[101:])  # of the same size
    file_of(directory, 3).write_bytes(whole)
    (directory / "other" / "mine.jpg").write_bytes(b"mine")
    (directory / "notes.txt").write_bytes(b"mine")
    (directory / "Thumbs.db").write_bytes(b"the system's")
    (directory / "labels.cache").write_bytes(b"a trainer's")
    (directory / "other" / ".DS_Store").write_bytes(b"the system's")


def test_a_whole_dataset(tmp_path: Path) -> None:
    with LoopbackServer() as server:
        serve(server, PHOTOS[:4])
        run(server, tmp_path, PHOTOS, recipe={"seed": 1}, **MIRROR)
    before = tree(tmp_path)
    heard: list[tuple[int, int]] = []

    class Hears(Progress):
        def checked(self, count: int, size: int) -> None:
            heard.append((count, size))

    report = verify(tmp_path, progress=Hears())
    assert report.good
    assert (report.checked, report.bytes) == (4, sum(len(jpeg(n)) for n in range(1, 5)))
    assert heard[-1] == (report.checked, report.bytes)
    assert tree(tmp_path) == before


def test_what_is_wrong_is_found_and_mended(tmp_path: Path) -> None:
    with LoopbackServer() as server:
        serve(server, PHOTOS)
        run(server, tmp_path, PHOTOS)
        before = tree(tmp_path)
        damage(tmp_path)
        report = verify(tmp_path)
        assert not report.good
        assert found(report) == [
            ("missing", f"other/{PHOTOS[0].image_id}.jpg"),
            ("altered", f"other/{PHOTOS[1].image_id}.jpg"),
            ("altered", f"other/{PHOTOS[2].image_id}.jpg"),
            ("extra", "notes.txt"),
            ("extra", "other/mine.jpg"),
        ]
        assert report.foreign == ["Thumbs.db", "labels.cache"]
        server.clear()
        after = mend(server, tmp_path)
        assert server.counts() == {mirror_path(one): 1 for one in PHOTOS[:3]}
    assert len(after.repaired) == 3
    assert [problem.fault for problem in after.problems] == [Fault.EXTRA] * 2
    there = tree(tmp_path)
    for mine in ("notes.txt", "other/mine.jpg", "other/.DS_Store", "Thumbs.db", "labels.cache"):
        del there[mine]
    assert there == before
    (tmp_path / "notes.txt").unlink()
    (tmp_path / "other" / "mine.jpg").unlink()
    assert verify(tmp_path).good


def test_what_cannot_be_had_any_more(tmp_path: Path) -> None:
    with LoopbackServer() as server:
        serve(server, PHOTOS)
        run(server, tmp_path, PHOTOS)
        damage(tmp_path)
        altered = file_of(tmp_path, 2).read_bytes()
        refuse(server, PHOTOS[:2], 404)
        refuse(server, PHOTOS[2:3], 503)
        after = mend(server, tmp_path)
    assert after.repaired == []
    assert [problem.fault for problem in after.problems if problem.photo] == [
        Fault.MISSING,
        Fault.ALTERED,
        Fault.ALTERED,
    ]
    # What is not on disk is not said to be; what somebody has altered is not thrown away.
    assert [row["status"] for row in manifest_rows(tmp_path)][:3] == [
        "lost",
        "downloaded",
        "downloaded",
    ]
    assert file_of(tmp_path, 2).read_bytes() == altered
    assert [problem.fault for problem in verify(tmp_path).problems].count(Fault.ALTERED) == 2


def test_a_folder_that_is_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="give the folder or the address"):
        verify(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_that_points_elsewhere_is_refused(tmp_path: Path) -> None:
    """A dataset may come from a stranger: its manifest must not make us touch other files."""
    with LoopbackServer() as server:
        server.default(Reply(body=jpeg()))
        run(server, tmp_path, PHOTOS[:1])
        manifest = tmp_path / "manifest.csv"
        text = manifest.read_text()
        path = f"other/{PHOTOS[0].image_id}.jpg"
        manifest.write_text(text.replace(path, "../../home/precious.jpg"))
        with pytest.raises(DatasetError, match="hotdog-sql did not write"):
            verify(tmp_path)
        with pytest.raises(DatasetError, match="hotdog-sql did not write"):
            run(server, tmp_path, PHOTOS[:1])
