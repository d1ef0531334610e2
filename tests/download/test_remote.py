"""Datasets in an object store, simulated by fsspec's memory, and credentials in addresses."""

import re
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader import dataset
from hotdog_sql.downloader.manifest import Row
from hotdog_sql.downloader.verify import verify
from hotdog_sql.errors import DatasetError, InputError, MissingExtraError, StorageError
from hotdog_sql.storage import RUN_FILE, open_storage
from hotdog_sql.text import without_credentials
from tests.conftest import run_process
from tests.support.datasets import StopsAfter, contents, download, rows_at
from tests.support.loopback import LoopbackServer
from tests.support.photos import album, mirror_path, photo, save_selection, serve

ALBUM = album(5, 8, 4)
CHOSEN, SPARE = [*ALBUM.photos()], [*ALBUM.replacements("other")]


@pytest.fixture
def server(server: LoopbackServer) -> LoopbackServer:
    """A server without every fourth photo."""
    serve(server, [one for one in [*CHOSEN, *SPARE] if one.rank % 4])
    return server


def test_any_machine_can_resume(server: LoopbackServer, bucket: str, tmp_path: Path) -> None:
    """The final dataset equals that of a local folder."""
    for times, photos in enumerate((3, 5), 1):
        with pytest.raises(KeyboardInterrupt):
            download(server, bucket, ALBUM, progress=StopsAfter(photos), workers=1)
        assert sum("manifest-" in path for path in contents(bucket)) == times
        assert open_storage(bucket).size(RUN_FILE) is None  # so that workers stop
    finished = {mirror_path(photo(int(row["ImageID"], 16))) for row in rows_at(bucket)}
    assert len(finished) >= 4
    server.clear()
    download(server, bucket, ALBUM)
    assert not finished & server.counts().keys()
    server.clear()
    report = download(server, bucket, ALBUM)
    assert (report.on_disk, report.lost, report.replaced) == (12, 3, 2)
    assert server.requests == []
    download(server, tmp_path / "folder", ALBUM)
    assert contents(bucket) == contents(tmp_path / "folder")


def test_files_of_others_are_left_alone(server: LoopbackServer, bucket: str) -> None:
    open_storage(bucket).write("000001.tar", b"mine")
    with pytest.raises(DatasetError, match="is not empty and not a dataset"):
        download(server, bucket, ALBUM)
    assert contents(bucket) == {"000001.tar": b"mine"}


