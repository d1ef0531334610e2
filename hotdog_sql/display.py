"""Progress of downloads on stderr or in a notebook.

Bars in a terminal and in a notebook with ipywidgets, otherwise a plain line now and then.
"""

import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from importlib.util import find_spec
from threading import Lock

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from hotdog_sql.download_options import transport_name
from hotdog_sql.options import Source
from hotdog_sql.progress import Progress
from hotdog_sql.text import counted, size_text, without_credentials

#: Seconds between two lines without a terminal; shorter pauses of a host are not reported.
_LINE_SECONDS = 10.0


class Display(Progress, AbstractContextManager["Display"]):
    """Shows the progress of downloads and checks; `verbose` prints each request."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self._verbose = verbose
        # Other people's text is not markup.
        self._console = Console(
            stderr=True, quiet=quiet, markup=False, emoji=False, highlight=False, soft_wrap=True
        )
        # In a notebook, rich needs ipywidgets.
        has_widgets = self._console.is_jupyter and find_spec("ipywidgets") is not None
        is_terminal = sys.stderr.isatty() and not self._console.is_dumb_terminal
        self._has_bars = not quiet and (is_terminal or has_widgets)
        self._bars = Bars(
            BarColumn(10),
            TimeRemainingColumn(),  # before the text, whose end a narrow terminal does not show
            TextColumn("{task.description}", markup=False),
            console=self._console,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}
        self._sizes: dict[str, int | None] = {}
        self._done: dict[str, int] = {}
        self._lock = Lock()
        self._total: int | None = None
        self._bytes = 0
        self._finished = 0
        self._counts: Counter[str] = Counter()
        self._started = self._updated = time.monotonic()

    def __exit__(self, *_: object) -> None:
        if self._has_bars and self._tasks:
            self._bars.stop()

    def planned(self, photos: int | None) -> None:
        """Show the total before the first photo."""
        self._total = photos
        if self._verbose:
            self._print(f"Requests are made by {transport_name()}")
        if self._should_update():
            self._show("photos", self._photos(), 0, photos)

    def received(self, count: int) -> None:
        """Count bytes."""
        with self._lock:
            self._bytes += count

    def answered(self, image_id: str, source: str, url: str, answer: str) -> None:
        """Print a request."""
        if self._verbose:
            self._print(f"{image_id}  {source}  {answer}  {url}")

    def unreachable(self, host: str, reason: str) -> None:
        """Report that a host cannot be reached."""
        self._print(f"Cannot reach {host} ({reason}); retrying")

    def paused(self, host: str, seconds: float) -> None:
        """Report a pause of requests to a host."""
        if seconds >= _LINE_SECONDS or self._verbose:
            self._print(f"Retrying {host} in {seconds:.0f} s")

    def given_up(self, host: str, reason: str) -> None:
        """Report that a host gets no more requests."""
        self._print(f"{host} does not answer ({reason}); skipping it")

    def finished(self, status: str, source: str, *, known: bool, reserve: bool) -> None:
        """Count a photo."""
        self._finished += 1
        if status != "downloaded":
            self._counts[status] += 1
        elif not known:
            self._counts[source] += 1
        if reserve and self._total is not None:
            self._total += 1  # `planned` excludes replacements
        if self._should_update():
            self._show("photos", self._photos(), self._finished, self._total)

    def checked(self, count: int, size: int) -> None:
        """Report how many photos have been verified."""
        if self._should_update():
            line = f"{counted(count, 'photo')} checked, {size_text(size)}"
            self._show("photos", line, count, None)

    def files_planned(self, sizes: Mapping[str, int | None], total: int | None) -> None:
        """Print the files to download."""
        self._print(f"files to download: {len(sizes)}, {size_text(total)}")
        for name, size in sizes.items():
            self._print(f"  {name}, {size_text(size)}")

    def file_started(self, name: str, done: int, total: int | None) -> None:
        """Report a file that begins, unless a bar shows it."""
        with self._lock:
            self._sizes[name], self._done[name] = total, done
        if not self._has_bars:
            action = f"resuming {name} at {size_text(done)}" if done else f"downloading {name}"
            self._print(f"{action}, {size_text(total)} in all")

    def file_progressed(self, name: str, done: int) -> None:
        """Update the progress of a file."""
        if self._should_update():
            total = self._sizes[name]
            self._show(name, f"{name}: {size_text(done)} of {size_text(total)}", done, total)
        with self._lock:
            self._done[name] = done
            if self._has_bars and len(self._done) > 1:
                done, total = sum(self._done.values()), sum(filter(None, self._sizes.values()))
                self._show("all", f"in all: {size_text(done)} of {size_text(total)}", done, total)

    def file_waiting(self, name: str, reason: str) -> None:
        """Report why a file waits."""
        self._print(f"{name}: {reason}")

    def _should_update(self) -> bool:
        """Whether to show progress: always in a bar, otherwise every `_LINE_SECONDS`."""
        now = time.monotonic()
        if not self._has_bars and now - self._updated < _LINE_SECONDS:
            return False
        self._updated = now
        return True

    def _show(self, name: str, line: str, done: int, total: int | None) -> None:
        """Update a bar, or print a line with the remaining time."""
        if self._has_bars:
            self._bars.start()  # not before there is something to show
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(line, total=total)
        self._bars.update(self._tasks[name], description=line, completed=done, total=total)
        if not self._has_bars:
            seconds = self._bars.tasks[self._tasks[name]].time_remaining
            self._print(line if seconds is None else f"{line}; {timedelta(seconds=seconds)} left")

    def _print(self, line: str) -> None:
        self._console.print(without_credentials(line))

    def _photos(self) -> str:
        """Photos, bytes, rate, and the number of photos by source or failure."""
        seconds = max(time.monotonic() - self._started, 1e-3)
        photos = f"{self._finished:,}"
        if self._total is not None:
            photos += f" of {self._total:,}"
        rate = f"{size_text(int(self._bytes / seconds))}/s"
        names = ["lost", "failed", *Source]
        counts = [f"{name} {self._counts[name]:,}" for name in names if self._counts[name]]
        return (
            f"{photos} photos, {size_text(self._bytes)}, {rate}; {', '.join(counts) or 'waiting'}"
        )
