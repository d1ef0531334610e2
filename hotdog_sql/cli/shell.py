"""`hotdog-sql shell`."""

import shutil
import subprocess
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hotdog_sql.cli import options
from hotdog_sql.cli.data import opened
from hotdog_sql.cli.groups import Given, takes
from hotdog_sql.errors import MissingExtraError
from hotdog_sql.options import DataOptions

if TYPE_CHECKING:
    from hotdog_sql.catalog import DataFile
    from hotdog_sql.sql_files import SqlFile

#: Queries for newcomers; those whose view or macro is loaded are shown.
_TO_TRY = (
    ("find_classes", "FROM find_classes('hot dog');"),
    ("select_images", "FROM select_images('Hot dog', seed := 7);"),
    ("candidate_images", "FROM candidate_images('Hot dog') LIMIT 5;"),
    ("losses", "FROM losses;"),
)

_DOUBLE = '"'
_HOW_TO_GET_IT = "pip install duckdb-cli, or see https://duckdb.org/install"


@takes(data=DataOptions)
def shell(
    directory: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]",
            file_okay=False,
            help="A dataset, whose manifest becomes the views manifest and losses.",
            show_default=False,
        ),
    ] = None,
    *,
    data: Given,
    offline: options.OfflineOption = False,
    yes: options.YesOption = False,
) -> None:
    """Open the DuckDB shell with every view and macro loaded whose files are there.

    Missing files are downloaded first, unless --offline or a dataset is given.
    """
    from hotdog_sql.files import temporary_folder
    from hotdog_sql.sql_files import dataset_files, needed_for, sql_dir

    program = find_shell()
    wanted = DataOptions(**data)
    data_dir, wanted = wanted.data_dir, replace(wanted, data_dir=wanted.data_dir.resolve())
    variables = wanted.variables()
    # With a dataset, its manifest is what the user looks at.
    needs = [] if offline or directory else ["select_images"]
    with opened(wanted, needs, offline=offline, yes=yes) as database:
        missing = database.missing("select_images")
        database.use_all()
        files = needed_for(database.usable())
        index = [one for state in database.index.values() for one in state.variables.items()]
        if directory is not None:
            database.use_dataset(directory)
            files += dataset_files()
            variables["dataset_dir"] = str(directory.resolve())
    lines = [
        f".cd {_quoted(sql_dir().parent)}",
        *(f"SET VARIABLE {name} = {_quoted(value)};" for name, value in variables.items()),
        *(f".read sql/{sql_file.name}" for sql_file in files),
        *(f"SET VARIABLE {name} = {_literal(value)};" for name, value in index),
        f".cd {_quoted(Path.cwd())}",
        *(f".print {_quoted(line, _DOUBLE)}" for line in _greeting(files, missing, data_dir)),
    ]
    with temporary_folder() as folder:
        start = folder / "start.sql"
        settings = {
            "temp_directory": folder,
            "memory_limit": wanted.memory_limit,
            "threads": wanted.threads,
        }
        lines[:0] = [
            f"SET {name} = {_quoted(value)};"
            for name, value in settings.items()
            if value is not None
        ]
        start.write_text("\n".join(lines) + "\n", encoding="utf-8")
        status = subprocess.call([program, "-init", str(start)])
    raise typer.Exit(status)


def _greeting(
    files: "Sequence[SqlFile]", missing: "Sequence[DataFile]", data_dir: Path
) -> Iterator[str]:
    """What is loaded, what is not, and what to try."""
    from hotdog_sql.catalog import refresh_command

    names = {sql_file.defines for sql_file in files}
    yield "Views and macros: " + ", ".join(sql_file.defines for sql_file in files)
    if missing:
        listed = ", ".join(file.path.name for file in missing)
        command = refresh_command((file.catalog for file in missing), data_dir)
        yield f"Nothing else without {listed}; get it with: {command}"
    yield "sql/README.md and the top of each file in sql/ explain them, in this order. Try:"
    tries = [query for name, query in _TO_TRY if name in names]
    yield from (f"  {query}" for query in tries or ["FROM files;"])


def _literal(value: object) -> str:
    """A list of texts or a text as an SQL literal."""
    if isinstance(value, list):
        return f"[{', '.join(_literal(one) for one in value)}]"
    return _quoted(value)


def _quoted(text: object, quote: str = "'") -> str:
    """The text as one argument of a shell command, or as an SQL string."""
    return quote + str(text).replace(quote, quote * 2) + quote


def find_shell() -> str:
    """The DuckDB shell's binary: of this environment, else on the PATH.

    Raises:
        MissingExtraError: there is none.
    """
    scripts = sysconfig.get_path("scripts")
    program = shutil.which("duckdb", path=scripts) or shutil.which("duckdb")
    if program is None:
        raise MissingExtraError(f"the DuckDB shell is not installed; get it with: {_HOW_TO_GET_IT}")
    return program
