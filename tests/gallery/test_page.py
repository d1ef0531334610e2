"""The gallery's page as a file: what it carries, and how it comes to be."""

import base64
import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hotdog_sql.cli import exits
from hotdog_sql.errors import DatasetError, StorageError
from hotdog_sql.gallery import write_gallery
from tests.conftest import ROOT, Run
from tests.support.galleries import COLUMNS, carried, failed, got, lost, write_dataset


def test_the_page_carries_every_row(tmp_path: Path) -> None:
    entries = [
        got(1, "hot_dog", Title="Lunch", Author="山田 花子"),
        lost(2, "hot_dog", error="mirror: http 404; original: placeholder"),
        got(3, source="original", Rotation="90.0", reserve="true"),
        failed(4, partition="train"),
    ]
    page = write_gallery(write_dataset(tmp_path / "ds", entries))
    assert page == tmp_path / "ds" / "index.html"
    for photo, row in zip(carried(page), entries, strict=True):
        typed = {"rank": int(row["rank"]), "bytes": int(row["bytes"] or 0)}
        expected = row | typed | {"reserve": row["reserve"] == "true"}
        assert photo == {column: expected[column] for column in photo}


def test_strangers_text_cannot_end_the_data(tmp_path: Path) -> None:
    titles = [
        *("</script><script>alert(1)</script>", "<!-- <script>", "a & b", "\u2028line\u2029"),
        *("../../../etc/passwd", "\x1b[31mred\x1b[0m", "\u202egod toh", "'); DROP TABLE x; --"),
    ]
    entries = [got(number, Title=title) for number, title in enumerate(titles, 1)]
    page = write_gallery(write_dataset(tmp_path / "ds", entries))
    assert [photo["Title"] for photo in carried(page)] == titles
    text = page.read_text()
    assert text.count("</script>") == 2
    assert "alert(1)" in text
    assert "<script>alert" not in text
    assert "<!-- " not in text


def test_the_policy_allows_this_script_and_style_alone(tmp_path: Path) -> None:
    text = write_gallery(write_dataset(tmp_path / "ds", [got(1)])).read_text()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    directives = dict(part.strip().split(" ", 1) for part in policy[1].split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == _hash(text, "script type=.module.", "script")
    assert directives["style-src"] == _hash(text, "style", "style")
    assert directives["img-src"] == "'self' file: data:"
    assert " style=" not in text, "the policy forbids it"
    assert not re.search(r"\son\w+=", text), "the policy forbids it"


def _hash(text: str, opening: str, closing: str) -> str:
    found = re.search(f"<{opening}>(.*?)</{closing}>", text, re.DOTALL)
    assert found
    digest = hashlib.sha256(found[1].encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def test_the_folders_name_is_text(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "<b>{{script}} {{photos}} & more", [got(1)])
    page = write_gallery(dataset)
    title = "&lt;b&gt;{{script}} {{photos}} &amp; more"
    assert f"<title>{title}</title>" in page.read_text()
    assert len(carried(page)) == 1


def test_a_later_row_of_a_photo_takes_the_place_of_an_earlier(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "ds", [failed(1), failed(2)])
    write_dataset(dataset, [got(1)])
    photos = carried(write_gallery(dataset))
    assert [(photo["rank"], photo["status"]) for photo in photos] == [
        (1, "downloaded"),
        (2, "failed"),
    ]


def test_a_download_that_was_killed_can_be_looked_at(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "ds", [got(1), got(2)])
    manifest = dataset / "manifest.csv"
    torn = manifest.read_bytes()[:-20]
    manifest.write_bytes(torn)
    assert [photo["rank"] for photo in carried(write_gallery(dataset))] == [1]
    assert manifest.read_bytes() == torn


def test_an_empty_dataset_has_a_page(tmp_path: Path) -> None:
    assert carried(write_gallery(write_dataset(tmp_path / "ds", []))) == []


def test_without_a_manifest_it_says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="name the folder of a dataset"):
        write_gallery(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_page_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "ds", [got(1)])
    (dataset / "index.html").mkdir()
    before = sorted(dataset.rglob("*"))
    with pytest.raises(StorageError):
        write_gallery(dataset)
    assert sorted(dataset.rglob("*")) == before


def test_the_old_page_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "ds", [got(1)])
    old = write_gallery(dataset).read_bytes()
    with (dataset / "manifest.csv").open("a") as file:
        file.write(",".join("x" * len(COLUMNS)) + "\n")
    with pytest.raises(DatasetError, match="did not write"):
        write_gallery(dataset)
    assert (dataset / "index.html").read_bytes() == old
    assert sorted(path.name for path in dataset.iterdir()) == [
        "index.html",
        "manifest.csv",
        "other",
    ]


_PEAK = """
import resource, sys
from pathlib import Path
from hotdog_sql.gallery import write_gallery
write_gallery(Path(sys.argv[1]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_photos(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        """Kilobytes."""
        entries = (lost(number, error="mirror: http 404") for number in range(1, rows + 1))
        dataset = write_dataset(tmp_path / str(rows), entries)
        command = [sys.executable, "-c", _PEAK, str(dataset)]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert len(carried(dataset / "index.html")) == rows
        return int(told.stdout)

    assert peak(100_000) - peak(100) < 8_000


def test_the_command_names_the_page(tmp_path: Path, run: Run) -> None:
    dataset = write_dataset(tmp_path / "ds", [got(1)])
    done = run("gallery", "ds")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{Path('ds/index.html')}\n", "")
    assert len(carried(dataset / "index.html")) == 1


def test_the_command_refuses_what_is_no_dataset(run: Run) -> None:
    done = run("gallery", "nowhere")
    assert done.returncode == exits.DATASET
    assert done.stdout == ""
    assert "nowhere has no manifest.csv" in done.stderr
