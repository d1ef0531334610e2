"""How a command takes the options of a dataclass: their help texts are those of its attributes."""

import csv
import functools
import inspect
import math
import os
import re
import sys
from collections.abc import Callable
from dataclasses import fields
from enum import EnumMeta
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.errors import InputError, QueryError
from hotdog_sql.options import (
    LARGEST_COUNT,
    LARGEST_SEED,
    DataOptions,
    GroupBy,
    Labels,
    NegativesFrom,
    Overlap,
    Related,
    Release,
    RowFormat,
    SelectOptions,
    Source,
    Split,
    parse_partition,
)

#: The options of a dataclass that the user set, by field; the others keep their defaults.
Given = dict[str, Any]

DOWNLOAD = "Download"
OUTPUT = "Output"
RECIPE = "Instead of classes"

#: The fields that are options, by the panel of the help text; those without a panel come first.
_PANELS: dict[type, dict[str | None, str]] = {
    DataOptions: {
        None: "splits",
        "Data": "release labels data_dir threads memory_limit offline large",
    },
    SelectOptions: {
        None: "classes negatives limit seed",
        "Images": "min_confidence overlap negatives_from related exclude",
        "Boxes": "min_area max_area no_group_of no_depiction no_truncated",
        "Folders": "negative_folder partition group_by",
        RECIPE: "ids query variables",
    },
    DownloadOptions: {
        DOWNLOAD: "sources workers per_host max_bytes strict_md5 retry_failed replace_failed "
        "top_up update upright max_side dataset_format shard_size scheduler",
    },
}


def complete_class(incomplete: str) -> list[str]:
    """The names of classes that begin with what has been typed, in any case, or the MIDs.

    Read without DuckDB, whose start would be felt at each press of the key.
    """
    folder = Path(os.environ.get("HOTDOG_SQL_DATA_DIR") or "data")
    typed, column = incomplete.casefold(), 0 if incomplete.startswith("/") else 1
    names = set()
    for path in folder.glob("oid*-class-descriptions.csv"):
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            names |= {row[column] for row in islice(csv.reader(file), 1, None) if len(row) > 1}
    found = sorted(name for name in names if name.casefold().startswith(typed))
    # Where there is nothing to offer, the shell would offer the names of files.
    return [_Match(name) for name in found[:100] if name.isprintable()] or [incomplete]


class _Match(str):
    """A completion; Typer would drop a plain string that differs from the typed text in case."""

    __slots__ = ()

    def startswith(self, *_arguments: Any) -> bool:
        """It has been matched already."""
        return True


def _not_nan(value: float | None) -> float | None:
    """Refuse NaN, which some versions of Click accept within any bounds."""
    if value is not None and math.isnan(value):
        raise typer.BadParameter("nan is not a number.")
    return value


def _partition(text: str) -> dict[str, float]:
    try:
        return parse_partition(text)
    except InputError as error:
        raise typer.BadParameter(str(error)) from error


def _negatives(text: object) -> dict[str, int | float | None]:
    """The fields that `--negatives` sets: a number such as `120`, or a multiple such as `2x`."""
    number, times, rest = str(text).partition("x")
    try:
        value = float(number) if times else int(number)
    except ValueError:
        value = -1
    if rest or not 0 <= value <= LARGEST_COUNT:
        raise typer.BadParameter(
            f"{text!r} is neither a number from 0 to {LARGEST_COUNT:,} nor a multiple such as 2x"
        )
    return {"negatives": 0, "ratio": value} if times else {"negatives": int(value), "ratio": None}


def _variable(setting: str) -> tuple[str, str | int | float]:
    """The name and the value of a `--set`; the value is a number if it looks like one."""
    name, equals, value = setting.partition("=")
    if not equals:
        raise typer.BadParameter(f"{setting!r} has no =: give NAME=VALUE")
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, value


