"""The entry point of `hotdog-sql` and of `python -m hotdog_sql`."""

import io
import os
import signal
import sys
from contextlib import suppress
from types import FrameType

#: Signals that stop a command cleanly: Ctrl-C, a closed terminal and `kill`.
_SIGNALS = ("SIGINT", "SIGHUP", "SIGTERM")
#: The numbers of the signals that have arrived.
_received: list[int] = []


def main() -> None:
    """Run the command line."""
    _open_streams()
    # Before the slow imports.
    for name in _SIGNALS:
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    try:
        from hotdog_sql.cli.main import main as run

        run()
    finally:
        if _received:  # whatever else has failed since then
            with suppress(OSError):  # the terminal is closed
                print("hotdog-sql: stopped; run the same command again to resume", file=sys.stderr)
            sys.exit(128 + _received[0])


def _stop(number: int, _frame: FrameType | None) -> None:
    _received.append(number)
    sys.exit(128 + number)


def _open_streams() -> None:
    """Replace closed standard streams, so that no other file gets their descriptors.

    Writing to a replaced stdout fails. Characters that a stream cannot encode become `?`.
    """
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY), "r")
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


if __name__ == "__main__":
    main()
