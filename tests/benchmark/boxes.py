"""The boxes of a class out of the box file of train, beside pandas as the peers use it.

The file has as many boxes as the real one (14,610,229), made up by `sql/boxes.sql`.
"""

import sys
from pathlib import Path

from tests.benchmark.generate import BOX_FILE, boxes_dir, indexed_dir
from tests.benchmark.measure import (
    Command,
    environment,
    hotdog_sql,
    print_table,
    run,
    take_turns,
)

_PEERS = str(Path(__file__).parent / "peers.py")
_BOXES = 14_610_229
_QUERY = "SELECT * FROM boxes WHERE LabelName = '/m/01b9xk'"


def measure_boxes(repeats: int, boxes: int = _BOXES) -> None:
    """The table of one class's boxes, from the CSV and from its index."""
    plain = boxes_dir(boxes)
    indexed = indexed_dir(plain)
    built = run(hotdog_sql("index", "--split", "train", "--data-dir", str(indexed)))
    csv = plain / BOX_FILE
    results = take_turns(
        {
            "`hotdog-sql sql`": lambda new: _select(plain, new),
            "`hotdog-sql sql` from an index": lambda new: _select(indexed, new),
            "pandas, as in OIDv4_ToolKit": lambda new: _peer("oidv4", csv, new),
            "pandas, as in FiftyOne": lambda new: _peer("fiftyone", csv, new),
        },
        repeats,
        check=_check,
    )
    size = csv.stat().st_size
    index_size = (indexed / BOX_FILE).with_suffix(".parquet").stat().st_size
    title = f"Boxes of a class: {boxes:,} boxes, {size / 1e6:,.0f} MB"
    print_table(title, results, "`hotdog-sql sql`")
    print(
        f"\nThe index: {index_size / 1e6:,.0f} MB ({index_size / size:.2f} of the CSV), made in "
        f"{built.wall:.1f} s with {built.peak / 1e6:,.0f} MB.",
        flush=True,
    )


def _select(folder: Path, new: Path) -> Command:
    where = ("--split", "train", "--data-dir", str(folder), "--output", str(new / "boxes.csv"))
    return hotdog_sql("sql", _QUERY, *where, "--quiet")


def _peer(way: str, csv: Path, new: Path) -> Command:
    python = str(environment("peers", "pandas", "polars") / "python")
    return Command((python, _PEERS, "pandas_boxes", way, str(csv), str(new / "boxes.csv")))


def _check(name: str, new: Path) -> None:
    with (new / "boxes.csv").open() as lines:
        found = sum(1 for _ in lines)
    if found < 2:
        sys.exit(f"{name} found no boxes")
