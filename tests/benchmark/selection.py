"""`hotdog-sql select`, and `sql` on boxes, compared with bare scans, polars and pandas.

The CSVs are generated once, at the size of the real ones. Selections with pandas stop at a tenth
of train, because larger ones need gigabytes and minutes.
"""

import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from tests.benchmark.generate import BOX_FILE, boxes_dir, indexed_dir, split_dir, split_files
from tests.benchmark.measure import (
    Command,
    Program,
    Run,
    environment,
    hotdog_sql,
    installed,
    print_table,
    run,
    take_turns,
)

_PEERS = str(Path(__file__).parent / "peers.py")
_BOXES = "SELECT * FROM boxes WHERE LabelName = '/m/01b9xk'"

#: Split and fraction by name, smallest first.
_SIZES = {
    "test": ("test", Fraction(1)),
    "a tenth of train": ("train", Fraction(1, 10)),
    "a third of train": ("train", Fraction(1, 3)),
    "train": ("train", Fraction(1)),
}
_SMALL = ("test", "a tenth of train")


def measure_start(repeats: int) -> None:
    """Print the table for commands that do almost nothing, compared with their imports."""
    imports = (str(installed() / "python"), "-c", "import duckdb, typer, rich.table")
    classes = ("classes", "hot dog", "--data-dir", str(split_dir("test", Fraction(1))))
    results = take_turns(
        {
            "`import duckdb, typer, rich.table`": lambda _: Command(imports),
            "`hotdog-sql --help`": lambda _: hotdog_sql("--help"),
            '`hotdog-sql classes "hot dog"`': lambda _: hotdog_sql(*classes),
        },
        repeats,
    )
    print_table("Start", results, next(iter(results)))


def measure_selection(repeats: int) -> dict[str, Run]:
    """Print a table for each size of the files; return the results of the last."""
    results: dict[str, Run] = {}
    for name, (split, fraction) in _SIZES.items():
        plain = split_dir(split, fraction)
        indexed = indexed_dir(plain)
        built = run(hotdog_sql("index", "--split", split, "--data-dir", str(indexed)))
        files = split_files(plain)
        csv_bytes = sum(path.stat().st_size for path in files[1:])
        programs = {
            "bare DuckDB scan, `count(*)`": _scan("count", files[1:]),
            "bare DuckDB scan, every column": _scan("columns", files[1:]),
            "`hotdog-sql select`": _select(plain, split),
            "`hotdog-sql select` from an index": _select(indexed, split),
            "polars, lazy and streaming": _peer("polars_lazy", *files),
        }
        if name in _SMALL:
            programs["pandas, as in the tutorial"] = _peer("pandas_tutorial", *files)
        results = take_turns(programs, repeats)
        print_table(f"Select: {name}, {csv_bytes / 1e6:,.0f} MB", results, next(iter(results)))
        _print_index(indexed, built, csv_bytes)
    return results


def measure_boxes(repeats: int) -> None:
    """Print the table for the boxes of a class, from the box file of train and from its index."""
    plain = boxes_dir()
    indexed = indexed_dir(plain)
    built = run(hotdog_sql("index", "--split", "train", "--data-dir", str(indexed)))
    csv = plain / BOX_FILE
    programs = {
        "`hotdog-sql sql`": _sql(plain),
        "`hotdog-sql sql` from an index": _sql(indexed),
        "pandas, as in OIDv4_ToolKit": _peer("pandas_boxes_oidv4", csv),
        "pandas, as in FiftyOne": _peer("pandas_boxes_fiftyone", csv),
    }
    results = take_turns(programs, repeats, check=_check_rows)
    size = csv.stat().st_size
    print_table(f"Boxes of a class: {size / 1e6:,.0f} MB", results, next(iter(results)))
    _print_index(indexed, built, size)


def _print_index(folder: Path, built: Run, csv_bytes: int) -> None:
    index_bytes = sum(path.stat().st_size for path in folder.glob("*.parquet"))
    print(
        f"\nThe index: {index_bytes / 1e6:,.0f} MB ({index_bytes / csv_bytes:.2f} of the CSVs),"
        f" made in {built.wall:.1f} s with {built.peak / 1e6:,.0f} MB.",
        flush=True,
    )


def _check_rows(name: str, new: Path) -> None:
    with (new / "rows.csv").open() as lines:
        if sum(1 for _ in lines) < 2:
            sys.exit(f"{name} found nothing")


def _select(folder: Path, split: str) -> Program:
    options = ("--class", "Hot dog", "--split", split, "--data-dir", str(folder), "--quiet")
    return lambda new: hotdog_sql("select", *options, "--output", str(new / "rows.csv"))


def _sql(folder: Path) -> Program:
    options = ("--split", "train", "--data-dir", str(folder), "--quiet")
    return lambda new: hotdog_sql("sql", _BOXES, *options, "--output", str(new / "rows.csv"))


def _scan(what: str, files: Sequence[Path]) -> Program:
    program = (str(installed() / "python"), _PEERS, "bare_scan", what)
    return lambda _: Command((*program, *map(str, files)))


def _peer(program: str, *files: Path) -> Program:
    python = str(environment("peers", "pandas", "polars") / "python")
    arguments = (_PEERS, program, *map(str, files))
    return lambda new: Command((python, *arguments, str(new / "rows.csv")))