def test_a_failed_upload_loses_only_its_part(
    server: LoopbackServer, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = import_module("fsspec.implementations.memory").MemoryFileSystem
    pipe_file = memory.pipe_file

    def refuses_the_first(files: object, path: str, value: bytes) -> None:
        if path.endswith("manifest-000001.csv"):
            raise OSError("SlowDown")
        pipe_file(files, path, value)

    monkeypatch.setattr(memory, "pipe_file", refuses_the_first)
    monkeypatch.setattr(dataset, "_FLUSH_SECONDS", 0.0)
    with pytest.raises(StorageError, match="SlowDown"):
        download(server, bucket, ALBUM, workers=1)
    server.clear()
    with pytest.raises(KeyboardInterrupt):
        download(server, bucket, ALBUM, progress=StopsAfter(4), workers=1)
    download(server, bucket, ALBUM)
    assert mirror_path(CHOSEN[0]) not in server.counts()


def test_a_store_like_sftp(tmp_path: Path) -> None:
    """It knows no options, serves one thread, and shows files before they are complete."""
    local: Any = import_module("fsspec.implementations.local").LocalFileSystem
    two = Barrier(2)

    def pipe_file(files: object, path: str, value: bytes) -> None:
        with pytest.raises(BrokenBarrierError):
            two.wait(0.2)
        two.reset()
        local.pipe_file(files, path, value)

    methods = {
        "__init__": lambda files: local.__init__(files),
        "ls": lambda files, path, detail: local.ls(files, path, detail),
        "pipe_file": pipe_file,
    }
    strict = type("Strict", (local,), {"protocol": "strict", **methods})
    import_module("fsspec").register_implementation("strict", strict, clobber=True)
    storage = open_storage(f"strict://{tmp_path}/dataset")
    with ThreadPoolExecutor() as threads:
        list(threads.map(storage.write, ["other/a.jpg", "other/b.jpg"], [b"one", b"two"]))
    assert list(storage.files("other", "b")) == [("other/b.jpg", 3)]
    assert list((tmp_path / "dataset" / ".hotdog-sql").iterdir()) == []


def test_an_update_ends_when_its_parts_are_removed(
    server: LoopbackServer, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise, later runs could find photos in the parts that the update has deleted."""
    with pytest.raises(KeyboardInterrupt):
        download(server, bucket, ALBUM, recipe={"seed": 1}, progress=StopsAfter(5))
    monkeypatch.setattr("fsspec.implementations.memory.MemoryFileSystem.rm_file", None)
    with pytest.raises(StorageError):
        download(server, bucket, ALBUM, recipe={"seed": 2}, update=True)
    with pytest.raises(DatasetError, match="--update"):
        download(server, bucket, ALBUM, recipe={"seed": 2})


def test_a_large_dataset_is_listed_in_pieces(
    server: LoopbackServer, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset, "_BYTES_PER_LISTING", 0.1)
    download(server, bucket, ALBUM)
    open_storage(bucket).delete(f"{CHOSEN[0].stem}.jpg")
    server.clear()
    download(server, bucket, ALBUM)
    assert server.counts() == {mirror_path(CHOSEN[0]): 1}


def test_memory_does_not_grow_with_listings(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        Row("other", f"{n:016x}", "", n, False, "downloaded", f"other/{n:016x}.jpg", n, 0, 0, 1)
        for n in (0, 99_999, 100_000)
    ]
    with dataset.open_dataset(bucket, None, DownloadOptions()) as opened:
        listed = ((f"other/{n:016x}.jpg", n) for n in range(100_000))
        monkeypatch.setattr(opened.storage, "files", lambda *_: listed)
        tracemalloc.start()
        assert [opened.has(row) for row in rows] == [True, True, False]
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert held < 100_000


def test_addresses_of_folders() -> None:
    for text in ("/data/a set", "file:///data/a%20set", "local:///data/a%20set"):
        assert open_storage(text).folder == Path("/data/a set")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('no connection to "http://a:b@127.0.0.1:1/x"', 'no connection to "http://127.0.0.1:1/x"'),
        ("tcp://me:top/secret@host:8786", "tcp://host:8786"),
        ("see https://h/x?AWSAccessKeyId=a&Signature=b now", "see https://h/x now"),
        ("nothing to hide, really?", "nothing to hide, really?"),
    ],
)
def test_credentials_are_removed(text: str, shown: str) -> None:
    assert without_credentials(text) == shown


@pytest.mark.parametrize(
    ("address", "error", "what"),
    [
        ("s3://AKIA:top/secret@bucket/prefix", InputError, "leave them out"),
        ("s3://bucket?token=secret", InputError, "leave them out"),
        ("gs://bucket", MissingExtraError, "gcsfs"),
        ("gopher://me:secret@bucket", InputError, "cannot use gopher://bucket"),
        ("ftp://me:secret@127.0.0.1:9/data", InputError, "cannot use ftp://127.0.0.1:9/data"),
        ("https://me:secret@127.0.0.1:9/data", DatasetError, "https://127.0.0.1:9/data"),
        ("zip://data.zip", InputError, "cannot use zip://data.zip"),
        ("://bucket", InputError, "such as s3://bucket/prefix"),
    ],
)
def test_an_address_that_cannot_be_used(
    server: LoopbackServer, address: str, error: type[Exception], what: str
) -> None:
    for use in (partial(download, server, photos=CHOSEN), verify):
        with pytest.raises(error, match=re.escape(what)) as raised:
            use(address)
        assert "secret" not in str(raised.value)


#: Without data, so that the error of the missing extra must come first.
SELECT = ("select", "--class", "Hot dog", "--offline", "--download")


@pytest.mark.parametrize(
    ("absent", "arguments", "how"),
    [
        ("distributed", [*SELECT, "dataset", "--scheduler", "tcp://127.0.0.1:9"], "[dask]"),
        ("s3fs", ["download", "rows.csv", "s3://bucket/dataset"], "[s3]"),
        ("PIL", ["download", "rows.csv", "dataset", "--upright"], "[images]"),
        ("PIL", ["verify", "dataset", "--decode"], "[images]"),
    ],
)
def test_an_extra_that_is_not_installed(
    tmp_path: Path, absent: str, arguments: list[str], how: str
) -> None:
    save_selection(tmp_path / "rows.csv", [])
    program = (
        "import sys; sys.modules[sys.argv.pop(1)] = None; "
        "from hotdog_sql.cli.main import main; main()"
    )
    said = run_process([sys.executable, "-c", program, absent, *arguments], tmp_path, 3)
    assert said.stdout == ""
    assert said.stderr.startswith("hotdog-sql: ")
    assert f"pip install 'hotdog-sql{how}'" in said.stderr
    assert said.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]
