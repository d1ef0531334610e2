"""Measures wall-clock time, processor time and peak memory of whole processes.

Programs run in turns (A B C A B C …), so that a slower machine slows all of them. This module
imports nothing large: on Linux a child's peak memory is at least its parent's at the fork.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median

_ROOT = Path(__file__).parents[2]

#: Folder for generated files, outputs, and the environments of other programs.
BENCH = _ROOT / ".bench"

#: The README's chart.
CHART = _ROOT / ".github" / "speed.svg"

#: `ru_maxrss` counts bytes on macOS, and KiB elsewhere.
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024

#: Length of the longest bar of a chart, in pixels.
_BAR_LENGTH = 440


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run, and additional environment variables."""

    arguments: tuple[str, ...]
    variables: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """Wall-clock seconds, processor seconds and peak memory in bytes of a run."""

    wall: float
    cpu: float
    peak: int


#: Returns the command that writes its output to a new, empty folder.
Program = Callable[[Path], Command]


def environment(name: str, *packages: str) -> Path:
    """Return the programs of a virtual environment with some packages; make it on first use."""
    programs = BENCH / name / "bin"
    if not (BENCH / name / "complete").exists():
        venv.create(BENCH / name, with_pip=True)
        subprocess.run([programs / "pip", "install", "--quiet", *packages], check=True)
        (BENCH / name / "complete").touch()
    return programs


def installed() -> Path:
    """Return the programs of an environment with this checkout installed as a package."""
    return environment("installed", f"{_ROOT}[crc32c,fast]")


def hotdog_sql(*arguments: str, **variables: str) -> Command:
    """Return a command of the installed package."""
    return Command((str(installed() / "hotdog-sql"), *arguments), variables)


def run(command: Command) -> Run:
    """Run a program; if it fails, exit and show what it printed."""
    BENCH.mkdir(exist_ok=True)
    log = BENCH / "log.txt"
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command.arguments,
            env={**os.environ, **(command.variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        printed = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        sys.exit(f"{' '.join(command.arguments)}: exit {process.returncode}\n{printed}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _RSS_UNIT)


@cache
def _output() -> Path:
    BENCH.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=BENCH))
    atexit.register(shutil.rmtree, folder)
    return folder


def new_folder() -> Path:
    """Return a new, empty folder for a program's output.

    It is deleted at exit: for some minutes after deleting files, ext4 is slow to create new ones,
    which would distort the measurements.
    """
    return Path(tempfile.mkdtemp(dir=_output()))


def take_turns(
    programs: Mapping[str, Program],
    repeats: int,
    *,
    check: Callable[[str, Path], None] | None = None,
) -> dict[str, Run]:
    """Return the median run of each program; ignore the first round, which fills the page cache.

    Args:
        programs: the programs by name.
        repeats: number of counted runs of each.
        check: called with the name and folder after each run; exits if the output is wrong.
    """
    runs: dict[str, list[Run]] = {name: [] for name in programs}
    for turn in range(repeats + 1):
        for name, program in programs.items():
            folder = new_folder()
            result = run(program(folder))
            if check is not None:
                check(name, folder)
            if turn:
                runs[name].append(result)
    return {
        name: Run(
            median(result.wall for result in results),
            median(result.cpu for result in results),
            max(result.peak for result in results),
        )
        for name, results in runs.items()
    }


def print_table(title: str, results: Mapping[str, Run], baseline: str) -> None:
    """Print the results in Markdown, with the ratio of each time to that of the baseline."""
    print(f"\n### {title}\n")
    print("| program | seconds | ratio | processor seconds | peak memory |")
    print("|---|--:|--:|--:|--:|")
    for name, result in results.items():
        ratio = result.wall / results[baseline].wall
        print(
            f"| {name} | {result.wall:.2f} | {ratio:.2f} | {result.cpu:.2f} "
            f"| {result.peak / 1e6:,.0f} MB |",
            flush=True,
        )


def write_chart(path: Path, charts: Mapping[str, Mapping[str, Run]]) -> None:
    """Write an SVG bar chart with a group per title; the colours suit light and dark pages."""
    height, elements = 0, []
    for title, results in charts.items():
        height += 30
        elements.append(f'<text x="0" y="{height}" font-weight="bold">{title}</text>')
        longest = max(result.wall for result in results.values())
        for program, result in results.items():
            name = program.replace("`", "")
            height += 24
            colour = "#c9562e" if name.startswith("hotdog-sql") else "#9a9a9a"
            width = round(_BAR_LENGTH * result.wall / longest)
            elements.append(
                f'<text x="0" y="{height}">{name}</text>'
                f'<rect x="210" y="{height - 13}" width="{width}" height="16" fill="{colour}"/>'
                f'<text x="{218 + width}" y="{height}">{result.wall:.1f} s</text>'
            )
        height += 10
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="760" height="{height}" '
        'font-family="sans-serif" font-size="14" fill="#808080">\n'
        + "\n".join(elements)
        + "\n</svg>\n",
        encoding="utf-8",
    )
