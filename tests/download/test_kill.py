"""Runs that are killed, interrupted or out of disk leave a valid dataset, which is resumed."""

import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from hotdog_sql.downloader.result import HEADER, Result, Status, encode
from hotdog_sql.errors import StorageError
from tests.conftest import Run
from tests.support.download_process import start
from tests.support.loopback import LoopbackServer, Reply, Request, file_reply
from tests.support.photos import album, manifest_rows, mirror_path, photo, run, serve, tree
from tests.support.pictures import jpeg, md5, png

PHOTOS, RESERVES = 40, 20


class Mirror:
    """Serves most photos, slowly, and kills a process a moment after a number of requests."""

    def __init__(self, server: LoopbackServer) -> None:
        self.process: subprocess.Popen[str] | None = None
        self.left, self.pause = 0, 0.0
        source = album(PHOTOS, PHOTOS, RESERVES)
        for one in [*source.photos(), *source.replacements("other")]:
            number = int(one.image_id, 16)
            data = png(number) if number % 5 == 0 else jpeg(number, 20_000)
            slow = file_reply(data, etag=f'"{md5(data)}"', fault=Reply(drip=(5000, 0.002)))
            server.on(mirror_path(one), partial(self._answer, slow if number % 7 else None))

    def _answer(self, there: Callable[[Request], Reply] | None, request: Request) -> Reply:
        self.left -= 1
        if self.left == 0 and self.process:
            time.sleep(self.pause)
            self.process.kill()
        return there(request) if there else Reply(404)


def finished_paths(directory: Path) -> set[str]:
    """The mirror's paths of the photos with complete rows in the manifest."""
    manifest = directory / "manifest.csv"
    if not manifest.exists():
        return set()
    lines = manifest.read_text(encoding="utf-8").splitlines(keepends=True)[1:]
    return {f"/mirror/test/{line.split(',')[0]}.jpg" for line in lines if line.endswith("\n")}


