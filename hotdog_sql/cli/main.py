"""The commands, their help texts, and how an error ends them."""

import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from hotdog_sql.cli.boxes import crop, export
from hotdog_sql.cli.data import index, refresh
from hotdog_sql.cli.download import demo, download, gallery, verify
from hotdog_sql.cli.output import ExitCode, exit_code
from hotdog_sql.cli.query import classes, shell, sql, summary
from hotdog_sql.cli.select import select
from hotdog_sql.config import VERSION
from hotdog_sql.errors import HotdogError, InputError, QueryError
from hotdog_sql.text import is_unicode, printable

COMMANDS: tuple[Callable[..., None], ...] = (
    *(select, download, demo),
    *(classes, summary, sql, shell),
    *(refresh, index, verify, gallery),
    *(crop, export),
)
#: What DuckDB says, as a RuntimeError, when a signal ends a query.
_QUERY_STOPPED = "Query interrupted"
#: The bounds of a number, as Typer shows them.
_BOUNDS = re.compile(r"(; |(?<=\[))[\w.-]*(<=)?x[<>]=[\w.-]+(?=\])")


class _Command(TyperCommand):
    """A command whose help is plain text with a section for each panel.

    Typer draws panels with rich alone, which takes as long to import as all that a help text needs.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Says of a wrong value what a user needs to know."""
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            told = error.message.replace("Value error, ", "")
            error.message = told.partition(", unable to parse")[0]
            raise

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Writes the arguments, and the options by panel."""
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        for parameter in self.get_params(ctx):
            names, text = parameter.get_help_record(ctx) or ("", "")
            text = text.replace("\\[", "[")  # as older versions of Typer write it
            text = _BOUNDS.sub("", text).replace("  []", "")
            panel = getattr(parameter, "rich_help_panel", None) or "Options"
            if parameter.param_type_name == "argument":
                names, panel = names.partition(" <")[0], "Arguments"
            sections.setdefault(panel, []).append((names, text))
        for panel, records in sections.items():
            if records:
                with formatter.section(panel):
                    formatter.write_dl(records)


def _help(function: Callable[..., None]) -> str:
    """The docstring, with the mark that keeps the lines of its examples apart."""
    return (function.__doc__ or "").replace("Examples:", "\b\n    Examples:")


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"hotdog-sql {VERSION}")
        raise typer.Exit


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


app: typer.Typer = typer.Typer(
    name="hotdog-sql",
    callback=root,
    help=_help(root),
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in COMMANDS:
    app.command(cls=_Command, help=_help(command))(command)


def main() -> None:
    """Run a command; an error becomes a message and its exit code."""
    try:
        for argument in sys.argv:
            if not is_unicode(argument):  # DuckDB takes no other text
                raise InputError(f"{printable(argument)!r} is not UTF-8 text; type it again")
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
