"""Shards: what is cut and handed over, and a dataset that does not show it."""

import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hotdog_sql.downloading.dataset import RUN
from hotdog_sql.downloading.destination import Destination
from hotdog_sql.downloading.events import Listener
from hotdog_sql.downloading.layout import Layout
from hotdog_sql.downloading.options import DownloadOptions
from hotdog_sql.downloading.photo import Photo
from hotdog_sql.downloading.shard import Shard, entries_of, fetch_shard
from hotdog_sql.downloading.spread import Spread, Tars

from hotdog_sql.errors import (
    ClusterError,
    DatasetError,
    DatasetLockedError,
    InputError,
    StorageError,
)
from hotdog_sql.options import DatasetFormat
from tests.support.fleets import TARS, PoolFleet, fetch, images
from tests.support.loopback import LoopbackServer, Reply, Request
from tests.support.photos import Album, manifest_rows, photo, serve, tree
from tests.support.pictures import jpeg, md5

CHOSEN = [photo(n, "hot_dog") for n in range(1, 31)] + [
    photo(100 + n, rank=n) for n in range(1, 41)
]
SPARE = [photo(100 + n, rank=n) for n in range(41, 61)]
ALBUM = Album(CHOSEN, {"other": SPARE})


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    """Has all but every fifth."""
    with LoopbackServer() as one:
        serve(one, [p for p in [*CHOSEN, *SPARE] if p.rank % 5])
        yield one


def shard_of(server: LoopbackServer, destination: Path, tar: str = "") -> Shard:
    (destination / RUN).parent.mkdir(exist_ok=True)
    (destination / RUN).write_text("this")
    return Shard(
        CHOSEN[:10],
        Destination.of(destination),
        server.url("/mirror/"),
        DownloadOptions(),
        tar=tar,
        classes={"hot_dog": 0},
        run="this",
    )


def tars_of(directory: Path) -> list[str]:
    return sorted(path for path in tree(directory) if path.endswith(".tar"))


@pytest.mark.parametrize("tar", ["", "000003.tar"])
def test_a_shard_that_is_run_twice(server: LoopbackServer, tmp_path: Path, tar: str) -> None:
    """As it would be on another machine: all that it needs goes there, and the rows come back."""
    shard = shard_of(server, tmp_path, tar)
    there = pickle.loads(pickle.dumps(shard))
    assert there == shard
    outcomes = pickle.loads(pickle.dumps(fetch_shard(there)))
    files = tree(tmp_path)
    entries = sorted(entries_of(shard, outcomes), key=lambda entry: entry.photo.rank)
    assert [entry.photo for entry in entries] == CHOSEN[:10]
    assert sum(entry.status == "lost" for entry in entries) == 2
    for entry in entries:
        if entry.status == "downloaded":
            place = f"{tar}/{entry.photo.image_id}" if tar else entry.photo.stem
            assert entry.path == f"{place}.jpg"
    assert len(files) - 1 == (1 if tar else 8)
    again = sorted(entries_of(shard, fetch_shard(shard)), key=lambda entry: entry.photo.rank)
    assert again == entries
    assert tree(tmp_path) == files


def test_a_tar_of_nothing_is_none(server: LoopbackServer, tmp_path: Path) -> None:
    (tmp_path / "000003.tar").write_bytes(b"what a killed run has left")
    shard = replace(shard_of(server, tmp_path, "000003.tar"), photos=[CHOSEN[4], CHOSEN[9]])
    assert [entry.status for entry in entries_of(shard, fetch_shard(shard))] == ["lost", "lost"]
    assert tars_of(tmp_path) == []


def test_a_tar_of_an_earlier_run_comes_too_late(server: LoopbackServer, tmp_path: Path) -> None:
    """A worker goes on with a shard whose command was killed; another command is at work."""
    shard = shard_of(server, tmp_path, "000003.tar")
    (tmp_path / RUN).write_text("another")
    (tmp_path / "000003.tar").write_bytes(b"of the other run")
    with pytest.raises(DatasetLockedError, match="another run has taken over"):
        fetch_shard(shard)
    (tmp_path / RUN).unlink()
    with pytest.raises(DatasetLockedError, match="another run has taken over"):
        fetch_shard(shard)
    assert (tmp_path / "000003.tar").read_bytes() == b"of the other run"


