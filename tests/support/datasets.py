"""Functions to make datasets at any address and to compare their contents."""

import tempfile
from functools import partial
from pathlib import Path

from hotdog_sql.download_options import DatasetFormat, DownloadOptions
from hotdog_sql.downloader.manifest import read_manifest
from hotdog_sql.downloader.result import COLUMNS
from hotdog_sql.downloader.verify import VerifyReport, repair, verify
from hotdog_sql.options import Source
from hotdog_sql.progress import Progress
from hotdog_sql.storage import open_storage
from tests.support.loopback import LoopbackServer
from tests.support.photos import QUICK, manifest_rows, run, tree

TARS = DatasetFormat.WEBDATASET

#: Downloads from servers that answer slowly, as on a busy machine.
download = partial(run, silence_seconds=30.0)


class StopsAfter(Progress):
    """Presses Ctrl-C after a number of photos."""

    def __init__(self, photos: int) -> None:
        self.left = photos

    def finished(self, *_: object, **__: object) -> None:
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


def mend(server: LoopbackServer, address: Path | str) -> VerifyReport:
    """Verify and repair a dataset from the server's mirror."""
    options = DownloadOptions(sources=(Source.MIRROR,), retry=QUICK)
    return repair(address, verify(address), mirror_url=server.url("/mirror/"), options=options)


def contents(address: Path | str) -> dict[str, bytes]:
    """Return every file of a dataset, by path."""
    storage = open_storage(address)
    if storage.folder is not None:
        return tree(storage.folder)
    return {path: storage.read(path) or b"" for path, _ in storage.files()}


def rows_at(address: Path | str) -> list[dict[str, str]]:
    """Return the rows of the manifest, which may be incomplete."""
    storage = open_storage(address)
    if storage.folder is not None:
        return manifest_rows(storage.folder)
    with tempfile.TemporaryDirectory() as folder:
        read_manifest(storage, Path(folder))
        return manifest_rows(Path(folder))


def images(address: Path | str) -> list[dict[str, str]]:
    """Return the manifest's rows without `path`, which differs between tars."""
    return [{name: row[name] for name in COLUMNS if name != "path"} for row in rows_at(address)]
