"""The options that several commands share, each written once."""

import math
from pathlib import Path
from typing import Annotated

import typer

from hotdog_sql.config import MEMORY_LIMIT
from hotdog_sql.options import Labels, Release, RowFormat, Split

_DATA = "Data"
_OUTPUT = "Output"


def _number(value: float) -> float:
    """Refuses NaN, which older versions of Click let through any bounds."""
    if math.isnan(value):
        raise typer.BadParameter("nan is no number.")
    return value


DataDirOption = Annotated[
    Path,
    typer.Option(
        "--data-dir",
        envvar="HOTDOG_SQL_DATA_DIR",
        file_okay=False,
        help="Folder of the Open Images CSV files.",
        rich_help_panel=_DATA,
    ),
]
SplitOption = Annotated[
    list[Split],
    typer.Option(
        "--split", help="Split to read; give it again for several.", rich_help_panel=_DATA
    ),
]
ReleaseOption = Annotated[
    Release, typer.Option("--release", help="Release of Open Images.", rich_help_panel=_DATA)
]
LabelsOption = Annotated[
    Labels,
    typer.Option("--labels", help="Whose labels count.", rich_help_panel=_DATA),
]
MinConfidenceOption = Annotated[
    float,
    typer.Option(
        "--min-confidence",
        metavar="X",
        min=0.000001,
        max=1.0,
        callback=_number,
        help="Least confidence of a label that counts as positive.",
    ),
]
OfflineOption = Annotated[
    bool,
    typer.Option(
        "--offline", help="Make no request: a missing file is an error.", rich_help_panel=_DATA
    ),
]
YesOption = Annotated[
    bool,
    typer.Option(
        "--yes", "-y", help="Begin a large download without asking.", rich_help_panel=_DATA
    ),
]
FormatOption = Annotated[
    RowFormat | None,
    typer.Option(
        "--format",
        help="How rows are written; a file's ending decides if this does not.",
        show_default="table in a terminal, csv into a pipe",
        rich_help_panel=_OUTPUT,
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        dir_okay=False,
        help="File to write the rows to, instead of stdout.",
        rich_help_panel=_OUTPUT,
    ),
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Say nothing but errors.", rich_help_panel=_OUTPUT)
]

ThreadsOption = Annotated[
    int | None,
    typer.Option(
        "--threads",
        metavar="N",
        min=1,
        help="Threads of DuckDB.",
        show_default="one a core",
        rich_help_panel=_DATA,
    ),
]
MemoryLimitOption = Annotated[
    str,
    typer.Option(
        "--memory-limit",
        metavar="SIZE",
        help="Memory that DuckDB may use; beyond it, it uses the disk.",
        rich_help_panel=_DATA,
    ),
]

DEFAULT_DATA_DIR = Path("data")
DEFAULT_MEMORY_LIMIT = MEMORY_LIMIT
DEFAULT_SPLITS = [Split.TEST]


def splits_of(values: list[Split]) -> tuple[str, ...]:
    """The splits that repeated `--split` options name, each once; `all` names every one."""
    every = [split for split in Split if split is not Split.ALL]
    chosen = every if Split.ALL in values else [split for split in every if split in values]
    return tuple(str(split) for split in chosen)
