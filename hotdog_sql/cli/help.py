"""Help in plain text, options and commands under the headings of their panels.

Typer's own help draws boxes with rich, whose Markdown and traceback modules alone take as long to
import as everything else that a help text needs.
"""

import re
from collections.abc import Iterable
from typing import Any

from typer.core import TyperCommand, TyperGroup

#: How the types in angle brackets are shown.
_SHOWN = {
    r"<list\[(.+)\]>": r"\1",
    r"<str>": "TEXT",
    r"<file>": "FILE",
    r"<dir>": "DIR",
    r"<(.+\|.+)>": r"\1",
}
_OPTIONS = "Options"
_ARGUMENTS = "Arguments"
_COMMANDS = "Commands"

Lines = dict[str, list[tuple[str, str]]]


class PlainCommand(TyperCommand):
    """A command whose help has a section for each panel of its options."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Writes the arguments, and the options by panel."""
        _write(formatter, _parameters(self.get_params(ctx), ctx))


class PlainGroup(TyperGroup):
    """The commands, a section for each of their panels."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Writes the commands by panel, after the options that go before them."""
        lines = _parameters(self.get_params(ctx), ctx)
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                panel = getattr(command, "rich_help_panel", None) or _COMMANDS
                lines.setdefault(str(panel), []).append((name, command.get_short_help_str(200)))
        _write(formatter, lines)


def _parameters(parameters: Iterable[Any], ctx: Any) -> Lines:
    """What there is to say of each parameter, by panel; arguments first, panels in their order."""
    lines: Lines = {_ARGUMENTS: [], _OPTIONS: []}
    for parameter in parameters:
        record = parameter.get_help_record(ctx)
        if record is not None:
            record = _plain(*record)
            usual = _ARGUMENTS if parameter.param_type_name == "argument" else _OPTIONS
            panel = getattr(parameter, "rich_help_panel", None) or usual
            lines.setdefault(str(panel), []).append(record)
    return lines


def _plain(names: str, text: str) -> tuple[str, str]:
    """The names and the text of a parameter without what only a programmer reads in them."""
    if not names.startswith("-"):
        names = names.partition(" <")[0]
    for typed, shown in _SHOWN.items():
        names = re.sub(typed, shown, names)
    text = text.replace("\\[", "[")  # as older versions of Typer write it
    text = re.sub(r"(; |(?<=\[))[\w.-]*(<=)?x[<>]=[\w.-]+(?=\])", "", text).replace("  []", "")
    return names, re.sub(r"default: \(([^()]*)\)", r"default: \1", text)


def _write(formatter: Any, lines: Lines) -> None:
    for panel, records in lines.items():
        if records:
            with formatter.section(panel):
                formatter.write_dl(records)
