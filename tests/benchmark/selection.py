"""`hotdog-sql select` beside bare scans of the same files, polars and pandas, as files grow.

The CSVs are generated at the size of the real ones, once. pandas is left out above a tenth of
train, where it needs gigabytes and minutes.
"""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from tests.benchmark.generate import indexed_dir, split_dir, split_files
from tests.benchmark.measure import (
    Command,
    Run,
    environment,
    hotdog_sql,
    installed,
    print_table,
    run,
    take_turns,
)

_PEERS = str(Path(__file__).parent / "peers.py")

#: What is measured, by the name to show, smallest first.
SIZES = {
    "test": ("test", Fraction(1)),
    "a tenth of train": ("train", Fraction(1, 10)),
    "a third of train": ("train", Fraction(1, 3)),
    "train": ("train", Fraction(1)),
}
_SMALL = ("test", "a tenth of train")


def measure_start(repeats: int) -> None:
    """What a command costs that does next to nothing, beside the imports that it needs."""
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


def measure_selection(repeats: int, sizes: tuple[str, ...]) -> dict[str, Run]:
    """The tables by the size of the files; gives the results of the last."""
    results: dict[str, Run] = {}
    for name in sizes:
        split, fraction = SIZES[name]
        plain = split_dir(split, fraction)
        indexed = indexed_dir(plain)
        built = run(hotdog_sql("index", "--split", split, "--data-dir", str(indexed)))
        csv_bytes = sum(path.stat().st_size for path in split_files(plain)[1:])
        index_bytes = sum(path.stat().st_size for path in indexed.glob("*.parquet"))
        programs = {
            "bare DuckDB scan, `count(*)`": _scan(plain, "count"),
            "bare DuckDB scan, every column": _scan(plain, "columns"),
            "`hotdog-sql select`": _select(plain, split),
            "`hotdog-sql select` from an index": _select(indexed, split),
            "polars, lazy and streaming": _peer("polars_lazy", plain),
        }
        if name in _SMALL:
            programs["pandas, as in the tutorial"] = _peer("pandas_tutorial", plain)
        results = take_turns(programs, repeats)
        print_table(f"Select: {name}, {csv_bytes / 1e6:,.0f} MB", results, next(iter(results)))
        print(
            f"\nThe index: {index_bytes / 1e6:,.0f} MB ({index_bytes / csv_bytes:.2f} of the CSVs),"
            f" made in {built.wall:.1f} s with {built.peak / 1e6:,.0f} MB.",
            flush=True,
        )
    return {name.replace("`", ""): one for name, one in results.items()}


def _select(folder: Path, split: str) -> Callable[[Path], Command]:
    options = ("--class", "Hot dog", "--split", split, "--data-dir", str(folder), "--quiet")
    return lambda new: hotdog_sql("select", *options, "--output", str(new / "selection.csv"))


def _scan(folder: Path, what: str) -> Callable[[Path], Command]:
    _, images, labels = map(str, split_files(folder))
    program = (str(installed() / "python"), _PEERS, "bare_scan")
    return lambda _: Command((*program, labels, images, what))


def _peer(program: str, folder: Path) -> Callable[[Path], Command]:
    classes, images, labels = map(str, split_files(folder))
    python = str(environment("peers", "pandas", "polars") / "python")
    files = (_PEERS, program, classes, labels, images)
    return lambda new: Command((python, *files, str(new / "selection.csv")))
