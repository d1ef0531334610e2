"""The gallery page as a file: its content, and how it is written."""

import base64
import hashlib
import os
import re
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hotdog_sql.errors import DatasetError, StorageError
from hotdog_sql.gallery.page import write_gallery
from tests.conftest import ROOT, Run
from tests.support.galleries import carried, failed, got, lost, write_dataset
from tests.support.photos import manifest_rows


def test_the_page_contains_every_row(tmp_path: Path, run: Run) -> None:
    entries = [
        replace(got(1, "hot_dog", title="Lunch", author="山田 花子"), width=640, height=480),
        lost(2, "hot_dog", error="mirror: http 404; original: placeholder"),
        got(3, source="original", rotation="90.0", reserve=True),
        failed(4, partition="train"),
    ]
    dataset = write_dataset(tmp_path / "ds", entries)
    done = run("gallery", "ds")
    assert (done.stdout, done.stderr) == (f"{Path('ds/index.html')}\n", "")
    for photo, row in zip(carried(dataset / "index.html"), manifest_rows(dataset), strict=True):
        assert photo == {column: row[column] for column in photo}


def test_a_manifest_of_an_earlier_release(tmp_path: Path) -> None:
    old = ROOT / "tests" / "download" / "manifest-without-sizes.csv"
    (tmp_path / "manifest.csv").write_bytes(old.read_bytes())
    assert [photo["width"] for photo in carried(write_gallery(tmp_path))] == [""] * 4


def test_no_title_can_end_the_data_or_run(tmp_path: Path) -> None:
    titles = [
        *("</script><script>alert(1)</script>", "<!-- <script>", "a & b", "\u2028line\u2029"),
        *("../../../etc/passwd", "\x1b[31mred\x1b[0m", "\u202egod toh", "'); DROP TABLE x; --"),
    ]
    entries = [got(number, title=title) for number, title in enumerate(titles, 1)]
    page = write_gallery(write_dataset(tmp_path / "<b>$script $photos & more", entries))
    assert [photo["Title"] for photo in carried(page)] == titles
    text = page.read_text()
    assert text.count("</script>") == 2
    assert not re.search("<script>alert|<!-- ", text)
    assert "<title>&lt;b&gt;$script $photos &amp; more</title>" in text
    # The policy allows only this script and style.
    hashes = [
        base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        for content in re.findall(r"<(?:style|script type=.module.)>(.*?)</s", text, re.DOTALL)
    ]
    assert (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src 'self' file: data:; "
        "style-src 'sha256-{}'; script-src 'sha256-{}'\"".format(*hashes)
    ) in text
    assert not re.search(r"\s(on\w+|style)=", text), "the policy forbids it"


def test_a_running_or_killed_download_has_a_gallery(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "ds", [])
    assert carried(write_gallery(dataset)) == []
    write_dataset(dataset, [failed(1), failed(2), got(1), got(3)])
    manifest = dataset / "manifest.csv"
    torn = manifest.read_bytes()[:-20]
    manifest.write_bytes(torn)
    found = [(photo["rank"], photo["status"]) for photo in carried(write_gallery(dataset))]
    assert found == [("1", "downloaded"), ("2", "failed")], "the later row counts, not the torn one"
    assert manifest.read_bytes() == torn


def test_the_old_page_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    def interrupted() -> Iterator[tuple[str, str]]:
        yield f"{1:016x}", "[]"
        raise KeyboardInterrupt

    dataset = write_dataset(tmp_path / "ds", [got(1)])
    for process in ("killed", "running"):
        (dataset / f".index.html.{process}.part").touch()
    os.utime(dataset / ".index.html.killed.part", (0, 0))
    page = write_gallery(dataset)
    assert [file.name for file in dataset.glob(".*")] == [".index.html.running.part"]
    old, files = page.read_bytes(), sorted(dataset.rglob("*"))
    with pytest.raises(KeyboardInterrupt):
        write_gallery(dataset, interrupted())
    assert page.read_bytes() == old
    page.unlink()
    page.mkdir()
    with pytest.raises(StorageError):
        write_gallery(dataset)
    assert sorted(dataset.rglob("*")) == files
    write_dataset(dataset, [replace(got(2), path="../secret.png")])
    with pytest.raises(DatasetError, match=r"did not write \(the path '../secret.png'\)"):
        write_gallery(dataset)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_photos(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        entries = (lost(number, error="mirror: http 404") for number in range(1, rows + 1))
        dataset = write_dataset(tmp_path / str(rows), entries)
        tracemalloc.start()
        page = write_gallery(dataset)
        bytes_at_most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(carried(page)) == rows
        return bytes_at_most

    assert peak(10_000) - peak(100) < 100_000
