"""`make cluster-demo`: a cluster, a bucket, and a worker that dies without harm to the dataset.

A scheduler, two workers and an S3 server start as processes of this machine, beside a server of
generated photos. The commands that are shown are those that a real cluster and bucket would take.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.cluster import Cluster, s3_server
from tests.support.loopback import LoopbackServer, Reply, Request
from tests.support.photos import photo, save_selection
from tests.support.pictures import jpeg

_PHOTOS = 2000
_DATASET = "s3://photos/demo"
#: The rows of this many photos are handed to a worker at once.
_SHARD = 100
#: Seconds after which a command is taken to hang.
_PATIENCE = 300.0


def main() -> None:
    """Runs it all in a temporary folder: `python -m tests.cluster_demo [PHOTOS]`."""
    photos = int(sys.argv[1]) if sys.argv[1:] else _PHOTOS
    with (
        tempfile.TemporaryDirectory() as temporary,
        s3_server() as bucket,
        Cluster(Path(temporary) / "cluster", 2, bucket) as cluster,
        LoopbackServer() as server,
    ):
        rows = save_selection(Path(temporary) / "rows.csv", map(photo, range(1, photos + 1)))
        print(f"a scheduler at {cluster.address}, two workers, a bucket at {_DATASET}")
        dead: list[int] = []

        def answer(request: Request) -> Reply:
            if len(server.requests) >= photos // 2 and not dead:
                dead.append(0)
                cluster.kill_worker()
                print("half of the photos are there; a worker has been killed", flush=True)
            return Reply(body=jpeg(int(request.path[-20:-4], 16)))

        server.default(answer)
        os.environ |= bucket | {"HOTDOG_SQL_MIRROR_URL": server.url("/mirror/")}
        options = ("--source", "mirror", "--scheduler", cluster.address)
        _run("download", str(rows), _DATASET, *options, "--shard-size", str(_SHARD))
        again = len(server.requests) - photos
        print(f"{again} photos were fetched again: what the dead worker had in hand")
        if not dead or again > _SHARD:
            sys.exit("that is not what one worker can have had in hand")
        _run("verify", _DATASET)


def _run(*arguments: str) -> None:
    print("$ hotdog-sql", *arguments, flush=True)
    command = [sys.executable, "-m", "hotdog_sql", *arguments]
    code = subprocess.run(command, timeout=_PATIENCE, check=False).returncode
    if code:
        sys.exit(code)


if __name__ == "__main__":
    main()
