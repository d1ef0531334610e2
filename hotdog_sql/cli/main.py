"""The commands, and how an error ends them."""

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from hotdog_sql import __version__
from hotdog_sql.cli import exits
from hotdog_sql.cli.data import demo, gallery, index, refresh
from hotdog_sql.cli.download import download, verify
from hotdog_sql.cli.help import PlainCommand, PlainGroup
from hotdog_sql.cli.query import classes, summary
from hotdog_sql.cli.select import select
from hotdog_sql.cli.shell import shell
from hotdog_sql.cli.sql import sql
from hotdog_sql.errors import HotdogError, QueryError
from hotdog_sql.text import printable

app = typer.Typer(
    name="hotdog-sql",
    cls=PlainGroup,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

for panel, commands in {
    "Make a dataset": (select, download, demo),
    "Look around": (classes, summary, sql, shell),
    "Data and datasets": (refresh, index, verify, gallery),
}.items():
    for command in commands:
        app.command(cls=PlainCommand, rich_help_panel=panel)(command)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"hotdog-sql {__version__}")
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

    Select a class, and download its photos and random others into class folders:

        hotdog-sql select "Hot dog" --download dataset

    Rows go to stdout, everything else to stderr.
    """


#: What DuckDB says, as a RuntimeError, when a signal ends a query.
_QUERY_STOPPED = "Query interrupted"


def main() -> None:
    """Run a command; an error becomes a message and its exit code."""
    try:
        app()
    except HotdogError as error:
        # DuckDB points at the place in a query on lines of its own.
        lines = str(error).splitlines() if isinstance(error, QueryError) else [str(error)]
        _end(lines, exits.exit_code(error))
    except OSError as error:  # stdout is closed or full, or a file is not ours to read
        where = f" {error.filename}" if error.filename else ""
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what stdout still holds goes nowhere
        _end([f"cannot read or write{where}: {error.strerror}"], exits.DATASET)
    except RuntimeError as error:
        if str(error) != _QUERY_STOPPED:
            raise
        sys.exit(exits.INTERRUPTED)


def _end(lines: Sequence[str], code: int) -> None:
    typer.echo("hotdog-sql: " + "\n".join(printable(line) for line in lines), err=True)
    sys.exit(code)
