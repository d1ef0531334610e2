"""Looking around: `classes`, `summary`, `sql` and `shell`."""

import shutil
import subprocess
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hotdog_sql.cli import options
from hotdog_sql.cli.data import opened
from hotdog_sql.cli.options import Given, read_query, takes
from hotdog_sql.cli.output import QUIET, check_output, say, write_rows
from hotdog_sql.cli.report import print_problems
from hotdog_sql.errors import MissingExtraError
from hotdog_sql.options import MIN_CONFIDENCE, DataOptions, SelectOptions
from hotdog_sql.text import printable, size_text

if TYPE_CHECKING:
    from hotdog_sql.api import Database, SqlFile

_CONFIDENCE = (SelectOptions, "min_confidence")
#: What a file is to the server's or the catalog's.
_VERDICTS = {None: "not compared with", True: "matches", False: "DIFFERS from"}
#: Queries that a new user of the shell can begin with.
_TO_TRY = (
    "FROM summary();",
    "FROM count_classes('dog');",
    "FROM select_images('Hot dog', negatives := 20);",
)
_QUERIES = {
    "find_classes": "FROM find_classes($pattern)",
    "count_classes": "FROM count_classes($pattern, min_confidence := $min_confidence)",
    "count_boxes": "FROM count_boxes($pattern, min_confidence := $min_confidence)",
}


@takes(data=DataOptions, wanted=_CONFIDENCE)
def classes(
    pattern: Annotated[
        str,
        typer.Argument(metavar="PATTERN", help='Part of a name or MID, such as "hot dog".'),
    ],
    counts: Annotated[
        bool, typer.Option("--counts", help="Count positives and verified negatives too.")
    ] = False,
    boxes: Annotated[bool, typer.Option("--boxes", help="With --counts, count boxes too.")] = False,
    *,
    data: Given,
    wanted: Given,
    row_format: options.FormatOption = None,
    output: options.OutputOption = None,
) -> None:
    """Find classes: names and MIDs that contain a text.

    Examples:
      hotdog-sql classes "hot dog"
      hotdog-sql classes pizza --counts --split validation
      hotdog-sql classes pizza --counts --boxes
    """
    written = check_output(row_format, output)
    macro = "count_boxes" if boxes else "count_classes" if counts else "find_classes"
    needs = (macro, "similar_classes")
    with opened(DataOptions(**data), needs) as database:
        values: dict[str, object] = {"pattern": pattern}
        if macro != "find_classes":
            values |= {"min_confidence": MIN_CONFIDENCE} | wanted
        database.create_table(_QUERIES[macro], values)
        ((found,),) = database.rows("SELECT count(*) FROM result")
        write_rows(database, "result", written, output)
        if not found:
            nearest = database.rows("FROM similar_classes($name)", {"name": pattern})
            names = ", ".join(f"{printable(name)!r} ({mid})" for mid, name in nearest)
            say(f"no class contains {printable(pattern)!r}; the nearest are {names}")
    say(f"{found:,} classes" if found != 1 else "1 class")


@takes(data=DataOptions, wanted=_CONFIDENCE)
def summary(
    data: Given,
    wanted: Given,
    row_format: options.FormatOption = None,
    output: options.OutputOption = None,
) -> None:
    """Count images, labels and classes, and describe the files.

    Examples:
      hotdog-sql summary
      hotdog-sql summary --split validation --format json
    """
    written = check_output(row_format, output)
    with opened(DataOptions(**data), ["summary", "data_problems"]) as database:
        values = {"min_confidence": MIN_CONFIDENCE} | wanted
        database.create_table("FROM summary(min_confidence := $min_confidence)", values)
        write_rows(database, "result", written, output)
        if not QUIET.get():
            _describe_files(database)
            print_problems(database, dict(database.rows("FROM data_problems()")))


def _describe_files(database: "Database") -> None:
    """Say which files the counts come from, and whether they are as they should be."""
    for file in database.files:
        if file.size is not None:
            server = _VERDICTS[file.matches_server()]
            catalog = _VERDICTS[file.matches_catalog()]
            say(
                f"{file.path.name}: {size_text(file.size)}, {file.date:%Y-%m-%d}, "
                f"{file.catalog.release}, {server} the server, {catalog} the catalog"
            )


