"""Ctrl-C while DuckDB is at work."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from hotdog_sql.stoppable import stoppable

#: Minutes of work, in steps that are long themselves.
_LONG = "SELECT count(*) FROM range(50000) a, range(1000000) b WHERE a.range * b.range % 7 = 3"


@pytest.mark.parametrize("again", [1, 2])
def test_a_query_ends_at_once(small_data: Path, again: int) -> None:
    command = [sys.executable, "-m", "hotdog_sql", "sql", _LONG, "--data-dir", str(small_data)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            threads = Path(f"/proc/{process.pid}/task")
            deadline = time.monotonic() + 30
            while len(list(threads.iterdir())) < 3 and time.monotonic() < deadline:
                time.sleep(0.01)  # DuckDB's threads are not there yet
            time.sleep(0.5 * again)
            process.send_signal(signal.SIGINT)
            sent = time.monotonic()
            _, said = process.communicate(timeout=20)
        finally:
            process.kill()
    assert time.monotonic() - sent < 2
    assert process.returncode == 130
    assert said == "hotdog-sql: stopped; run the same command again to go on\n"


def test_what_is_not_stopped_returns_or_raises_as_ever() -> None:
    with duckdb.connect() as connection:
        assert stoppable(connection, lambda: connection.execute("SELECT 7").fetchall()) == [(7,)]
        with pytest.raises(duckdb.BinderException):
            stoppable(connection, lambda: connection.execute("SELECT nothing"))
