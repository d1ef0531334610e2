"""Commands in a terminal, on signals, and with closed or full output streams."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Timer

import pytest

from tests.conftest import Run, started
from tests.support.loopback import LoopbackServer, Reply, Request, file_reply
from tests.support.openimages import OpenImages, image_row
from tests.test_scratch import wait_for

PROGRAM = [sys.executable, "-m", "hotdog_sql"]


def in_terminal(
    folder: Path, *arguments: str, answers: Sequence[tuple[bytes, bytes]] = (), **variables: str
) -> tuple[int, str]:
    """Return the exit code and output of a command in a terminal.

    Each of the `answers` is a text that appears, and what to type then.
    """
    remaining = list(answers)
    parent, child = pty.openpty()
    environment = os.environ | {"COLUMNS": "100", "TERM": "dumb", **variables}
    with subprocess.Popen(
        [*PROGRAM, *arguments],
        cwd=folder,
        env=environment,
        preexec_fn=lambda: os.login_tty(child),  # makes Ctrl-C a signal
    ) as process:
        os.close(child)
        guard = Timer(60, os.killpg, (process.pid, signal.SIGKILL))
        guard.start()
        screen = b""
        with suppress(OSError):  # on Linux, when the other side is closed
            while part := os.read(parent, 1 << 16):
                screen += part
                while remaining and remaining[0][0] in screen:
                    os.write(parent, remaining.pop(0)[1])
        process.wait(timeout=30)
        guard.cancel()
    os.close(parent)
    return process.returncode, screen.decode().replace("\r\n", "\n")


def test_select_shows_ten_rows_and_what_comes_next(small_data: Path, tmp_path: Path) -> None:
    data_dir = ("--data-dir", str(small_data))
    code, screen = in_terminal(tmp_path, "select", *data_dir, "--", "Hot dog")
    assert code == 0
    lines = screen.splitlines()
    assert sum(line.startswith("hot_dog ") for line in lines) == 10
    assert "122 more rows" in screen
    assert "  other                         120" in screen
    assert lines[-1].endswith(f"select --download dataset --data-dir {small_data} -- 'Hot dog'")

    command = ("select", "Hot dog", *data_dir)
    code, screen = in_terminal(tmp_path, *command, "-o", "rows.csv")
    assert "Wrote 132 rows to rows.csv, and their recipe to rows.selection.json" in screen
    (*_, following) = screen.splitlines()
    assert following == f"Next: hotdog-sql download rows.csv rows --data-dir {small_data}"
    assert "ImageID" not in screen
    assert "Next" not in in_terminal(tmp_path, *command, "-o", "rows.txt", "--format", "csv")[1]

    code, screen = in_terminal(tmp_path, *command, "--format", "parquet")
    assert code == 3
    assert screen == "hotdog-sql: a terminal cannot show Parquet: add --output FILE\n"


@pytest.mark.parametrize(
    ("answer", "code"), [(b"\x03", 130), (b"\x04", 4), (b"n\n", 4), (b"y\n", 0)]
)
def test_the_question_before_a_large_download(
    server: LoopbackServer, tmp_path: Path, answer: bytes, code: int
) -> None:
    """Ctrl-C, the end of the input, no and yes."""
    server.default(file_reply(bytes(310_000)))
    variables = {"HOTDOG_SQL_BASE_URL": server.url("/"), "TERM": "xterm", "COLUMNS": "120"}
    command = ("refresh", "--split", "train")
    ended, screen = in_terminal(tmp_path, *command, answers=[(b"[y/N]", answer)], **variables)
    fetched = {request.path for request in server.requests if request.method == "GET"}
    assert ended == code, screen
    assert "Traceback" not in screen
    assert "2.7 GB" in screen
    assert len(fetched) == (0 if code else 3)
    if code == 130:
        assert screen.endswith("hotdog-sql: stopped; run the same command again to resume\n")
    elif code == 0:
        assert "310.0 kB of 310.0 kB" in screen
        assert "in all: 930.0 kB of 930.0 kB" in screen


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing_behind(
    server: LoopbackServer, small_data: Path, tmp_path: Path, end: int
) -> None:
    """During a download that waits for a response."""
    requested = Event()

    def wait(_: Request) -> Reply:
        requested.set()
        return Reply(200, delay=60)

    server.default(wait)
    (tmp_path / "tmp").mkdir()
    variables = {"HOTDOG_SQL_MIRROR_URL": server.url("/"), "TMPDIR": str(tmp_path / "tmp")}
    select = ("select", "Hot dog", "--data-dir", small_data, "--source", "mirror")
    with started(*select, "--download", tmp_path / "dataset", variables=variables) as process:
        assert requested.wait(30)
        process.send_signal(end)
        _, stderr = process.communicate(timeout=30)
    assert process.returncode == 128 + end
    assert stderr.endswith("hotdog-sql: stopped; run the same command again to resume\n")
    assert "Traceback" not in stderr
    assert not list((tmp_path / "tmp").iterdir())
    assert not (tmp_path / "dataset" / ".hotdog-sql").exists()


def test_a_closed_terminal(server: LoopbackServer, small_data: Path, tmp_path: Path) -> None:
    parent, child = pty.openpty()
    server.default(Reply(200, delay=60))
    command = [*PROGRAM, "select", "Hot dog", "--data-dir", str(small_data), "--download", "new"]
    environment = os.environ | {"HOTDOG_SQL_MIRROR_URL": server.url("/")}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, preexec_fn=lambda: os.login_tty(child)
    ) as process:
        os.close(child)
        screen = b""
        while b"Selected" not in screen:
            screen += os.read(parent, 1 << 16)
        os.close(parent)
        assert process.wait(timeout=30) == 129


def test_ctrl_c_does_not_end_the_shell(small_data: Path) -> None:
    """The signal reaches the command too, which waits for the shell."""
    with started("shell", "--data-dir", small_data, variables={}) as shell:
        wait_for(shell)
        shell.send_signal(signal.SIGINT)
        output, _ = shell.communicate("SELECT 6 * 7;\n")
    assert "42" in output
    assert shell.returncode == 0


def test_ctrl_c_while_modules_are_imported(tmp_path: Path, run: Run) -> None:
    """The first module that the program imports sends the signal."""
    (tmp_path / "typer.py").write_text(
        "import os, signal, time\n"
        "exec('os.kill(os.getpid(), signal.SIGINT)\\ntime.sleep(10)')\n"  # dataclasses use exec
    )
    modules = f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    done = run("--version", PYTHONPATH=modules, code=130)
    assert done.stderr == "hotdog-sql: stopped; run the same command again to resume\n"


@pytest.mark.parametrize(
    ("command", "redirected"),
    [("summary", ">&-"), ("select 'Hot dog' -q", ">/dev/full"), ("--help", ">/dev/full")],
)
def test_a_closed_or_full_stdout(
    small_data: Path, in_sh: Run, command: str, redirected: str
) -> None:
    done = in_sh(f"$program {command} {redirected}", HOTDOG_SQL_DATA_DIR=str(small_data), code=6)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("hotdog-sql: cannot read or write")
    in_sh("$program classes dog 2>/dev/full", HOTDOG_SQL_DATA_DIR=str(small_data), code=6)


def test_stdout_in_another_encoding(small_data: Path, run: Run) -> None:
    for encoding in ("ascii", "latin-1"):
        command = ("select", "Hot dog", "--data-dir", small_data, "--format", "table")
        done = run(*command, PYTHONIOENCODING=encoding)
        assert done.stdout.splitlines()[-1].startswith("? 122 more rows")


def test_closed_stdin_and_stderr_change_nothing(small_data: Path, in_sh: Run) -> None:
    done = in_sh("$program summary <&- 2>&-", HOTDOG_SQL_DATA_DIR=str(small_data))
    assert done.stdout.startswith("images,")


def test_verbose_names_all_related_classes_and_no_password(
    server: LoopbackServer, call: Run, tmp_path: Path
) -> None:
    names = ["Car", *(f"Car {kind}" for kind in ("boot", "door", "key", "park", "seat", "wash"))]
    ids = [f"{number:016x}" for number in range(1, 41)]
    OpenImages(
        classes=[(f"/m/{n}", name) for n, name in enumerate(names)],
        images=[image_row(one) for one in ids],
        labels=[(one, "verification", f"/m/{n % 7}", "1") for n, one in enumerate(ids)],
    ).write(tmp_path / "data")
    few, all_ = call("select", "Car", "--offline"), call("select", "Car", "--offline", "--verbose")
    assert "and 2 more" in few.stderr
    assert all(name in all_.stderr for name in names)
    assert few.stdout == all_.stdout
    server.default(file_reply(b"\xff\xd8no photo"))
    mirror = server.url("/mirror/").replace("//", "//user:secret@")
    one = ("select", "Car", "--limit", "1", "--negatives", "0", "--source", "mirror", "--no-top-up")
    options = ("--offline", "--verbose", "--download", "dataset")
    done = call(*one, *options, HOTDOG_SQL_MIRROR_URL=mirror)
    assert "Requests are made by " in done.stderr
    assert "/mirror/test/" in done.stderr
    assert "secret" not in done.stderr + done.stdout
