"""The calls of the README in a notebook, with a kernel of its own.

`.ci/run` makes the environment: `python -m venv .bench/notebook`, and `.bench/notebook/bin/pip
install . ipykernel ipywidgets nbclient`. Without it these tests are skipped.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hotdog_sql.demo.server import serve
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

_PYTHON = ROOT / ".bench/notebook/bin/python"
_RUN = """
import json, sys, nbformat
from nbclient import NotebookClient
cells = map(nbformat.v4.new_code_cell, json.load(sys.stdin))
notebook = nbformat.v4.new_notebook(cells=list(cells))
client = NotebookClient(notebook, timeout=60)
client.execute()
drawn = {name: str(state.get("outputs")) for name, state in client.widget_state.items()}
print(json.dumps([[cell.outputs for cell in notebook.cells], drawn]))
"""
_CONNECT = "import hotdog_sql; database = hotdog_sql.connect('data')"
_DOWNLOAD = (
    "chosen = hotdog_sql.select(database, 'Hot dog'); hotdog_sql.download(chosen, 'dataset')"
)


def run(folder: Path, *cells: str) -> tuple[list[list[dict[str, Any]]], dict[str, str]]:
    """The outputs of each cell, and what was last in each widget."""
    if not _PYTHON.exists():
        pytest.skip("there is no .bench/notebook; .ci/run makes it")
    with serve() as world:
        done = subprocess.run(
            [_PYTHON, "-c", _RUN],
            cwd=folder,
            env=os.environ
            | {
                "HOTDOG_SQL_BASE_URL": world.base_url,
                "HOTDOG_SQL_MIRROR_URL": world.mirror_url,
                "PYTHONPATH": str(ROOT),
            },
            input=json.dumps(cells),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    outputs, drawn = json.loads(done.stdout)
    return outputs, drawn


def text(outputs: list[dict[str, Any]], kind: str = "text/plain") -> str:
    return "\n".join(one["data"].get(kind, "") for one in outputs if "data" in one)


def test_tables_thumbnails_and_progress(tmp_path: Path) -> None:
    outputs, drawn = run(
        tmp_path,
        _CONNECT,
        _DOWNLOAD,
        "hotdog_sql.verify('dataset')",
        "chosen",
        "chosen.thumbnails()",
    )
    connected, downloaded, verified, table, thumbnails = outputs
    assert "files to download: 3" in text(connected)
    widgets = "".join(drawn.values())
    assert "test-images-with-rotation.csv" in widgets
    assert "photos" in widgets
    for cell, report in ((downloaded, "DownloadReport"), (verified, "VerifyReport")):
        assert "Output()" in text(cell)
        assert report in text(cell)
    assert "<th>ImageID</th>" in text(table, "text/html")
    assert text(thumbnails, "text/html").count("<img ") == 20
