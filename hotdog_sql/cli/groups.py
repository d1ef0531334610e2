"""How a command takes a group of options.

A command names the dataclasses that it needs; `takes` gives it an option for each of their fields,
with the field's default.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any

import typer

from hotdog_sql.cli.options import TYPED
from hotdog_sql.download_options import DownloadOptions

#: The options of a group that the user set, by field; the others keep their defaults.
Given = dict[str, Any]


def takes(**groups: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of some dataclasses.

    Args:
        groups: by the name of the command's parameter, a dataclass, or a pair of a dataclass and
            the fields that the command has options for. The parameter gets a `Given`.
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
            parameters += by_group[name].values() if name in by_group else [parameter]
        parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters]

        @functools.wraps(command)
        def run(context: typer.Context, **values: Any) -> None:
            given: dict[str, Given] = {}
            for name, fields_of_group in by_group.items():
                typed = {field: values.pop(field) for field in fields_of_group}
                given[name] = {
                    field: value for field, value in typed.items() if _is_given(context, field)
                }
            command(**values, **given)

        # Typer reads both.
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        run.__dict__["__signature__"] = inspect.Signature(parameters)
        return run

    return wrap


def download_options(given: Given) -> DownloadOptions:
    """The options of a download that were given.

    Raises:
        InputError: they contradict each other.
        MissingExtraError: photos are to be altered, and Pillow is not installed.
    """
    if "sources" in given:
        given = given | {"sources": tuple(dict.fromkeys(given["sources"]))}
    return DownloadOptions(**given)


def refuse_without_download(given: Given, *, gallery: bool | None) -> None:
    """Refuse options of a download in a command without one.

    Raises:
        typer.BadParameter: some are given.
    """
    names = [TYPED[DownloadOptions][field].__metadata__[0].default for field in given]
    if gallery is not None:
        names.append("--gallery" if gallery else "--no-gallery")
    if names:
        shown = " and ".join(name.partition("/")[0] for name in names)
        raise typer.BadParameter(f"{shown} without --download: add --download DEST")


def _is_given(context: typer.Context, field: str) -> bool:
    source = context.get_parameter_source(field)
    return source is not None and source.name in ("COMMANDLINE", "ENVIRONMENT")


def _parameters(group: type, *names: str) -> dict[str, inspect.Parameter]:
    """A parameter for each field that can be typed, or for those that are named."""
    defaults = {field.name: field for field in fields(group)}
    found = {}
    for name, annotation in TYPED[group].items():
        if names and name not in names:
            continue
        field = defaults[name]
        default = field.default
        if field.default_factory is not MISSING:
            default = field.default_factory()
        if isinstance(default, tuple | dict):
            default = list(default)
        found[name] = inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
        )
    return found
