"""The program uses nothing that Windows lacks, as far as another system can tell."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.support.photos import manifest_rows


@pytest.mark.skipif(sys.platform == "win32", reason="there the other tests show it")
def test_the_demo_runs_without_what_only_posix_has(tmp_path: Path) -> None:
    def like_windows(*arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "tests.support.windows_process", *arguments],
            cwd=tmp_path,
            # Its locks do not hold off ours: temporary folders of other processes would go.
            env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    like_windows("demo", "dataset")
    assert sum(row["status"] == "downloaded" for row in manifest_rows(tmp_path / "dataset")) > 100
    like_windows("verify", "dataset")
    like_windows("demo", "dataset")
