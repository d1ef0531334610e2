"""Real Dask clusters and a real S3 server on 127.0.0.1."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Self

import httpx
from moto.server import ThreadedMotoServer

from hotdog_sql.downloader.executors import Shard, run_shard_once

ROOT = Path(__file__).parents[2]

_DISTRIBUTED: Any = import_module("distributed")

#: Credentials for S3 clients; the server accepts any.
KEY, SECRET = "AKIAHOTDOGSQL", "top/secret+of+the+bucket"


@contextmanager
def cluster_of_threads(workers: int) -> Iterator[str]:
    """Start a cluster whose workers are threads of this process; yield its address."""
    with _DISTRIBUTED.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=False,
        protocol="inproc",
        dashboard_address=":0",
    ) as cluster:
        yield cluster.scheduler_address


@dataclass
class Cluster:
    """A context manager: a scheduler and workers, processes that log into the folder."""

    folder: Path
    count: int = 2
    #: Additional environment variables.
    variables: dict[str, str] = field(default_factory=dict)
    protocol: str = "tcp"
    address: str = ""
    workers: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "scheduler.json"
        with ExitStack() as self._stack:
            self.scheduler = self._start(
                *("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-show"),
                *("--scheduler-file", str(file)),
            )
            while not (file.exists() and file.stat().st_size):
                assert self.scheduler.poll() is None
                time.sleep(0.05)
            self.address = json.loads(file.read_text())["address"]
            self.replace_dead()
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def replace_dead(self) -> None:
        """Replace workers that have died, and wait for the new ones."""
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        while len(self.workers) < self.count:
            worker = self._start(
                *("worker", self.address, "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny"),
                *("--memory-limit", "0", "--local-directory", str(self.folder)),
            )
            self.workers.append(worker)
        if self.count:
            with _DISTRIBUTED.Client(self.address, set_as_default=False) as client:
                client.wait_for_workers(self.count, timeout=30)

    def logs(self) -> str:
        """Return the logs of the scheduler and the workers."""
        return "".join(path.read_text(errors="replace") for path in self.folder.glob("*.log"))

    def _start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "dask", *arguments]
        command += ["--no-dashboard", "--protocol", self.protocol]
        log = (self.folder / f"{time.monotonic_ns()}.log").open("wb")
        process = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=ROOT, env=os.environ | self.variables
        )
        for callback in (log.close, process.wait, process.kill):  # called in reverse order
            self._stack.callback(callback)
        return process


@contextmanager
def s3_server() -> Iterator[dict[str, str]]:
    """Start an S3 server with the bucket `photos`; yield the variables that clients need."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    try:
        httpx.put(f"{url}/photos").raise_for_status()
        yield {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    finally:
        server.stop()


def die_when_done(died: Path, shard: Shard) -> None:
    """Download a shard; kill the first process that has finished one before it can report it.

    It creates the file `died` first.
    """
    run_shard_once(shard)
    try:
        died.touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process of a cluster, as if its machine lost power."""
    process.kill()
    process.wait()
