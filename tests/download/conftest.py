"""What a server can do to a download, tried on both transports."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hotdog_sql.download_options import transport_name

#: The modules whose tests run on both.
_ON_BOTH = ("test_faults", "test_http")
#: The modules whose tests run on both, on the second one among the slow tests.
_ON_BOTH_SLOWLY = ("test_hosts", "test_hostile")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    module = metafunc.module.__name__.rpartition(".")[2]
    if module in _ON_BOTH:
        metafunc.parametrize("transport", ["httpx", "pyreqwest"], indirect=True)
    if module in _ON_BOTH_SLOWLY:
        second = pytest.param("httpx", marks=pytest.mark.slow)
        metafunc.parametrize("transport", ["pyreqwest", second], indirect=True)


@pytest.fixture(autouse=True)
def transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The transport of this test and of the processes that it starts."""
    if hasattr(request, "param"):
        pytest.importorskip(request.param)
        monkeypatch.setenv("HOTDOG_SQL_TRANSPORT", request.param)
    transport_name.cache_clear()
    yield
    transport_name.cache_clear()


@pytest.fixture(params=["folder", "bucket"])
def there(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a dataset may be: a folder, and fsspec's memory in the place of a bucket."""
    if request.param == "folder":
        return str(tmp_path / "dataset")
    return f"memory://{request.node.name}"
