"""A selection has the same bytes with any number of threads, from CSVs and from the index."""

from io import BytesIO
from pathlib import Path

import pytest

from hotdog_sql.export import write_rows
from hotdog_sql.options import DataOptions, SelectOptions
from hotdog_sql.selection import select
from tests.support.openimages import OpenImages, connect, image_row

KINDS = {
    "classes": SelectOptions(
        ("/m/01b9xk", "/m/02wbm"), overlap="both", related="hierarchy", negatives=700
    ),
    "mixed": SelectOptions(("/m/01b9xk",), negatives_from="mixed", negatives=900),
    "authors": SelectOptions(
        ("/m/01b9xk",), ratio=2, partition={"a": 0.5, "b": 0.3, "c": 0.2}, group_by="author"
    ),
    "query": SelectOptions(
        query="SELECT ImageID, 'f' || right(ImageID, 1) AS folder FROM images",
        partition={"train": 0.8, "test": 0.2},
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """6,000 images, more than DuckDB gives one thread, by 40 authors, with some copies."""
    folder = tmp_path_factory.mktemp("order")
    images, labels = [], []
    for number in range(6_000):
        md5, author = f"md5 {number - number % 3}", f"author {number % 40}"
        row = image_row(f"{number * 7919:016x}", OriginalMD5=md5, AuthorProfileURL=author)
        images.append(row)
        for mid, step in (("/m/01b9xk", 11), ("/m/02wbm", 7), ("/m/01g317", 2)):
            if number % step == 0:
                labels.append((row[0], "verification", mid, "1"))
        labels.append((row[0], "verification", "/m/01b9xk", "1" if number % 11 == 0 else "0"))
    OpenImages(images=images, labels=labels).write(folder)
    with connect(DataOptions(folder, indexed=False)) as database:
        list(database.build_index())
    return folder


#: Only the kind with the most steps is among the fast tests.
@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=[] if kind == "authors" else [pytest.mark.slow]) for kind in KINDS],
)
def test_the_same_bytes_every_time(folder: Path, kind: str) -> None:
    seen = set()
    for indexed in (False, True):
        for threads in (1, 2, 8):
            for _ in range(1 if threads == 1 else 2):
                with connect(DataOptions(folder, threads=threads, indexed=indexed)) as database:
                    selection = select(database, KINDS[kind])
                    stream = BytesIO()
                    for name in ("csv", "json", "parquet"):
                        write_rows(database, selection.table, stream, name)
                    seen.add((stream.getvalue(), repr(selection.folders), repr(selection.report)))
    assert len(seen) == 1
