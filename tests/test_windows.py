"""The program uses nothing that Windows lacks, as far as another system can tell."""

import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, run_process
from tests.support.photos import manifest_rows


@pytest.mark.skipif(sys.platform == "win32", reason="there the other tests show it")
def test_the_demo_runs_without_what_only_posix_has(tmp_path: Path) -> None:
    def like_windows(*arguments: str) -> None:
        command = [sys.executable, "-m", "tests.support.windows_process", *arguments]
        # Its locks do not hold off ours: temporary folders of other processes would go.
        run_process(command, tmp_path, PYTHONPATH=str(ROOT), TMPDIR=str(tmp_path))

    like_windows("demo", "dataset")
    assert sum(row["status"] == "downloaded" for row in manifest_rows(tmp_path / "dataset")) > 100
    like_windows("verify", "dataset")
