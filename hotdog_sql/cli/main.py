"""The Typer app: its commands, their help texts, and the exit codes of errors."""

import os
import re
import sys
from contextlib import suppress
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from hotdog_sql.cli.boxes import crop, export
from hotdog_sql.cli.data import index, refresh
from hotdog_sql.cli.download import demo, download, gallery, verify
from hotdog_sql.cli.options import Command, with_options
from hotdog_sql.cli.output import ERROR_CODES
from hotdog_sql.cli.query import classes, shell, sql, summary
from hotdog_sql.cli.select import select
from hotdog_sql.config import VERSION
from hotdog_sql.errors import HotdogError, InputError, QueryError, StorageError
from hotdog_sql.text import is_unicode, printable

COMMANDS: tuple[Command, ...] = (
    *(select, download, demo),
    *(classes, summary, sql, shell),
    *(refresh, index, verify, gallery),
    *(crop, export),
)
#: Typer's notation for the bounds of a number.
_BOUNDS = re.compile(r"(; |(?<=\[))[\w.-]*(<=)?x[<>]=[\w.-]+(?=\])")


class _PlainHelp(TyperCommand):
    """A command whose help is plain text with a section for each panel.

    Typer needs rich to draw panels, and importing rich would double the time that help takes.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; shorten the messages about invalid values."""
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            message = error.message.replace("Value error, ", "")
            error.message = message.partition(", unable to parse")[0]
            raise

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, and the options by panel."""
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        for parameter in self.get_params(ctx):
            names, text = parameter.get_help_record(ctx) or ("", "")
            text = text.replace("\\[", "[")  # older versions of Typer escape brackets
            text = _BOUNDS.sub("", text).replace("  []", "")
            panel = getattr(parameter, "rich_help_panel", None) or "Options"
            if parameter.param_type_name == "argument":
                names, panel = names.partition(" <")[0], "Arguments"
            sections.setdefault(panel, []).append((names, text))
        for panel, records in sections.items():
            if records:
                with formatter.section(panel):
                    formatter.write_dl(records)


def _help(function: Command) -> str:
    """Return the docstring, with Click's mark against rewrapping before its examples."""
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
for _command in COMMANDS:
    app.command(cls=_PlainHelp, help=_help(_command))(with_options(_command))


def main() -> None:
    """Run a command; end an error with a message and an exit code."""
    try:
        for argument in sys.argv:
            if not is_unicode(argument):  # DuckDB accepts only Unicode text
                raise InputError(f"{printable(argument)!r} is not UTF-8 text; type it again")
        app()
    except HotdogError as error:
        _fail(error)
    except OSError as error:  # stdout is closed or full, or a file is unreadable
        path = f" {error.filename}" if error.filename else ""
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # discard buffered output
        _fail(StorageError(f"cannot read or write{path}: {error.strerror}"))


def _fail(error: HotdogError) -> None:
    # DuckDB marks the position in a query on separate lines.
    lines = str(error).splitlines() if isinstance(error, QueryError) else [str(error)]
    with suppress(OSError):  # stderr is closed or full
        typer.echo("hotdog-sql: " + "\n".join(printable(line) for line in lines), err=True)
    sys.exit(next(code for kind, code in ERROR_CODES.items() if isinstance(error, kind)))