def test_another_version_of_the_program_is_refused(server: LoopbackServer, tmp_path: Path) -> None:
    shard = replace(shard_of(server, tmp_path), version="0.0.1")
    with pytest.raises(ClusterError, match=r"this is 0\.0\.1: install the same version"):
        fetch_shard(shard)


@pytest.mark.parametrize(("workers", "size"), [(1, 7), (3, 7), (3, 1), (2, 1000)])
def test_the_dataset_is_that_of_one_machine(
    server: LoopbackServer, tmp_path: Path, workers: int, size: int
) -> None:
    mirror = server.url("/mirror/")
    alone = fetch(mirror, tmp_path / "alone", ALBUM)
    server.clear()
    fleet = PoolFleet(workers)
    report = fetch(
        mirror, tmp_path / "together", ALBUM, layout=Layout(shard_size=size), fleet=fleet
    )
    assert tree(tmp_path / "together") == tree(tmp_path / "alone")
    assert report == alone
    assert max(server.counts().values()) == 1
    assert max(len(shard.photos) for shard in fleet.handed) == min(size, 70)


def test_a_second_run_hands_over_nothing(server: LoopbackServer, tmp_path: Path) -> None:
    fetch(server.url("/mirror/"), tmp_path, ALBUM, fleet=PoolFleet(2))
    again = PoolFleet(2)
    fetch(server.url("/mirror/"), tmp_path, ALBUM, fleet=again)
    assert again.handed == []


def test_memory_does_not_grow_with_the_selection(server: LoopbackServer, tmp_path: Path) -> None:
    """No more rows are taken than the shards in hand have."""
    taken = 0
    given = 0
    most = 0

    def photos() -> Iterator[Photo]:
        nonlocal taken, most
        for one in CHOSEN:
            taken += 1
            most = max(most, taken - given)
            yield one

    spread = Spread(
        PoolFleet(2),
        Destination.of(tmp_path),
        server.url("/mirror/"),
        DownloadOptions(),
        Listener(),
        shard_size=3,
    )
    with spread:
        for _ in spread.run(photos()):
            given += 1
    assert given == len(CHOSEN)
    assert most <= 2 * 2 * 3 + 3 + 1


@pytest.mark.parametrize(("per_host", "slots", "each", "at_once"), [(16, 4, 4, 4), (3, 4, 1, 3)])
def test_what_a_host_may_be_asked_is_divided(
    tmp_path: Path, per_host: int, slots: int, each: int, at_once: int
) -> None:
    with LoopbackServer() as server:
        now = 0
        most = 0

        def count(_: Request) -> Reply:
            nonlocal now, most
            now += 1
            most = max(most, now)
            server.stopping.wait(0.01)
            now -= 1
            return Reply(body=jpeg())

        server.default(count)
        fleet = PoolFleet(slots)
        layout = Layout(shard_size=5)
        fetch(server.url("/"), tmp_path, ALBUM, layout=layout, fleet=fleet, per_host=per_host)
    assert {shard.options.per_host for shard in fleet.handed} == {each}
    assert at_once <= most <= per_host


def test_what_other_shards_have_done_is_written_down(
    server: LoopbackServer, tmp_path: Path
) -> None:
    """One shard cannot write; the others' rows are there, and the next run takes them up."""
    (tmp_path / "other").mkdir()
    for one in CHOSEN[30:40]:
        (tmp_path / "other" / f"{one.image_id}.jpg").mkdir()
    layout = Layout(shard_size=10)
    with pytest.raises(StorageError):
        fetch(server.url("/mirror/"), tmp_path, ALBUM, layout=layout, fleet=PoolFleet(1))
    finished = {row["ImageID"] for row in manifest_rows(tmp_path)}
    assert finished >= {one.image_id for one in CHOSEN[:30]}
    for one in CHOSEN[30:40]:
        (tmp_path / "other" / f"{one.image_id}.jpg").rmdir()
    server.clear()
    fetch(server.url("/mirror/"), tmp_path, ALBUM, layout=layout, fleet=PoolFleet(1))
    asked = {path.rpartition("/")[2].removesuffix(".jpg") for path in server.counts()}
    assert not asked & finished


