"""Where the program begins, as `hotdog-sql` and as `python -m hotdog_sql`."""

import gc
import os
import sys
from contextlib import suppress

from hotdog_sql.cli.exits import INTERRUPTED


def main() -> None:
    """Runs the command line."""
    # Nothing that is imported becomes garbage: looking for some among it, all the while and once
    # more at the end, would take a seventh of the time of a short command. A command begins with
    # `gc.freeze`, which leaves it out of the search for good, and `gc.enable`.
    gc.disable()
    try:
        from hotdog_sql.cli.main import main as run

        run()
    except SystemExit as end:
        if end.code != INTERRUPTED:
            raise
        _end_interrupted()
    except KeyboardInterrupt:  # in the midst of the imports
        _end_interrupted()


def _end_interrupted() -> None:
    # A Ctrl-C in the middle of `exec`, which dataclasses are made by, counts as unhandled for the
    # rest of the process: CPython would end it by the signal, not with the code.
    with suppress(OSError):  # who reads it may have gone
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
