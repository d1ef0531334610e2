"""`import hotdog_sql`: the calls that the commands are made of."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import hotdog_sql
from hotdog_sql.demo.server import serve
from hotdog_sql.errors import InputError
from tests.conftest import ROOT, run_process
from tests.support.openimages import ROW_COLUMNS, OpenImages, image_row, small_open_images


def run_in_the_demo(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a program of Python in a process of its own, with the demo's server as its world."""
    with serve() as world:
        addresses = {
            "HOTDOG_SQL_BASE_URL": world.base_url,
            "HOTDOG_SQL_MIRROR_URL": world.mirror_url,
        }
        return run_process([sys.executable, "-c", program], folder, **addresses)


def test_the_readmes_example_runs(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(import hotdog_sql\n.*?)```", readme, flags=re.DOTALL)
    done = run_in_the_demo(example, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("True\n")
    assert list((tmp_path / "dataset" / "other").iterdir())


def test_the_examples_of_the_docstrings_run(tmp_path: Path) -> None:
    program = (
        "import doctest, sys, hotdog_sql.api\n"
        "tried = doctest.testmod(hotdog_sql.api)\n"
        "sys.exit(tried.failed or tried.attempted < 8)"
    )
    done = run_in_the_demo(program, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_public_names_are_shown_and_described() -> None:
    public = {"connect", "download", "select", "verify"}
    types = {"DownloadOptions", "SelectOptions", "Selection"}
    assert set(dir(hotdog_sql)) == public | types | {"__version__"}
    for name in public:
        description = getattr(hotdog_sql, name).__doc__
        for part in ("Args:", "Returns:", "Raises:", ">>> "):
            assert part in description, (name, part)


def test_a_split_may_be_one_or_several_or_all(tmp_path: Path) -> None:
    for split in ("test", "validation", "train"):
        small_open_images().write(tmp_path, split)
    for splits, count in (("validation", 300), (["test", "train"], 600), ("all", 900)):
        with hotdog_sql.connect(tmp_path, splits=splits, offline=True) as database:
            assert database.rows("SELECT count(*) FROM images") == [(count,)]
    with pytest.raises(InputError, match="'val' does not exist; give one of test, validation"):
        hotdog_sql.connect(tmp_path, splits="val", offline=True)


def test_a_selection_is_rows_a_report_and_a_table(small_data: Path) -> None:
    with hotdog_sql.connect(small_data, offline=True) as database:
        chosen = hotdog_sql.select(database, "Hot dog", negatives=30)
        rows = list(chosen)
        assert repr(chosen) == "<Selection of 42 images: hot_dog 12, other 30>"
        assert len(chosen) == len(rows) == 42
        assert tuple(rows[0]) == tuple(chosen.columns) == ROW_COLUMNS
        assert chosen.relation.filter("folder = 'other'").shape == (30, 14)
        assert next(chosen.photos()).folder == "hot_dog"
        assert chosen.report is not None
        assert chosen.report.classes[0].positives == 12
        assert "… 22 more rows" in chosen._repr_html_()
        query = "SELECT ImageID, 'all' AS folder FROM images"
        chosen = hotdog_sql.select(database, query=query, partition="train=0.5,test=0.5")
        # All of them are copies of one photo here, so that they stay together.
        assert {row["partition"] for row in chosen} in ({"train"}, {"test"})
        assert len(chosen) == 300


def test_titles_are_text_in_a_notebook(tmp_path: Path) -> None:
    title = "<script>alert('\x1b[31m')</script>"
    OpenImages(
        images=[image_row("0" * 16, title=title)],
        labels=[("0" * 16, "verification", "/m/01b9xk", "1")],
    ).write(tmp_path)
    with hotdog_sql.connect(tmp_path, offline=True) as database:
        table = hotdog_sql.select(database, "Hot dog")._repr_html_()
    assert "<script>" not in table
    assert "\x1b" not in table
    assert "&lt;script&gt;" in table
