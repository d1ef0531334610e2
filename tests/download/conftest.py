"""Fixtures of the tests of downloads."""

from pathlib import Path

import pytest


@pytest.fixture
def bucket(request: pytest.FixtureRequest) -> str:
    """An address of the test's own in fsspec's memory, which stands in for an object store."""
    return f"memory://{request.node.name}"


@pytest.fixture(params=["folder", "bucket"])
def there(request: pytest.FixtureRequest, bucket: str, tmp_path: Path) -> str:
    """Where a dataset may be."""
    return str(tmp_path / "dataset") if request.param == "folder" else bucket
