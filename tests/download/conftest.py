"""Fixtures of the tests of downloads."""

from pathlib import Path

import pytest


@pytest.fixture(params=["folder", "bucket"])
def there(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a dataset may be: a folder, and fsspec's memory in the place of a bucket."""
    if request.param == "folder":
        return str(tmp_path / "dataset")
    return f"memory://{request.node.name}"
