"""Photos that are altered or decoded in tars and in object stores, as in class folders."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hotdog_sql.downloading.audit import audit
from hotdog_sql.downloading.destination import Destination
from hotdog_sql.downloading.layout import Layout
from hotdog_sql.downloading.verify import Fault

from hotdog_sql.errors import DatasetError
from tests.support.fleets import TARS, contents, fetch
from tests.support.loopback import LoopbackServer, Reply
from tests.support.photos import Album, mirror_path, photo, tree
from tests.support.pictures import md5, undecodable
from tests.support.quarters import quarters, saved

CHOSEN = [photo(1, "hot_dog"), photo(2)]


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    """A photo that can be decoded, and one that only looks like one."""
    with LoopbackServer() as one:
        one.on(mirror_path(CHOSEN[0]), Reply(body=saved(quarters())))
        one.on(mirror_path(CHOSEN[1]), Reply(body=undecodable()))
        yield one


@pytest.mark.parametrize("layout", [Layout(), Layout(TARS, 5)], ids=["files", "tars"])
@pytest.mark.parametrize("where", ["folder", "memory"])
def test_undecodable_photos_are_found(
    server: LoopbackServer, tmp_path: Path, where: str, layout: Layout
) -> None:
    there = f"memory://decode-{layout.in_tars}" if where == "memory" else str(tmp_path / "dataset")
    fetch(server.url("/mirror/"), there, Album(CHOSEN), layout=layout)
    destination = Destination.of(there)
    assert audit(destination).good
    report = audit(destination, decode=True)
    (finding,) = report.findings
    assert finding.fault is Fault.UNDECODABLE
    assert finding.photo is not None
    assert finding.photo.image_id == CHOSEN[1].image_id


def test_smaller_photos_in_an_object_store(server: LoopbackServer, tmp_path: Path) -> None:
    mirror = server.url("/mirror/")
    fetch(mirror, tmp_path / "folder", Album(CHOSEN[:1]), max_side=32)
    fetch(mirror, "memory://smaller", Album(CHOSEN[:1]), max_side=32)
    assert contents("memory://smaller") == {
        path: md5(data) for path, data in tree(tmp_path / "folder").items()
    }
    with pytest.raises(DatasetError, match="memory://smaller was made with --max-side 32"):
        fetch(mirror, "memory://smaller", Album(CHOSEN[:1]))