def read_query(path: str) -> str:
    """The text of a query in a file; `-` is stdin."""
    try:
        return (sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()).decode()
    except OSError as error:
        raise typer.BadParameter(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise QueryError(f"{path} is not UTF-8 text; save the query as UTF-8") from error


#: Options whose type is not the field's.
_KINDS: dict[str, Any] = {
    "splits": list[Split],
    "release": Release,
    "labels": Labels,
    "memory_limit": str,
    "classes": list[str],
    "negatives": Any,
    "overlap": Overlap,
    "negatives_from": NegativesFrom,
    "related": Related,
    "exclude": list[str],
    "partition": Any,
    "group_by": GroupBy,
    "query": Any,
    "variables": list[Any],
    "sources": list[Source],
}
#: Options whose name is not the field's.
_NAMES = {
    "splits": ("--split",),
    "large": ("--yes", "-y"),
    "classes": ("--class",),
    "variables": ("--set",),
    "sources": ("--source",),
    "top_up": ("--top-up/--no-top-up",),
}
_CLASS = {"metavar": "NAME_OR_MID", "autocompletion": complete_class}
_SHARE = {"min": 0.0, "max": 1.0, "callback": _not_nan}
#: Further settings of `typer.Option`.
_SETTINGS: dict[str, dict[str, Any]] = {
    "data_dir": {"envvar": "HOTDOG_SQL_DATA_DIR", "file_okay": False, "metavar": "DIR"},
    "threads": {"min": 1},
    "memory_limit": {"metavar": "SIZE"},
    "classes": _CLASS,
    "negatives": {
        "metavar": "N|Nx",
        "parser": _negatives,
        "help": "Images without the classes: a number, or a multiple of the positives such as 2x.",
    },
    "limit": {"min": 1, "max": LARGEST_COUNT},
    "seed": {"min": 0, "max": LARGEST_SEED},
    "min_confidence": _SHARE | {"min": 0.000001},
    "exclude": _CLASS,
    "min_area": _SHARE,
    "max_area": _SHARE,
    "partition": {"metavar": "SHARES", "parser": _partition},
    "query": {
        "metavar": "FILE",
        "parser": read_query,
        "help": "File with one SELECT that yields ImageID, folder and, optionally, rank.",
    },
    "variables": {"metavar": "NAME=VALUE", "parser": _variable},
    "workers": {"min": 1, "max": 512},
    "per_host": {"min": 1, "max": 512},
    "max_bytes": {"min": 1},
    "max_side": {"min": 1, "max": 65_535},
    "shard_size": {"min": 1, "max": 1_000_000},
    "scheduler": {"metavar": "ADDRESS"},
}
_METAVARS = {int: "N", float: "X", str: "TEXT", Path: "FILE"}


def _option(kind: Any, text: str, *names: str, **settings: Any) -> Any:
    """The annotation of an option. Its help text says what to type, not the type in Python."""
    inner = next((one for one in get_args(kind) if one is not type(None)), kind)
    if isinstance(inner, EnumMeta):
        settings = {"metavar": "|".join(inner)} | settings
    elif inner is not bool:
        settings = {"metavar": _METAVARS.get(inner)} | settings
    return Annotated[kind, typer.Option(*names, **({"help": text} | settings))]


FormatOption: Any = _option(
    RowFormat | None,
    "Format of the rows, by default that of --output, else table in a terminal and csv in a pipe.",
    "--format",
    rich_help_panel=OUTPUT,
)
OutputOption: Any = _option(
    Path | None,
    "Write the rows to this file, not to stdout.",
    *("--output", "-o"),
    metavar="FILE",
    dir_okay=False,
)
QuietOption: Any = _option(bool, "Print errors only.", "--quiet", "-q", rich_help_panel=OUTPUT)
VerboseOption: Any = _option(bool, "Print more detail.", "--verbose", "-v", rich_help_panel=OUTPUT)
GalleryOption: Any = _option(
    bool | None,
    "Write index.html, a page that shows the dataset's photos, or do not.",
    "--gallery/--no-gallery",
    rich_help_panel=DOWNLOAD,
)


def option_names(name: str) -> tuple[str, ...]:
    """The names of a field's option."""
    return _NAMES.get(name, (f"--{name.replace('_', '-')}",))


def takes(**groups: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command options: a parameter `data` gets those of `takes(data=DataOptions)`.

    With `takes(data=(DataOptions, "splits"))` the command has an option for this field alone.
    """

    def wrap(command: Callable[..., None]) -> Callable[..., None]:
        by_group = {
            name: _parameters(*group) if isinstance(group, tuple) else _parameters(group)
            for name, group in groups.items()
        }
        parameters = [
            inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
        ]
        for name, parameter in inspect.signature(command).parameters.items():
            parameters += by_group.get(name, [parameter])
        parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters]

        @functools.wraps(command)
        def run(context: typer.Context, **values: Any) -> None:
            given: dict[str, Given] = {}
            for group, options in by_group.items():
                typed = {option.name: values.pop(option.name) for option in options}
                given[group] = {
                    name: tuple(value) if isinstance(value, list) else value
                    for name, value in typed.items()
                    if _is_given(context, name)
                }
            command(**values, **given)

        # Typer reads both.
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        run.__dict__["__signature__"] = inspect.Signature(parameters)
        return run

    return wrap


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name in ("COMMANDLINE", "ENVIRONMENT")


def _parameters(group: type, *names: str) -> list[inspect.Parameter]:
    """A parameter for each field that is an option, or for those that are named."""
    defaults: dict[str, Any] = {
        field.name: field.default_factory() if callable(field.default_factory) else field.default
        for field in fields(group)
    }
    types, texts = get_type_hints(group), _descriptions(group)
    found = []
    for panel, listed in _PANELS[group].items():
        for name in listed.split():
            if names and name not in names:
                continue
            kind, default = _KINDS.get(name, types[name]), defaults[name]
            text = texts.get(name, "")
            if get_origin(kind) is list:
                text, default = f"{text} Repeat it for several.", list(default)
            settings = {"rich_help_panel": panel} | _SETTINGS.get(name, {})
            annotation = _option(kind, text, *option_names(name), **settings)
            found.append(
                inspect.Parameter(
                    name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
                )
            )
    return found


def _descriptions(group: type) -> dict[str, str]:
    """The attributes of a dataclass as its docstring describes them, as sentences."""
    attributes = (inspect.getdoc(group) or "").partition("Attributes:\n")[2].partition("\n\n")[0]
    entries = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", attributes, flags=re.MULTILINE)
    found = {}
    for name, entry in entries:
        text = " ".join(entry.replace("`", "").split())
        found[name] = f"{text[:1].upper()}{text[1:].removesuffix('.')}."
    return found
