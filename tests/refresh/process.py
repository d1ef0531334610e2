"""A refresh in a process of its own, to be killed, or to meet another one.

The processes come from a fork server that has everything imported, so that a test can afford
dozens of them and nearly all of a process's life is spent refreshing.
"""

import multiprocessing
import resource
from multiprocessing.process import BaseProcess
from multiprocessing.queues import SimpleQueue
from pathlib import Path

from hotdog_sql.config import Settings
from hotdog_sql.refresh import FileResult, refresh
from tests.refresh.site import FILE, OTHER, QUICK

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.refresh.process"])

#: Where a process puts its results when it is done; before that, None when it begins.
Report = SimpleQueue[tuple[FileResult, ...] | None]


def start(
    data_dir: Path, base_url: str, report: Report, largest_file: int | None = None
) -> BaseProcess:
    """A process that refreshes two files.

    Args:
        data_dir: the data folder.
        base_url: the server.
        report: where it says that it begins, and what came of it.
        largest_file: bytes after which the system lets it write no more to a file.
    """
    process = CONTEXT.Process(target=_work, args=(data_dir, base_url, report, largest_file))
    process.start()
    report.get()
    return process


def _work(data_dir: Path, base_url: str, report: Report, largest_file: int | None) -> None:
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    report.put(None)
    report.put(refresh([FILE, OTHER], Settings(data_dir, base_url), policy=QUICK))
