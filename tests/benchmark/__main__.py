"""Run all benchmarks, as `make bench` does; print the README's tables and draw its chart.

    python -m tests.benchmark [start selection boxes refresh download] [--repeats 5]

The first run installs the alternatives in `.bench/`.
"""

import argparse
import os
import platform
import shutil
from importlib.metadata import version

from tests.benchmark.download import measure_download, measure_refresh
from tests.benchmark.measure import BENCH, CHART, Run, write_chart
from tests.benchmark.selection import measure_boxes, measure_selection, measure_start

_PARTS = ("start", "selection", "boxes", "refresh", "download")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark")
    parser.add_argument("parts", nargs="*", help=f"some of {', '.join(_PARTS)}; default: all")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    shutil.rmtree(BENCH / "installed", ignore_errors=True)  # may be of an older checkout
    print(
        f"Medians of {options.repeats} interleaved runs of whole processes, with files in the page "
        f"cache. {os.cpu_count()} cores ({platform.machine()}), Python "
        f"{platform.python_version()}, DuckDB {version('duckdb')}."
    )
    charts: dict[str, dict[str, Run]] = {}
    for part in options.parts or _PARTS:
        match part:
            case "start":
                measure_start(options.repeats)
            case "selection":
                charts["select from train"] = measure_selection(options.repeats)
            case "boxes":
                measure_boxes(options.repeats)
            case "refresh":
                measure_refresh(options.repeats)
            case "download":
                title = "download 3,000 photos of 200 KB, 64 at a time, each after 50 ms"
                charts[title] = measure_download(options.repeats)
            case _:
                parser.error(f"there is no part {part}")
    if len(charts) > 1:
        write_chart(CHART, charts)


if __name__ == "__main__":
    main()
