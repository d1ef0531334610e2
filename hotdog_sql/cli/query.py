"""`hotdog-sql classes` and `hotdog-sql summary`."""

from typing import TYPE_CHECKING, Annotated

import typer

from hotdog_sql.cli import options
from hotdog_sql.cli.data import opened
from hotdog_sql.cli.groups import Given, takes
from hotdog_sql.cli.output import check_output, say, write_rows
from hotdog_sql.cli.report import tell_problems
from hotdog_sql.errors import InputError
from hotdog_sql.options import DataOptions
from hotdog_sql.text import is_unicode, printable, size_text

if TYPE_CHECKING:
    from hotdog_sql.database import Database


@takes(data=DataOptions)
def classes(
    pattern: Annotated[
        str, typer.Argument(help='Part of a name or MID, in any case: "hot dog", "/m/01b9xk".')
    ],
    data: Given,
    counts: Annotated[
        bool,
        typer.Option(
            "--counts", help="Count each class's positives and verified negatives in the split."
        ),
    ] = False,
    min_confidence: options.MinConfidenceOption = 1.0,
    offline: options.OfflineOption = False,
    yes: options.YesOption = False,
    format_name: options.FormatOption = None,
    output: options.OutputOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Find classes: names and MIDs that contain a text."""
    if not is_unicode(pattern):
        raise InputError(f"{printable(pattern)!r} is not UTF-8 text; type the name again")
    row_format = check_output(format_name, output)
    needs = ("count_classes" if counts else "find_classes", "similar_classes")
    with opened(DataOptions(**data), needs, offline=offline, yes=yes, quiet=quiet) as database:
        if counts:
            query = "FROM count_classes($pattern, min_confidence := $min_confidence)"
            parameters = {"pattern": pattern, "min_confidence": min_confidence}
        else:
            query, parameters = "FROM find_classes($pattern)", {"pattern": pattern}
        found = database.keep_rows(query, parameters)
        write_rows(database, "result", row_format, output)
        if not found:
            nearest = database.rows("FROM similar_classes($name)", {"name": pattern})
            names = ", ".join(f"{printable(name)!r} ({mid})" for mid, name in nearest)
            say(f"no class contains {printable(pattern)!r}; the nearest are {names}", quiet=quiet)
    say(f"{found:,} classes" if found != 1 else "1 class", quiet=quiet)


@takes(data=DataOptions)
def summary(
    data: Given,
    min_confidence: options.MinConfidenceOption = 1.0,
    offline: options.OfflineOption = False,
    yes: options.YesOption = False,
    format_name: options.FormatOption = None,
    output: options.OutputOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Count images, positive labels, labelled images and classes, and describe the files."""
    row_format = check_output(format_name, output)
    with opened(
        DataOptions(**data), ["summary", "data_problems"], offline=offline, yes=yes, quiet=quiet
    ) as database:
        database.keep_rows(
            "FROM summary(min_confidence := $min_confidence)", {"min_confidence": min_confidence}
        )
        write_rows(database, "result", row_format, output)
        if not quiet:
            _describe_files(database)
            tell_problems(database, dict(database.rows("FROM data_problems()")))


def _describe_files(database: "Database") -> None:
    """Say which files the counts come from, and whether they are as they should be."""
    from hotdog_sql import session

    for local in session.local_files(database):
        say(
            f"{local.file.name}: {size_text(local.bytes)}, {local.date:%Y-%m-%d}, "
            f"{local.file.release}, {_agreement('server', local.matches_server())}, "
            f"{_agreement('catalog', local.matches_catalog())}"
        )


def _agreement(with_what: str, matches: bool | None) -> str:
    if matches is None:
        return f"not compared with the {with_what}"
    return f"{'as' if matches else 'NOT as'} the {with_what} has it"
