"""What people see of a download: while it runs, and at its end."""

import time
from collections import Counter, deque
from threading import Lock
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hotdog_sql.cli.live import live_console
from hotdog_sql.cli.show import Narrator
from hotdog_sql.download.progress import Progress
from hotdog_sql.download.result import DownloadReport, Status
from hotdog_sql.options import Source
from hotdog_sql.storage import without_credentials
from hotdog_sql.text import printable, size_text

#: Seconds between two lines where there is no terminal.
_LINE_EVERY = 10.0
#: Seconds that the rate is averaged over.
_RECENT = 10.0


class DownloadDisplay(Progress):
    """Shows a download on stderr: two lines that change in a terminal, else a line now and then."""

    def __init__(
        self, *, quiet: bool = False, verbose: bool = False, line_every: float = _LINE_EVERY
    ) -> None:
        """Shows nothing yet.

        Args:
            quiet: show nothing at all.
            verbose: tell of each request.
            line_every: seconds between two lines where there is no terminal.
        """
        self._line_every = line_every
        self._console = live_console(quiet=quiet)
        self._verbose = verbose
        self._quiet = quiet
        self._lock = Lock()
        self._total: int | None = None
        self._bytes = 0
        self._done: Counter[str] = Counter()
        self._fetched = 0
        self._said = time.monotonic()
        #: Moments, with the photos and bytes that had come by then.
        self._history = deque([(self._said, 0, 0)])
        self._live: Live | None = None
        if Console(stderr=True).is_terminal and not quiet:
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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def planned(self, photos: int | None) -> None:
        """So many photos are wanted."""
        self._total = photos

    def received(self, count: int) -> None:
        """So many bytes have arrived."""
        with self._lock:
            self._bytes += count

    def answered(self, image_id: str, source: str, url: str, answer: str) -> None:
        """Tell of a request."""
        if self._verbose:
            self._console.print(
                printable(f"{image_id}  {source}  {answer}  {without_credentials(url)}")
            )

    def unreachable(self, host: str, reason: str) -> None:
        """Say at once what is wrong."""
        self._console.print(printable(f"Cannot reach {host} ({reason}); retrying"))

    def paused(self, host: str, seconds: float) -> None:
        """Say why there is less to see."""
        if seconds >= _LINE_EVERY or self._verbose:
            self._console.print(printable(f"Retrying {host} in {seconds:.0f} s"))

    def given_up(self, host: str, reason: str) -> None:
        """Say that a host is not asked any more."""
        self._console.print(printable(f"{host} does not answer ({reason}); skipping it"))

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

    def _settled(self) -> int:
        return sum(self._done[status] for status in Status)

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
        """What came from where, and what did not."""
        counts = [(str(source), self._done[source]) for source in Source]
        counts += [("lost", self._done[Status.LOST]), ("failed", self._done[Status.FAILED])]
        return ", ".join(f"{what} {count:,}" for what, count in counts if count) or "waiting"

    def _lines(self) -> Group:
        """What the terminal shows."""
        grid = Table.grid(padding=(0, 1))
        bar = ProgressBar(total=self._total, completed=self._settled(), width=24)
        grid.add_row(bar, Text(self._progress()))
        return Group(grid, Text(f"  {self._outcome()}", style="dim"))


class CheckDisplay(Progress):
    """Shows on a terminal's stderr how far a check has come."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._text = ""
        self._live: Live | None = None
        if Console(stderr=True).is_terminal and not quiet:
            self._live = Live(
                console=live_console(),
                get_renderable=lambda: Text(self._text),
                refresh_per_second=4,
                transient=True,
            )

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def checked(self, count: int, size: int) -> None:
        """So many photos, of so many bytes in all, have been looked at."""
        self._text = f"{count:,} photos checked, {size_text(size)}"


def tell_report(report: DownloadReport, name: str, *, quiet: bool = False) -> None:
    """Say how a download ended, so that a person reads it at a glance."""
    narrator = Narrator(quiet)
    narrator.print(f"Dataset {name}")
    fetched = f"{report.downloaded:,} fetched now, {size_text(report.received)}"
    sources = ", ".join(f"{source} {count:,}" for source, count in sorted(report.sources.items()))
    _line(narrator, "photos", report.on_disk, "; ".join(filter(None, (fetched, sources))))
    if report.lost:
        _line(narrator, "lost for good", report.lost, _reasons(report.lost_reasons))
    if report.replaced:
        _line(narrator, "replaced", report.replaced, "lost ones, by the next in the random order")
    for folder, count in report.short.items():
        _line(narrator, "short", count, f"in {printable(folder)}: there are no more to take")
    if report.failed:
        _line(narrator, "failed", report.failed, _reasons(report.failed_reasons))
        narrator.print("Some are worth another try: run the same command again")


def _line(narrator: Narrator, what: str, count: int, note: str) -> None:
    narrator.print(f"  {what:<14} {count:>9,}  {note}".rstrip())


def _reasons(reasons: Counter[tuple[str, str]]) -> str:
    return ", ".join(
        printable(f"{source} {reason} {count:,}")
        for (source, reason), count in reasons.most_common(6)
    )


def _duration(seconds: float) -> str:
    """As people say it: `40 s`, `3 min`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    if whole < 5400:
        return f"{whole / 60:.0f} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
