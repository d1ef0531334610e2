"""A command in a terminal of its own."""

import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path


def in_terminal(
    folder: Path, *arguments: str, answer: bytes = b"", after: bytes = b"", **variables: str
) -> tuple[int, str]:
    """The exit code and the screen of a command in a terminal; `answer` is typed `after` a text."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"COLUMNS": "100", "TERM": "dumb", **variables}
    with subprocess.Popen(
        [sys.executable, "-m", "hotdog_sql", *arguments],
        cwd=folder,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: _control(theirs),
    ) as process:
        os.close(theirs)
        screen = b""
        with suppress(OSError):  # Linux's way to say that the other side has closed it
            while part := os.read(ours, 1 << 16):
                screen += part
                if answer and after in screen:
                    os.write(ours, answer)
                    answer = b""
        process.wait(timeout=30)
    os.close(ours)
    return process.returncode, screen.decode().replace("\r\n", "\n")


def _control(terminal: int) -> None:
    """Makes the terminal that of the process, so that Ctrl-C in it is a signal."""
    import fcntl
    import termios

    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
