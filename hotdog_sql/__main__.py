"""Lets `python -m hotdog_sql` do what `hotdog-sql` does."""

import os
import sys

from hotdog_sql.cli.exits import INTERRUPTED
from hotdog_sql.cli.main import main

if __name__ == "__main__":
    try:
        main()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            # A Ctrl-C in the middle of `exec`, which dataclasses are made by, counts as unhandled
            # for the rest of the process: CPython would end it by the signal, not with the code.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(INTERRUPTED)
        raise
