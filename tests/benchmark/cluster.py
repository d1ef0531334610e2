"""What a cluster costs and brings: two workers beside one process, and the coordinator alone.

    python -m tests.benchmark.cluster [--photos 12000] [--repeats 3] [--rows 100000 1000000]

nginx serves one photo of 200 KB under every name, 50 ms after it is asked. One process with 64
transfers in flight and two Dask workers with 32 each take turns; each command is a whole process,
its start included, while scheduler and workers are there already, as a cluster's are. All of it
shares the cores of this machine. Then the coordinator by itself (see
`tests.benchmark.coordinator`). Prints tables in Markdown.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from tests.benchmark.download import Job, Program, hotdog_sql, missing, nginx, take_turns
from tests.benchmark.files import BENCH
from tests.benchmark.measure import Command, markdown_table
from tests.support.cluster import Cluster

_ONE = "one process, 64 in flight"
_TWO = "two workers, 32 in flight each"


def two_workers(address: str, shard: int, job: Job, folder: Path) -> Command:
    """`hotdog-sql download` with `--scheduler`: half as many transfers for each worker."""
    alone = hotdog_sql(job, folder)
    arguments = list(alone.arguments)
    arguments[arguments.index("--workers") + 1] = str(job.in_flight // 2)
    arguments += ["--scheduler", address, "--shard-size", str(shard)]
    return Command(tuple(arguments), alone.environment)


def coordinator(rows: int) -> tuple[float, int]:
    """Seconds and bytes of memory that the coordinator takes for so many rows."""
    said = subprocess.run(
        [sys.executable, "-m", "tests.benchmark.coordinator", str(rows)],
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, peak = said.stdout.split()
    return float(seconds), int(peak)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark.cluster")
    parser.add_argument("--photos", type=int, default=12_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--shard-size", type=int, default=1000)
    parser.add_argument("--rows", type=int, nargs="*", default=[100_000, 1_000_000])
    options = parser.parse_args()
    absent = {name: how for name, how in missing().items() if name.startswith("nginx")}
    for name, how in absent.items():
        print(f"Without {name}; get it with: {how}", file=sys.stderr)
    if absent:
        sys.exit("this measurement needs them")
    print(
        f"Medians of {options.repeats} runs taken in turns. {os.cpu_count()} cores "
        f"({platform.machine()}), Python {platform.python_version()}.\n"
    )
    BENCH.mkdir(exist_ok=True)
    if options.photos:
        with tempfile.TemporaryDirectory(dir=BENCH) as folder, nginx(Path(folder)) as url:
            job = Job(f"{url}photo/", options.photos, 64)
            with Cluster(Path(folder) / "cluster", 2, {"HOTDOG_SQL_MIRROR_URL": job.url}) as two:
                together = partial(two_workers, two.address, options.shard_size)
                programs: dict[str, Program] = {_ONE: hotdog_sql, _TWO: together}
                results = take_turns(job, programs, options.repeats, Path(folder))
        print(f"{options.photos:,} photos of 200 KB after 50 ms\n")
        print(markdown_table(results, baseline=_ONE), "\n")
    print("| rows, no bytes | coordinator, ms an image | peak memory |\n|--:|--:|--:|")
    for rows in options.rows:
        seconds, peak = coordinator(rows)
        print(f"| {rows:,} | {1000 * seconds / rows:.3f} | {peak / 1e6:,.0f} MB |", flush=True)


if __name__ == "__main__":
    main()
