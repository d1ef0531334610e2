"""Refresh beside curl: one large file from this machine, and a refresh that finds nothing new.

```console
$ python -m tests.benchmark.refresh --gigabytes 3 --rounds 5
```

Both write the same file from the same server, in turns, each as a whole process: hotdog-sql's
start, its check of the CRC32C and its record are part of its time. curl checks nothing, so another
row has curl followed by md5sum; two more have hotdog-sql with a server that gives an MD5 alone,
which is also what counts without the extra `crc32c`, and with one that gives no hash. The file has
no blocks on disk, so that reading it costs the server next to nothing.
"""

import argparse
import mmap
import os
import shutil
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import google_crc32c

from tests.benchmark.files import installed
from tests.support.loopback import LoopbackServer, file_reply

NAME = "oidv6-train-images-with-labels-with-rotation.csv"
MD5_NAME = "oidv6-train-annotations-human-imagelabels.csv"
BARE_NAME = "train-annotations-machine-imagelabels.csv"
SMALL = ("v6/oidv6-class-descriptions.csv", "v5/test-annotations-human-imagelabels.csv")
OURS, MD5, BARE = "hotdog-sql", "hotdog-sql, MD5", "hotdog-sql, no hash"
TEST_IMAGES = "2018_04/test/test-images-with-rotation.csv"


@dataclass(frozen=True, slots=True)
class Measured:
    """One process: seconds from its start to its end, and the most memory it held, in bytes."""

    seconds: float
    memory: int


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the comparison and prints its table."""
    parser = argparse.ArgumentParser(description="hotdog-sql refresh beside curl")
    parser.add_argument("--gigabytes", type=float, default=3.0, help="size of the file")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each; the median counts")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.serve is not None:
        _serve(options.serve)
        return
    curl = shutil.which("curl")
    if curl is None:
        sys.exit("curl is missing; get it with: apt-get install curl")
    with tempfile.TemporaryDirectory() as folder:
        _compare(Path(folder), curl, round(options.gigabytes * 1e9), options.rounds)


def _compare(folder: Path, curl: str, size: int, rounds: int) -> None:
    served = folder / "served"
    with served.open("wb") as file:
        file.truncate(size)
    data_dir, copy = folder / "data", folder / "copy"
    refresh = [str(installed() / "hotdog-sql"), "refresh", "--quiet", "--yes"]
    refresh += ["--data-dir", str(data_dir)]
    titles = (OURS, "curl", "curl, md5sum", MD5, BARE)
    runs: dict[str, list[Measured]] = {title: [] for title in titles}
    with _server(served) as url:
        os.environ["HOTDOG_SQL_BASE_URL"] = url
        for _ in range(rounds):
            runs[OURS].append(_run([*refresh, "--file", NAME]))
            shutil.rmtree(data_dir)
            fetched = _run([curl, "--silent", "--output", str(copy), f"{url}v6/{NAME}"])
            summed = _run(["md5sum", str(copy)])
            copy.unlink()
            runs["curl"].append(fetched)
            runs["curl, md5sum"].append(
                Measured(fetched.seconds + summed.seconds, max(fetched.memory, summed.memory))
            )
            for title, name in ((MD5, MD5_NAME), (BARE, BARE_NAME)):
                runs[title].append(_run([*refresh, "--file", name]))
                shutil.rmtree(data_dir)
        _run(refresh)
        unchanged = [_run(refresh) for _ in range(rounds)]
    _print_table(size, runs)
    print(f"three unchanged files: {median(run.seconds for run in unchanged):.2f} s")


def _print_table(size: int, runs: Mapping[str, Sequence[Measured]]) -> None:
    print(f"one file of {size / 1e9:.1f} GB, medians of runs in turns")
    print(f"{'':<22}{'seconds':>9}{'MB/s':>8}{'of curl':>9}{'memory MB':>11}")
    curl = median(run.seconds for run in runs["curl"])
    for name, measured in runs.items():
        seconds = median(run.seconds for run in measured)
        memory = max(run.memory for run in measured) / 1e6
        print(
            f"{name:<22}{seconds:>9.2f}{size / 1e6 / seconds:>8.0f}{curl / seconds:>9.2f}"
            f"{memory:>11.0f}"
        )


def _run(command: list[str]) -> Measured:
    begun = perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return Measured(seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))


@contextmanager
def _server(served: Path) -> Iterator[str]:
    """A server in a process of its own; gives its address."""
    command = [sys.executable, "-m", "tests.benchmark.refresh", "--serve", str(served)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def _serve(served: Path) -> None:
    """Serve until the standard input ends."""
    with (
        served.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        memoryview(mapped) as data,
        LoopbackServer() as server,
    ):
        checksum = 0
        while block := file.read(1 << 20):
            checksum = google_crc32c.extend(checksum, block)
        crc32c = b64encode(checksum.to_bytes(4, "big")).decode()
        server.on(f"v6/{NAME}", file_reply(data, crc32c=crc32c))
        server.on(f"v6/{MD5_NAME}", file_reply(data))
        server.on(f"v5/{BARE_NAME}", file_reply(data, md5=None))
        for path in (*SMALL, TEST_IMAGES):
            server.on(path, file_reply(b"small"))
        print(server.url("/"), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
