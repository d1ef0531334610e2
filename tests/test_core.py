"""Download threads stay on one core; the others of the process do not."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from hotdog_sql.downloading.core import stay_on_one_core


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets threads be placed")
def test_threads_of_a_process_share_a_core() -> None:
    def placed(_: int) -> set[int]:
        stay_on_one_core()
        return os.sched_getaffinity(0)

    before = os.sched_getaffinity(0)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(placed, range(2))
    assert first == second
    assert len(first) == 1
    assert first <= before
    assert os.sched_getaffinity(0) == before
