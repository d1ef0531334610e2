"""How time and memory of `hotdog-sql select` grow: with the files, the classes, the negatives.

    python -m tests.benchmark.growth [--repeats 3]

From the CSVs and from an index of them, beside bare DuckDB scans, polars and pandas. Prints tables
in Markdown and a chart in plain text. pandas is left out above a tenth of train, where it needs
gigabytes and minutes.
"""

import argparse
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import duckdb

from tests.benchmark.files import BENCH, indexed_dir, split_dir, split_files
from tests.benchmark.measure import (
    Command,
    Result,
    hotdog_sql,
    markdown_table,
    run,
    take_turns,
)
from tests.benchmark.selection import PROGRAMS, command, select

#: What is measured, by the name to show, smallest first.
_SIZES = {
    "test": ("test", Fraction(1)),
    "1/10 train": ("train", Fraction(1, 10)),
    "1/3 train": ("train", Fraction(1, 3)),
    "train": ("train", Fraction(1)),
}
_PANDAS = ("test", "1/10 train")
_NEGATIVES = (120, 10_000, 1_000_000)
_CLASSES = (1, 10, 100)
_BAR = 40
_LOG = BENCH / "log.txt"


def index(folder: Path, split: str) -> Command:
    """`hotdog-sql index`."""
    return hotdog_sql("index", "--split", split, "--data-dir", str(folder))


def chart(seconds: Mapping[str, float]) -> str:
    """A bar for each, the longest of them `_BAR` characters long."""
    longest = max(seconds.values())
    wide = max(map(len, seconds))
    return "\n".join(
        f"{name:<{wide}}  {'█' * max(1, round(_BAR * value / longest))} {value:.1f} s"
        for name, value in seconds.items()
    )


def popular_classes(folder: Path, count: int) -> list[str]:
    """MIDs of classes in the middle of the class file, so that no run is all rare ones."""
    classes, _, _ = split_files(folder)
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT LabelName FROM read_csv($file, all_varchar = true, quote = '\"') "
            "ORDER BY md5(LabelName) LIMIT $count",
            {"file": str(classes), "count": count},
        ).fetchall()
    return [mid for (mid,) in rows]


def by_size(repeats: int) -> dict[str, Result]:
    """The table by the size of the files; gives the results of the largest."""
    results: dict[str, Result] = {}
    for name, (split, fraction) in _SIZES.items():
        plain, indexed = split_dir(split, fraction), indexed_dir(split, fraction)
        built = run(index(indexed, split), _LOG)
        csv_bytes = sum(path.stat().st_size for path in split_files(plain)[1:])
        index_bytes = sum(path.stat().st_size for path in indexed.glob("*.parquet"))
        programs = ["count", "columns", "select", "polars", *(["pandas"] * (name in _PANDAS))]
        commands = {PROGRAMS[one]: command(one, plain, split) for one in programs}
        commands["`hotdog-sql select`, from the index"] = command("select", indexed, split)
        counts = hotdog_sql("classes", "hot dog", "--counts", "--split", split)
        commands["`hotdog-sql classes --counts`, from the index"] = Command(
            (*counts.arguments, "--data-dir", str(indexed))
        )
        results = take_turns(commands, repeats, _LOG)
        print(f"### {name}, {csv_bytes / 1e6:,.0f} MB of CSV\n")
        print(markdown_table(results, baseline=PROGRAMS["count"]))
        part = index_bytes / csv_bytes
        print(
            f"\nThe index: {index_bytes / 1e6:,.0f} MB ({part:.2f} of the CSVs), made in "
            f"{built.wall:.1f} s with {built.peak / 1e6:,.0f} MB.\n",
            flush=True,
        )
    return results


def by_request(repeats: int) -> None:
    """The tables by negatives and by classes, on train."""
    folders = {"CSV": split_dir("train"), "index": indexed_dir("train")}
    some: dict[str, tuple[str, ...]] = {
        f"{count:,} negatives": ("--class", "Hot dog", "--negatives", str(count))
        for count in _NEGATIVES
    }
    for count in _CLASSES:
        mids = popular_classes(folders["CSV"], count)
        chosen = [part for mid in mids for part in ("--class", mid)]
        some[f"{count} classes, first of several"] = (*chosen, "--overlap", "first")
    commands = {
        f"{name}, from the {kind}": select(folder, "train", *options)
        for name, options in some.items()
        for kind, folder in folders.items()
    }
    results = take_turns(commands, repeats, _LOG)
    print("### train, by what is asked for\n")
    print(markdown_table(results, baseline=next(iter(results)), heading="selection"))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark.growth")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--parts", nargs="+", choices=("size", "request"))
    options = parser.parse_args()
    parts = options.parts or ["size", "request"]
    if "size" in parts:
        results = by_size(options.repeats)
        print(chart({name.replace("`", ""): one.wall for name, one in results.items()}))
        print()
    if "request" in parts:
        by_request(options.repeats)


if __name__ == "__main__":
    main()
