"""Every command in the README, the example queries and the help texts, run unchanged.

Most run in a separate process in an empty folder, on the demo's data and, if present, on the real
validation labels. The rows are compared with those that plain Python computes from the CSVs.
"""

import csv
import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from hotdog_sql.cli.main import COMMANDS as PROGRAM
from hotdog_sql.options import SelectOptions
from tests.boxes.generated import fitting
from tests.conftest import ROOT, Run, run_process
from tests.support.brute_force import select
from tests.support.photos import manifest_rows
from tests.support.truth import FOLDERS, HOT_DOG, Chosen, Truth, lines

SPLITS = ["test", "validation", "train"]

#: Commands that are not run here, and the reason.
NOT_RUN = {
    "pip install .": "it changes the environment",
    "dask scheduler": "it runs until it is stopped; the tests of clusters start one",
    "dask worker tcp://host:8786 --nthreads 1": "no scheduler has this address",
    "hotdog-sql download hotdogs.csv s3://bucket/hotdogs --scheduler tcp://host:8786": (
        "no scheduler and no bucket have these addresses"
    ),
}


@dataclass(slots=True)
class Ran:
    """A command that has succeeded."""

    command: list[str]
    folder: Path
    stdout: str
    #: The expected results for the files that it read.
    truth: Truth

    def rows(self) -> list[dict[str, str]]:
        return list(csv.DictReader(self.stdout.splitlines()))

    def pairs(self, first: str, second: str) -> list[tuple[str, str]]:
        """Return the values of two columns."""
        return [(row[first], row[second]) for row in self.rows()]

    def option(self, name: str) -> str | None:
        return self.command[self.command.index(name) + 1] if name in self.command else None

    def chosen(self) -> Chosen:
        """Return the selected images of the dataset, the output file or stdout."""
        if dataset := self.option("--download"):
            rows = manifest_rows(self.folder / dataset)
            rows = [row for row in rows if row["reserve"] == "false"]
        elif output := self.option("--output"):
            rows = list(csv.DictReader((self.folder / output).read_text("utf-8").splitlines()))
        else:
            rows = self.rows()
        return {(row["folder"], row["ImageID"]) for row in rows}


Check = Callable[[Ran], bool]


def selects(chosen: Callable[[Truth], Chosen]) -> Check:
    return lambda ran: ran.chosen() == chosen(ran.truth)


def makes(folder: str, pattern: str) -> Check:
    """Check that the folder has more than ten such files."""
    return lambda ran: len(list((ran.folder / folder).rglob(pattern))) > 10


def downloaded(ran: Ran) -> bool:
    """Check that the photos of the saved selection are on disk, and lost ones are replaced."""
    dataset = ran.folder / "hotdogs"
    rows = manifest_rows(dataset)
    on_disk = [row for row in rows if row["status"] == "downloaded"]
    chosen = {(row["folder"], row["ImageID"]) for row in rows if row["reserve"] == "false"}
    return (
        all((dataset / row["path"]).is_file() for row in on_disk)
        and chosen == ran.truth.hot_dogs()
        and len([row for row in on_disk if row["folder"] == "other"]) == 120
    )


def large(ran: Ran) -> bool:
    """Check that the hot dogs are those with a box that matches the options."""
    options = SelectOptions((HOT_DOG,), min_area=0.1, no_depiction=True)
    data = ran.truth.data
    data.boxes = [(*row,) for row in lines(ran.folder / "data/test-annotations-bbox.csv")]
    rows = select(data, options, FOLDERS, {HOT_DOG: fitting(data, options, HOT_DOG)})
    return ran.chosen() == {(folder, image) for folder, _, image in rows}


def lost(ran: Ran) -> bool:
    """Check that each lost photo is missing from the mirror."""
    missing = [int(row["photos"]) for row in ran.rows() if row["source"] == "mirror"]
    statuses = [row["status"] for row in manifest_rows(ran.folder / "dataset")]
    return sum(missing) == statuses.count("lost")


