"""Shared by the tests of refresh: a file of the catalog, its server, and a data folder."""

import random
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.data_file import DataFile
from hotdog_sql.download_options import RetryPolicy
from hotdog_sql.refresh.refresh import FileResult, Status, refresh
from tests.support.loopback import Answer, LoopbackServer, Reply, Request, file_reply
from tests.support.pictures import md5_base64

FILE = CatalogFile("v6", "test", "images", "2018_04/a.csv", "a.csv", None, None)

#: Short waits; a server that asks for a longer one is given up.
QUICK = RetryPolicy(attempts=3, base=0.01, cap=0.02, patience=0.5)


def content(seed: int, size: int = 300_000) -> bytes:
    """The bytes of a file, different for each seed."""
    return b"ImageID\n%s\n" % random.Random(seed).randbytes(size - 9)


OLD, NEW = content(1), content(2, 310_000)
HALF = len(NEW) // 2


def new(fault: Reply | None = None, md5: str | None = "right", *, ranges: bool = True) -> Answer:
    """An answer with the new file."""
    return file_reply(NEW, etag='"new"', fault=fault, md5=md5, ranges=ranges)


def hash_of(data: bytes) -> dict[str, str]:
    """The header with the MD5 of these bytes."""
    return {"x-goog-hash": f"md5={md5_base64(data)}"}


def statuses(stdout: str) -> list[str]:
    """The status that the command prints for each file."""
    return [line.split()[0] for line in stdout.splitlines()]


@dataclass
class Site:
    """A server of one file, and a data folder."""

    server: LoopbackServer
    data_dir: Path
    #: Seconds for which the server may be silent, long enough for a busy machine.
    silence: float = 10.0

    @property
    def path(self) -> Path:
        return self.data_dir / FILE.name

    @property
    def hidden(self) -> Path:
        return self.data_dir / ".hotdog-sql"

    @property
    def record(self) -> Path:
        return self.hidden / f"{FILE.name}.json"

    def serve(self, *answers: Answer) -> None:
        self.server.on(FILE.path, *answers)
        self.server.clear()

    def refresh(self, size: int | None = None, md5: str | None = None) -> FileResult:
        """Refresh the file, with this size and MD5 in the catalog."""
        return self.refresh_all(self.file(size, md5))[0]

    def file(self, size: int | None = None, md5: str | None = None) -> DataFile:
        """The file, with this size and MD5 in the catalog."""
        return DataFile(replace(FILE, bytes=size, md5=md5), self.path)

    def refresh_all(self, *files: DataFile) -> list[FileResult]:
        base_url = self.server.url("/")
        return refresh(files, base_url, policy=QUICK, silence_seconds=self.silence)

    def requests(self) -> list[Request]:
        """The requests since `serve`."""
        return list(self.server.requests)

    def hidden_files(self) -> set[str]:
        """The endings of the files in the hidden folder, except locks."""
        names = {path.name for path in self.hidden.iterdir()}
        return {name.removeprefix(FILE.name) for name in names if not name.endswith(".lock")}


@pytest.fixture
def site(server: LoopbackServer, tmp_path: Path) -> Site:
    """A server that serves nothing yet, and a data folder that does not exist."""
    return Site(server, tmp_path / "data")


@pytest.fixture
def old_site(site: Site) -> Site:
    """A site whose folder has the old file, from an earlier refresh."""
    site.serve(file_reply(OLD, etag='"old"'))
    assert site.refresh().status is Status.NEW
    return site
