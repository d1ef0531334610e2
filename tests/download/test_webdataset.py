"""Tars: reading them with the `webdataset` library, and `verify`."""

import io
import pickle
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from hotdog_sql.downloader.verify import Fault, repair, verify
from hotdog_sql.errors import DatasetError, InputError
from hotdog_sql.progress import Progress
from tests.conftest import Run
from tests.support.cluster import cluster_of_threads
from tests.support.datasets import TARS, StopsAfter, contents, download, images, rows_at
from tests.support.loopback import LoopbackServer, Reply
from tests.support.photos import Album, any_photo, mirror_of, mirror_path, photo, refuse, serve
from tests.support.pictures import jpeg, png

CHOSEN = [photo(n, "hot_dog") for n in range(1, 8)] + [
    photo(100 + n, rank=n, title="Größe — “quoted”, 写真") for n in range(1, 6)
]


@pytest.fixture
def server(server: LoopbackServer) -> LoopbackServer:
    serve(server, CHOSEN)
    server.on(mirror_path(CHOSEN[1]), Reply(body=png()))
    return server


@pytest.fixture
def dataset(server: LoopbackServer, tmp_path: Path) -> Path:
    download(server, tmp_path / "tars", CHOSEN, dataset_format=TARS, shard_size=5)
    return tmp_path / "tars"


#: A trainer, which decodes all members but the photos. The library leaves files open, so it runs in
#: its own process.
_TRAINER = """
import pickle, sys, webdataset
samples = webdataset.WebDataset(sys.argv[1:], shardshuffle=False, empty_check=False).decode()
sys.stdout.buffer.write(pickle.dumps(list(samples)))
"""


def samples(dataset: Path, pattern: str) -> list[dict[str, Any]]:
    """The samples that a trainer gets."""
    tars = [str(path) for path in sorted(dataset.glob(pattern))]
    done = subprocess.run([sys.executable, "-c", _TRAINER, *tars], capture_output=True, check=True)
    read: list[dict[str, Any]] = pickle.loads(done.stdout)
    return read


def test_the_library_reads_them(dataset: Path) -> None:
    assert set(contents(dataset)) == {
        *("000000.tar", "000001.tar", "000002.tar", "manifest.csv", "ATTRIBUTION.csv")
    }
    read = samples(dataset, "*.tar")
    assert [one["__key__"] for one in read] == [one.image_id for one in CHOSEN]
    assert [one["cls"] for one in read] == [0] * 7 + [1] * 5
    rows = {row["ImageID"]: row for row in rows_at(dataset)}
    for one, wanted in zip(read, CHOSEN, strict=True):
        data = one.get("jpg") or one.get("png")
        number = int(wanted.image_id, 16)
        assert data == (png() if number == 2 else jpeg(number))
        row = one["json"]
        assert (row["folder"], row["Title"]) == (wanted.folder, wanted.title)
        manifest = rows[wanted.image_id]
        assert row["md5"] == manifest["md5"]
        assert (str(row["width"]), str(row["height"])) == (manifest["width"], manifest["height"])
        assert {"Author", "License", "OriginalLandingURL"} <= row.keys()


def test_each_partition_has_its_own_tars(server: LoopbackServer, tmp_path: Path) -> None:
    """No tar has an image twice: the library would take both for one sample."""
    both = CHOSEN[:3] + [photo(n, "bun") for n in range(1, 4)]
    test = [one._replace(partition="test") for one in CHOSEN[3:]]
    train = [one._replace(partition="train") for one in both]
    download(server, tmp_path, test + train, dataset_format=TARS, shard_size=5)
    parts = {"test": (test, [0] * 4 + [1] * 5), "train": (train, [0, 0, 0, 2, 2, 2])}
    for part, (photos, classes) in parts.items():
        read = samples(tmp_path, f"{part}/*.tar")
        assert [one["__key__"] for one in read] == [one.image_id for one in photos]
        assert [one["cls"] for one in read] == classes
    assert verify(tmp_path).good


def test_verify_reads_every_member(dataset: Path) -> None:
    assert verify(dataset).good
    with tarfile.open(dataset / "000001.tar") as tar:
        old = [(member, file.read()) for member in tar if (file := tar.extractfile(member))]
    with tarfile.open(dataset / "000001.tar", "w") as tar:
        stranger = tarfile.TarInfo("mine.txt")
        stranger.type, stranger.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(stranger)
        for number, (member, data) in enumerate(old):
            if number == 3:
                data = data[:-3] + b"X" + data[-2:]
            if number not in (0, 7):  # a photo and a class
                tar.addfile(member, io.BytesIO(data))
    (dataset / "000002.tar").unlink()
    (dataset / "000009.tar").write_bytes(b"of a run that was killed")
    report = verify(dataset)
    ids = [one.image_id for one in CHOSEN]
    assert sorted((str(one.fault), one.path) for one in report.problems) == [
        ("altered", f"000001.tar/{ids[6]}.jpg"),
        ("altered", f"000001.tar/{ids[7]}.jpg"),
        ("extra", "000001.tar/mine.txt"),
        ("extra", "000009.tar"),
        ("missing", f"000001.tar/{ids[5]}.jpg"),
        ("missing", f"000002.tar/{ids[10]}.jpg"),
        ("missing", f"000002.tar/{ids[11]}.jpg"),
    ]
    assert {one.photo.image_id for one in report.problems if one.photo} == {*ids[5:8], *ids[10:]}
    with pytest.raises(InputError, match="remove the tars that are altered, then run the download"):
        repair(dataset, report, mirror_url="")
    cut = dataset / "000000.tar"
    cut.write_bytes(cut.read_bytes()[:5000])
    faults = [one.fault for one in verify(dataset).problems if one.path.startswith("000000.tar/")]
    assert faults == [Fault.ALTERED, *[Fault.MISSING] * 4]


