"""Whole processes timed side by side: wall-clock time, processor time, peak memory.

Programs take turns (A B C A B C …), so that a machine that slows down slows all of them. This
module imports nothing large: on Linux a child's peak memory is at least its parent's at the fork.
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

#: Everything that benchmarks write: generated files, outputs, the peers' environments.
BENCH = _ROOT / ".bench"

#: The chart of the README.
CHART = _ROOT / ".github" / "speed.svg"

#: `ru_maxrss` counts bytes on macOS, and KiB elsewhere.
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024

#: Pixels of the longest bar of a chart.
_BAR = 440


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run, and variables set on top of this process's own."""

    arguments: tuple[str, ...]
    variables: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """Wall-clock seconds, processor seconds and bytes of memory that one run has taken."""

    wall: float
    cpu: float
    peak: int


#: Gives the command that puts its output into a new, empty folder.
Program = Callable[[Path], Command]


def environment(name: str, *packages: str) -> Path:
    """The programs of a virtual environment that has some packages; made once and kept."""
    programs = BENCH / name / "bin"
    if not (BENCH / name / "complete").exists():
        venv.create(BENCH / name, with_pip=True)
        subprocess.run([programs / "pip", "install", "--quiet", *packages], check=True)
        (BENCH / name / "complete").touch()
    return programs


def installed() -> Path:
    """The programs of an environment with this checkout's package, installed as users have it."""
    return environment("installed", f"{_ROOT}[crc32c,fast]")


def hotdog_sql(*arguments: str, **variables: str) -> Command:
    """A command of the installed package."""
    return Command((str(installed() / "hotdog-sql"), *arguments), variables)


def run(command: Command) -> Run:
    """Run a program to its end; exits with what it printed if it fails."""
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
        told = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        sys.exit(f"{' '.join(command.arguments)}: exit {process.returncode}\n{told}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _RSS_UNIT)


@cache
def _output() -> Path:
    BENCH.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=BENCH))
    atexit.register(shutil.rmtree, folder)
    return folder


def new_folder() -> Path:
    """A new, empty folder for what a program writes.

    It is removed when all has been measured: for some minutes after a file was deleted, ext4 is
    slow at making another, and that would be measured.
    """
    return Path(tempfile.mkdtemp(dir=_output()))


def take_turns(
    programs: Mapping[str, Program],
    repeats: int,
    *,
    check: Callable[[str, Path], None] | None = None,
) -> dict[str, Run]:
    """The median run of each program; the first round fills the page cache and is not counted.

    Args:
        programs: by the names to show.
        repeats: counted runs of each.
        check: sees the name and the folder of each run afterwards, and exits if it is wrong.
    """
    runs: dict[str, list[Run]] = {name: [] for name in programs}
    for turn in range(repeats + 1):
        for name, program in programs.items():
            folder = new_folder()
            one = run(program(folder))
            if check is not None:
                check(name, folder)
            if turn:
                runs[name].append(one)
    return {
        name: Run(
            median(one.wall for one in some),
            median(one.cpu for one in some),
            max(one.peak for one in some),
        )
        for name, some in runs.items()
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
    """Write an SVG of bars, one group for each title; colours suit light and dark pages."""
    height, drawn = 0, []
    for title, results in charts.items():
        height += 30
        drawn.append(f'<text x="0" y="{height}" font-weight="bold">{title}</text>')
        longest = max(result.wall for result in results.values())
        for name, result in results.items():
            height += 24
            colour = "#c9562e" if name.startswith("hotdog-sql") else "#9a9a9a"
            wide = round(_BAR * result.wall / longest)
            drawn.append(
                f'<text x="0" y="{height}">{name}</text>'
                f'<rect x="210" y="{height - 13}" width="{wide}" height="16" fill="{colour}"/>'
                f'<text x="{218 + wide}" y="{height}">{result.wall:.1f} s</text>'
            )
        height += 10
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="760" height="{height}" '
        'font-family="sans-serif" font-size="14" fill="#808080">\n'
        + "\n".join(drawn)
        + "\n</svg>\n",
        encoding="utf-8",
    )


def missing(*programs: str) -> list[str]:
    """Those of some programs that are not on the path."""
    return [name for name in programs if shutil.which(name) is None]