#: Checks of the README's commands.
README_ROWS: dict[str, Check] = {
    'hotdog-sql select "Hot dog" --download dataset': selects(Truth.hot_dogs),
    "hotdog-sql summary --split validation": lambda ran: ran.rows() == [ran.truth.summary()],
    'hotdog-sql classes "hot dog" --counts --split validation': (
        lambda ran: {tuple(row.values()) for row in ran.rows()} == ran.truth.class_counts("hot dog")
    ),
    'hotdog-sql select "Hot dog" --split validation --output hotdogs.csv': selects(Truth.hot_dogs),
    "hotdog-sql download hotdogs.csv hotdogs": downloaded,
    "hotdog-sql verify hotdogs": lambda ran: ran.stdout == "",
    'hotdog-sql select "Hot dog" --min-area 0.1 --no-depiction --download large': large,
    "hotdog-sql crop large crops": makes("crops/hot_dog", "*.jpg"),
    "hotdog-sql export large yolo --format yolo": makes("yolo", "*.txt"),
}

#: Checks of the commands in the headers of the example queries.
EXAMPLE_ROWS: dict[str, Check] = {
    "balanced_classes": selects(Truth.balanced_classes),
    "hard_negatives": selects(Truth.hard_negatives),
    "licenses": lambda ran: dict(ran.pairs("License", "images")) == ran.truth.licenses(),
    "most_common_classes": lambda ran: ran.pairs("DisplayName", "images") == ran.truth.common(),
    "multi_label": lambda ran: dict(ran.pairs("ImageID", "classes")) == ran.truth.multi_label(),
    "one_license": selects(Truth.one_license),
    "one_per_photographer": selects(Truth.one_per_photographer),
    "seen_together": (
        lambda ran: ran.pairs("DisplayName", "images") == ran.truth.common(beside=HOT_DOG)
    ),
    "two_classes_together": selects(Truth.two_classes_together),
    "what_was_lost": lost,
    "with_and_without": selects(Truth.with_and_without),
}


def readme_commands() -> list[tuple[str, str]]:
    """Return each command of the README's console blocks, with the output shown below it."""
    text = (ROOT / "README.md").read_text("utf-8")
    blocks = "".join(re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL))
    examples = re.findall(r"^\$ (.*)\n((?:[^$].*\n)*)", blocks, flags=re.MULTILINE)
    return [(command.partition(" # ")[0].strip(), output) for command, output in examples]


def example_command(path: Path) -> str:
    """Return the command in the header of an example query."""
    (command,) = re.findall(r"^-- +(hotdog-sql .*)$", path.read_text("utf-8"), flags=re.MULTILINE)
    return str(command)


COMMANDS = list(dict.fromkeys(command for command, _ in readme_commands()))
EXAMPLES = {
    path.stem: example_command(path) for path in sorted((ROOT / "sql/examples").glob("*.sql"))
}


