"""The Makefile, run on a copy of the checkout with the demo's server."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT, run_process

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")

Make = Callable[..., subprocess.CompletedProcess[str]]

STAND = "/m/0bm1pg"
IMAGES = "data/test-images-with-rotation.csv"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy2(ROOT / name, tmp_path)
    return tmp_path


@pytest.fixture
def make(checkout: Path, addresses: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Make:
    """A function that runs make in the copy, with this environment instead of `.venv`."""
    for name in [name for name in os.environ if name.startswith("MAKE")]:
        monkeypatch.delenv(name)

    def run_make(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        stamps = [f"--old-file={Path(sys.prefix) / name}" for name in (".installed", ".developed")]
        command = ["make", f"VENV={sys.prefix}", *stamps, *arguments]
        return run_process(command, checkout, code, **addresses)

    return run_make


def _photos(dataset: Path) -> list[str]:
    return sorted(path.relative_to(dataset).as_posix() for path in dataset.glob("*/*"))


def test_help_lists_every_target_and_is_the_default(make: Make) -> None:
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))
    listed = make("help")
    assert targets == {
        "help", "demo", "cluster-demo", "dataset", "refresh", "shell", "test", "lint", "bench",
        "screenshots", "clean",
    }  # fmt: skip
    for target in targets:
        assert re.search(rf"^{target} +\w", listed.stdout, re.MULTILINE), target
    assert make().stdout == listed.stdout


def test_only_targets_for_developers_install_the_dev_group(checkout: Path) -> None:
    """In a checkout without an environment."""

    def planned(*targets: str) -> str:
        return run_process(["make", "-n", *targets], checkout).stdout

    for target in ("demo", "dataset", "shell", "refresh"):
        assert "pip install --quiet --editable '.[shell]'" in planned(target)
        assert "--group dev" not in planned(target)
    for target in ("test", "lint", "bench", "cluster-demo"):
        assert planned(target).index(".[shell]") < planned(target).index("--group dev")
    assert "--data-dir 'elsewhere'" in planned("refresh", "HOTDOG_SQL_DATA_DIR=elsewhere")


def test_a_file_is_fetched_once_and_an_unknown_one_is_an_error(make: Make, checkout: Path) -> None:
    refused = make("data/test-images-with-rotations.csv", code=2)
    assert "the nearest is test-images-with-rotation.csv" in refused.stderr
    assert not list(checkout.rglob("*.csv"))
    make(IMAGES)
    assert (checkout / IMAGES).stat().st_size > 100_000
    assert "hotdog-sql" not in make(IMAGES).stdout


def test_a_class_is_quoted_as_one_argument(make: Make, checkout: Path) -> None:
    name = "it's; touch pwned #`touch pwned`$$(touch pwned)"
    planned = make("-n", "dataset", f"CLASS={name}")
    assert """--class 'it'\\''s; touch pwned #`touch pwned`$(touch pwned)' """ in planned.stdout
    refused = make("dataset", f"CLASS={name}", "NEGATIVES=1", code=2)
    assert "touch pwned" in refused.stderr
    assert not (checkout / "pwned").exists()
    assert "DATA is" in make("dataset", "DATA=my pizza", code=2).stderr


@pytest.mark.slow
def test_a_dataset_is_made_again_when_something_changed(
    make: Make, checkout: Path, addresses: dict[str, str]
) -> None:
    dataset = ("dataset", f"CLASS={STAND}", "NEGATIVES=3")
    make("-j4", *dataset)
    first = _photos(checkout / "dataset")
    assert len(first) >= 6
    make("-q", *dataset)
    assert "hotdog-sql" not in make("-n", *dataset).stdout

    (checkout / IMAGES).touch()
    make("-q", *dataset, code=1)
    again = make(*dataset)
    assert "0 downloaded now" in again.stderr
    make("-q", *dataset)

    make(*dataset, "SEED=7")
    assert _photos(checkout / "dataset") != first
    make("-q", *dataset, code=1)
    make("-q", *dataset, "DATASET=another", code=1)
    other = ("select", "Person", "--negatives", "2", "--download", "dataset", "--update")
    run_process([sys.executable, "-m", "hotdog_sql", *other], checkout, **addresses)
    make("-q", *dataset, code=1)
    make(*dataset)
    assert _photos(checkout / "dataset") == first
    made = max(path.stat().st_mtime_ns for path in (checkout / "build").iterdir())
    photo = next((checkout / "dataset").rglob("*.jpg"))
    while photo.stat().st_ctime_ns <= made:  # the clock of a file system stands still for ms
        photo.touch()
    photo.unlink()
    make("-q", *dataset, code=1)
    shutil.rmtree(checkout / "dataset")
    make("-q", *dataset, code=1)
