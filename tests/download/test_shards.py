"""Shards that Dask workers download, which are threads of this process."""

import pickle
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hotdog_sql.download_options import DatasetFormat, DownloadOptions
from hotdog_sql.downloader import executors
from hotdog_sql.downloader.executors import Shard, run_shard_once
from hotdog_sql.downloader.photo import Photo
from hotdog_sql.downloader.run import download as download_photos
from hotdog_sql.errors import ClusterError, DatasetError, StorageError
from hotdog_sql.progress import Progress
from hotdog_sql.storage import open_storage
from tests.conftest import Run
from tests.support.cluster import cluster_of_threads
from tests.support.datasets import TARS, contents, download, rows_at
from tests.support.loopback import LoopbackServer, Reply
from tests.support.photos import QUICK, Album, Crowd, album, photo, save_selection, serve

ALBUM = album(30, 40, 20)
CHOSEN, SPARE = [*ALBUM.photos()], [*ALBUM.replacements("other")]
RUN = ".hotdog-sql/run"


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    with cluster_of_threads(3) as address:
        yield address


@pytest.fixture
def server(server: LoopbackServer) -> LoopbackServer:
    """A server without every fifth photo."""
    serve(server, [one for one in [*CHOSEN, *SPARE] if one.rank % 5])
    return server


@pytest.mark.parametrize("size", [7, 1000])
def test_the_dataset_equals_that_of_one_machine(
    server: LoopbackServer, cluster: str, tmp_path: Path, there: str, size: int
) -> None:
    alone = download(server, tmp_path / "alone", ALBUM)
    server.clear()
    assert download(server, there, ALBUM, scheduler=cluster, shard_size=size) == alone
    assert contents(there) == contents(tmp_path / "alone")
    assert max(server.counts().values()) == 1
    server.clear()
    download(server, there, ALBUM, scheduler=cluster, shard_size=size)
    assert server.requests == []


def test_memory_does_not_grow_with_the_selection(
    server: LoopbackServer, cluster: str, tmp_path: Path
) -> None:
    """Rows are taken only for the submitted shards."""
    taken = done = most = 0

    def photos() -> Iterator[Photo]:
        nonlocal taken, most
        for one in CHOSEN:
            taken += 1
            most = max(most, taken - done)
            yield one

    class Counts(Progress):
        def finished(self, *_: object, **__: object) -> None:
            nonlocal done
            done += 1

    download_photos(
        photos(),
        tmp_path,
        mirror_url=server.url("/mirror/"),
        options=DownloadOptions(scheduler=cluster, shard_size=3, top_up=False),
        progress=Counts(),
    )
    assert done == len(CHOSEN)
    assert most <= 2 * 3 * 3 + 3 + 1


@pytest.mark.parametrize("per_host", [2, 7])
def test_workers_share_the_limit_per_host(
    server: LoopbackServer, cluster: str, tmp_path: Path, per_host: int
) -> None:
    crowd = Crowd(min(3, per_host))
    for one in CHOSEN:
        server.on(f"/mirror/test/{one.image_id}.jpg", crowd)
    download(server, tmp_path, CHOSEN, scheduler=cluster, shard_size=5, per_host=per_host)
    assert crowd.met
    assert crowd.most <= per_host


def test_a_worker_without_pillow(
    server: LoopbackServer, cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "hotdog_sql.downloader.transform", None)
    with pytest.raises(ClusterError, match="have the same version and extras"):
        download(server, tmp_path, CHOSEN, scheduler=cluster, max_side=64)


def test_results_of_other_shards_are_recorded(
    server: LoopbackServer, cluster: str, tmp_path: Path
) -> None:
    """If one shard cannot be written, the recorded results of the others are kept."""
    download(server, tmp_path / "alone", ALBUM)
    blocked = [tmp_path / "dataset" / f"{one.stem}.jpg" for one in CHOSEN[60:]]
    for path in blocked:
        path.mkdir(parents=True)
    (tmp_path / "dataset" / "manifest.csv").touch()
    options: dict[str, Any] = {"scheduler": cluster, "shard_size": 10}
    with pytest.raises(StorageError):
        download(server, tmp_path / "dataset", ALBUM, **options)
    finished = {row["ImageID"] for row in rows_at(tmp_path / "dataset")}
    assert finished
    for path in blocked:
        path.rmdir()
    server.clear()
    download(server, tmp_path / "dataset", ALBUM, **options)
    assert not {path[-20:-4] for path in server.counts()} & finished
    assert contents(tmp_path / "dataset") == contents(tmp_path / "alone")


