"""Command-line options made from the fields of the option dataclasses."""

import csv
import math
import os
import re
import shlex
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import MISSING, fields
from enum import EnumMeta, StrEnum
from functools import partial, wraps
from inspect import Parameter, Signature, getdoc, signature
from itertools import islice
from pathlib import Path
from types import GenericAlias
from typing import Annotated, Any, get_args

from typer import BadParameter, Context, Option
from typer.models import ArgumentInfo, OptionInfo

from hotdog_sql.cli import api
from hotdog_sql.cli.output import QUIET, RowFormat
from hotdog_sql.config import data_folder
from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.errors import InputError, QueryError
from hotdog_sql.option_checks import LARGEST_COUNT, NUMBERS
from hotdog_sql.options import DataOptions, SelectOptions, parse_partition
from hotdog_sql.text import without_credentials

Command = Callable[..., None]
#: The fields of an option dataclass that the user set; the others keep their defaults.
Settings = dict[str, Any]
DataSettings = Annotated[Settings, DataOptions]
#: For commands on a dataset, whose recipe has the defaults of these fields.
DatasetSettings = Annotated[Settings, DataOptions, dict.fromkeys(("splits", "release", "labels"))]

_METAVARS = {int: "N", float: "X", str: "TEXT", Path: "FILE"}


def complete_class(incomplete: str) -> list[str]:
    """Return the class names, in any case, or MIDs that start with the typed text.

    Reads the CSV without DuckDB, whose start would delay the completion.
    """
    prefix, column = incomplete.casefold(), 0 if incomplete.startswith("/") else 1
    names = set()
    for path in data_folder().glob("oid*-class-descriptions.csv"):
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            names |= {row[column] for row in islice(csv.reader(file), 1, None) if len(row) > 1}
    found = sorted(name for name in names if name.casefold().startswith(prefix))
    # Keep the typed case: Typer drops completions that differ in case.
    matches = [incomplete + name[len(incomplete) :] for name in found[:100] if name.isprintable()]
    # Without completions, the shell would complete file names.
    completions = matches or [incomplete]
    if words := os.environ.get("COMP_WORDS"):  # of bash, which inserts completions as they are
        with suppress(ValueError):  # inside quotes
            shlex.split(words)
            completions = [re.sub(r"[^\w/-]", r"\\\g<0>", name) for name in completions]
    return completions


def _parse_partition(text: str) -> dict[str, float]:
    try:
        return parse_partition(text)
    except InputError as error:
        raise BadParameter(str(error)) from error


def _parse_negatives(text: object) -> dict[str, int | float | None]:
    """Return the fields that `--negatives` sets: a number such as 120, or a multiple such as 2x."""
    number, suffix, rest = str(text).partition("x")
    try:
        value = float(number) if suffix else int(number)
    except ValueError:
        value = -1
    if rest or not 0 <= value <= LARGEST_COUNT:
        raise BadParameter(
            f"{text!r} is neither a number from 0 to {LARGEST_COUNT:,} nor a multiple such as 2x"
        )
    return {"negatives": 0, "ratio": value} if suffix else {"negatives": int(value), "ratio": None}


def _parse_set(setting: str) -> tuple[str, str | int | float]:
    """Return the name and value of a `--set`: a number if Python writes it as it was typed."""
    name, equals, value = setting.partition("=")
    if not equals:
        raise BadParameter(f"{setting!r} has no =: give NAME=VALUE")
    for kind in (int, float):
        with suppress(ValueError):
            number = kind(value)
            if str(number) == value and -math.inf < number < math.inf:
                return name, number
    return name, value


def read_query(path: str) -> str:
    """Return the query in a file, or from stdin if the path is `-`."""
    try:
        return (sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()).decode()
    except OSError as error:
        raise BadParameter(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise QueryError(f"{path} is not UTF-8 text; save the query as UTF-8") from error


def local_path(given: str | Path) -> Path:
    """Return a path on this machine; raise an error for an address."""
    if str(given).startswith("file://"):
        return api.open_storage(given).folder or Path()
    if "://" in str(given):
        raise BadParameter(f"{without_credentials(str(given))} is not on this machine: give a path")
    return Path(given)


def option(kind: Any, *names: str, panel: str | None = None, **settings: Any) -> Any:
    """Return the annotation of an option."""
    return Annotated[kind, Option(..., *names, rich_help_panel=panel, **settings)]


FormatOption: Any = option(
    RowFormat | None,
    "--format",
    panel="Output",
    help="Format of the rows. The default is that of --output, or else table in a terminal and csv "
    "in a pipe.",
)
OutputOption: Any = option(
    Path | None,
    "--output",
    "-o",
    metavar="FILE",
    parser=local_path,
    help="Write the rows to this file instead of stdout.",
)
VerboseOption: Any = option(bool, "--verbose", "-v", panel="Output", help="Print more detail.")
_QuietOption: Any = option(bool, "--quiet", "-q", panel="Output", help="Print errors only.")
GalleryOption: Any = option(
    bool,
    panel="Download",
    help="Whether to write index.html, a page that shows the dataset's photos.",
)
_CLASS: dict[str, Any] = {"metavar": "NAME_OR_MID", "autocompletion": complete_class}
BoxClassesOption: Any = option(
    list[str] | None,
    "--class",
    **_CLASS,
    help="Class of the boxes, by default each class of the selection. Repeat it for several.",
)
#: The fields that are options, by panel of the help; those without a panel come first. Their types,
#: defaults, bounds and help texts come from the dataclasses.
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
        "Instead of classes": "ids query variables",
    },
    DownloadOptions: {
        "Download": "sources workers per_host max_bytes strict_md5 retry_failed replace_failed "
        "top_up update upright max_side dataset_format shard_size scheduler"
    },
}
#: The names of options that are not called like their fields or parameters.
_NAMES = {
    "splits": ["--split"],
    "large": ["--yes", "-y"],
    "classes": ["--class"],
    "variables": ["--set"],
    "sources": ["--source"],
    "top_up": ["--top-up/--no-top-up"],
    "every": ["--all"],
}
#: What else the fields do not say.
_SETTINGS: dict[str, dict[str, Any]] = {
    "data_dir": {"metavar": "DIR", "file_okay": False, "envvar": "HOTDOG_SQL_DATA_DIR"},
    "memory_limit": {"metavar": "SIZE"},
    "classes": _CLASS,
    "negatives": {
        "metavar": "N|Nx",
        "parser": _parse_negatives,
        "help": "Images without the classes: a number, or a multiple of the positives such as 2x.",
    },
    "exclude": _CLASS,
    "partition": {"metavar": "SHARES", "parser": _parse_partition},
    "query": {
        "metavar": "FILE",
        "parser": read_query,
        "help": "File with one SELECT that returns ImageID, folder and, optionally, rank.",
    },
    "variables": {"metavar": "NAME=VALUE", "parser": _parse_set},
    "scheduler": {"metavar": "ADDRESS"},
}


