"""What people see while Open Images files are fetched, and the question before a large one."""

import sys
from collections.abc import Sequence
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Self

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bars
from rich.table import Column

from hotdog_sql.cli.live import live_console
from hotdog_sql.refresh.transfer import Progress
from hotdog_sql.text import size_text

if TYPE_CHECKING:
    from hotdog_sql.catalog import CatalogFile
    from hotdog_sql.refresh.refresh import Confirm

#: Without a terminal a line says how far a file is, at each of so many parts of it.
_LINES_PER_FILE = 4
_LINES_FROM = 10_000_000


class FetchDisplay(Progress):
    """Shows a refresh on stderr: bars by file and in all on a terminal, else plain lines."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = live_console(quiet=quiet)
        self._bars: _Bars | None = None
        if Console(stderr=True).is_terminal and not quiet:
            self._bars = _Bars()
        self._told: dict[str, int] = {}
        self._totals: dict[str, int | None] = {}
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def planned(self, files: "Sequence[CatalogFile]", total: int | None) -> None:
        """Say what is going to be fetched."""
        self._console.print(f"files to fetch: {len(files)}, {size_text(total)}")
        for file in files:
            self._console.print(f"  {file.name}, {size_text(file.bytes)}")

    def started(self, name: str, done: int, total: int | None) -> None:
        """Begin a bar, or say so."""
        with self._lock:
            if self._bars is not None:
                self._bars.begin(name, done, total)
                return
            self._totals[name] = total
            self._told[name] = done * _LINES_PER_FILE // total if total else 0
            have = f" after {size_text(done)}" if done else ""
            self._console.print(f"fetching {name}{have}, {size_text(total)} in all")

    def progressed(self, name: str, done: int) -> None:
        """Move the bar, or say now and then how far it is."""
        with self._lock:
            if self._bars is not None:
                self._bars.move(name, done)
                return
            total = self._totals.get(name) or 0
            if total < _LINES_FROM:
                return
            part = done * _LINES_PER_FILE // total
            if self._told[name] < part < _LINES_PER_FILE:
                self._told[name] = part
                self._console.print(f"{name}: {100 * part // _LINES_PER_FILE}%")

    def waiting(self, name: str, reason: str) -> None:
        """Say why nothing happens."""
        console = self._bars.console if self._bars is not None else self._console
        console.print(f"{name}: {reason}", markup=False, highlight=False, soft_wrap=True)


class _Bars:
    """A bar for each file, and one for them all; nothing is drawn before a body begins."""

    def __init__(self) -> None:
        self._progress = Bars(
            # The name gives way on a narrow terminal; the numbers stay on their line.
            TextColumn(
                "{task.description}",
                table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
            ),
            BarColumn(16, table_column=Column(no_wrap=True)),
            DownloadColumn(table_column=Column(no_wrap=True)),
            TransferSpeedColumn(table_column=Column(no_wrap=True)),
            TimeRemainingColumn(table_column=Column(no_wrap=True)),
            console=Console(stderr=True),
            expand=True,
        )
        self._all = self._progress.add_task("in all", total=None, visible=False)
        self._tasks: dict[str, TaskID] = {}

    @property
    def console(self) -> Console:
        return self._progress.console

    def begin(self, name: str, done: int, total: int | None) -> None:
        self._progress.start()
        if name in self._tasks:
            self._progress.update(self._tasks[name], completed=done, total=total)
        else:
            self._tasks[name] = self._progress.add_task(name, completed=done, total=total)
        self._sum()

    def move(self, name: str, done: int) -> None:
        self._progress.update(self._tasks[name], completed=done)
        self._sum()

    def stop(self) -> None:
        self._progress.stop()

    def _sum(self) -> None:
        files = [task for task in self._progress.tasks if task.id != self._all]
        totals = [task.total for task in files if task.total is not None]
        self._progress.update(
            self._all,
            completed=sum(task.completed for task in files),
            total=sum(totals) if len(totals) == len(files) else None,
            visible=len(files) > 1,
        )


def asker(*, yes: bool) -> "Confirm":
    """What is asked before a large download: `--yes` answers, else the person at the terminal.

    Args:
        yes: the value of `--yes`.
    """

    def confirm(files: "Sequence[CatalogFile]", total: int | None) -> bool:
        if yes:
            return True
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            return False
        return typer.confirm(f"Fetch {len(files)} files, {size_text(total)}?", err=True)

    return confirm
