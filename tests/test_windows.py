"""The demo runs without the modules and functions that Windows lacks."""

import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, run_process
from tests.support.photos import manifest_rows


@pytest.mark.skipif(sys.platform == "win32", reason="the other tests cover it")
def test_the_demo_runs_without_posix_functions(tmp_path: Path) -> None:
    def run_like_windows(*arguments: str) -> None:
        command = [sys.executable, "-m", "tests.support.windows_process", *arguments]
        # Its locks do not exclude ours, so it could delete temporary folders of other processes.
        run_process(command, tmp_path, PYTHONPATH=str(ROOT), TMPDIR=str(tmp_path))

    run_like_windows("demo", "dataset")
    assert sum(row["status"] == "downloaded" for row in manifest_rows(tmp_path / "dataset")) > 100
    run_like_windows("verify", "dataset")
