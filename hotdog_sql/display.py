"""What users see on stderr, or in a notebook, while files and photos are downloaded.

Bars in a terminal and in a notebook that has ipywidgets, otherwise a plain line now and then.
"""

import time
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from importlib.util import find_spec
from threading import Lock
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bars

from hotdog_sql.download_options import transport_name
from hotdog_sql.options import Source
from hotdog_sql.progress import FileProgress, Progress
from hotdog_sql.text import size_text, without_credentials

#: Seconds between two lines where there is no terminal; shorter pauses of a host are not told.
_LINE_EVERY = 10.0
_DESCRIPTION = TextColumn("{task.description}", markup=False)


class _Display:
    """A console, and the bars that it can draw."""

    def __init__(self, *columns: ProgressColumn, quiet: bool, transient: bool = False) -> None:
        # Text of strangers is not markup.
        self._console = Console(
            stderr=True, quiet=quiet, markup=False, highlight=False, soft_wrap=True
        )
        # In a notebook, rich needs ipywidgets.
        widgets = self._console.is_jupyter and find_spec("ipywidgets") is not None
        self._draws = not quiet and (self._console.is_terminal or widgets)
        self._bars = Bars(
            *columns, console=self._console, transient=transient, disable=not self._draws
        )
        self._started = self._said = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._draws:  # some versions of rich print an empty line
            self._bars.stop()

    def _print(self, line: str) -> None:
        self._console.print(without_credentials(line))

    def _is_time_for_a_line(self) -> bool:
        now = time.monotonic()
        if self._draws or now - self._said < _LINE_EVERY:
            return False
        self._said = now
        return True


class DownloadDisplay(_Display, Progress):
    """Shows a download of photos, or a check of them; `verbose` prints each request."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        super().__init__(BarColumn(24), _DESCRIPTION, quiet=quiet, transient=True)
        self._verbose = verbose
        self._task = self._bars.add_task("", total=None)
        self._lock = Lock()
        self._total: int | None = None
        self._bytes = 0
        self._settled = 0
        self._fetched = 0
        self._counts: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._bars.start()
        return self

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
        if self._draws:
            self._bars.update(
                self._task,
                completed=self._settled,
                total=self._total,
                description=self._line(),
            )
        elif self._is_time_for_a_line():
            self._print(self._line())

    def checked(self, count: int, size: int) -> None:
        """So many photos, of so many bytes in all, have been verified."""
        self._bars.update(self._task, description=f"{count:,} photos checked, {size_text(size)}")

    def _line(self) -> str:
        """Photos, bytes, rate, time left; where they came from, how many were lost or failed."""
        seconds = max(time.monotonic() - self._started, 1e-3)
        photos = f"{self._settled:,}"
        if self._total is not None:
            photos += f" of {self._total:,}"
        rate = f"{size_text(int(self._bytes / seconds))}/s"
        parts = [f"{photos} photos", size_text(self._bytes), rate]
        # Photos of an earlier run are counted in no time: they do not tell how long others take.
        if self._total is not None and self._fetched:
            left = (self._total - self._settled) * seconds / self._fetched
            parts.append(f"{timedelta(seconds=round(left))} left")
        names = [*Source, "lost", "failed"]
        counts = [f"{name} {self._counts[name]:,}" for name in names if self._counts[name]]
        return f"{', '.join(parts)}; {', '.join(counts) or 'waiting'}"


class RefreshDisplay(_Display, FileProgress):
    """Shows downloads of Open Images files: a bar for each, or plain lines."""

    def __init__(self, *, quiet: bool = False) -> None:
        columns = (DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        super().__init__(_DESCRIPTION, BarColumn(16), *columns, quiet=quiet)
        self._tasks: dict[str, TaskID] = {}

    def planned(self, sizes: Mapping[str, int | None], total: int | None) -> None:
        """Say what is going to be downloaded."""
        self._print(f"files to download: {len(sizes)}, {size_text(total)}")
        for name, size in sizes.items():
            self._print(f"  {name}, {size_text(size)}")

    def started(self, name: str, done: int, total: int | None) -> None:
        """Begin a bar, or say so."""
        self._bars.start()  # nothing is drawn before
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name)
        self._bars.update(self._tasks[name], completed=done, total=total)
        if not self._draws:
            have = f" after {size_text(done)}" if done else ""
            self._print(f"downloading {name}{have}, {size_text(total)} in all")

    def progressed(self, name: str, done: int) -> None:
        """Move the bar, or say now and then how far it is."""
        self._bars.update(self._tasks[name], completed=done)
        if self._is_time_for_a_line():
            self._print(f"{name}: {size_text(done)}")

    def waiting(self, name: str, reason: str) -> None:
        """Say why nothing happens."""
        self._print(f"{name}: {reason}")
