"""How long a command takes that does next to nothing, beside the imports that it needs.

    python -m tests.benchmark.start [--repeats 9]

Prints a table in Markdown for each.
"""

import argparse

from tests.benchmark.files import BENCH, split_dir
from tests.benchmark.measure import Command, hotdog_sql, markdown_table, python, take_turns


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark.start")
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    classes = hotdog_sql("classes", "hot dog")
    data = {"HOTDOG_SQL_DATA_DIR": str(split_dir("test"))}
    for name, command, imports in (
        ("hotdog-sql --help", hotdog_sql("--help"), "typer, rich.table"),
        (
            'hotdog-sql classes "hot dog"',
            Command(classes.arguments, data),
            "duckdb, typer, rich.table",
        ),
    ):
        yardstick = f"import {imports}"
        results = take_turns(
            {f"`{yardstick}`": python("-c", yardstick), f"`{name}`": command},
            options.repeats,
            BENCH / "log.txt",
        )
        print(markdown_table(results, baseline=f"`{yardstick}`"), end="\n\n")


if __name__ == "__main__":
    main()
