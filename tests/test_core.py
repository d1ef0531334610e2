"""Download threads stay on one core; the others of the process do not."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from hotdog_sql.downloading.core import current_core, stay_on


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets threads be placed")
def test_threads_of_a_process_share_a_core() -> None:
    def placed(core: int) -> set[int]:
        stay_on(core)
        return os.sched_getaffinity(0)

    before = os.sched_getaffinity(0)
    core = current_core()
    assert core in before
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(placed, [core, core])) == [{core}, {core}]
    assert os.sched_getaffinity(0) == before