@pytest.mark.parametrize("kills", [3, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_at_any_moment(server: LoopbackServer, tmp_path: Path, kills: int) -> None:
    moments = random.Random(tmp_path.name)
    mirror = Mirror(server)
    undisturbed = tmp_path / "undisturbed"
    expected = finish(server, undisturbed)
    assert len(expected) == 3 + sum(r["status"] == "downloaded" for r in rows_of(undisturbed))

    killed = tmp_path / "killed"
    for _ in range(kills):
        server.clear()
        finished = finished_paths(killed)
        mirror.process = process = start(server.port, killed, PHOTOS, RESERVES)
        mirror.left = moments.randrange(1, 2 + (2 * PHOTOS + RESERVES - len(finished)) // 2)
        mirror.pause = moments.uniform(0, 0.03)
        process.communicate(timeout=30)
        assert not finished & server.counts().keys()  # finished photos are not requested again
        for row in rows_of(killed):
            if row["status"] == "downloaded":
                assert md5((killed / row["path"]).read_bytes()) == row["md5"]
        if process.returncode == 0:  # the run ended before the kill
            killed = tmp_path / f"killed-{moments.random()}"
    mirror.process = None
    server.clear()
    finished = finished_paths(killed)
    assert finish(server, killed) == expected
    assert not finished & server.counts().keys()
    server.clear()
    finish(server, killed)
    assert server.requests == []


def finish(server: LoopbackServer, directory: Path) -> dict[str, bytes]:
    """Run a download to its end; return the dataset."""
    process = start(server.port, directory, PHOTOS, RESERVES)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "")
    return tree(directory)


def rows_of(directory: Path) -> list[dict[str, str]]:
    return manifest_rows(directory) if (directory / "manifest.csv").exists() else []


@pytest.mark.parametrize(
    "silence", [Reply(body=jpeg(), stall_after=500), Reply(body=jpeg(), delay=60)]
)
def test_interrupted_with_64_silent_transfers(tmp_path: Path, silence: Reply) -> None:
    with LoopbackServer() as server:
        done = photo(1, "hot_dog")
        serve(server, [done])
        all_there = Event()

        def waits(_: Request) -> Reply:
            if len(server.requests) > 64:  # and one is done
                all_there.set()
            return silence

        server.default(waits)
        process = start(server.port, tmp_path, 50)
        assert all_there.wait(30)
        process.send_signal(signal.SIGINT)
        # Far less than the 30 s that each transfer would otherwise wait.
        _, said = process.communicate(timeout=10)
        assert (process.returncode, said) == (130, "")
    assert [row["ImageID"] for row in manifest_rows(tmp_path)] == [done.image_id]
    assert set(tree(tmp_path)) == {"manifest.csv", "selection.json", f"hot_dog/{done.image_id}.jpg"}


def test_a_suspended_run_continues(server: LoopbackServer, tmp_path: Path) -> None:
    all_there = Event()

    def waits(_: Request) -> Reply:
        if len(server.requests) == 6:
            all_there.set()
        return Reply(body=jpeg(), delay=1.0)

    server.default(waits)
    process = start(server.port, tmp_path, 3, seconds=2)
    assert all_there.wait(30)
    process.send_signal(signal.SIGSTOP)
    Event().wait(3)
    process.send_signal(signal.SIGCONT)
    assert process.communicate(timeout=30)[1] == ""
    assert [row["error"] for row in manifest_rows(tmp_path)] == [""] * 6


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small file system here")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_ends_the_run(server: LoopbackServer, small_disk: Path) -> None:
    """The manifest matches the disk, and no partial file or lock remains."""
    photos = [photo(n) for n in range(1, 61)]
    dataset = small_disk / "dataset"
    for one in photos:
        server.on(mirror_path(one), Reply(body=jpeg(one.rank, 30_000)))
    with pytest.raises(StorageError, match="full: make room, then run the same command again"):
        run(server, dataset, photos)
    files = tree(dataset)
    for row in manifest_rows(dataset):
        if row["status"] == "downloaded":
            assert md5(files[row["path"]]) == row["md5"]
    assert not any(path.startswith(".hotdog-sql") for path in files)
    assert all(data.endswith(b"\xff\xd9") for path, data in files.items() if ".jpg" in path)
    subprocess.run(["mount", "-o", "remount,size=9m", small_disk], check=True)
    finished = finished_paths(dataset)
    serve(server, photos)
    server.clear()
    assert run(server, dataset, photos).on_disk == 60
    assert server.counts().keys() == {mirror_path(one) for one in photos} - finished


def test_a_full_temporary_folder(small_disk: Path, tmp_path: Path, in_sh: Run) -> None:
    lines = (encode(Result(photo(n), Status.LOST).row()) for n in range(20_000))
    (tmp_path / "manifest.csv").write_bytes(HEADER + b"".join(lines))
    for command in ("verify", "download manifest.csv"):
        said = in_sh(f"$program {command} .", 6, TMPDIR=str(small_disk))
        assert said.stderr.endswith("(database or disk is full): make room or set TMPDIR\n")


def test_a_missing_folder_ends_the_run(server: LoopbackServer, tmp_path: Path) -> None:
    dataset, moved = tmp_path / "dataset", tmp_path / "moved"
    photos = [photo(n) for n in range(1, 40)]
    serve(server, photos)

    def vanish(_: Request) -> Reply:
        if dataset.exists():
            dataset.rename(moved)
        return Reply(body=jpeg(20))

    server.on(mirror_path(photos[19]), vanish)
    with pytest.raises(StorageError, match="disappeared: restore it"):
        run(server, dataset, photos, workers=4)
    assert not dataset.exists()
    moved.rename(dataset)
    serve(server, photos)
    assert run(server, dataset, photos).on_disk == 39
    assert server.count(mirror_path(photos[0])) == 1
