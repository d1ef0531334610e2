"""Downloads with a Dask cluster whose processes are killed, and into a bucket of an S3 server."""

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import dask
import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication

from hotdog_sql.download_options import DatasetFormat
from hotdog_sql.downloader import executors
from hotdog_sql.downloader.verify import verify
from hotdog_sql.errors import ClusterError
from hotdog_sql.storage import open_storage
from tests.conftest import ROOT, Run, run_process, started
from tests.support.cluster import SECRET, Cluster, die_when_done, kill, s3_server
from tests.support.datasets import contents, download, images, rows_at
from tests.support.loopback import LoopbackServer, Reply, Request
from tests.support.photos import album, any_photo, mirror_of, mirror_path, save_selection, serve

pytestmark = pytest.mark.slow

ALBUM = album(40, 40, 15)
CHOSEN, SPARE = [*ALBUM.photos()], [*ALBUM.replacements("other")]
SERVED = [one for one in [*CHOSEN, *SPARE] if one.rank % 6]


@pytest.fixture(scope="module")
def bucket() -> Iterator[dict[str, str]]:
    with s3_server() as variables:
        yield variables


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, bucket: dict[str, str]) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("cluster"), 2, bucket) as one:
        yield one


@pytest.fixture
def s3(
    bucket: dict[str, str], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> str:
    """A unique address for the test."""
    for name, value in bucket.items():
        monkeypatch.setenv(name, value)
    return f"s3://photos/{re.sub(r'[^a-z0-9]+', '-', request.node.name)}"


@pytest.fixture
def server(server: LoopbackServer) -> LoopbackServer:
    serve(server, SERVED)
    return server


@pytest.fixture
def alone(server: LoopbackServer, tmp_path: Path) -> Path:
    """A dataset downloaded by one machine."""
    download(server, tmp_path / "alone", ALBUM)
    server.clear()
    return tmp_path / "alone"


@pytest.mark.parametrize(
    ("where", "dataset_format"),
    [("folder", DatasetFormat.FILES), ("bucket", DatasetFormat.WEBDATASET)],
)
def test_a_worker_dies_after_its_shard(
    cluster: Cluster,
    server: LoopbackServer,
    s3: str,
    alone: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    dataset_format: DatasetFormat,
) -> None:
    """Its result file remains, so nothing is downloaded again."""
    there = s3 if where == "bucket" else str(tmp_path / "dataset")
    work = partial(die_when_done, tmp_path / "died")
    monkeypatch.setattr(executors, "run_shard_once", work)
    how: dict[str, Any] = {"scheduler": cluster.address, "dataset_format": dataset_format}
    report = download(server, there, ALBUM, shard_size=15, **how)
    cluster.replace_dead()
    assert (tmp_path / "died").exists()
    assert (report.on_disk, report.replaced) == (74, 6)
    assert max(server.counts().values()) == 1
    assert images(there) == images(alone)
    assert verify(there).good
    assert not [path for path in contents(there) if path.startswith(".hotdog-sql")]


def test_a_bucket_without_a_cluster(server: LoopbackServer, s3: str, alone: Path) -> None:
    open_storage(s3).delete(".hotdog-sql/absent.json")
    download(server, s3, ALBUM)
    assert contents(s3) == contents(alone)
    server.clear()
    download(server, s3, ALBUM)
    assert server.requests == []
    paths = [path for path, _ in open_storage(s3).files("other", "00000000000003f")]
    assert paths == [f"other/{n:016x}.jpg" for n in range(0x3F0, 0x400) if (n - 1000) % 6]


def test_a_busy_bucket(server: LoopbackServer, s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server refuses each request once."""
    answer = DomainDispatcherApplication.__call__
    refused: set[tuple[str, str, str]] = set()

    def refuses_once(app: Any, environ: dict[str, Any], start: Any) -> Any:
        request = environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"]
        if request in refused:
            return answer(app, environ, start)
        refused.add(request)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start("503 Slow Down", [("Content-Type", "application/xml")])
        return [b"<Error><Code>SlowDown</Code><Message>Reduce your rate.</Message></Error>"]

    monkeypatch.setattr(DomainDispatcherApplication, "__call__", refuses_once)
    download(server, s3, CHOSEN[:3])
    assert set(server.counts().values()) == {1}
    assert verify(s3).checked == 3
    assert len(refused) > len(contents(s3)) == 5


def test_no_credentials_in_logs_manifests_or_errors(
    cluster: Cluster, server: LoopbackServer, s3: str, tmp_path: Path, run: Run
) -> None:
    variables = {"HOTDOG_SQL_MIRROR_URL": server.url("/mirror/").replace("//", "//me:hidden@", 1)}
    rows = save_selection(tmp_path / "rows.csv", CHOSEN)
    how = ("--source", "mirror", "--scheduler", cluster.address, "--shard-size", "16", "-v")
    output = ""
    dataset = tmp_path / "dataset"
    (dataset / "hot_dog").mkdir(parents=True)
    (dataset / "manifest.csv").touch()
    (dataset / "other").write_bytes(b"in the way of the folder")
    for there, code in ((s3, 0), (str(dataset), 6)):
        said = run("download", rows, there, *how, **variables, code=code)
        output += said.stdout + said.stderr + str(rows_at(there))
    output += cluster.logs()
    assert "run_shard" in output  # the failed shard is logged
    assert "hidden" not in output
    assert SECRET not in output


def test_a_scheduler_with_tls(
    server: LoopbackServer, alone: Path, tmp_path: Path, certificate: Path
) -> None:
    """Dask's own settings name the certificates."""
    roles = [f"{role}.{file}" for role in ("scheduler", "worker") for file in ("cert", "key")]
    names = ["ca_file", *roles, "client.cert", "client.key"]
    settings = {f"distributed.comm.tls.{name}": str(certificate) for name in names}
    variables = {f"DASK_{name.replace('.', '__').upper()}": settings[name] for name in settings}
    with dask.config.set(settings), Cluster(tmp_path / "cluster", 1, variables, "tls") as cluster:
        assert cluster.address.startswith("tls://")
        download(server, tmp_path / "dataset", ALBUM, scheduler=cluster.address)
    assert contents(tmp_path / "dataset") == contents(alone)


def test_a_cluster_without_workers(
    tmp_path: Path, server: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "WORKER_SECONDS", 0.3)
    with (
        Cluster(tmp_path / "cluster", 0) as empty,
        pytest.raises(ClusterError, match="has no workers"),
    ):
        download(server, tmp_path / "dataset", ALBUM, scheduler=empty.address)


def test_a_scheduler_that_dies(
    tmp_path: Path, server: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "CONNECT_SECONDS", 2)
    with Cluster(tmp_path / "cluster", 1) as cluster:

        def dies(request: Request) -> Reply:
            kill(cluster.scheduler)
            return any_photo(request)

        server.on(mirror_path(CHOSEN[20]), dies)
        with pytest.raises(ClusterError, match="cannot use the scheduler"):
            download(server, tmp_path / "dataset", ALBUM, scheduler=cluster.address, shard_size=8)
    assert rows_at(tmp_path / "dataset")
    download(server, tmp_path / "dataset", ALBUM)


def test_a_command_that_was_killed_is_resumed(
    cluster: Cluster, server: LoopbackServer, s3: str, alone: Path, tmp_path: Path, run: Run
) -> None:
    """With a cluster, into tars in a bucket."""
    rows = save_selection(tmp_path / "rows.csv", CHOSEN)
    arguments = ["download", str(rows), s3, "--dataset-format", "webdataset"]
    arguments += ["--scheduler", cluster.address, "--shard-size", "15"]
    half = Event()

    def answer_slowly(request: Request) -> Reply:
        if len(server.requests) > 20:
            half.set()
        return replace(any_photo(request), delay=0.2)

    for one in SERVED:
        server.on(mirror_path(one), answer_slowly)
    with started(*arguments, "--workers", "4", variables=mirror_of(server)) as killed:
        assert half.wait(60)
        killed.kill()
    serve(server, SERVED)
    again = run(*arguments, **mirror_of(server))
    assert f"Dataset {s3}" in again.stderr
    checked = run("verify", s3)
    assert checked.stdout == ""
    assert "68 photos checked" in checked.stderr
    assert images(s3) == [row for row in images(alone) if row["reserve"] == "false"]


def test_make_cluster_demo() -> None:
    done = run_process([sys.executable, "-m", "tests.cluster_demo", "200"], ROOT, 0, 120)
    assert "killed a worker" in done.stdout
    assert "200 photos checked" in done.stderr
