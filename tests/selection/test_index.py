"""The index has the rows of its CSVs, and is read only while it matches them."""

import os
import shlex
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from hotdog_sql.database import Database
from hotdog_sql.index import VARIABLES, index_of
from hotdog_sql.options import DataOptions, SelectOptions
from hotdog_sql.selection import select
from tests.conftest import Run
from tests.sql.test_select_images import ODD_IDS, open_images, requests
from tests.support.openimages import OpenImages, boxed_open_images, connect, small_open_images

ALL = {"images", "labels"}
IMAGES = "test-images-with-rotation.csv"
LABELS = "test-annotations-human-imagelabels.csv"


@pytest.mark.parametrize("examples", [4, pytest.param(50, marks=pytest.mark.slow)])
def test_rows_and_selections_are_those_of_the_csvs(examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(data=open_images(), options=requests())
    def check(data: OpenImages, options: SelectOptions) -> None:
        with tempfile.TemporaryDirectory() as folder:
            data.write(Path(folder))
            index(Path(folder))
            with (
                connect(DataOptions(Path(folder), indexed=False)) as plain,
                connect(DataOptions(Path(folder))) as indexed,
            ):
                assert views_of(indexed) == ALL
                for view in sorted(ALL):
                    query = f"FROM {view} ORDER BY ALL"
                    assert indexed.rows(query) == plain.rows(query)
                selections = [select(database, options) for database in (plain, indexed)]
                assert list(selections[0]) == list(selections[1])
                assert selections[0].report == selections[1].report

    check()


def index(folder: Path, **options: Any) -> None:
    """Build the index of the files in a folder."""
    with connect(DataOptions(folder, indexed=False, **options)) as database:
        assert list(database.build_index())


def views_of(database: Database) -> set[str]:
    """The views that read the index."""
    return {view for view in ALL if VARIABLES[view] in database.index_variables}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "Source=x[1]"
    small_open_images().write(path)
    OpenImages().write(tmp_path / "Source=x1")  # which the name matches as a pattern
    index(path)
    return path


def index_status(folder: Path, **options: Any) -> tuple[set[str], list[str]]:
    """Return the views that read the index, and the warnings about it."""
    with connect(DataOptions(folder, **options)) as database:
        return views_of(database), database.index_warnings


@pytest.mark.parametrize("line", [1, 150, -1])
def test_a_csv_that_changes_with_size_and_time_restored_is_read(folder: Path, line: int) -> None:
    labels = folder / LABELS
    before, lines = labels.stat(), labels.read_text().splitlines(keepends=True)
    lines[line] = lines[line].replace("verification,", "machine_labl,", 1)
    labels.write_text("".join(lines))
    os.utime(labels, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert labels.stat().st_size == before.st_size
    changed = f"{LABELS} has changed since it was indexed, so the CSV itself is read"
    assert index_status(folder) == ({"images"}, [changed])


@pytest.mark.parametrize("csv", [IMAGES, LABELS])
def test_a_damaged_index_is_named_and_not_read(folder: Path, call: Run, csv: str) -> None:
    select_command = ("select", "--class", "Hot dog", "--data-dir", folder, "--offline")
    expected = call(*select_command).stdout
    parquet = index_of(folder / csv)
    before, content = parquet.stat(), parquet.read_bytes()
    places = range(0, len(content), len(content) // 8)
    flipped = [content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :] for at in places]
    for damaged in (b"", b"PAR1", content[:-100], *flipped):
        parquet.write_bytes(damaged)
        os.utime(parquet, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert index_status(folder)[1] == [f"{parquet.name} is damaged, so the CSV itself is read"]
    record = folder / ".hotdog-sql" / f"{parquet.name}.json"
    record.write_text(record.read_text().replace("parquet_crc32", "crc32"))
    assert index_status(folder)[1] == [f"{parquet.name} is damaged, so the CSV itself is read"]
    parquet.unlink()
    assert index_status(folder) == (ALL - {"images" if csv == IMAGES else "labels"}, [])
    parquet.mkdir()
    done = call(*select_command)
    assert f"{parquet.name} is damaged" in done.stderr
    assert "renew the index with: hotdog-sql index" in done.stderr
    assert done.stdout == expected


def test_the_command_and_its_advice_after_a_change(run: Run, call: Run, tmp_path: Path) -> None:
    """The advice names the folder and the splits, which are not the defaults."""
    folder, splits = tmp_path / "my data", ("validation", "test")
    data = small_open_images()
    data.machine_labels = [(image, "machine", mid, "0.5") for image, _, mid, _ in data.labels]
    for split in splits:
        data.write(folder, split)
    data.boxes = boxed_open_images().boxes
    data.write(folder, splits[0])
    leftover = folder / f".{index_of(Path(LABELS)).name}.123.part"
    leftover.touch()
    options = ("--data-dir", folder, "--split", "validation", "--split", "test", "--labels", "both")
    select_command = ("select", "--class", "Hot dog", *options)
    plain, labels_in_order = call(*select_command), call("sql", "FROM labels", *options).stdout
    done = run("index", *options, "--threads", "1", "--memory-limit", "500MB")
    assert len([line for line in done.stdout.splitlines() if ".csv: " in line]) == 7
    assert not leftover.exists()
    indexed = call(*select_command)
    assert (indexed.stdout, indexed.stderr) == (plain.stdout, plain.stderr)
    assert call("sql", "FROM labels", *options).stdout == labels_in_order
    labels = folder / LABELS
    labels.write_text(labels.read_text() + f"{ODD_IDS[0]},verification,/m/01b9xk,1\n")
    record = folder / ".hotdog-sql" / "validation-annotations-human-imagelabels.parquet.json"
    record.write_text("{}")
    changed = call(*select_command)
    assert f"{LABELS} has changed since it was indexed" in changed.stderr
    assert changed.stderr.count("has changed since it was indexed, so the CSV itself is read") == 2
    assert changed.stdout == plain.stdout
    stale = [line for line in changed.stderr.splitlines() if "renew the index" in line]
    assert len(stale) == 2
    command = shlex.split(stale[0].partition("renew the index with: hotdog-sql ")[2])
    call(*command)
    assert "renew the index" not in call(*select_command).stderr


def test_a_full_disk_and_a_killed_command(in_sh: Run, tmp_path: Path) -> None:
    """A limit on the size of files has the same effect as a full disk; its signal can kill."""
    small_open_images().write(tmp_path / "data")
    done = in_sh("ulimit -f 4; $program index --offline", code=6)
    assert "cannot use data/test-images-with-rotation.parquet (IO Error: " in done.stderr
    program = (
        "import signal as s, hotdog_sql.cli.main as m; s.signal(s.SIGXFSZ, s.SIG_DFL); m.main()"
    )
    line = f"ulimit -c 0; ulimit -f 4; exec {sys.executable} -c '{program}' index --offline"
    in_sh(line, code=-signal.SIGXFSZ)
    assert [part.name[:6] for part in (tmp_path / "data").glob("*.part")] == [".test-"]


def test_the_shell_reads_the_index(folder: Path, run: Run) -> None:
    query = "SELECT getvariable('label_files')"
    script = f".mode csv\n{query};\nFROM select_images('Hot dog');\n"
    done = run("shell", "--data-dir", folder, stdin=script)
    assert index_of(folder / LABELS).name in done.stdout
    assert "hot_dog,1," in done.stdout
    (folder / ".hotdog-sql" / f"{index_of(Path(LABELS)).name}.json").unlink()
    run("sql", "SELECT count(*) FROM labels, images", "--data-dir", folder, "--offline")
    assert "renew the index" in run("shell", "--data-dir", folder, "--offline").stderr
