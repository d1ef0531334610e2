"""The messages of the program, compared with the golden file `messages.txt`.

To update it, run `RENEW_MESSAGES=1 pytest tests/cli/test_messages.py`.
"""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Run

GOLDEN_FILE = Path(__file__).with_name("messages.txt")
#: Replacements for texts that differ between runs.
VARYING = {
    r"retrying in \d+\.\d s": "retrying in N s",
    r"127\.0\.0\.1:\d+": "127.0.0.1:PORT",
    r"\b[0-9a-f]{32}\b": "MD5",
    r"\b\d{4}-\d\d-\d\d\b": "DATE",
}


def test_messages(call: Run, addresses: dict[str, str], tmp_path: Path) -> None:
    for library in ("PIL", "pyreqwest"):
        pytest.importorskip(library, reason="some messages come from this library")
    expected = GOLDEN_FILE.read_text(encoding="utf-8")
    heading, *commands = re.split(r"^\$ (.*)\n", expected, flags=re.MULTILINE)
    actual = heading
    for command in commands[::2]:
        words = shlex.split(command)
        variables = {}
        while "=" in words[0]:  # as in a shell
            name, _, variables[name] = words.pop(0).partition("=")
        if words[0] != "hotdog-sql":
            subprocess.run(command, shell=True, cwd=tmp_path, check=True)
            actual += f"$ {command}\n\n"
            continue
        done = call(*words[1:], code=None, **(addresses | variables), COLUMNS="100")
        output = done.stdout + done.stderr
        for pattern, replacement in VARYING.items():
            output = re.sub(pattern, replacement, output)
        code = f"({done.returncode})\n" if done.returncode else ""
        actual += f"$ {command}\n{output}{code}\n"
    if os.environ.get("RENEW_MESSAGES"):
        GOLDEN_FILE.write_text(actual, encoding="utf-8")
    assert actual == expected
