"""What users see while files and photos are downloaded.

All of it is on stderr: lines that change in a terminal, otherwise a plain line now and then.
"""

import time
from collections import Counter, deque
from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bars
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from hotdog_sql.options import Source
from hotdog_sql.progress import FileProgress, Progress
from hotdog_sql.text import size_text, without_credentials

if TYPE_CHECKING:
    from hotdog_sql.catalog import CatalogFile

#: Seconds between two lines where there is no terminal, and that the rate is averaged over.
_LINE_EVERY = 10.0
_RECENT = 10.0
_STATUSES = ("downloaded", "lost", "failed")
#: Without a terminal, a file of so many bytes gets a line at each of so many parts of it.
_LINES_PER_FILE = 4
_LINES_FROM = 10_000_000


def _console(*, quiet: bool = False) -> Console:
    # Text of strangers is not markup.
    return Console(stderr=True, quiet=quiet, markup=False, highlight=False, soft_wrap=True)


class DownloadDisplay(Progress):
    """Shows a download of photos, or a check of them."""

    def __init__(
        self,
        *,
        quiet: bool = False,
        verbose: bool = False,
        note: str = "",
        line_every: float = _LINE_EVERY,
    ) -> None:
        """Shows nothing yet.

        Args:
            quiet: show nothing at all.
            verbose: print each request.
            note: what to say once the download begins.
            line_every: seconds between two lines where there is no terminal.
        """
        self._line_every = line_every
        self._quiet = quiet
        self._console = _console(quiet=quiet)
        self._verbose = verbose
        self._note = note
        self._lock = Lock()
        self._total: int | None = None
        self._bytes = 0
        self._checked = ""
        self._done: Counter[str] = Counter()
        self._fetched = 0
        self._said = time.monotonic()
        #: Moments, with the photos and bytes that had arrived by then.
        self._history = deque([(self._said, 0, 0)])
        self._live: Live | None = None
        if self._console.is_terminal and not quiet:
            self._live = Live(
                console=self._console,
                get_renderable=self._lines,
                refresh_per_second=4,
                transient=True,
            )

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def planned(self, photos: int | None) -> None:
        """Remember how many photos there will be."""
        self._total = photos
        if self._note:
            self._print(self._note)

    def received(self, count: int) -> None:
        """Count bytes."""
        with self._lock:
            self._bytes += count

    def answered(self, image_id: str, source: str, url: str, answer: str) -> None:
        """Print a request."""
        if self._verbose:
            self._print(f"{image_id}  {source}  {answer}  {url}")

    def unreachable(self, host: str, reason: str) -> None:
        """Say that a host cannot be reached."""
        self._print(f"Cannot reach {host} ({reason}); retrying")

    def paused(self, host: str, seconds: float) -> None:
        """Say that requests to a host pause."""
        if seconds >= _LINE_EVERY or self._verbose:
            self._print(f"Retrying {host} in {seconds:.0f} s")

    def given_up(self, host: str, reason: str) -> None:
        """Say that a host gets no more requests."""
        self._print(f"{host} does not answer ({reason}); skipping it")

    def finished(self, status: str, source: str, *, known: bool, reserve: bool) -> None:
        """Count a photo."""
        self._done[status] += 1
        self._fetched += not known
        if source and not known:
            self._done[source] += 1
        if reserve and self._total is not None:
            self._total += 1  # it was not planned
        if self._live is None and not self._quiet:
            now = time.monotonic()
            if now - self._said >= self._line_every:
                self._said = now
                self._console.print(f"{self._progress()}; {self._outcome()}")

    def checked(self, count: int, size: int) -> None:
        """So many photos, of so many bytes in all, have been verified."""
        self._checked = f"{count:,} photos checked, {size_text(size)}"

    def _print(self, line: str) -> None:
        self._console.print(without_credentials(line))

    def _settled(self) -> int:
        return sum(self._done[status] for status in _STATUSES)

    def _progress(self) -> str:
        """Photos, bytes, rate, time left."""
        now = time.monotonic()
        self._history.append((now, self._fetched, self._bytes))
        while now - self._history[0][0] > _RECENT and len(self._history) > 2:
            self._history.popleft()
        then, fetched, size = self._history[0]
        seconds = max(now - then, 1e-3)
        photos = f"{self._settled():,}"
        if self._total is not None:
            photos += f" of {self._total:,}"
        rate = f"{size_text(int((self._bytes - size) / seconds))}/s"
        parts = [f"{photos} photos", size_text(self._bytes), rate]
        # Photos of an earlier run are counted in no time: they do not tell how long others take.
        speed = (self._fetched - fetched) / seconds
        if self._total is not None and speed > 0:
            parts.append(f"{_duration((self._total - self._settled()) / speed)} left")
        return ", ".join(parts)

    def _outcome(self) -> str:
        """How many photos each source gave, and how many were lost or failed."""
        counts = [(str(source), self._done[source]) for source in Source]
        counts += [(status, self._done[status]) for status in _STATUSES[1:]]
        return ", ".join(f"{what} {count:,}" for what, count in counts if count) or "waiting"

    def _lines(self) -> RenderableType:
        if self._checked:
            return Text(self._checked)
        grid = Table.grid(padding=(0, 1))
        bar = ProgressBar(total=self._total, completed=self._settled(), width=24)
        grid.add_row(bar, Text(self._progress()))
        return Group(grid, Text(f"  {self._outcome()}", style="dim"))