def option_name(field: str) -> str:
    """Return the name of a field's option, such as `--max-side`."""
    return _NAMES.get(field, [f"--{field.replace('_', '-')}"])[0]


def with_options(command: Command) -> Command:
    """Turn the parameters of a command into those that Typer expects, and add `--quiet`.

    For a parameter of the type `DataOptions`, the command has an option per field, and for
    `Annotated[DataOptions, "splits"]`, only those of the fields named. A dict in the annotation has
    other defaults. The command gets an instance, or, for `Annotated[Settings, DataOptions]`, what
    the user set.
    """
    groups: dict[str, tuple[Callable[..., Any], list[Parameter]]] = {}
    parameters = [_parameter("context", Context)]
    for name, parameter in signature(command).parameters.items():
        kind, *infos = get_args(parameter.annotation) or (parameter.annotation,)
        group, *infos = infos if kind == Settings else (kind, *infos)
        if group in _PANELS:
            names = [info for info in infos if isinstance(info, str)]
            defaults = next((info for info in infos if isinstance(info, dict)), {})
            options = list(_parameters(group, names, defaults))
            groups[name] = dict if kind == Settings else partial(group, **defaults), options
            parameters += options
        else:
            parameters.append(_parameter(name, parameter.annotation, parameter.default))
    parameters.append(_parameter("quiet", _QuietOption, False))

    @wraps(command)
    def run(context: Any, quiet: bool, **values: Any) -> None:
        QUIET.set(quiet)
        given = {name for name in values if context.get_parameter_source(name).name != "DEFAULT"}
        for group, (make, options) in groups.items():
            chosen = {option.name: values.pop(option.name) for option in options}
            values[group] = make(**{name: chosen[name] for name in chosen if name in given})
        command(**values)

    # Typer reads the annotations and the signature.
    run.__annotations__ = {option.name: option.annotation for option in parameters}
    run.__dict__["__signature__"] = Signature(parameters)
    return run


def _parameters(group: type, names: Collection[str], defaults: Settings) -> Iterator[Parameter]:
    """Yield a parameter for each named field of a dataclass, by default for each option."""
    panels = {name: panel for panel, names in _PANELS[group].items() for name in names.split()}
    by_name = {field.name: field for field in fields(group)}
    texts = _descriptions(group)
    for name in names or panels:
        settings = {"help": texts.get(name, "")} | _SETTINGS.get(name, {})
        kind: Any = by_name[name].type
        default: Any = by_name[name].default
        if isinstance(default, StrEnum):
            kind = type(default)
        elif isinstance(default, tuple) or default is MISSING:
            default = [] if default is MISSING else list(default)
            kind = GenericAlias(list, type(default[0]) if default else str)
            settings["help"] += " Repeat it for several."
        elif "parser" in settings:
            kind = Any
        if name in NUMBERS:
            _, settings["min"], settings["max"] = NUMBERS[name]
        annotation = option(kind, *_NAMES.get(name, ()), panel=panels[name], **settings)
        yield _parameter(name, annotation, defaults.get(name, default))


def _parameter(name: str, annotation: Any, default: Any = Parameter.empty) -> Parameter:
    """Return a parameter; an option's metavar says what to type, and a flag has no negation."""
    kind, info = get_args(annotation) or (annotation, None)
    if isinstance(info, ArgumentInfo):
        info.metavar = info.metavar or name.upper()
    elif isinstance(info, OptionInfo):
        inner = next((arg for arg in get_args(kind) if arg is not type(None)), kind)
        metavar = "|".join(inner) if isinstance(inner, EnumMeta) else _METAVARS.get(inner)
        info.metavar = info.metavar or metavar
        if default is False:
            info.param_decls = info.param_decls or (option_name(name),)
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _descriptions(group: type) -> dict[str, str]:
    """Return each attribute's description in the docstring of a dataclass, as a sentence."""
    attributes = (getdoc(group) or "").partition("Attributes:\n")[2].partition("\n\n")[0]
    entries = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", attributes, flags=re.MULTILINE)
    texts = {name: " ".join(entry.replace("`", "").split()) for name, entry in entries}
    return {name: f"{text[0].upper()}{text[1:].removesuffix('.')}." for name, text in texts.items()}
