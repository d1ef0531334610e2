"""Where download threads run.

One thread of an interpreter runs at a time. Spread over cores, dozens of them spend about as long
waking each other as on the photos: 3,000 photos of 200 KB took a third longer.
"""

import os
from pathlib import Path

#: A thread's figures (proc(5)); the core that it ran on last is the 37th after its name.
_STAT = Path("/proc/thread-self/stat")
_PROCESSOR = 36


def current_core() -> int | None:
    """The core that this thread is on; None where threads cannot be placed, which Linux allows."""
    if not hasattr(os, "sched_setaffinity") or not _STAT.exists():
        return None
    return int(_STAT.read_text().rpartition(")")[2].split()[_PROCESSOR])


def stay_on(core: int) -> None:
    """Keep this thread on a core."""
    os.sched_setaffinity(0, {core})
