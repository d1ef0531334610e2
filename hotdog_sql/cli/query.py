"""Commands that query the data: `classes`, `summary`, `sql` and `shell`."""

import shutil
import signal
import subprocess
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from typer import Argument, BadParameter, Exit, Option, echo

from hotdog_sql.cli import api
from hotdog_sql.cli.data import open_data
from hotdog_sql.cli.options import (
    DataSettings,
    FormatOption,
    OutputOption,
    Settings,
    local_path,
    read_query,
)
from hotdog_sql.cli.output import QUIET, check_output, say, write_rows
from hotdog_sql.cli.report import print_problems
from hotdog_sql.errors import MissingExtraError
from hotdog_sql.options import MIN_CONFIDENCE, DataOptions, SelectOptions
from hotdog_sql.text import counted, printable, size_text

_Confidence = Annotated[Settings, SelectOptions, "min_confidence"]
#: How a file compares with that of the server or the catalog.
_VERDICTS = {None: "not compared with", True: "matches", False: "DIFFERS from"}
_QUERIES = {
    "find_classes": "FROM find_classes($pattern)",
    "count_classes": "FROM count_classes($pattern, min_confidence := $min_confidence)",
    "count_boxes": "FROM count_boxes($pattern, min_confidence := $min_confidence)",
}


