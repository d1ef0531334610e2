"""The Python API: `import hotdog_sql`."""

import re
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import hotdog_sql
from hotdog_sql.errors import DataError, InputError
from hotdog_sql.options import DataOptions
from hotdog_sql.progress import Progress
from tests.conftest import ROOT, Run, run_process
from tests.support.openimages import ROW_COLUMNS, OpenImages, image_row, small_open_images
from tests.support.photos import tree


def test_the_example_of_the_readme_runs(tmp_path: Path, addresses: dict[str, str]) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(import hotdog_sql\n.*?)```", readme, flags=re.DOTALL)
    done = run_process([sys.executable, "-c", example], tmp_path, **addresses)
    assert done.stdout.endswith("True\n")
    assert list((tmp_path / "chosen" / "other").iterdir())


def test_the_examples_of_the_docstrings_run(tmp_path: Path, addresses: dict[str, str]) -> None:
    program = (
        "import doctest, sys, hotdog_sql.api\n"
        "tried = doctest.testmod(hotdog_sql.api)\n"
        "sys.exit(tried.failed or tried.attempted < 8)"
    )
    run_process([sys.executable, "-c", program], tmp_path, **addresses)


def test_public_names_are_listed_and_documented() -> None:
    public = {"connect", "download", "select", "verify"}
    others = {"DownloadOptions", "SelectOptions", "Selection", "__version__"}
    assert set(dir(hotdog_sql)) == public | others
    for name in public:
        docstring = getattr(hotdog_sql, name).__doc__
        for part in ("Args:", "Returns:", "Raises:", ">>> "):
            assert part in docstring, (name, part)


def test_a_split_may_be_one_or_several_or_all(tmp_path: Path) -> None:
    for split in ("test", "validation", "train"):
        small_open_images().write(tmp_path, split)
    for splits, count in (("validation", 300), (["test", "train"], 600), ("all", 900)):
        with hotdog_sql.connect(tmp_path, splits=splits, offline=True) as database:
            assert database.rows("SELECT count(*) FROM images") == [(count,)]
            # Rows are named tuples, also if columns are duplicates or no Python identifiers.
            (row,) = database.rows("SELECT 1 AS a, $two AS a, 3 AS class, count(*)", {"two": 2})
            assert (row, row.a, row._fields) == ((1, 2, 3, 1), 1, ("a", "_1", "_2", "_3"))
    with pytest.raises(InputError, match=r"'val',\) is invalid; give one of test, validation"):
        hotdog_sql.connect(tmp_path, splits="val", offline=True)


def test_invalid_options_are_input_errors() -> None:
    cases: list[tuple[Any, dict[str, Any]]] = [
        (DataOptions, {"threads": 0, "release": "v5", "data_dir": "\ud800", "memory_limit": 5}),
        (hotdog_sql.connect, {"splits": 5, "data_dir": 5, "large": "no", "labels": [1, 2]}),
        (hotdog_sql.SelectOptions, {"classes": 5, "min_area": -0.1, "no_group_of": 1}),
        (hotdog_sql.DownloadOptions, {"sources": ["mirro"], "workers": 0, "dataset_format": "tar"}),
        (hotdog_sql.DownloadOptions, {"scheduler": 5, "retry": "x"}),
    ]
    for options, invalid in cases:
        for name, value in invalid.items():
            with pytest.raises(InputError, match=f"^{name} "):
                options(**{name: value})


def test_a_dataset_of_the_command_line_resumes_in_another_folder(
    call: Run, tmp_path: Path, addresses: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    call("select", "Hot dog", "--negatives", "2x", "--download", "dataset", **addresses)
    files = tree(tmp_path / "dataset")
    with hotdog_sql.connect("data") as database:
        chosen = hotdog_sql.select(database, "Hot dog", ratio=2, min_confidence=1)
        fewer = hotdog_sql.select(database, options=chosen.options, negatives=5)
        assert len(fewer) == len(chosen) / 3 + 5
        monkeypatch.chdir(tmp_path / "dataset")
        assert hotdog_sql.download(chosen, ".").downloaded == 0
        hotdog_sql.download(chosen, "../again")
    assert tree(tmp_path / "dataset") == tree(tmp_path / "again") == files


def test_errors_of_a_progress_end_the_download(
    tmp_path: Path, addresses: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Progress):
        def received(self, count: int) -> None:
            raise ArithmeticError(count)

    for name, value in addresses.items():
        monkeypatch.setenv(name, value)
    with hotdog_sql.connect(tmp_path / "data") as database:
        chosen = hotdog_sql.select(database, "Hot dog")
        for _ in range(4):
            with pytest.raises(ArithmeticError):
                hotdog_sql.download(chosen, tmp_path / "dataset", progress=Broken())
        assert hotdog_sql.download(chosen, tmp_path / "dataset").failed == 0


def test_an_unusable_file_leaves_no_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_open_images().write(tmp_path / "data")
    (tmp_path / "data" / "test-annotations-bbox.csv").write_text("ImageID,b\n1,2\n")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    with pytest.raises(DataError, match="lacks columns of boxes"):
        hotdog_sql.connect(tmp_path / "data")
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_recipe_of_a_file_that_has_changed_is_refused(tmp_path: Path) -> None:
    small_open_images().write(tmp_path)
    with hotdog_sql.connect(tmp_path, offline=True) as database:
        chosen = hotdog_sql.select(database, "Hot dog")
        (tmp_path / "test-images-with-rotation.csv").touch()
        with pytest.raises(DataError, match=r"rotation\.csv has changed while in use: run"):
            hotdog_sql.download(chosen, tmp_path / "dataset")


def test_a_selection_is_rows_a_report_and_a_table(small_data: Path) -> None:
    with hotdog_sql.connect(small_data, offline=True) as database:
        chosen = hotdog_sql.select(database, "Hot dog", negatives=30)
        rows = list(chosen)
        assert repr(chosen) == "<Selection of 42 images: hot_dog 12, other 30>"
        assert len(chosen) == len(rows) == 42
        assert tuple(rows[0]) == tuple(chosen.relation.columns) == ROW_COLUMNS
        assert chosen.relation.filter("folder = 'other'").shape == (30, 14)
        assert next(chosen.photos()).folder == "hot_dog"
        assert list(chosen.df()["ImageID"]) == [row["ImageID"] for row in rows]
        assert chosen.arrow().column("rank").to_pylist() == [row["rank"] for row in rows]
        assert chosen.report is not None
        assert chosen.report.classes[0].positives == 12
        assert "… 22 more rows" in chosen._repr_html_()
        query = "SELECT ImageID, 'all' AS folder FROM images"
        chosen = hotdog_sql.select(database, query=query, partition="train=0.5,test=0.5")
        # All images are copies of one photo here, so they stay together.
        assert {row["partition"] for row in chosen} in ({"train"}, {"test"})
        assert len(chosen) == 300
    closed = "the database is closed: use it inside its `with` block, or connect again"
    assert repr(chosen) == chosen._repr_html_() == closed
    uses: list[Callable[[], object]] = [chosen.df, chosen.__len__, partial(list, chosen)]
    uses += [partial(hotdog_sql.select, database, "Cat"), partial(hotdog_sql.download, chosen, "x")]
    for use in uses:
        with pytest.raises(InputError, match=closed):
            use()


def test_untrusted_text_is_escaped_in_a_notebook(tmp_path: Path) -> None:
    hostile = "<script>alert('\x1b[31m')</script>\" onload=\"alert(1)"
    page, script = f"https://example.com/{hostile}", "javascript:alert(1)"
    addresses = {"OriginalLandingURL": script, "Thumbnail300KURL": script}
    images = [
        image_row("0" * 16, Title=hostile, OriginalLandingURL=page),
        image_row("1" * 16, Title=hostile, **addresses),
    ]
    labels = [(digit * 16, "verification", "/m/01b9xk", "1") for digit in "01"]
    OpenImages(images=images, labels=labels).write(tmp_path)
    with hotdog_sql.connect(tmp_path, offline=True) as database:
        chosen = hotdog_sql.select(database, "Hot dog")
        table, thumbnails = chosen._repr_html_(), chosen.thumbnails().html
        assert chosen.thumbnails(1).html.count("<img ") == 1
    for html in (table, thumbnails):
        assert "<script>" not in html
        assert "\x1b" not in html
        assert "&lt;script&gt;" in html
    tags = re.findall(r"<(\w+)([^>]*)>", thumbnails)
    assert {name for name, _ in tags} == {"p", "div", "a", "img"}
    pictures = [dict(re.findall(r' (\w+)="([^"]*)"', text)) for name, text in tags if name == "img"]
    assert [set(one) for one in pictures] == [{"src", "alt", "title", "style", "loading"}] * 2
    assert {one["src"] for one in pictures} == {
        f"https://c1.staticflickr.com/1/{'0' * 16}_z.jpg",
        f"https://open-images-dataset.s3.amazonaws.com/test/{'1' * 16}.jpg",
    }
    assert sorted(re.findall('href="([^"]{,20})', thumbnails)) == ["", "https://example.com/"]