@pytest.mark.parametrize("fleet", [None, 2])
def test_tars_are_the_same_whoever_writes_them(
    server: LoopbackServer, tmp_path: Path, fleet: int | None
) -> None:
    mirror = server.url("/mirror/")
    fetch(mirror, tmp_path / "files", ALBUM)
    layout = Layout(TARS, 8)
    for name, workers in (("one", 1), ("two", 3)):
        hands = None if fleet is None else PoolFleet(workers)
        fetch(mirror, tmp_path / name, ALBUM, layout=layout, fleet=hands, workers=workers * 5)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert images(manifest_rows(tmp_path / "one")) == images(manifest_rows(tmp_path / "files"))
    tars = tars_of(tmp_path / "one")
    # 70 chosen; 8 of the others are lost, then 2 of the 8 reserves that take their places, then
    # none of two.
    assert tars == [f"{number:06d}.tar" for number in range(9 + 1 + 1)]


def test_tars_numbers_are_the_lowest_that_are_free() -> None:
    tars = Tars(used={"000000.tar", "000002.tar", "train/000000.tar"})
    assert [tars.next_name("") for _ in range(3)] == ["000001.tar", "000003.tar", "000004.tar"]
    assert [tars.next_name("train") for _ in range(2)] == ["train/000001.tar", "train/000002.tar"]


def test_a_dataset_keeps_its_format(server: LoopbackServer, tmp_path: Path) -> None:
    mirror = server.url("/mirror/")
    fetch(mirror, tmp_path / "tars", ALBUM, layout=Layout(TARS))
    fetch(mirror, tmp_path / "files", ALBUM)
    with pytest.raises(DatasetError, match="add --dataset-format webdataset"):
        fetch(mirror, tmp_path / "tars", ALBUM)
    with pytest.raises(DatasetError, match="leave out --dataset-format"):
        fetch(mirror, tmp_path / "files", ALBUM, layout=Layout(TARS))


@pytest.mark.parametrize("option", ["update", "retry_failed"])
def test_tars_are_not_changed(server: LoopbackServer, tmp_path: Path, option: str) -> None:
    options: dict[str, Any] = {option: True}
    with pytest.raises(InputError, match="tars that are there are not changed"):
        fetch(server.url("/mirror/"), tmp_path, ALBUM, layout=Layout(TARS), **options)


def test_what_failed_goes_into_further_tars(server: LoopbackServer, tmp_path: Path) -> None:
    """A tar that is there stays as it is; nothing is in two of them."""
    mirror = server.url("/mirror/")
    layout = Layout(DatasetFormat.WEBDATASET, 8)
    late = [CHOSEN[0], CHOSEN[20], CHOSEN[50]]
    for one in late:
        server.on(f"/mirror/{one.subset}/{one.image_id}.jpg", Reply(503))
    fetch(mirror, tmp_path / "twice", ALBUM, layout=layout)
    before = tree(tmp_path / "twice")
    serve(server, late)
    report = fetch(mirror, tmp_path / "twice", ALBUM, layout=layout)
    assert report.downloaded == 3
    after = tree(tmp_path / "twice")
    assert {path for path in after if path not in before} == {"000011.tar"}
    assert all(after[path] == before[path] for path in before if path.endswith(".tar"))
    fetch(mirror, tmp_path / "once", ALBUM, layout=layout)
    assert images(manifest_rows(tmp_path / "twice")) == images(manifest_rows(tmp_path / "once"))
    assert md5(after["000000.tar"]) != md5(tree(tmp_path / "once")["000000.tar"])
