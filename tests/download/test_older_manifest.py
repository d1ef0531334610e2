"""Datasets of earlier releases, whose manifests lack width and height, and of newer ones."""

import csv
import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from hotdog_sql.downloader.verify import verify
from hotdog_sql.errors import DatasetError
from hotdog_sql.storage import open_storage
from tests.support.datasets import contents, rows_at
from tests.support.loopback import LoopbackServer
from tests.support.photos import Album, mirror_path, photo, run, serve
from tests.support.pictures import jpeg

#: The manifest that the previous release wrote for the photos below.
OLD = Path(__file__).with_name("manifest-without-sizes.csv").read_bytes()
CHOSEN = [photo(1, "hot_dog", title='Häagen, "dog"'), photo(1), photo(2)]
SPARE = {"other": [photo(3)]}
NEW_COLUMNS = b",width,height"


def write_dataset(address: str, manifest: bytes) -> None:
    """Write the dataset as the previous release did."""
    storage = open_storage(address)
    for one in (*CHOSEN[:2], photo(3)):
        storage.write(f"{one.stem}.jpg", jpeg(int(one.image_id, 16)))
    storage.write("manifest.csv", manifest)


def from_excel(manifest: bytes) -> bytes:
    return manifest.decode().replace("\n", "\r\n").encode("utf-8-sig")


def shuffled(manifest: bytes) -> bytes:
    """The same manifest with its columns in another order."""
    rows = list(csv.DictReader(io.StringIO(manifest.decode())))
    file = io.StringIO()
    columns = random.Random(7).sample(list(rows[0]), len(rows[0]))
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


@pytest.mark.parametrize("form", [bytes, shuffled, from_excel])
def test_a_dataset_of_an_earlier_release_is_resumed(
    server: LoopbackServer, there: str, form: Callable[[bytes], bytes]
) -> None:
    write_dataset(there, form(OLD))
    before = contents(there)
    assert (verify(there).checked, verify(there).good) == (3, True)
    assert contents(there) == before
    serve(server, [photo(4)])
    report = run(server, there, Album(CHOSEN, SPARE), sources=("mirror",))
    assert (report.on_disk, report.lost, server.requests) == (3, 1, [])
    resumed = contents(there)
    header, *lines = OLD.splitlines()
    expected = [header + NEW_COLUMNS, *(line + b",," for line in lines)]
    assert resumed["manifest.csv"].splitlines() == expected
    run(server, there, Album(CHOSEN, SPARE), sources=("mirror",))
    assert contents(there) == resumed
    run(server, there, Album([*CHOSEN, photo(4)], SPARE), sources=("mirror",))
    assert server.counts() == {mirror_path(photo(4)): 1}
    assert [row["width"] for row in rows_at(there) if row["path"]] == ["", "", "", "64"]


def test_parts_of_a_killed_run_are_read(server: LoopbackServer, bucket: str) -> None:
    """Parts of this release and of the previous one."""
    lines = OLD.splitlines(keepends=True)
    write_dataset(bucket, b"".join(lines[:2]))
    older = lines[0] + b"".join(lines[2:4])
    open_storage(bucket).write(".hotdog-sql/manifest-000001.csv", older)
    header = lines[0].rstrip() + NEW_COLUMNS + b"\n"
    newest = lines[4].rstrip() + b",64,64\n"
    open_storage(bucket).write(".hotdog-sql/manifest-000002.csv", header + newest)
    open_storage(bucket).write(".hotdog-sql/manifest-x.csv", b"of another program")
    assert [row["width"] for row in rows_at(bucket)] == ["", "", "", "64"]
    report = run(server, bucket, Album(CHOSEN, SPARE), sources=("mirror",))
    assert (report.on_disk, server.requests) == (3, [])
    assert contents(bucket)["manifest.csv"].startswith(header)


def test_a_manifest_of_a_newer_release_is_not_changed(server: LoopbackServer, there: str) -> None:
    header, rest = OLD.split(b"\n", 1)
    write_dataset(there, header + b",width,height,colour\n" + rest)
    before = contents(there)
    for use in (lambda: run(server, there, CHOSEN), lambda: verify(there)):
        with pytest.raises(DatasetError, match=r"newer version .* columns colour: install"):
            use()
    assert contents(there) == before
