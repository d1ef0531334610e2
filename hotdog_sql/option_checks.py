"""Checks of option values: numbers, texts, paths, choices, flags and names."""

import numbers
from collections.abc import Iterable
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import Any, get_args

from hotdog_sql.errors import InputError
from hotdog_sql.text import is_unicode, printable

#: Maximum number of images in an option; Open Images has nine million.
LARGEST_COUNT = 10_000_000
#: Type, minimum and maximum of each numeric option.
NUMBERS: dict[str, tuple[type[int] | type[float], float, float]] = {
    "threads": (int, 1, 1_024),
    "negatives": (int, 0, LARGEST_COUNT),
    "limit": (int, 1, LARGEST_COUNT),
    "seed": (int, 0, 2**63 - 1),
    "ratio": (float, 0, LARGEST_COUNT),
    "min_confidence": (float, 0.000001, 1),
    "min_area": (float, 0, 1),
    "max_area": (float, 0, 1),
    "workers": (int, 1, 512),
    "per_host": (int, 1, 512),
    "max_bytes": (int, 1, 2**63 - 1),
    "max_side": (int, 1, 65_535),
    "shard_size": (int, 1, 1_000_000),
    "silence_seconds": (float, 0.001, 86_400),
    "photo_seconds": (float, 0.001, 86_400),
}
#: What to give as each option of texts or a path.
_TEXTS = {
    "classes": "names or MIDs",
    "exclude": "names or MIDs",
    "negative_folder": "a name",
    "query": "one SELECT",
    "memory_limit": "a size such as 512MB",
    "scheduler": "an address",
}
_PATHS = {"data_dir": "a folder", "ids": "a file"}


def check_options(options: Any) -> None:
    """Raise `InputError` for an invalid option, and give the others one type.

    NUMBERS, _TEXTS, _PATHS and the type of the default say what an option is. A list may be given
    as a single text.
    """
    for option in fields(options):
        name, value, default = option.name, getattr(options, option.name), option.default
        if value is None and NoneType in get_args(option.type):
            continue
        values = [value]
        if isinstance(default, tuple):
            if isinstance(value, Iterable) and not isinstance(value, str):
                values = list(value)
            object.__setattr__(options, name, tuple(values))
            default = next(iter(default), None)
        if name in NUMBERS:
            kind, minimum, maximum = NUMBERS[name]
            noun = "a whole number" if kind is int else "a number"
            valid = is_number(value, kind, minimum, maximum)
            check(options, name, valid, f"{noun} from {minimum:,} to {maximum:,}")
            object.__setattr__(options, name, kind(value))  # a recipe has always the same digits
        elif name in _TEXTS:
            check(options, name, all(map(is_text, values)), _TEXTS[name])
        elif name in _PATHS:
            valid = isinstance(value, str | Path) and is_text(str(value))
            check(options, name, valid, _PATHS[name])
            object.__setattr__(options, name, Path(value))
        elif isinstance(default, StrEnum):
            choices = tuple(type(default))
            valid = bool(values) and all(isinstance(one, str) and one in choices for one in values)
            check(options, name, valid, f"one of {', '.join(choices)}")
        elif isinstance(default, bool):
            check(options, name, isinstance(value, bool), "true or false")


def check(options: object, name: str, valid: bool, expected: str) -> None:
    """Raise `InputError` for an option that is not valid."""
    if not valid:
        value = printable(repr(getattr(options, name)))[:60]
        raise InputError(f"{name} {value} is invalid; give {expected}")


def is_text(value: object) -> bool:
    """Return whether the value is text that DuckDB and a path accept."""
    return isinstance(value, str) and "\0" not in value and is_unicode(value)


def is_number(value: Any, kind: type, minimum: float, maximum: float) -> bool:
    """Return whether the value is a number in a range; NumPy's types are numbers too."""
    is_kind = isinstance(value, numbers.Integral if kind is int else numbers.Real)
    return is_kind and not isinstance(value, bool) and bool(minimum <= value <= maximum)