class Runner:
    """Runs commands on a data folder."""

    def __init__(self, data: Path, scratch: Path, addresses: dict[str, str]) -> None:
        self.addresses = addresses
        self._data = data
        self._scratch = scratch
        self._truths: dict[tuple[str, ...], Truth] = {}

    def truth(self, *splits: str) -> Truth:
        if splits not in self._truths:
            self._truths[splits] = Truth(self._data, list(splits))
        return self._truths[splits]

    def start(self, folder: Path, command: list[str]) -> subprocess.CompletedProcess[str]:
        self.prepare(folder, command)
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return run_process(command, folder, PATH=path, **self.addresses)

    def prepare(self, folder: Path, words: list[str]) -> None:
        """Copy the files that a command needs into a folder."""
        if "hotdogs.csv" in words and "download" in words:
            for name in ("hotdogs.csv", "hotdogs.selection.json"):
                shutil.copy(self._scratch / name, folder)
        if {"--dataset", "--from", "verify", "gallery", "shell", "crop", "export"} & set(words):
            for name in ("dataset", "hotdogs", "large"):
                shutil.copytree(self._scratch / "dataset", folder / name)
        if "ids.txt" in words:
            known = (self._data / "test-images-with-rotation.csv").read_text("utf-8")
            (folder / "ids.txt").write_text("\n".join(re.findall("^[0-9a-f]{16}", known, re.M)[:9]))
        if "index" in words:  # the other tests read the CSVs
            shutil.copytree(self._data, folder / "data")
        for name, target in {"data": self._data, "sql": ROOT / "sql"}.items():
            if not (folder / name).exists():
                (folder / name).symlink_to(target)

    def run(self, folder: Path, command: str) -> Ran:
        words = shlex.split(command)
        done = self.start(folder, words)
        split = words[words.index("--split") + 1] if "--split" in words else "test"
        splits = SPLITS if split == "all" else [split]
        return Ran(words, folder, done.stdout, self.truth(*splits))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, addresses: dict[str, str]) -> Runner:
    """All CSV files of the demo, a selection of hot dogs and its dataset."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / "data").mkdir()
    runner = Runner(folder / "data", folder, addresses)
    hot_dogs = ["select", "Hot dog", "--output", "hotdogs.csv", "--download", "dataset"]
    for command in (["refresh", "--all", "--yes"], hot_dogs):
        runner.start(folder, ["hotdog-sql", *command])
    return runner


@pytest.mark.parametrize("command", [one for one in COMMANDS if one not in NOT_RUN])
def test_a_command_of_the_readme(demo: Runner, tmp_path: Path, command: str) -> None:
    assert README_ROWS[command](demo.run(tmp_path, command))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_command_of_an_example_query(demo: Runner, tmp_path: Path, name: str) -> None:
    assert f"sql/examples/{name}.sql" in EXAMPLES[name]
    assert EXAMPLE_ROWS[name](demo.run(tmp_path, EXAMPLES[name]))


def help_examples() -> list[str]:
    """Return the commands in the help texts that are not run above."""
    texts = [inspect.getdoc(one) or "" for one in PROGRAM]
    commands = re.findall(r"^  (hotdog-sql .*)$", "\n".join(texts), flags=re.MULTILINE)
    return [command for command in commands if command not in {*COMMANDS, *EXAMPLES.values()}]


@pytest.mark.parametrize("command", help_examples())
def test_an_example_of_a_help_text(demo: Runner, tmp_path: Path, call: Run, command: str) -> None:
    """Run in this process, which is much faster."""
    words = shlex.split(command)
    demo.prepare(tmp_path, words)
    call(*words[1:], **demo.addresses)


def test_no_command_is_left_out_silently() -> None:
    assert set(COMMANDS) == set(README_ROWS) | set(NOT_RUN)
    assert set(EXAMPLES) == set(EXAMPLE_ROWS)


@pytest.fixture(scope="module")
def real(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    return Runner(real_data, tmp_path_factory.mktemp("real"), {})


@pytest.mark.parametrize(
    ("command", "output"),
    [one for one in readme_commands() if one[1]],
    ids=lambda value: value.partition("\n")[0],
)
def test_the_readme_prints_what_the_real_files_give(
    real: Runner, tmp_path: Path, command: str, output: str
) -> None:
    words = shlex.split(command)
    table = [] if "--output" in words else ["--format", "table"]
    done = real.start(tmp_path, [*words, *table])
    printed = (done.stdout if table else done.stderr).splitlines()
    for expected, line in zip(output.splitlines(), printed, strict=False):
        pattern = ".*".join(re.escape(part) for part in expected.rstrip().split("…"))
        assert re.fullmatch(pattern, line.rstrip()), (expected, line)
    assert len(printed) >= len(output.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "what_was_lost"])
def test_an_example_query_on_the_real_files(real: Runner, tmp_path: Path, name: str) -> None:
    """On the validation split and without a download, because no server has the real photos."""
    command = re.sub(r" --(download|split) \S+", "", EXAMPLES[name])
    assert EXAMPLE_ROWS[name](real.run(tmp_path, f"{command} --split validation"))
