"""The command line: its commands, and what an error becomes."""

import gc
import sys
from typing import Annotated

import typer

from hotdog_sql import __version__
from hotdog_sql.cli import exits
from hotdog_sql.cli.classes import classes
from hotdog_sql.cli.demo import demo
from hotdog_sql.cli.download import download, verify
from hotdog_sql.cli.gallery import gallery
from hotdog_sql.cli.help import PlainCommand, PlainGroup
from hotdog_sql.cli.index import index
from hotdog_sql.cli.refresh import refresh
from hotdog_sql.cli.select import select
from hotdog_sql.cli.shell import shell
from hotdog_sql.cli.sql import sql
from hotdog_sql.cli.summary import summary
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

_MAIN = "From class to photos"
_LOOK = "Looking around"
_DATA = "Data and datasets"

for panel, commands in {
    _MAIN: (select, download, demo),
    _LOOK: (classes, summary, sql, shell),
    _DATA: (refresh, index, verify, gallery),
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

    Pick a class, get its photos and random others in class folders:

        hotdog-sql select --class "Hot dog" --download dataset

    Rows go to stdout, everything else to stderr.
    """
    gc.freeze()  # see `hotdog_sql.__main__`
    gc.enable()


#: What DuckDB says, as a RuntimeError, when Ctrl-C ends a query.
_QUERY_STOPPED = "Query interrupted"


def main() -> None:
    """Runs the command line; an error becomes a message and its exit code."""
    try:
        app()
    except HotdogError as error:
        # What DuckDB says of a query points at the place in lines of its own.
        lines = str(error).splitlines() if isinstance(error, QueryError) else [str(error)]
        typer.echo("hotdog-sql: " + "\n".join(printable(line) for line in lines), err=True)
        sys.exit(exits.exit_code(error))
    except SystemExit as end:  # which Typer makes of Ctrl-C too
        if end.code in (exits.INTERRUPTED, exits.TERMINATED):
            _tell_stopped()
        raise
    except RuntimeError as error:
        if str(error) != _QUERY_STOPPED:
            raise
        _tell_stopped()
        sys.exit(exits.INTERRUPTED)


def _tell_stopped() -> None:
    typer.echo("hotdog-sql: stopped; run the same command again to go on", err=True)