@pytest.mark.parametrize("how", ["files", "tars", "cluster"])
def test_an_unreachable_host_does_not_end_a_run_if_others_respond(
    server: LoopbackServer, cluster: str, tmp_path: Path, how: str
) -> None:
    dead = "http://127.0.0.1:9/"
    lost = photo(35, rank=31)
    unreachable = [
        photo(1000 + n, rank=100 + n, subset="", original_url=f"{dead}{n}.jpg") for n in range(5)
    ]
    options: dict[str, dict[str, Any]] = {
        "files": {},
        "tars": {"dataset_format": TARS, "shard_size": 5},
        "cluster": {"scheduler": cluster, "shard_size": 5},
    }
    album = Album([*CHOSEN[:4], lost], {"other": unreachable})
    retry = replace(QUICK, silence=0.3)
    report = download(server, tmp_path, album, retry=retry, **options[how])
    assert (report.on_disk, report.lost, report.failed) == (4, 1, 1)


def shard_of(server: LoopbackServer, there: str, tar: str = "") -> Shard:
    """A shard of the current run with ten photos, two of them lost."""
    open_storage(there).write(RUN, b"this")
    mirror = server.url("/mirror/").replace("//", "//me:hidden@", 1)
    options = DownloadOptions(dataset_format=TARS if tar else DatasetFormat.FILES)
    shard = Shard(tuple(CHOSEN[:10]), open_storage(there), mirror, options, "this", 3, tar)
    return replace(shard, classes={"hot_dog": 0})


@pytest.mark.parametrize("tar", ["", "000003.tar"])
def test_a_finished_shard_is_not_repeated(server: LoopbackServer, there: str, tar: str) -> None:
    """Not even by another worker with another limit per host."""
    shard = pickle.loads(pickle.dumps(shard_of(server, there, tar)))
    run_shard_once(shard)
    assert len(contents(there)) == 1 + (2 if tar else 9)
    assert set(server.counts().values()) == {1}
    server.clear()
    run_shard_once(replace(shard, options=replace(shard.options, per_host=1)))
    assert server.requests == []
    text = repr(shard) + str(contents(there))
    assert CHOSEN[0].image_id in text
    assert "hidden" not in text
    whole = open_storage(there).read(shard.result_file) or b""
    open_storage(there).write(shard.result_file, whole[:-1])  # as a power failure leaves it
    run_shard_once(shard)
    assert len(server.requests) == 10


@pytest.mark.parametrize("tar", ["", "000003.tar"])
def test_workers_of_old_runs_write_nothing(server: LoopbackServer, there: str, tar: str) -> None:
    """Its command was killed, and another command is running or has ended."""
    shard, storage = shard_of(server, there, tar), open_storage(there)
    storage.write("000003.tar", b"of the other run")
    storage.write(RUN, b"another")
    for message in ("another run has taken over", "this machine sees no download into"):
        with pytest.raises(DatasetError, match=message):
            run_shard_once(shard)
        storage.delete(RUN)
    assert storage.read(shard.result_file) is None
    assert storage.read("000003.tar") == b"of the other run"


def test_a_worker_stops_soon_after_its_command(server: LoopbackServer, bucket: str) -> None:
    shard = replace(shard_of(server, bucket), mirror_url=server.url())
    shard.storage.delete(RUN)
    server.default(lambda _: Reply(404, delay=60 if len(server.requests) > 5 else 0))
    with pytest.raises(DatasetError, match="sees no download into"):
        run_shard_once(replace(shard, options=replace(shard.options, workers=1)))
    assert len(server.requests) < 7


def test_result_files_of_a_killed_run_are_removed_by_the_next(
    server: LoopbackServer, there: str, tmp_path: Path
) -> None:
    run_shard_once(shard_of(server, there))
    download(server, tmp_path / "alone", ALBUM)
    storage = open_storage(there)
    storage.delete(*(f"{one.stem}.jpg" for one in CHOSEN))
    if storage.folder is not None:
        (storage.folder / "hot_dog").rmdir()
    download(server, there, ALBUM)
    assert contents(there) == contents(tmp_path / "alone")


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("tcp://me:secret@127.0.0.1:9", "leave out the credentials"),
        ("http://127.0.0.1:8787", "check the address"),
        ("tcp://127.0.0.1", "missing port number"),
        ("tls://127.0.0.1:9", "no certificates are set"),
        ("tcp://127.0.0.1:9", "start one with dask scheduler"),
    ],
)
def test_a_scheduler_that_cannot_be_used(
    tmp_path: Path, call: Run, monkeypatch: pytest.MonkeyPatch, address: str, what: str
) -> None:
    monkeypatch.setattr(executors, "CONNECT_SECONDS", 0.2)
    save_selection(tmp_path / "rows.csv", CHOSEN)
    said = call("download", "rows.csv", "dataset", "-q", "--scheduler", address, code=9)
    assert said.stdout == ""
    assert said.stderr.startswith("hotdog-sql: cannot use the scheduler ")
    assert what in said.stderr
    assert "secret" not in said.stderr
    assert said.stderr.count("\n") == 1