def classes(
    pattern: Annotated[str, Argument(help='Part of a name or MID, such as "hot dog".')],
    counts: Annotated[bool, Option(help="Count positives and verified negatives too.")] = False,
    boxes: Annotated[bool, Option(help="Count boxes too; implies --counts.")] = False,
    *,
    data_options: DataOptions,
    select_settings: _Confidence,
    row_format: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Find classes: names and MIDs that contain a text.

    Examples:
      hotdog-sql classes "hot dog"
      hotdog-sql classes pizza --counts --split validation
      hotdog-sql classes pizza --counts --boxes
    """
    chosen_format = check_output(row_format, output)
    macro = "count_boxes" if boxes else "count_classes" if counts else "find_classes"
    with open_data(data_options, [macro, "similar_classes"]) as database:
        values: dict[str, object] = {"pattern": pattern}
        if macro != "find_classes":
            values |= {"min_confidence": MIN_CONFIDENCE} | select_settings
        database.create_table(_QUERIES[macro], values)
        count = len(database.connection.table("result"))
        write_rows(database, "result", chosen_format, output)
        if not count:
            nearest = database.rows("FROM similar_classes($name)", {"name": pattern})
            names = ", ".join(f"{printable(name)!r} ({mid})" for mid, name in nearest)
            say(f"no class contains {printable(pattern)!r}; the nearest are {names}")
    say(counted(count, "class", "classes"))


def summary(
    data_options: DataOptions,
    select_settings: _Confidence,
    row_format: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Count images, labels and classes, and describe the files.

    Examples:
      hotdog-sql summary
      hotdog-sql summary --split validation --format json
    """
    chosen_format = check_output(row_format, output)
    with open_data(data_options, ["summary", "data_problems"]) as database:
        values = {"min_confidence": MIN_CONFIDENCE} | select_settings
        database.create_table("FROM summary(min_confidence := $min_confidence)", values)
        write_rows(database, "result", chosen_format, output)
        if QUIET.get():
            return
        for file in database.files:
            if file.size is not None:
                server = _VERDICTS[file.matches_server()]
                catalog = _VERDICTS[file.matches_catalog()]
                say(
                    f"{file.path.name}: {size_text(file.size)}, {file.date:%Y-%m-%d}, "
                    f"{file.catalog.release}, {server} the server, {catalog} the catalog"
                )
        print_problems(database, dict(database.rows("FROM data_problems()")))


def sql(
    query: Annotated[
        str | None,
        Argument(help="One SELECT; - reads stdin. Without one, list the views and macros."),
    ] = None,
    file: Annotated[
        str | None, Option(metavar="FILE", parser=read_query, help="File with the query.")
    ] = None,
    dataset: Annotated[
        Path | None,
        Option(metavar="DIR", parser=local_path, help="Dataset for the views manifest and losses."),
    ] = None,
    *,
    data_settings: DataSettings,
    row_format: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Run one SELECT of your own, which reads only the data folder.

    Examples:
      hotdog-sql sql
      hotdog-sql sql "FROM find_classes('hot dog')"
      hotdog-sql sql "SELECT count(*) FROM images" --split validation
      hotdog-sql sql "FROM losses" --dataset dataset
    """
    if query is not None and file is not None:
        raise BadParameter("give a query or --file, one of the two")
    if query is None and file is None:
        if row_format or output:
            raise BadParameter("--format and --output need a query: add one")
        _print_summaries(api.load_order())
        _print_summaries(api.dataset_files(), "; needs --dataset DIR")
        return
    text = file or (read_query("-") if query == "-" else query) or ""
    chosen_format = check_output(row_format, output)
    data_options = _data_options(dataset, data_settings)
    with open_data(data_options, [*api.needs_of_query(text)]) as database:
        if dataset is not None:
            database.load_dataset(dataset)
        database.run_query(text)
        write_rows(database, "result", chosen_format, output)


def shell(
    directory: Annotated[
        Path | None,
        Argument(
            metavar="DIR", parser=local_path, help="Dataset for the views manifest and losses."
        ),
    ] = None,
    *,
    data_settings: DataSettings,
) -> None:
    """Open the DuckDB shell with the views and macros loaded.

    Examples:
      hotdog-sql shell
      hotdog-sql shell --split validation
      hotdog-sql shell dataset

    Missing files are downloaded first, unless --offline or a dataset is given.
    """
    program = find_shell()
    data_options = _data_options(directory, data_settings)
    data_options = replace(data_options, data_dir=data_options.data_dir.resolve())
    # With a dataset, queries are mostly about its manifest.
    needs = [] if data_options.offline or directory else ["select_images"]
    with open_data(data_options, needs, load_all=True) as database:
        init_file = database.scratch / "start.sql"
        statements = _init_statements(database, directory)
        init_file.write_text("\n".join([*statements, ""]), encoding="utf-8")
        if not QUIET.get():
            _print_welcome(database, directory)
        # Ctrl-C is for the shell, which stops its query and not itself.
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            status = subprocess.call([program, "-init", str(init_file)])
        finally:
            signal.signal(signal.SIGINT, handler)
    raise Exit(status)


def _data_options(dataset: Path | None, settings: Settings) -> DataOptions:
    """Return the options of the data that a dataset was selected from, unless they are given."""
    return api.boxes.data_options(dataset, settings) if dataset else DataOptions(**settings)


def find_shell() -> str:
    """Return the path of the DuckDB shell in this environment, or else on the PATH."""
    program = shutil.which("duckdb", path=sysconfig.get_path("scripts")) or shutil.which("duckdb")
    if program is None:
        raise MissingExtraError(
            "the DuckDB shell is not installed; get it with: pip install 'hotdog-sql[shell]', or "
            "see https://duckdb.org/install"
        )
    return program


def _print_welcome(database: "api.Database", directory: Path | None) -> None:
    """Print the loaded views and macros, and example queries."""
    files = api.load_order() if directory is None else (*api.load_order(), *api.dataset_files())
    _print_summaries(database.loadable(files))
    if missing := database.missing(*(file.defines for file in files)):
        echo(f"The others need more files; get them with: {api.refresh_command(missing)}")
    echo("Each is explained at the top of its file in sql/, all in sql/README.md.")
    if not database.missing("select_images"):
        echo("To try:\n  FROM summary();\n  FROM count_classes('dog');")
        echo("  FROM select_images('Hot dog', negatives := 20);")


def _print_summaries(files: "Iterable[api.SqlFile]", note: str = "") -> None:
    for file in files:
        echo(f"{file.defines:<21} {file.summary}{note}")


def _init_statements(database: "api.Database", directory: Path | None) -> Iterator[str]:
    """Yield the statements that give the shell the settings and views of the connection."""
    options = database.options
    settings: dict[str, object] = {"temp_directory": database.scratch}
    settings |= {"memory_limit": options.memory_limit, "threads": options.threads}
    settings |= {f"VARIABLE {name}": value for name, value in options.variables().items()}
    files = database.loadable(api.load_order())
    if directory is not None:
        database.load_dataset(directory)
        files += database.loadable(api.dataset_files())
        settings["VARIABLE dataset_dir"] = directory.resolve()
    yield from (f"SET {name} = {_literal(value)};" for name, value in settings.items() if value)
    yield from (file.text for file in files)
    # Last, because sql/files.sql sets the same variables to the CSVs.
    for name, value in database.index_variables.items():
        yield f"SET VARIABLE {name} = {_literal(value)};"


def _literal(value: object) -> str:
    """Return an SQL literal: a list of strings for a list, or else a string."""
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return "'" + str(value).replace("'", "''") + "'"
