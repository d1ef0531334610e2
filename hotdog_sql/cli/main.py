"""The commands, their help texts, and how an error ends them."""

import inspect
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from hotdog_sql.cli.boxes import crop, export
from hotdog_sql.cli.data import index, refresh
from hotdog_sql.cli.download import demo, download, gallery, verify
from hotdog_sql.cli.look import classes, shell, sql, summary
from hotdog_sql.cli.output import ExitCode, exit_code
from hotdog_sql.cli.select import select
from hotdog_sql.config import VERSION
from hotdog_sql.errors import HotdogError, QueryError
from hotdog_sql.text import printable

COMMANDS: dict[str, tuple[Callable[..., None], ...]] = {
    "Make a dataset": (select, download, demo),
    "Look around": (classes, summary, sql, shell),
    "Data and datasets": (refresh, index, verify, gallery),
    "Boxes": (crop, export),
}
#: What DuckDB says, as a RuntimeError, when a signal ends a query.
_QUERY_STOPPED = "Query interrupted"
#: The bounds of a number, as Click shows them.
_BOUNDS = re.compile(r"(; |(?<=\[))[\w.-]*(<=)?x[<>]=[\w.-]+(?=\])")


class _PlainHelp:
    """Help in plain text, a section for each panel.

    Typer draws boxes with rich, which takes as long to import as all else that a help text needs.
    """

    help: str | None

    def format_help_text(self, _ctx: Any, formatter: Any) -> None:
        """Writes the docstring as it is."""
        formatter.write_paragraph()
        for line in inspect.cleandoc(self.help or "").splitlines():
            formatter.write(f"  {line}".rstrip() + "\n")


class PlainCommand(_PlainHelp, TyperCommand):
    """A command whose options have panels."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Says of a wrong value what a user needs to know."""
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            told = error.message.replace("Value error, ", "")
            error.message = told.replace(", unable to parse string as an integer", "")
            raise

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Writes the arguments, and the options by panel."""
        _write_sections(formatter, _parameters(self.get_params(ctx), ctx))


class PlainGroup(_PlainHelp, TyperGroup):
    """The commands, by their panels."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Writes the commands by panel, after the options that go before them."""
        sections = _parameters(self.get_params(ctx), ctx)
        for panel, commands in COMMANDS.items():
            named = [(one.__name__, self.get_command(ctx, one.__name__)) for one in commands]
            sections[panel] = [(name, one.get_short_help_str(200)) for name, one in named if one]
        _write_sections(formatter, sections)


def _parameters(parameters: Iterable[Any], ctx: Any) -> dict[str, list[tuple[str, str]]]:
    """What there is to say of each parameter by panel: arguments first, panels in their order."""
    sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
    for parameter in parameters:
        record = parameter.get_help_record(ctx)
        if record is None:
            continue
        names, text = record
        text = text.replace("\\[", "[")  # as older versions of Typer write it
        text = _BOUNDS.sub("", text).replace("  []", "")
        if parameter.param_type_name == "argument":
            sections["Arguments"].append((names.partition(" <")[0], text))
        else:
            panel = getattr(parameter, "rich_help_panel", None) or "Options"
            sections.setdefault(panel, []).append((names, text))
    return sections


def _write_sections(formatter: Any, sections: dict[str, list[tuple[str, str]]]) -> None:
    for panel, records in sections.items():
        if records:
            with formatter.section(panel):
                formatter.write_dl(records)


app: typer.Typer = typer.Typer(
    name="hotdog-sql",
    cls=PlainGroup,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for group in COMMANDS.values():
    for command in group:
        app.command(cls=PlainCommand)(command)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"hotdog-sql {VERSION}")
        raise typer.Exit


@app.callback()
def root(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Photos for an image classifier, selected from Open Images with readable SQL.

    Examples:
      hotdog-sql demo
      hotdog-sql select "Hot dog" --download dataset

    Rows go to stdout, everything else to stderr.
    """


def main() -> None:
    """Run a command; an error becomes a message and its exit code."""
    try:
        app()
    except HotdogError as error:
        # DuckDB points at the place in a query on lines of its own.
        lines = str(error).splitlines() if isinstance(error, QueryError) else [str(error)]
        _end(lines, exit_code(error))
    except OSError as error:  # stdout is closed or full, or a file is not ours to read
        where = f" {error.filename}" if error.filename else ""
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what stdout still holds goes nowhere
        _end([f"cannot read or write{where}: {error.strerror}"], ExitCode.DATASET)
    except RuntimeError as error:
        if str(error) != _QUERY_STOPPED:
            raise
        sys.exit(ExitCode.INTERRUPTED)


def _end(lines: Sequence[str], code: int) -> None:
    typer.echo("hotdog-sql: " + "\n".join(printable(line) for line in lines), err=True)
    sys.exit(code)
