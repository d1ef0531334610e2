"""Ctrl-C at awkward moments."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from types import FrameType

import pytest

from tests.support.loopback import LoopbackServer, Reply
from tests.support.photos import photo, run, tree
from tests.support.pictures import jpeg


@contextmanager
def ctrl_c_while_a_thread_begins(which: int) -> Iterator[None]:
    """A real Ctrl-C when so many threads have been begun, the last not yet told that it has."""
    left = which

    def watch(frame: FrameType, event: str, _argument: object) -> None:
        nonlocal left
        begun_by = frame.f_back.f_code if frame.f_back else None
        if event == "call" and frame.f_code is Event.wait.__code__:
            left -= begun_by is Thread.start.__code__
            if not left:
                sys.setprofile(None)
                signal.raise_signal(signal.SIGINT)

    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(None)


@pytest.mark.parametrize("which", [1, 3])
def test_a_download_whose_threads_begin(tmp_path: Path, which: int) -> None:
    with LoopbackServer() as server:
        server.default(Reply(body=jpeg()))
        photos = [photo(n) for n in range(1, 21)]
        with pytest.raises(KeyboardInterrupt), ctrl_c_while_a_thread_begins(which):
            run(server, tmp_path / "dataset", photos)
        run(server, tmp_path / "dataset", photos)
    assert len(tree(tmp_path / "dataset" / "other")) == 20
