"""Whole processes timed side by side: wall-clock time, processor time, peak memory.

Commands take turns (A B C A B C …), so that a machine that slows down slows all of them. This
module imports nothing large: on Linux a child's peak memory is at least its parent's at the fork.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmark.files import installed

#: `ru_maxrss` counts bytes on macOS, and KiB elsewhere.
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run.

    Attributes:
        arguments: the program and its arguments.
        environment: variables set on top of this process's own.
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a program took.

    Attributes:
        wall: seconds from start to end.
        cpu: seconds of processor time, all threads together.
        peak: bytes of memory at the most.
    """

    wall: float
    cpu: float
    peak: int


@dataclass(frozen=True, slots=True)
class Result:
    """The runs of one program."""

    runs: tuple[Run, ...]

    @property
    def wall(self) -> float:
        """Median seconds from start to end."""
        return median(run.wall for run in self.runs)

    @property
    def cpu(self) -> float:
        """Median seconds of processor time."""
        return median(run.cpu for run in self.runs)

    @property
    def peak(self) -> int:
        """The most memory of any run, in bytes."""
        return max(run.peak for run in self.runs)


class CommandFailedError(RuntimeError):
    """A program under measurement ended with an error, so its time means nothing."""


def run(command: Command, log: Path) -> Run:
    """Runs a program to its end; what it prints goes to a file.

    Raises:
        CommandFailedError: the exit code is not 0.
    """
    environment = {**os.environ, **(command.environment or {})}
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command.arguments,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        told = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise CommandFailedError(f"{command.arguments}: exit {process.returncode}\n{told}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _RSS_UNIT)


def take_turns(
    commands: Mapping[str, Command], repeats: int, log: Path, warmups: int = 1
) -> dict[str, Result]:
    """Runs programs in turns, the first rounds uncounted so that the files are in the page cache.

    Args:
        commands: programs by the names to show.
        repeats: counted runs of each.
        log: file for what they print; each run overwrites it.
        warmups: uncounted rounds.
    """
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for turn in range(warmups + repeats):
        for name, command in commands.items():
            one = run(command, log)
            if turn >= warmups:
                runs[name].append(one)
    return {name: Result(tuple(counted)) for name, counted in runs.items()}


def markdown_table(results: Mapping[str, Result], baseline: str, heading: str = "program") -> str:
    """The results as a table, with each time's ratio to one of them.

    Args:
        results: by the name to show.
        baseline: the name of the result whose time counts as 1.
        heading: what stands above the names.
    """
    lines = [
        f"| {heading} | seconds | ratio | processor seconds | peak memory |",
        "|---|--:|--:|--:|--:|",
    ]
    for name, result in results.items():
        ratio = result.wall / results[baseline].wall
        lines.append(
            f"| {name} | {result.wall:.2f} | {ratio:.2f} | {result.cpu:.2f} "
            f"| {result.peak / 1e6:,.0f} MB |"
        )
    return "\n".join(lines)


def hotdog_sql(*arguments: str) -> Command:
    """A command of the installed package. (`python -m` would find the checkout's.)"""
    return Command((str(installed() / "hotdog-sql"), *arguments))


def python(*arguments: str, interpreter: str | None = None) -> Command:
    """A Python program, by the interpreter that has the package installed, or another."""
    return Command((interpreter or str(installed() / "python"), *arguments))