class RefreshDisplay(FileProgress):
    """Shows downloads of Open Images files: a bar for each and one for all, or plain lines."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = _console(quiet=quiet)
        self._bars: Bars | None = None
        if self._console.is_terminal and not quiet:
            self._bars = _new_bars(self._console)
            self._all = self._bars.add_task("in all", total=None, visible=False)
        self._tasks: dict[str, TaskID] = {}
        self._totals: dict[str, int | None] = {}
        self._told: dict[str, int] = {}
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def planned(self, files: "Sequence[CatalogFile]", total: int | None) -> None:
        """Say what is going to be downloaded."""
        self._console.print(f"files to download: {len(files)}, {size_text(total)}")
        for file in files:
            self._console.print(f"  {file.name}, {size_text(file.bytes)}")

    def started(self, name: str, done: int, total: int | None) -> None:
        """Begin a bar, or say so."""
        with self._lock:
            self._totals[name] = total
            if self._bars is not None:
                self._bars.start()  # nothing is drawn before
                if name not in self._tasks:
                    self._tasks[name] = self._bars.add_task(name)
                self._draw(name, done, total)
                return
            self._told[name] = done * _LINES_PER_FILE // total if total else 0
            have = f" after {size_text(done)}" if done else ""
            self._console.print(f"downloading {name}{have}, {size_text(total)} in all")

    def progressed(self, name: str, done: int) -> None:
        """Move the bar, or say now and then how far it is."""
        with self._lock:
            total = self._totals.get(name) or 0
            if self._bars is not None:
                self._draw(name, done, self._totals.get(name))
            elif total >= _LINES_FROM:
                part = done * _LINES_PER_FILE // total
                if self._told[name] < part < _LINES_PER_FILE:
                    self._told[name] = part
                    self._console.print(f"{name}: {100 * part // _LINES_PER_FILE}%")

    def waiting(self, name: str, reason: str) -> None:
        """Say why nothing happens."""
        self._console.print(f"{name}: {reason}")

    def _draw(self, name: str, done: int, total: int | None) -> None:
        if self._bars is None:
            return
        self._bars.update(self._tasks[name], completed=done, total=total)
        files = [task for task in self._bars.tasks if task.id != self._all]
        totals = [task.total for task in files if task.total is not None]
        self._bars.update(
            self._all,
            completed=sum(task.completed for task in files),
            total=sum(totals) if len(totals) == len(files) else None,
            visible=len(files) > 1,
        )


def _new_bars(console: Console) -> Bars:
    fixed = Column(no_wrap=True)
    return Bars(
        # The name gives way on a narrow terminal; the numbers stay on their line.
        TextColumn(
            "{task.description}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")
        ),
        BarColumn(16, table_column=fixed.copy()),
        DownloadColumn(table_column=fixed.copy()),
        TransferSpeedColumn(table_column=fixed.copy()),
        TimeRemainingColumn(table_column=fixed.copy()),
        console=console,
        expand=True,
    )


def _duration(seconds: float) -> str:
    """As people say it: `40 s`, `3 min`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    if whole < 5400:
        return f"{whole / 60:.0f} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
