"""`hotdog-sql shell`."""

import os
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from hotdog_sql.cli import options
from hotdog_sql.cli.options import DEFAULT_DATA_DIR, DEFAULT_SPLITS, splits_of
from hotdog_sql.cli.session import session_of
from hotdog_sql.errors import MissingExtraError
from hotdog_sql.vocabulary import Labels, Release

_DOUBLE = '"'
_HOW_TO_GET_IT = "pip install duckdb-cli, or see https://duckdb.org/install"


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
    split: options.SplitOption = DEFAULT_SPLITS,
    release: options.ReleaseOption = Release.V6,
    labels: options.LabelsOption = Labels.HUMAN,
    data_dir: options.DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Open the DuckDB shell with every view and macro loaded."""
    from hotdog_sql.database import Database
    from hotdog_sql.sqlfiles import dataset_files, index_files, sql_dir

    session = session_of(data_dir, split, release, labels)
    with Database(session) as database:
        indexed = database.index.views
    program = find_shell()
    environment = os.environ | {
        "HOTDOG_SQL_DATA_DIR": str(data_dir.resolve()),
        "HOTDOG_SQL_SPLIT": ",".join(splits_of(split)),
        "HOTDOG_SQL_RELEASE": str(release),
        "HOTDOG_SQL_LABELS": str(labels),
    }
    with tempfile.TemporaryDirectory(prefix="hotdog-sql-") as folder:
        start = Path(folder) / "start.sql"
        lines = [f".cd {_quoted(sql_dir().parent)}", ".read sql/shell.sql"]
        lines += [f".read sql/{one.name}" for one in index_files() if one.defines in indexed]
        if directory is not None:
            lines.append(f"SET VARIABLE dataset_dir = {_quoted(directory.resolve())};")
            lines += [f".read sql/{sql_file.name}" for sql_file in dataset_files()]
        lines += [f".cd {_quoted(Path.cwd())}", f".read {_quoted(_greeting(folder, directory))}"]
        start.write_text("\n".join(lines) + "\n", encoding="utf-8")
        status = subprocess.call([program, "-init", str(start)], env=environment)
    raise typer.Exit(status)


def _greeting(folder: str, directory: Path | None) -> Path:
    """A file of shell commands that say what is loaded and what to try."""
    from hotdog_sql.sqlfiles import dataset_files, load_order

    names = [sql_file.defines for sql_file in load_order()]
    tries = ["FROM find_classes('hot dog');", "FROM select_images('Hot dog', seed := 7);"]
    if directory is None:
        tries.append("FROM selection_report('Hot dog');")
    else:
        names += [sql_file.defines for sql_file in dataset_files()]
        tries.append("FROM losses;")
    path = Path(folder) / "greeting.sql"
    lines = [
        "Views and macros: " + ", ".join(names),
        "Each explains itself at the top of its file in sql/. Try:",
        *(f"  {query}" for query in tries),
    ]
    # Double quotes: the queries to try have single ones.
    printed = [f".print {_quoted(line, _DOUBLE)}" for line in lines]
    path.write_text("\n".join(printed) + "\n", encoding="utf-8")
    return path


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
