"""The files that speed is measured on hold what their makers say they hold."""

import csv
import hashlib
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

from tests.benchmark.generate import SIZES, generate

HOT_DOG, BUN, STAND = "/m/01b9xk", "/m/07vh6y", "/m/0bm1pg"
PART = Fraction(1, 2000)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return generate(tmp_path_factory.mktemp("train"), "train", PART)


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, strict=True))


def digest(files: dict[str, Path]) -> dict[str, str]:
    return {kind: hashlib.md5(file.read_bytes()).hexdigest() for kind, file in files.items()}


def test_the_files_have_the_size_and_the_oddities_of_the_real_ones(files: dict[str, Path]) -> None:
    labels, images, classes = (rows(files[kind]) for kind in ("human_labels", "images", "classes"))
    assert len(labels) == round(SIZES["train"].labels * PART)
    assert max(Counter((label["ImageID"], label["LabelName"]) for label in labels).values()) == 1
    positive = sum(label["Confidence"] == "1" for label in labels)
    assert positive / len(labels) == pytest.approx(0.345, abs=0.02)
    assert {image["ImageID"] for image in images} == {label["ImageID"] for label in labels}
    assert len(images) == round(SIZES["train"].images * PART)
    without_thumbnail = sum(image["Thumbnail300KURL"] == "" for image in images)
    assert without_thumbnail / len(images) == pytest.approx(0.036, abs=0.01)
    assert {image["Rotation"] for image in images} == {"", "0.0", "90.0", "180.0", "270.0"}
    assert 350 < files["images"].stat().st_size / len(images) < 370
    names = [row["DisplayName"] for row in classes]
    assert len(names) == 19_994
    assert sum(count == 2 for count in Counter(names).values()) == 12
    assert sum("," in name for name in names) == 13
    assert sum(not name.isascii() for name in names) == 363
    planted = [(label["LabelName"], label["Confidence"]) for label in labels]
    for mid, positives, negatives in ((HOT_DOG, 3, 4), (BUN, 2, 1), (STAND, 3, 0)):
        assert (planted.count((mid, "1")), planted.count((mid, "0"))) == (positives, negatives)


def test_same_bytes_with_every_duckdb_and_number_of_threads(
    files: dict[str, Path], tmp_path: Path
) -> None:
    assert digest(generate(tmp_path / "five", "train", PART, threads=5)) == digest(files)
    assert digest(files) == {
        "classes": "60e0b6bda94c8d49cc52767bcd08b1b7",
        "images": "f05ddc8da69229697d6be794a5e23265",
        "human_labels": "786c28c4403f9fde8abc17e6c47d94d0",
    }
    other = generate(tmp_path / "other", "train", PART, seed=2)
    assert digest(other)["images"] != digest(files)["images"]
