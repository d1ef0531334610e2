"""Fixtures for the tests of downloads."""

from pathlib import Path

import pytest


@pytest.fixture
def bucket(request: pytest.FixtureRequest) -> str:
    """A unique address in fsspec's memory file system, which stands in for an object store."""
    return f"memory://{request.node.name}"


@pytest.fixture(params=["folder", "bucket"])
def there(request: pytest.FixtureRequest, bucket: str, tmp_path: Path) -> str:
    """The address of a dataset, local or remote."""
    return str(tmp_path / "dataset") if request.param == "folder" else bucket
