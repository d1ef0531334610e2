"""Every message in one list, `messages.txt`, as the program prints it on the demo's data.

A change of words shows there: `RENEW_MESSAGES=1 pytest tests/cli/test_messages.py` writes it anew.
"""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Run

LIST = Path(__file__).with_name("messages.txt")
#: What differs from run to run.
CHANGING = {
    r"retrying in \d+\.\d s": "retrying in N s",
    r"127\.0\.0\.1:\d+": "127.0.0.1:PORT",
    r"\b[0-9a-f]{32}\b": "MD5",
    r"\b\d{4}-\d\d-\d\d\b": "DATE",
}


def test_messages(call: Run, addresses: dict[str, str], tmp_path: Path) -> None:
    for library in ("PIL", "pyreqwest"):
        pytest.importorskip(library, reason="some messages are of this library")
    written = LIST.read_text(encoding="utf-8")
    heading, *commands = re.split(r"^\$ (.*)\n", written, flags=re.MULTILINE)
    shown = heading
    for command in commands[::2]:
        words = shlex.split(command)
        changed = {}
        while "=" in words[0]:  # a variable, as a shell takes it
            name, _, changed[name] = words.pop(0).partition("=")
        if words[0] != "hotdog-sql":
            subprocess.run(command, shell=True, cwd=tmp_path, check=True)
            shown += f"$ {command}\n\n"
            continue
        done = call(*words[1:], code=None, **(addresses | changed), COLUMNS="100")
        said = done.stdout + done.stderr
        for changing, instead in CHANGING.items():
            said = re.sub(changing, instead, said)
        code = f"({done.returncode})\n" if done.returncode else ""
        shown += f"$ {command}\n{said}{code}\n"
    if os.environ.get("RENEW_MESSAGES"):
        LIST.write_text(shown, encoding="utf-8")
    assert shown == written
