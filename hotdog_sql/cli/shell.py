"""`hotdog-sql shell`."""

import os
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path

import typer

from hotdog_sql.cli import options
from hotdog_sql.cli.options import DEFAULT_DATA_DIR, DEFAULT_SPLITS, splits_of
from hotdog_sql.errors import MissingExtraError
from hotdog_sql.vocabulary import Labels, Release

_HOW_TO_GET_IT = "pip install duckdb-cli, or see https://duckdb.org/install"


def shell(
    split: options.SplitOption = DEFAULT_SPLITS,
    release: options.ReleaseOption = Release.V6,
    labels: options.LabelsOption = Labels.HUMAN,
    data_dir: options.DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Open the DuckDB shell with every view and macro loaded."""
    from hotdog_sql.sqlfiles import sql_dir

    program = find_shell()
    environment = os.environ | {
        "HOTDOG_SQL_DATA_DIR": str(data_dir.resolve()),
        "HOTDOG_SQL_SPLIT": ",".join(splits_of(split)),
        "HOTDOG_SQL_RELEASE": str(release),
        "HOTDOG_SQL_LABELS": str(labels),
    }
    with tempfile.TemporaryDirectory(prefix="hotdog-sql-") as folder:
        start = Path(folder) / "start.sql"
        start.write_text(init_script(sql_dir().parent, Path.cwd()), encoding="utf-8")
        status = subprocess.call([program, "-init", str(start)], env=environment)
    raise typer.Exit(status)


def init_script(root: Path, back: Path) -> str:
    """What the shell reads first: `shell.sql` from its own root, then back to the user's folder."""
    return f".cd '{root}'\n.read sql/shell.sql\n.cd '{back}'\n"


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
