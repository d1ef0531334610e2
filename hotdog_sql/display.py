"""What users see on stderr, or in a notebook, while files and photos are downloaded.

Bars in a terminal and in a notebook that has ipywidgets, otherwise a plain line now and then.
"""

import time
from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from threading import Lock
from typing import Self

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

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.download_options import transport_name
from hotdog_sql.options import Source
from hotdog_sql.progress import FileProgress, Progress
from hotdog_sql.text import size_text, without_credentials

#: Seconds between two lines where there is no terminal; shorter pauses of a host are not told.
_LINE_EVERY = 10.0
#: Without a terminal, a file of so many bytes gets a line at each quarter of it.
_LARGE_FILE = 10_000_000


def _console(*, quiet: bool = False) -> Console:
    # Text of strangers is not markup.
    return Console(stderr=True, quiet=quiet, markup=False, highlight=False, soft_wrap=True)


def _draws(console: Console) -> bool:
    """Whether rich can draw bars: in a notebook it needs ipywidgets."""
    return console.is_terminal or (console.is_jupyter and find_spec("ipywidgets") is not None)


class DownloadDisplay(Progress):
    """Shows a download of photos, or a check of them; `verbose` prints each request."""

    def __init__(
        self, *, quiet: bool = False, verbose: bool = False, line_every: float = _LINE_EVERY
    ) -> None:
        self._line_every = line_every
        self._verbose = verbose
        self._console = _console(quiet=quiet)
        self._bar = Bars(
            BarColumn(24),
            TextColumn("{task.description}", markup=False),
            console=self._console,
            transient=True,
            disable=quiet or not _draws(self._console),
        )
        self._task = self._bar.add_task("", total=None)
        self._lock = Lock()
        self._total: int | None = None
        self._bytes = 0
        self._settled = 0
        self._fetched = 0
        self._counts: Counter[str] = Counter()
        self._started = self._said = time.monotonic()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if not self._bar.disable:  # some versions of rich print an empty line
            self._bar.stop()

    def planned(self, photos: int | None) -> None:
        """Remember how many photos there will be."""
        self._total = photos
        if self._verbose:
            self._print(f"Requests are made by {transport_name()}")

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
        self._settled += 1
        self._fetched += not known
        if status != "downloaded":
            self._counts[status] += 1
        elif not known:
            self._counts[source] += 1
        if reserve and self._total is not None:
            self._total += 1  # it was not planned
        now = time.monotonic()
        if not self._bar.disable:
            self._bar.update(
                self._task,
                completed=self._settled,
                total=self._total,
                description=self._line(now),
            )
        elif now - self._said >= self._line_every:
            self._said = now
            self._console.print(self._line(now))

    def checked(self, count: int, size: int) -> None:
        """So many photos, of so many bytes in all, have been verified."""
        self._bar.update(self._task, description=f"{count:,} photos checked, {size_text(size)}")

    def _print(self, line: str) -> None:
        self._console.print(without_credentials(line))

    def _line(self, now: float) -> str:
        """Photos, bytes, rate, time left; where they came from, how many were lost or failed."""
        seconds = max(now - self._started, 1e-3)
        photos = f"{self._settled:,}"
        if self._total is not None:
            photos += f" of {self._total:,}"
        rate = f"{size_text(int(self._bytes / seconds))}/s"
        parts = [f"{photos} photos", size_text(self._bytes), rate]
        # Photos of an earlier run are counted in no time: they do not tell how long others take.
        if self._total is not None and self._fetched:
            left = (self._total - self._settled) * seconds / self._fetched
            parts.append(f"{_duration(left)} left")
        names = [*Source, "lost", "failed"]
        counts = [f"{name} {self._counts[name]:,}" for name in names if self._counts[name]]
        return f"{', '.join(parts)}; {', '.join(counts) or 'waiting'}"


class RefreshDisplay(FileProgress):
    """Shows downloads of Open Images files: a bar for each, or plain lines."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = _console(quiet=quiet)
        self._bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(16),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            disable=quiet or not _draws(self._console),
        )
        self._tasks: dict[str, TaskID] = {}
        self._totals: dict[str, int] = {}
        self._quarters: dict[str, int] = {}
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._bars.disable:
            self._bars.stop()

    def planned(self, files: Sequence[CatalogFile], total: int | None) -> None:
        """Say what is going to be downloaded."""
        self._console.print(f"files to download: {len(files)}, {size_text(total)}")
        for file in files:
            self._console.print(f"  {file.name}, {size_text(file.bytes)}")

    def started(self, name: str, done: int, total: int | None) -> None:
        """Begin a bar, or say so."""
        with self._lock:
            self._totals[name] = total or 0
            if not self._bars.disable:
                self._bars.start()  # nothing is drawn before
                if name not in self._tasks:
                    self._tasks[name] = self._bars.add_task(name)
                self._bars.update(self._tasks[name], completed=done, total=total)
                return
            self._quarters[name] = done * 4 // total if total else 0
            have = f" after {size_text(done)}" if done else ""
            self._console.print(f"downloading {name}{have}, {size_text(total)} in all")

    def progressed(self, name: str, done: int) -> None:
        """Move the bar, or say now and then how far it is."""
        with self._lock:
            total = self._totals[name]
            if not self._bars.disable:
                self._bars.update(self._tasks[name], completed=done)
            elif total >= _LARGE_FILE and self._quarters[name] < done * 4 // total < 4:
                self._quarters[name] = done * 4 // total
                self._console.print(f"{name}: {self._quarters[name] * 25}%")

    def waiting(self, name: str, reason: str) -> None:
        """Say why nothing happens."""
        self._console.print(f"{name}: {reason}")


def _duration(seconds: float) -> str:
    """As people say it: `40 s`, `3 min`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    if whole < 5400:
        return f"{whole / 60:.0f} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
