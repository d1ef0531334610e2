"""Fixtures of the tests of refresh."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hotdog_sql.refresh.refresh import Status
from tests.refresh.site import OLD, Site
from tests.support.loopback import LoopbackServer, file_reply


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A server that serves nothing yet, and a data folder that does not exist."""
    with LoopbackServer() as server:
        yield Site(server, tmp_path / "data")


@pytest.fixture
def old_site(site: Site) -> Site:
    """A site whose folder has the old file from an earlier refresh."""
    site.serve(file_reply(OLD, etag='"old"'))
    assert site.refresh().status is Status.NEW
    return site
