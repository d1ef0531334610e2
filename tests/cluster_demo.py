"""`make cluster-demo`: downloads to a bucket with a cluster, one of whose workers is killed.

Starts a scheduler, two workers, an S3 server and a server of generated photos on this machine. The
commands that it prints would work with a real cluster and bucket too.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.cluster import Cluster, kill, s3_server
from tests.support.loopback import LoopbackServer, Reply, Request
from tests.support.photos import any_photo, mirror_of, photo, save_selection

_DATASET = "s3://photos/demo"
_SHARD_SIZE = 100


def main() -> None:
    """Run the demo in a temporary folder: `python -m tests.cluster_demo [PHOTOS]`."""
    photos = int(sys.argv[1]) if sys.argv[1:] else 2000
    with (
        tempfile.TemporaryDirectory() as temporary,
        s3_server() as bucket,
        Cluster(Path(temporary) / "cluster", 2, bucket) as cluster,
        LoopbackServer() as server,
    ):
        rows = save_selection(Path(temporary) / "rows.csv", map(photo, range(1, photos + 1)))
        print(f"a scheduler at {cluster.address}, two workers, a bucket at {_DATASET}")
        killed: list[int] = []

        def answer(request: Request) -> Reply:
            if len(server.requests) >= photos // 2 and not killed:
                killed.append(0)
                kill(cluster.workers[-1])
                print("killed a worker after half of the photos", flush=True)
            return any_photo(request)

        server.default(answer)
        os.environ |= bucket | mirror_of(server)
        options = ("--source", "mirror", "--scheduler", cluster.address)
        _run("download", str(rows), _DATASET, *options, "--shard-size", str(_SHARD_SIZE))
        again = len(server.requests) - photos
        print(f"{again} photos of the killed worker's shard were fetched again")
        if not killed or again > _SHARD_SIZE:
            sys.exit("expected a killed worker, and no more than its shard to be fetched again")
        _run("verify", _DATASET)


def _run(*arguments: str) -> None:
    print("$ hotdog-sql", *arguments, flush=True)
    command = [sys.executable, "-m", "hotdog_sql", *arguments]
    if code := subprocess.run(command, timeout=300, check=False).returncode:
        sys.exit(code)


if __name__ == "__main__":
    main()
