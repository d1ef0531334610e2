"""The demo's photos as files: real, whole, different, and lying as the file list says."""

import io
import subprocess
import sys

import pytest

from hotdog_sql.catalog import all_splits
from hotdog_sql.demo.photos import Photo, photos, unavailable_bytes
from tests.support.pictures import md5

Image = pytest.importorskip("PIL.Image", reason="needs the extra images")

EVERYTHING = [photo for split in all_splits() for photo in photos(split)]


def test_every_picture_decodes_and_no_two_files_are_alike() -> None:
    found: dict[bytes, Photo] = {}
    for photo in EVERYTHING:
        variants = (photo.changed_bytes, photo.mirror_bytes, photo.thumbnail_bytes)
        for make in variants if photo.original == "changed" else variants[1:]:
            assert found.setdefault(make(), photo) is photo
    originals = {photo.original_bytes() for photo in EVERYTHING}
    assert len(originals) == len(EVERYTHING) - 2, "two photos are copies"
    assert not originals & found.keys()
    for data in [*found, *originals, unavailable_bytes()]:
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()


def test_the_placeholder_keeps_its_bytes() -> None:
    assert md5(unavailable_bytes()) == "03c6f118519ff772dfe061958f9b7249"


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_photo_is_upright_when_turned_by_its_rotation(degrees: int) -> None:
    for photo in EVERYTHING:
        if photo.rotation == degrees:
            upright = photo._replace(rotation=0)
            turned = Image.open(io.BytesIO(photo.original_bytes())).rotate(degrees, expand=True)
            expected = Image.open(io.BytesIO(upright.original_bytes()))
            assert turned.size == expected.size == (512, 384)
            assert turned.tobytes() == expected.tobytes()


def test_another_process_has_the_same_photos() -> None:
    command = "from hotdog_sql.demo.photos import photos; print(photos('validation'))"
    for seed in ("1", "2"):
        said = subprocess.run(
            [sys.executable, "-c", command],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        assert said.stdout == f"{photos('validation')}\n"
