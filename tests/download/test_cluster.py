"""A Dask cluster of real processes, and a bucket of a real S3 server."""

import csv
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Event, Lock

import dask
import pytest
from hotdog_sql.downloading.audit import audit
from hotdog_sql.downloading.dataset import RECEIPTS, WORKSHOP
from hotdog_sql.downloading.destination import Destination
from hotdog_sql.downloading.layout import Layout
from hotdog_sql.downloading.listing import Listing
from hotdog_sql.downloading.photo import IMAGE_COLUMNS
from hotdog_sql.downloading.remote import RemoteStore
from hotdog_sql.downloading.scheduler import dask_fleet
from hotdog_sql.downloading.shard import Outcome, Shard

from hotdog_sql.errors import ClusterError, StorageError
from tests.conftest import Run
from tests.support.cluster import ROOT, SECRET, Cluster, refuse, s3_server
from tests.support.fleets import (
    TARS,
    contents,
    die_before_saying_so,
    die_when_asked,
    fail_after_a_death,
    fetch,
    images,
    rows_at,
)
from tests.support.loopback import FileReply, LoopbackServer, Reply, Request, file_reply
from tests.support.photos import Album, manifest_rows, mirror_path, photo, serve, tree
from tests.support.pictures import jpeg, md5

pytestmark = pytest.mark.slow

CHOSEN = [photo(n, "hot_dog") for n in range(1, 41)] + [
    photo(1000 + n, rank=n) for n in range(1, 41)
]
SPARE = [photo(1000 + n, rank=n) for n in range(41, 56)]
ALBUM = Album(CHOSEN, {"other": SPARE})
HAD = [one for one in [*CHOSEN, *SPARE] if one.rank % 6]


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with s3_server(tmp_path_factory.mktemp("s3")) as variables:
        yield variables


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, bucket: dict[str, str]) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("cluster"), 2, bucket) as one:
        yield one


