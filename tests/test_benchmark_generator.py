"""The files that speed is measured on hold what their makers say they hold."""

import csv
import hashlib
from collections import Counter
from fractions import Fraction
from itertools import pairwise
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


def test_files_have_their_official_names_and_columns(files: dict[str, Path]) -> None:
    assert {kind: file.name for kind, file in files.items()} == {
        "classes": "oidv6-class-descriptions.csv",
        "images": "oidv6-train-images-with-labels-with-rotation.csv",
        "human_labels": "oidv6-train-annotations-human-imagelabels.csv",
    }
    assert {kind: file.read_text().partition("\n")[0] for kind, file in files.items()} == {
        "classes": "LabelName,DisplayName",
        "images": "ImageID,Subset,OriginalURL,OriginalLandingURL,License,AuthorProfileURL,Author,"
        "Title,OriginalSize,OriginalMD5,Thumbnail300KURL,Rotation",
        "human_labels": "ImageID,Source,LabelName,Confidence",
    }


def test_labels_are_as_many_as_asked_sorted_and_none_twice(files: dict[str, Path]) -> None:
    labels = rows(files["human_labels"])
    assert len(labels) == round(SIZES["train"].labels * PART)
    ids = [label["ImageID"] for label in labels]
    assert all(before <= after for before, after in pairwise(ids))
    assert max(Counter((label["ImageID"], label["LabelName"]) for label in labels).values()) == 1
    assert {label["Confidence"] for label in labels} == {"0", "1"}
    positive = sum(label["Confidence"] == "1" for label in labels)
    assert positive / len(labels) == pytest.approx(0.345, abs=0.02)
    names = {row["LabelName"] for row in rows(files["classes"])}
    assert all(label["LabelName"] in names for label in labels)


def test_popularity_of_classes_is_long_tailed(files: dict[str, Path]) -> None:
    labels = rows(files["human_labels"])
    counts = Counter(label["LabelName"] for label in labels).most_common()
    assert 0.01 < counts[0][1] / len(labels) < 0.03
    assert 0.0005 < counts[100][1] / len(labels) < 0.002
    assert len(counts) > 5000


def test_images_are_those_of_the_labels_with_the_oddities_of_the_real_file(
    files: dict[str, Path],
) -> None:
    images = rows(files["images"])
    assert len(images) == round(SIZES["train"].images * PART)
    ids = [image["ImageID"] for image in images]
    assert set(ids) == {label["ImageID"] for label in rows(files["human_labels"])}
    assert len(set(ids)) == len(ids)
    assert ids != sorted(ids)
    assert {len(image_id) for image_id in ids} == {16}
    assert any(image_id.isdigit() for image_id in ids)
    without_thumbnail = sum(image["Thumbnail300KURL"] == "" for image in images)
    assert without_thumbnail / len(images) == pytest.approx(0.036, abs=0.01)
    assert any(image["Thumbnail300KURL"].endswith("?zz=1") for image in images)
    assert {image["Rotation"] for image in images} == {"", "0.0", "90.0", "180.0", "270.0"}
    titles = "".join(image["Title"] for image in images)
    assert set(',"\x07\x1b\u202e犬ك=') <= set(titles)
    assert 350 < files["images"].stat().st_size / len(images) < 370


def test_classes_have_the_oddities_of_the_real_file(files: dict[str, Path]) -> None:
    classes = rows(files["classes"])
    names = [row["DisplayName"] for row in classes]
    mids = [row["LabelName"] for row in classes]
    assert len(set(mids)) == len(mids) == 19_994
    assert mids == sorted(mids)
    assert sum(count == 2 for count in Counter(names).values()) == 12
    assert max(Counter(names).values()) == 2
    assert sum("," in name for name in names) == 13
    assert sum(not name.isascii() for name in names) == 363
    hot_dogs = [row for row in classes if row["DisplayName"].startswith("Hot dog")]
    assert [tuple(row.values()) for row in hot_dogs] == [
        (HOT_DOG, "Hot dog"),
        (BUN, "Hot dog bun"),
        (STAND, "Hot dog stand"),
    ]


@pytest.mark.parametrize(
    ("split", "part", "positives", "negatives"),
    [
        ("train", Fraction(1, 2000), {HOT_DOG: 3, BUN: 2, STAND: 3}, {HOT_DOG: 4, BUN: 1}),
        ("validation", Fraction(1), {HOT_DOG: 13}, {HOT_DOG: 33, BUN: 2}),
    ],
)
def test_planted_answers(
    tmp_path: Path,
    split: str,
    part: Fraction,
    positives: dict[str, int],
    negatives: dict[str, int],
) -> None:
    labels = rows(generate(tmp_path, split, part)["human_labels"])
    planted = [label for label in labels if label["LabelName"] in {HOT_DOG, BUN, STAND}]
    assert Counter(x["LabelName"] for x in planted if x["Confidence"] == "1") == positives
    assert Counter(x["LabelName"] for x in planted if x["Confidence"] == "0") == negatives


def test_same_bytes_with_any_number_of_threads(files: dict[str, Path], tmp_path: Path) -> None:
    assert digest(generate(tmp_path / "one", "train", PART, threads=1)) == digest(files)
    assert digest(generate(tmp_path / "five", "train", PART, threads=5)) == digest(files)


def test_same_bytes_with_every_duckdb_and_others_with_another_seed(
    files: dict[str, Path], tmp_path: Path
) -> None:
    assert digest(files) == {
        "classes": "60e0b6bda94c8d49cc52767bcd08b1b7",
        "images": "f05ddc8da69229697d6be794a5e23265",
        "human_labels": "786c28c4403f9fde8abc17e6c47d94d0",
    }
    other = generate(tmp_path, "train", PART, seed=2)
    assert digest(other)["images"] != digest(files)["images"]