def test_all_workers_write_the_same_tars(server: LoopbackServer, tmp_path: Path) -> None:
    """Replacements of lost photos are in further, full tars."""
    spare = [photo(100 + n, rank=n) for n in range(6, 16)]
    serve(server, spare)
    refuse(server, [CHOSEN[8], CHOSEN[10], spare[1]])
    album = Album(CHOSEN, {"other": spare})
    download(server, tmp_path / "files", album)
    with cluster_of_threads(3) as cluster:
        for name, options in (("one", {}), ("wide", {"workers": 5}), ("x", {"scheduler": cluster})):
            how: dict[str, Any] = {"dataset_format": TARS, "shard_size": 5, **options}
            download(server, tmp_path / name, album, **how)
            assert images(tmp_path / name) == images(tmp_path / "files")
            assert contents(tmp_path / name) == contents(tmp_path / "one")
    assert len(list((tmp_path / "one").glob("*.tar"))) == 3 + 1 + 1


def test_failed_photos_go_into_further_tars(server: LoopbackServer, tmp_path: Path) -> None:
    """Existing tars do not change; a new tar gets a free number."""
    refuse(server, [CHOSEN[0], CHOSEN[6], CHOSEN[11]], 503)
    how: dict[str, Any] = {"dataset_format": TARS, "shard_size": 5}
    download(server, tmp_path / "twice", CHOSEN, **how)
    before = contents(tmp_path / "twice")
    serve(server, CHOSEN)
    server.on(mirror_path(CHOSEN[1]), Reply(body=png()))
    assert download(server, tmp_path / "twice", CHOSEN, **how).downloaded == 3
    after = contents(tmp_path / "twice")
    assert after.keys() - before.keys() == {"000003.tar"}
    assert all(after[path] == before[path] for path in before if path.endswith(".tar"))
    download(server, tmp_path / "once", CHOSEN, **how)
    assert images(tmp_path / "twice") == images(tmp_path / "once")


def test_a_dataset_keeps_its_format(server: LoopbackServer, dataset: Path, tmp_path: Path) -> None:
    download(server, tmp_path / "files", CHOSEN)
    with pytest.raises(DatasetError, match="add --dataset-format webdataset"):
        download(server, dataset, CHOSEN)
    with pytest.raises(DatasetError, match="leave out --dataset-format"):
        download(server, tmp_path / "files", CHOSEN, dataset_format=TARS)


def test_a_removed_tar_is_downloaded_again(server: LoopbackServer, dataset: Path) -> None:
    (dataset / "000001.tar").unlink()
    server.clear()
    download(server, dataset, CHOSEN, dataset_format=TARS, shard_size=5)
    assert server.counts() == {mirror_path(one): 1 for one in CHOSEN[5:10]}
    assert verify(dataset).good


def test_an_interrupted_run_records_all_photos_of_a_tar_or_none(
    server: LoopbackServer, dataset: Path, tmp_path: Path
) -> None:
    how: dict[str, Any] = {"dataset_format": TARS, "shard_size": 5}
    with pytest.raises(KeyboardInterrupt):
        download(server, tmp_path / "again", CHOSEN, progress=StopsAfter(2), **how)
    (tmp_path / "again" / "000007.tar").write_bytes(b"of a worker of the run")
    download(server, tmp_path / "again", CHOSEN, **how)
    assert contents(tmp_path / "again") == contents(dataset)
    failing: Any = type("Failing", (Progress,), {"answered": lambda *_: 1 / 0})()
    with pytest.raises(ZeroDivisionError):
        download(server, tmp_path / "new", CHOSEN[:1], progress=failing, **how)


def test_the_commands(tmp_path: Path, call: Run, small_data: Path) -> None:
    how = ("--dataset-format", "webdataset", "--shard-size", "9")
    with LoopbackServer() as server:
        server.default(any_photo)
        select = ("select", "Hot dog", "--negatives", "8", "--data-dir", small_data)
        call(*select, "--download", "dataset", *how, **mirror_of(server))
    assert len(list((tmp_path / "dataset").glob("*.tar"))) == 3
    assert "20 photos checked" in call("verify", "dataset").stderr
