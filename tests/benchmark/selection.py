"""How long `hotdog-sql select` takes beside bare scans of the same files, polars and pandas.

    python -m tests.benchmark.selection [--split test] [--fraction 1/10] [--repeats 5]

Prints a table in Markdown. The files are generated once. polars and pandas come from a virtual
environment of their own, which `make bench` makes.
"""

import argparse
import os
import platform
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path

from tests.benchmark.files import BENCH, split_dir, split_files
from tests.benchmark.measure import Command, hotdog_sql, markdown_table, python, take_turns

_PEERS = Path(__file__).parent / "peers"
_PEERS_PYTHON = BENCH / "venv" / "bin" / "python"

#: The programs by short name, and what the table calls them. pandas needs minutes and 16 GB for
#: train, so that there it is run by name only.
PROGRAMS = {
    "count": "bare DuckDB scan, `count(*)`",
    "columns": "bare DuckDB scan, every column",
    "select": "`hotdog-sql select`",
    "polars": "polars, lazy and streaming",
    "pandas": "the tutorial's pandas",
}


def select(folder: Path, split: str, *options: str) -> Command:
    """`hotdog-sql select` over the files in a folder, into a CSV file."""
    files = ("--data-dir", str(folder), "--format", "csv", "--output", str(BENCH / "select.csv"))
    return hotdog_sql("select", "--split", split, "-q", *files, *options)


def command(name: str, folder: Path, split: str) -> Command:
    """The program of a short name, over the files in a folder."""
    classes, images, labels = (str(file) for file in split_files(folder))
    output = str(BENCH / f"{name}.csv")
    match name:
        case "count" | "columns":
            return python(str(_PEERS / "bare_scan.py"), labels, images, name)
        case "select":
            return select(folder, split, "--class", "Hot dog")
        case _:
            program = {"polars": "polars_lazy.py", "pandas": "pandas_tutorial.py"}[name]
            arguments = (str(_PEERS / program), classes, labels, images, output)
            return python(*arguments, interpreter=str(_PEERS_PYTHON))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark.selection")
    parser.add_argument("--split", choices=("test", "validation", "train"), default="test")
    parser.add_argument("--fraction", type=Fraction, default=Fraction(1), help="such as 1/10")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--programs", nargs="+", choices=PROGRAMS, help="default: all that fit")
    options = parser.parse_args()
    names = options.programs or list(PROGRAMS)
    if options.programs is None and options.split == "train":
        names.remove("pandas")
    missing = [] if _PEERS_PYTHON.exists() else [x for x in names if x in ("polars", "pandas")]
    folder = split_dir(options.split, options.fraction)
    results = take_turns(
        {PROGRAMS[x]: command(x, folder, options.split) for x in names if x not in missing},
        options.repeats,
        BENCH / "log.txt",
    )
    _, images, labels = split_files(folder)
    size = (images.stat().st_size + labels.stat().st_size) / 1e6
    print(f'`select --class "Hot dog"` of {folder.name}, {size:,.0f} MB of images and labels.')
    print(
        f"Medians of {options.repeats} runs taken in turns, whole processes, files in the page "
        f"cache. {os.cpu_count()} cores ({platform.machine()}), Python "
        f"{platform.python_version()}, DuckDB {version('duckdb')}.\n"
    )
    print(markdown_table(results, baseline=next(iter(results))))
    for name in missing:
        print(f"\nWithout {PROGRAMS[name]}: it is installed by `make bench`.")


if __name__ == "__main__":
    main()
