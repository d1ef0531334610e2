"""What the coordinator of a cluster does by itself: `python -m tests.benchmark.coordinator ROWS`.

An executor answers at once that it has every photo, so that nothing is left but to read the
selection, to cut it, to pack and unpack what would go over the network, to write the manifest, and
the records at the end. What a worker would do is timed and taken off. Prints seconds, and the peak
of memory in bytes.
"""

import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path

from hotdog_sql.config import MIRROR_URL
from hotdog_sql.database import Database
from hotdog_sql.downloader.photo import Photo
from hotdog_sql.downloader.result import Result, Status
from hotdog_sql.downloader.run import download
from hotdog_sql.downloader.shards import Shard
from hotdog_sql.options import DataOptions
from hotdog_sql.recipe import read_selection
from hotdog_sql.session import COORDINATOR_MEMORY
from tests.benchmark.files import BENCH

#: Rows as long as those of Open Images.
_ROWS = """
COPY (
    SELECT
        'other' AS folder,
        range AS rank,
        format('{:016x}', range) AS ImageID,
        'train' AS Subset,
        format('https://farm{}.staticflickr.com/{}/{}_{:010x}_o.jpg',
            range % 9, range % 8192, range + 10000000000, hash(range) % 1099511627776)
            AS OriginalURL,
        format('https://www.flickr.com/photos/somebody/{}', range + 10000000000)
            AS OriginalLandingURL,
        'https://creativecommons.org/licenses/by/2.0/' AS License,
        'https://www.flickr.com/people/somebody/' AS AuthorProfileURL,
        'Somebody Else' AS Author,
        format('Photo number {}', range) AS Title,
        1000000 + range % 1000000 AS OriginalSize,
        'UnGlu0bjdDcAIJcxeGdd7w==' AS OriginalMD5,
        format('https://c{}.staticflickr.com/{}/{}_{:010x}_z.jpg',
            range % 9, range % 8192, range + 10000000000, hash(range) % 1099511627776)
            AS Thumbnail300KURL,
        0.0 AS Rotation
    FROM range(1, $rows + 1)
) TO $file (FORMAT parquet)
"""


class Answers:
    """An executor whose workers have every photo at once.

    Attributes:
        spent: seconds that workers would have spent.
    """

    def __init__(self) -> None:
        self.spent = 0.0

    def run(self, shards: Iterable[Shard]) -> Iterator[list[Result]]:
        for shard in shards:
            sent = pickle.dumps(shard)
            begun = time.perf_counter()
            there: Shard = pickle.loads(sent)
            back = pickle.dumps([_result(photo) for photo in there.photos])
            self.spent += time.perf_counter() - begun
            yield pickle.loads(back)


def _result(photo: Photo) -> Result:
    return Result(
        photo,
        Status.DOWNLOADED,
        path=f"{photo.stem}.jpg",
        source="mirror",
        url=f"https://open-images-dataset.s3.amazonaws.com/train/{photo.image_id}.jpg",
        size=300_000,
        md5="d41d8cd98f00b204e9800998ecf8427e",
    )


def main() -> None:
    """The command line."""
    rows = int(sys.argv[1])
    BENCH.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BENCH) as folder:
        selection = Path(folder) / "selection.parquet"
        # In another process, whose memory is not this one's.
        make = (
            "import sys, duckdb; "
            "duckdb.execute(sys.argv[1], {'rows': int(sys.argv[2]), 'file': sys.argv[3]})"
        )
        subprocess.run([sys.executable, "-c", make, _ROWS, str(rows), str(selection)], check=True)
        answers = Answers()
        begun = time.perf_counter()
        session = DataOptions(Path(folder), threads=1, memory_limit=COORDINATOR_MEMORY)
        with Database(session) as database:
            selected = read_selection(database, selection)
            report = download(
                selected.photos(),
                Path(folder) / "dataset",
                mirror_url=MIRROR_URL,
                count=rows,
                executor=lambda _dataset: nullcontext(answers),
            )
        seconds = time.perf_counter() - begun - answers.spent
    assert report.on_disk == rows
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


if __name__ == "__main__":
    main()