@takes(data=DataOptions)
def sql(
    query: Annotated[
        str | None,
        typer.Argument(
            metavar="QUERY",
            help="One SELECT; - reads stdin. Without one, list the views and macros.",
        ),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option("--file", metavar="FILE", parser=read_query, help="File with the query."),
    ] = None,
    dataset: Annotated[
        Path | None,
        typer.Option(
            "--dataset",
            metavar="DIR",
            file_okay=False,
            help="Dataset for the views manifest and losses.",
        ),
    ] = None,
    *,
    data: Given,
    row_format: options.FormatOption = None,
    output: options.OutputOption = None,
) -> None:
    """Run one SELECT of your own, which can read only these files.

    Examples:
      hotdog-sql sql
      hotdog-sql sql "FROM find_classes('hot dog')"
      hotdog-sql sql "SELECT count(*) FROM images" --split validation
      hotdog-sql sql "FROM losses" --dataset dataset
    """
    from hotdog_sql import api

    if query is not None and file is not None:
        raise typer.BadParameter("give a query or --file, one of the two")
    if query is None and file is None:
        _list(api.load_order())
        _list(api.dataset_files(), "; needs --dataset DIR")
        return
    text = file or (read_query("-") if query == "-" else query) or ""
    written = check_output(row_format, output)
    with opened(DataOptions(**data), [*api.needs_of_query(text)]) as database:
        if dataset is not None:
            database.load_dataset(dataset)
        database.run_query(text)
        write_rows(database, "result", written, output)


@takes(data=DataOptions)
def shell(
    directory: Annotated[
        Path | None,
        typer.Argument(
            metavar="DIR", file_okay=False, help="Dataset for the views manifest and losses."
        ),
    ] = None,
    *,
    data: Given,
) -> None:
    """Open the DuckDB shell with the views and macros loaded.

    Examples:
      hotdog-sql shell
      hotdog-sql shell --split validation
      hotdog-sql shell dataset

    Missing files are downloaded first, unless --offline or a dataset is given.
    """
    program = find_shell()
    wanted = DataOptions(**data)
    wanted = replace(wanted, data_dir=wanted.data_dir.resolve())
    # With a dataset, its manifest is what the user looks at.
    needs = [] if wanted.offline or directory else ["select_images"]
    with opened(wanted, needs) as database:
        database.load_all()
        start = database.scratch / "start.sql"
        start.write_text("\n".join([*_session(database, directory), ""]), encoding="utf-8")
        if not QUIET.get():
            _greet(database, directory)
        status = subprocess.call([program, "-init", str(start)])
    raise typer.Exit(status)


def find_shell() -> str:
    """The DuckDB shell's binary: of this environment, else on the PATH."""
    program = shutil.which("duckdb", path=sysconfig.get_path("scripts")) or shutil.which("duckdb")
    if program is None:
        raise MissingExtraError(
            "the DuckDB shell is not installed; get it with: pip install 'hotdog-sql[shell]', or "
            "see https://duckdb.org/install"
        )
    return program


def _greet(database: "Database", directory: Path | None) -> None:
    """Print what the shell has, and queries to try."""
    from hotdog_sql import api

    _list(database.loadable(api.load_order()))
    if directory is not None:
        _list(database.loadable(api.dataset_files()))
    if missing := database.missing("select_images"):
        typer.echo(f"There are more with the files of: {api.refresh_command(missing)}")
    typer.echo("Each is explained at the top of its file in sql/, all in sql/README.md.")
    if not missing:
        typer.echo("\n  ".join(["To try:", *_TO_TRY]))


def _list(files: "Iterable[SqlFile]", note: str = "") -> None:
    """Print each view and macro with what it is, in one line."""
    for file in files:
        typer.echo(f"{file.defines:<20} {file.summary}{note}")


def _session(database: "Database", directory: Path | None) -> Iterator[str]:
    """The statements that give the shell what the connection has."""
    from hotdog_sql import api

    options = database.options
    settings = {"memory_limit": options.memory_limit, "threads": options.threads}
    variables: dict[str, object] = {**options.variables()}
    files = database.loadable(api.load_order())
    if directory is not None:
        database.load_dataset(directory)
        files += database.loadable(api.dataset_files())
        variables["dataset_dir"] = directory.resolve()
    yield f"SET temp_directory = {_quoted(database.scratch)};"
    yield from (f"SET {name} = {_quoted(value)};" for name, value in settings.items() if value)
    yield from (f"SET VARIABLE {name} = {_quoted(value)};" for name, value in variables.items())
    yield from (file.text for file in files)
    # After sql/files.sql, which sets the files that the views read.
    for name, value in database.index_variables.items():
        yield f"SET VARIABLE {name} = {_quoted(value)};"


def _quoted(value: object) -> str:
    """A value as an SQL string, or a list of them."""
    if isinstance(value, list):
        return f"[{', '.join(map(_quoted, value))}]"
    return "'" + str(value).replace("'", "''") + "'"
