"""Where a dataset goes, and what is never told of it."""

import subprocess
import sys
from pathlib import Path

import pytest
from hotdog_sql.downloading.destination import Destination, without_credentials
from hotdog_sql.downloading.options import DownloadOptions
from hotdog_sql.downloading.photo import IMAGE_COLUMNS
from hotdog_sql.downloading.remote import RemoteStore
from hotdog_sql.downloading.shard import Shard

from hotdog_sql.errors import InputError, MissingExtraError
from tests.support.photos import photo


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("dataset", Path("dataset")),
        ("/data/set", Path("/data/set")),
        ("file:///data/a%20set", Path("/data/a set")),
        ("local:///data/set", Path("/data/set")),
        ("s3:/bucket", Path("s3:/bucket")),
    ],
)
def test_folders(text: str, folder: Path) -> None:
    destination = Destination.of(text)
    assert not destination.is_remote
    assert destination.folder == folder
    assert str(destination) == str(folder)
    assert destination.absolute().folder.is_absolute()


@pytest.mark.parametrize("text", ["s3://bucket/prefix", "gs://bucket", "memory://x"])
def test_addresses(text: str) -> None:
    destination = Destination.of(text)
    assert destination.is_remote
    assert str(destination) == destination.absolute().address == text


def test_an_address_without_a_bucket_is_refused() -> None:
    with pytest.raises(InputError, match="names no bucket"):
        Destination.of("s3://")


def test_an_object_store_takes_no_credentials_in_its_address() -> None:
    with pytest.raises(InputError, match="leave them out") as refused:
        Destination.of("s3://AKIA:top/secret@bucket/prefix")
    assert "secret" not in str(refused.value)
    assert "AKIA" not in str(refused.value)


def test_what_is_shown_has_no_credentials() -> None:
    destination = Destination.of("sftp://me:top/secret@host/data?key=secret")
    assert destination.protocol == "sftp"
    shard = Shard(
        [photo(1, original_url="https://me:secret@host/")],
        destination,
        "https://me:secret@mirror/",
        DownloadOptions(),
    )
    for text in (str(destination), repr(destination), repr(shard), str(shard)):
        assert "secret" not in text
    assert str(destination) == "sftp://host/data"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('Could not connect to "http://a:b@127.0.0.1:1/x"', 'Could not connect to "http://127.0.0.1:1/x"'),
        ("see https://h/x?AWSAccessKeyId=a&Signature=b now", "see https://h/x now"),
        ("nothing to hide, really?", "nothing to hide, really?"),
    ],
)  # fmt: skip
def test_a_text_is_rid_of_them(text: str, shown: str) -> None:
    assert without_credentials(text) == shown


def test_a_library_that_is_not_installed() -> None:
    with pytest.raises(MissingExtraError, match="gcsfs"):
        RemoteStore(Destination.of("gs://bucket"))


def test_a_protocol_that_nobody_knows() -> None:
    with pytest.raises(InputError, match="such as s3://bucket/prefix"):
        RemoteStore(Destination.of("gopher://bucket"))


DOWNLOAD = ("download", "rows.csv")
#: There is no data, which would be said otherwise.
SELECT = ("select", "--class", "Hot dog", "--offline", "--download")


@pytest.mark.parametrize(
    ("absent", "arguments", "how"),
    [
        ("distributed", [*DOWNLOAD, "dataset", "--scheduler", "tcp://127.0.0.1:9"], "[dask]"),
        ("distributed", [*SELECT, "dataset", "--scheduler", "tcp://127.0.0.1:9"], "[dask]"),
        ("s3fs", [*DOWNLOAD, "s3://bucket/dataset"], "[s3]"),
        ("fsspec", [*DOWNLOAD, "s3://bucket/dataset"], "[s3]"),
    ],
)
def test_an_extra_that_is_not_installed(
    tmp_path: Path, absent: str, arguments: list[str], how: str
) -> None:
    (tmp_path / "rows.csv").write_text(",".join(["folder", "rank", *IMAGE_COLUMNS]) + "\n")
    program = (
        "import sys; sys.modules[sys.argv.pop(1)] = None; "
        "from hotdog_sql.cli.main import main; main()"
    )
    said = subprocess.run(
        [sys.executable, "-c", program, absent, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (said.returncode, said.stdout) == (3, "")
    assert said.stderr.startswith("hotdog-sql: ")
    assert f"pip install 'hotdog-sql{how}'" in said.stderr
    assert said.stderr.count("\n") == 1