@pytest.fixture
def s3(
    bucket: dict[str, str], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> str:
    """An address of the test's own."""
    for name, value in bucket.items():
        monkeypatch.setenv(name, value)
    return f"s3://photos/{re.sub(r'[^a-z0-9]+', '-', request.node.name)}"


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer() as one:
        serve(one, HAD)
        yield one


@pytest.fixture
def alone(server: LoopbackServer, tmp_path: Path) -> Path:
    """The dataset of one machine."""
    fetch(server.url("/mirror/"), tmp_path / "alone", ALBUM)
    server.clear()
    return tmp_path / "alone"


def sums(directory: Path) -> dict[str, str]:
    return {path: md5(data) for path, data in tree(directory).items()}


def test_a_shared_folder(
    cluster: Cluster, server: LoopbackServer, alone: Path, tmp_path: Path
) -> None:
    with dask_fleet(cluster.address) as fleet:
        report = fetch(
            server.url("/mirror/"),
            tmp_path / "together",
            ALBUM,
            layout=Layout(shard_size=16),
            fleet=fleet,
        )
    assert (report.on_disk, report.replaced) == (74, 6)
    assert tree(tmp_path / "together") == tree(alone)
    assert max(server.counts().values()) == 1


class DiesMidway:
    """The server's replies, slow enough for a worker to be killed in the midst of its shard."""

    def __init__(self, server: LoopbackServer, cluster: Cluster, after: int) -> None:
        self.left = after
        self._cluster = cluster
        self._lock = Lock()
        for one in HAD:
            data = jpeg(int(one.image_id, 16))
            reply = file_reply(data, etag=f'"{md5(data)}"', fault=Reply(delay=0.05))
            server.on(mirror_path(one), self._counting(reply))

    def _counting(self, reply: FileReply) -> Callable[[Request], Reply]:
        def counted(request: Request) -> Reply:
            with self._lock:
                self.left -= 1
                if not self.left:
                    self._cluster.kill_worker(-1)
            return reply(request)

        return counted


@pytest.mark.parametrize("tars", [False, True])
def test_a_worker_is_killed(
    cluster: Cluster, server: LoopbackServer, s3: str, alone: Path, tmp_path: Path, tars: bool
) -> None:
    """The shard in its hand is fetched again, and no other."""
    DiesMidway(server, cluster, after=30)
    layout = Layout(TARS, 15) if tars else Layout(shard_size=15)
    with dask_fleet(cluster.address) as fleet:
        fetch(server.url("/mirror/"), s3, ALBUM, layout=layout, fleet=fleet, workers=4)
    cluster.replace_dead()
    assert images(rows_at(s3, tmp_path / "rows")) == images(manifest_rows(alone))
    assert audit(Destination.of(s3)).good
    if not tars:
        assert contents(s3) == sums(alone)
    times = Counter(server.counts().values())
    assert max(times) <= 2
    assert times[2] <= 15


@pytest.mark.parametrize("dies", [die_before_saying_so, die_when_asked])
@pytest.mark.parametrize("tars", [False, True])
@pytest.mark.parametrize("where", ["folder", "bucket"])
def test_a_worker_dies_when_its_shard_is_done(
    cluster: Cluster,
    server: LoopbackServer,
    s3: str,
    alone: Path,
    tmp_path: Path,
    where: str,
    tars: bool,
    dies: Callable[[Path, Shard], list[Outcome]],
) -> None:
    """Its rows were still in its memory; nothing is fetched again but what it had begun since."""
    there = s3 if where == "bucket" else str(tmp_path / "dataset")
    layout = Layout(TARS, 15) if tars else Layout(shard_size=15)
    with dask_fleet(cluster.address, fetch=partial(dies, tmp_path / "died")) as fleet:
        report = fetch(server.url("/mirror/"), there, ALBUM, layout=layout, fleet=fleet)
    cluster.replace_dead()
    assert (tmp_path / "died").exists()
    assert (report.on_disk, report.replaced) == (74, 6)
    again = [count for count in server.counts().values() if count > 1]
    assert len(again) <= (15 if dies is die_when_asked else 0)
    assert images(rows_at(there, tmp_path / "rows")) == images(manifest_rows(alone))
    assert audit(Destination.of(there)).good
    left = contents(s3) if where == "bucket" else tree(tmp_path / "dataset")
    assert not [path for path in left if path.startswith(WORKSHOP)]


def test_a_worker_dies_and_who_is_to_replace_it_fails(
    cluster: Cluster, server: LoopbackServer, tmp_path: Path
) -> None:
    """Dask's own executor never says so."""
    failing = partial(fail_after_a_death, tmp_path / "died")
    layout = Layout(shard_size=15)
    with (
        dask_fleet(cluster.address, fetch=failing) as fleet,
        pytest.raises(StorageError, match="no room"),
    ):
        fetch(server.url("/mirror/"), tmp_path / "dataset", ALBUM, layout=layout, fleet=fleet)
    cluster.replace_dead()
    assert (tmp_path / "died").exists()


def test_receipts_of_a_killed_run_are_removed_by_the_next(
    server: LoopbackServer, s3: str, alone: Path
) -> None:
    RemoteStore(Destination.of(s3)).write(b"{}", f"{RECEIPTS}0123456789abcdef-000001.json")
    fetch(server.url("/mirror/"), s3, ALBUM)
    assert contents(s3) == sums(alone)


def test_many_are_removed_at_once(s3: str) -> None:
    """Those that are not there are no matter."""
    store = RemoteStore(Destination.of(s3))
    paths = [f"{RECEIPTS}{number}.json" for number in range(5)]
    for path in paths[1:]:
        store.write(b"{}", path)
    store.delete_all(paths[:4])
    assert list(contents(s3)) == paths[4:]


@pytest.mark.parametrize(("code", "status"), [("SlowDown", 503), ("ServiceUnavailable", 503)])
def test_a_bucket_that_asks_for_patience(
    cluster: Cluster,
    server: LoopbackServer,
    bucket: dict[str, str],
    s3: str,
    alone: Path,
    code: str,
    status: int,
) -> None:
    refuse(bucket, 4, code, status)
    try:
        with dask_fleet(cluster.address) as fleet:
            layout = Layout(shard_size=16)
            report = fetch(server.url("/mirror/"), s3, ALBUM, layout=layout, fleet=fleet)
    finally:
        refused = refuse(bucket, 0)
    assert refused >= 74 // 4
    assert not report.failed
    assert contents(s3) == sums(alone)


def test_a_second_run_goes_on_from_listings(server: LoopbackServer, s3: str, alone: Path) -> None:
    """Without a cluster: the store is the same."""
    fetch(server.url("/mirror/"), s3, ALBUM)
    assert contents(s3) == sums(alone)
    server.clear()
    fetch(server.url("/mirror/"), s3, ALBUM)
    assert server.requests == []
    store = RemoteStore(Destination.of(s3))
    with closing(Listing(store, 10**9)) as listing:  # in pieces, as of a large dataset
        for one in CHOSEN:
            assert (listing.size(f"{one.stem}.jpg") is None) == (one.rank % 6 == 0)
    ids = [path for path, _ in store.files("other", "00000000000003f")]
    assert ids == [f"other/{n:016x}.jpg" for n in range(0x3F0, 0x400) if (n - 1000) % 6]


def test_a_bucket_that_does_not_exist(server: LoopbackServer, s3: str) -> None:
    assert s3
    with pytest.raises(StorageError, match=r"s3://nobodys/x/.*check the address"):
        fetch(server.url("/mirror/"), "s3://nobodys/x", ALBUM)


def test_no_credentials_in_a_log_a_manifest_or_an_error(
    cluster: Cluster, server: LoopbackServer, s3: str, tmp_path: Path
) -> None:
    mirror = server.url("/mirror/").replace("//", "//me:hidden@", 1)
    layout = Layout(shard_size=16)
    with dask_fleet(cluster.address) as fleet:
        fetch(mirror, s3, Album(CHOSEN), layout=layout, fleet=fleet)
    (tmp_path / "other").write_bytes(b"in the way of the folder")
    with dask_fleet(cluster.address) as fleet, pytest.raises(StorageError) as failed:
        fetch(mirror, tmp_path, Album(CHOSEN), layout=layout, fleet=fleet)
    logs = cluster.logs()
    assert "fetch_shard" in logs  # the failed one is there
    told = logs + str(failed.value) + str(rows_at(s3, tmp_path / "rows"))
    assert "hidden" not in told
    assert SECRET not in told


def test_a_scheduler_that_does_not_answer() -> None:
    with (
        pytest.raises(ClusterError, match="start one with: dask scheduler"),
        dask_fleet("tcp://127.0.0.1:9", connect_seconds=0.5),
    ):
        pass


def test_a_scheduler_that_speaks_tls(
    server: LoopbackServer, alone: Path, tmp_path: Path, certificate: Path
) -> None:
    """Its certificates are Dask's own settings."""
    names = ["ca-file"]
    for role in ("scheduler", "worker", "client"):
        names += [f"{role}.cert", f"{role}.key"]
    settings = {f"distributed.comm.tls.{name}": str(certificate) for name in names}
    variables = {
        f"DASK_{name.replace('-', '_').replace('.', '__').upper()}": value
        for name, value in settings.items()
    }
    with (
        dask.config.set(settings),
        Cluster(tmp_path / "cluster", 1, variables, "tls") as cluster,
        dask_fleet(cluster.address) as fleet,
    ):
        assert cluster.address.startswith("tls://")
        fetch(server.url("/mirror/"), tmp_path / "dataset", ALBUM, fleet=fleet)
    assert tree(tmp_path / "dataset") == tree(alone)


def test_certificates_that_cannot_be_read(certificate: Path) -> None:
    settings = {"ca-file": certificate, "client.cert": certificate, "client.key": "nowhere.pem"}
    with (
        dask.config.set({f"distributed.comm.tls.{k}": str(v) for k, v in settings.items()}),
        pytest.raises(ClusterError, match=r"needs certificates .*No such file.*CLIENT__KEY"),
        dask_fleet("tls://127.0.0.1:9"),
    ):
        pass


def test_a_cluster_without_workers(tmp_path: Path, server: LoopbackServer) -> None:
    with (
        Cluster(tmp_path / "cluster", 0) as empty,
        dask_fleet(empty.address, worker_seconds=0.3) as fleet,
        pytest.raises(ClusterError, match="has no workers"),
    ):
        fetch(server.url("/mirror/"), tmp_path / "dataset", ALBUM, fleet=fleet)


def test_a_scheduler_that_dies(tmp_path: Path, server: LoopbackServer) -> None:
    with (
        Cluster(tmp_path / "cluster", 1) as cluster,
        dask_fleet(cluster.address, connect_seconds=2) as fleet,
    ):

        def dies(_: Request) -> Reply:
            cluster.kill_scheduler()
            return Reply(body=jpeg())

        server.on(mirror_path(CHOSEN[20]), dies)
        with pytest.raises(ClusterError, match="the scheduler is lost"):
            fetch(
                server.url("/mirror/"),
                tmp_path / "dataset",
                ALBUM,
                layout=Layout(shard_size=8),
                fleet=fleet,
            )
    assert manifest_rows(tmp_path / "dataset")
    fetch(server.url("/mirror/"), tmp_path / "dataset", ALBUM)


def saved(path: Path, album: Album) -> Path:
    """The album's photos as a saved selection."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["folder", "rank", *IMAGE_COLUMNS])
        for one in album.photos():
            writer.writerow([one.folder, one.rank, *one.image_row().values()])
    return path


def test_the_command_is_killed_and_told_again(
    cluster: Cluster, server: LoopbackServer, s3: str, tmp_path: Path
) -> None:
    """With a cluster, into tars of a bucket; then checked."""
    rows = saved(tmp_path / "rows.csv", ALBUM)
    arguments = [
        sys.executable,
        "-m",
        "hotdog_sql",
        "download",
        str(rows),
        s3,
        "--source",
        "mirror",
    ]
    arguments += ["--scheduler", cluster.address, "--format", "webdataset", "--shard-size", "15"]
    environment = {**os.environ, "HOTDOG_SQL_MIRROR_URL": server.url("/mirror/")}
    half = Event()

    def begin_slowly(request: Request) -> Reply:
        if len(server.requests) > 20:
            half.set()
        return Reply(body=jpeg(int(request.path[-20:-4], 16)), delay=0.2)

    for one in HAD:
        server.on(mirror_path(one), begin_slowly)
    killed = subprocess.Popen([*arguments, "--workers", "4"], env=environment)
    assert half.wait(30)
    killed.kill()
    killed.wait()
    serve(server, HAD)

    def run(*command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    again = run(*arguments)
    assert again.returncode == 0, again.stderr
    assert f"Dataset {s3}" in again.stderr
    assert "photos                68" in again.stderr
    checked = run(sys.executable, "-m", "hotdog_sql", "verify", s3)
    assert (checked.returncode, checked.stdout) == (0, "")
    assert "68 photos checked" in checked.stderr
    fetch(server.url("/mirror/"), tmp_path / "alone", Album(CHOSEN))
    assert images(rows_at(s3, tmp_path / "rows")) == images(manifest_rows(tmp_path / "alone"))


@pytest.mark.parametrize("dataset_format", ["files", "webdataset"])
def test_selected_and_downloaded_at_once(
    cluster: Cluster, tmp_path: Path, run: Run, small_data: Path, dataset_format: str
) -> None:
    """The dataset of one machine, fetched by the workers."""
    by_workers: set[str] = set()

    def look(request: Request) -> Reply:
        by_workers.update(path.name for path in tmp_path.glob("together/.hotdog-sql/shard-*"))
        return Reply(body=jpeg(int(request.path[-20:-4], 16)))

    chosen = ("select", "--class", "Hot dog", "--negatives", "8", "--data-dir", small_data)
    how = ("--dataset-format", dataset_format, "--shard-size", "5", "--no-gallery")
    with LoopbackServer() as server:
        server.default(look)
        variables = {"HOTDOG_SQL_MIRROR_URL": server.url("/mirror/")}
        assert run(*chosen, *how, "--download", "alone", **variables).returncode == 0
        together = (*chosen, *how, "--download", str(tmp_path / "together"))
        said = run(*together, "--scheduler", cluster.address, **variables)
    assert (said.returncode, said.stdout) == (0, "")
    assert "photos                20  20 fetched now" in said.stderr
    assert tree(tmp_path / "together") == tree(tmp_path / "alone")
    assert len(by_workers) == 20 // 5


def test_the_demo_of_it() -> None:
    """What `make cluster-demo` runs, with fewer photos."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.cluster_demo", "400"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "a worker has been killed" in done.stdout
    assert "400 photos checked" in done.stderr
    assert done.stdout.endswith("all is well\n")
