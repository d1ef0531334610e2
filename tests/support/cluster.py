"""A real Dask cluster and a real S3 server, as processes of their own on 127.0.0.1."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from hotdog_sql.downloading.scheduler import dask_fleet

ROOT = Path(__file__).parents[2]

#: With it a process tells where each of its threads is before `abort` ends it.
TELLING = {"PYTHONFAULTHANDLER": "1"}

#: What an S3 client looks for; the server takes any.
KEY, SECRET = "AKIAHOTDOGSQL", "top/secret+of+the+bucket"


class Cluster:
    """A scheduler and workers, each a process with one thread; a context manager.

    Where the block ends in `subprocess.TimeoutExpired`, they tell what they were at.

    Args:
        folder: where they log and put their temporary files.
        workers: how many.
        environment: variables set on top of this process's own.
        protocol: by which they talk, such as tls.
    """

    def __init__(
        self,
        folder: Path,
        workers: int = 2,
        environment: dict[str, str] | None = None,
        protocol: str = "tcp",
    ) -> None:
        self.address = ""
        self.workers: list[subprocess.Popen[bytes]] = []
        self._folder = folder
        self._count = workers
        self._environment = {**os.environ, **(environment or {})}
        self._protocol = protocol
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            file = self._folder / "scheduler.json"
            arguments: tuple[str, ...] = ("--host", "127.0.0.1", "--port", "0")
            arguments += ("--no-dashboard", "--no-show", "--protocol", self._protocol)
            arguments = (*arguments, "--scheduler-file", str(file))
            self._scheduler = self._start(stack, "scheduler", *arguments)
            self.address = _address(file)
            for _ in range(self._count):
                self.add_worker(stack)
            if self._count:
                self._await_workers()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, subprocess.TimeoutExpired):
            for process in (self._scheduler, *self.workers):
                abort(process)
            print(self.logs(), file=sys.stderr)
        self._stack.close()

    def add_worker(self, stack: ExitStack | None = None) -> None:
        """Start one more."""
        number = len(self.workers)
        scratch = self._folder / f"worker-{number}"
        process = self._start(
            *(stack or self._stack, f"worker-{number}", self.address, "--host", "127.0.0.1"),
            *("--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "0"),
            *("--local-directory", str(scratch), "--death-timeout", "30"),
            *("--protocol", self._protocol),
        )
        self.workers.append(process)

    def replace_dead(self) -> None:
        """Start as many as have died, and wait for them."""
        alive = sum(process.poll() is None for process in self.workers)
        for _ in range(self._count - alive):
            self.add_worker()
        self._await_workers()

    def kill_worker(self, number: int) -> None:
        """As a machine that loses power."""
        self.workers[number].kill()
        self.workers[number].wait()

    def kill_scheduler(self) -> None:
        """As a machine that loses power."""
        self._scheduler.kill()
        self._scheduler.wait()

    def logs(self) -> str:
        """What scheduler and workers have said so far."""
        return "".join(path.read_text(errors="replace") for path in self._folder.glob("*.log"))

    def _await_workers(self) -> None:
        with dask_fleet(self.address) as fleet:
            _until(lambda: fleet.slots() == self._count, "the workers do not come")

    def _start(self, stack: ExitStack, name: str, *arguments: str) -> "subprocess.Popen[bytes]":
        command = name.partition("-")[0]
        log = stack.enter_context((self._folder / f"{name}.log").open("wb"))
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env={**self._environment, **TELLING},
        )
        stack.callback(_end, process)
        return process


@contextmanager
def s3_server(folder: Path) -> Iterator[dict[str, str]]:
    """An S3 server with the bucket `photos`; gives the variables by which clients find it."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        log = stack.enter_context((folder / "s3.log").open("wb"))
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.s3_process", str(folder / "port")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env={**os.environ, **TELLING},
        )
        stack.callback(_end, process)
        port = folder / "port"
        _until(port.exists, "the S3 server does not start")
        url = f"http://127.0.0.1:{port.read_text()}"
        httpx.put(f"{url}/photos").raise_for_status()
        try:
            yield {
                "AWS_ENDPOINT_URL": url,
                "AWS_ACCESS_KEY_ID": KEY,
                "AWS_SECRET_ACCESS_KEY": SECRET,
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_EC2_METADATA_DISABLED": "true",
            }
        except subprocess.TimeoutExpired:
            abort(process)
            print((folder / "s3.log").read_text(errors="replace"), file=sys.stderr)
            raise


def refuse(
    environment: dict[str, str], every: int, code: str = "SlowDown", status: int = 503
) -> int:
    """Have the S3 server refuse every so manieth write; how many it has refused since last told."""
    told = httpx.put(
        f"{environment['AWS_ENDPOINT_URL']}/__refuse__",
        params={"every": every, "code": code, "status": status},
    )
    return int(told.raise_for_status().text)


def abort(process: "subprocess.Popen[bytes]") -> None:
    """End a process that hangs, in a way that tells why (see `TELLING`)."""
    process.send_signal(signal.SIGABRT)
    process.wait()


def _address(file: Path) -> str:
    _until(lambda: file.exists() and file.stat().st_size > 0, "the scheduler does not start")
    address: str = json.loads(file.read_text())["address"]
    return address


def _until(true: Callable[[], bool], complaint: str, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(complaint)
        time.sleep(0.05)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
