"""The calls of the README in a notebook, run by a real kernel.

`.ci/run` creates the environment: `python -m venv .bench/notebook`, and `.bench/notebook/bin/pip
install . ipykernel ipywidgets nbclient`. Without it, this test is skipped.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, run_process

pytestmark = pytest.mark.slow

_PYTHON = ROOT / ".bench/notebook/bin/python"
_RUN = """
import json, sys, nbformat
from nbclient import NotebookClient
cells = map(nbformat.v4.new_code_cell, json.load(sys.stdin))
notebook = nbformat.v4.new_notebook(cells=list(cells))
client = NotebookClient(notebook, timeout=60)
client.execute()
widgets = {name: str(state.get("outputs")) for name, state in client.widget_state.items()}
print(json.dumps([[cell.outputs for cell in notebook.cells], widgets]))
"""
_CONNECT = "import hotdog_sql; database = hotdog_sql.connect('data')"
_DOWNLOAD = (
    "chosen = hotdog_sql.select(database, 'Hot dog'); hotdog_sql.download(chosen, 'dataset')"
)
_VERIFY = "hotdog_sql.verify('dataset')"


def text(outputs: list[dict[str, Any]], kind: str = "text/plain") -> str:
    return "\n".join(output["data"].get(kind, "") for output in outputs if "data" in output)


@pytest.mark.skipif(not _PYTHON.exists(), reason="needs .bench/notebook, which .ci/run creates")
def test_tables_thumbnails_and_progress(tmp_path: Path, addresses: dict[str, str]) -> None:
    cells = json.dumps([_CONNECT, _DOWNLOAD, _VERIFY, "chosen", "chosen.thumbnails()"])
    variables = addresses | {"PYTHONPATH": str(ROOT)}
    done = run_process([str(_PYTHON), "-c", _RUN], tmp_path, 0, 600, cells, **variables)
    outputs, widgets = json.loads(done.stdout)
    connected, downloaded, verified, table, thumbnails = outputs
    assert "files to download: 3" in text(connected)
    bars = "".join(widgets.values())
    assert "test-images-with-rotation.csv" in bars
    assert "photos" in bars
    for cell, report in ((downloaded, "DownloadReport"), (verified, "VerifyReport")):
        assert "Output()" in text(cell)
        assert report in text(cell)
    assert "<th>ImageID</th>" in text(table, "text/html")
    assert text(thumbnails, "text/html").count("<img ") == 20
