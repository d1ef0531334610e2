"""Generates CSV files of real size with known numbers of hot dogs.

    python -m tests.benchmark.generate DIR test|train FRACTION
    python -m tests.benchmark.generate DIR boxes ROWS

The same seed gives the same bytes on every machine, thread count and DuckDB version.
"""

import subprocess
import sys
from fractions import Fraction
from math import gcd
from pathlib import Path
from typing import NamedTuple

import duckdb

from tests.benchmark.measure import BENCH
from tests.support.openimages import file_names, small_open_images

BOX_FILE = "oidv6-train-annotations-bbox.csv"
_SQL = Path(__file__).parent / "sql"


class Size(NamedTuple):
    """Size of a real split (https://storage.googleapis.com/openimages/web/factsfigures_v6.html)."""

    images: int
    labels: int
    positive_per_mille: int  # of the labels


SIZES = {"test": Size(125_436, 1_799_883, 617), "train": Size(9_011_219, 57_524_352, 345)}
_QUERIES = {
    "classes": "SELECT LabelName, DisplayName FROM generated_classes ORDER BY LabelName",
    "images": "FROM generated_images",
    "human_labels": "FROM generated_labels",
}


def generate(directory: Path, split: str, fraction: Fraction) -> None:
    """Write the class, image and label files with a fraction of a split's images and labels."""
    directory.mkdir(parents=True, exist_ok=True)
    files = {kind: directory / name for kind, name in file_names(split).items() if kind in _QUERIES}
    with duckdb.connect(config={"memory_limit": "1GB"}) as connection:
        for name, value in _variables(split, fraction).items():
            connection.execute(f"SET VARIABLE {name} = {value!r}")
        for name in ("numbers", "plants", "classes", "images", "labels"):
            connection.execute((_SQL / f"{name}.sql").read_text(encoding="utf-8"))
        for kind, query in _QUERIES.items():
            connection.sql(query).write_csv(str(files[kind]), header=True)


def _variables(split: str, fraction: Fraction) -> dict[str, int | str]:
    size = SIZES[split]
    images = round(size.images * fraction)
    labels = round(size.labels * fraction)
    # In the real train file, the first images have many labels and the others have few.
    dense_images = images // 100 * 2 if split == "train" else 0
    sparse_mean = (labels - 35 * dense_images) // (images - dense_images)
    return {
        "split": split,
        "seed": 1,
        "numerator": fraction.numerator,
        "denominator": fraction.denominator,
        "images": images,
        "labels": labels,
        "dense_images": dense_images,
        "room": sparse_mean - 2,
        "id_step": 2**64 // images,
        "shuffle": _coprime(images * 618 // 1000, images),
        "scatter": _coprime(images * 382 // 1000, images),
        "positive_per_mille": size.positive_per_mille,
    }


def _coprime(start: int, number: int) -> int:
    """Return the first number from `start` that is coprime to `number`."""
    while gcd(start, number) != 1:
        start += 1
    return start


def _generate_boxes(directory: Path, boxes: int) -> None:
    """Write a box file of train, and small label and image files."""
    small_open_images().write(directory, "train")
    with duckdb.connect(config={"memory_limit": "1GB"}) as connection:
        connection.execute(f"SET VARIABLE boxes = {boxes}")
        connection.execute((_SQL / "boxes.sql").read_text(encoding="utf-8"))
        connection.table("generated_boxes").write_csv(str(directory / BOX_FILE), header=True)


def split_dir(split: str, fraction: Fraction) -> Path:
    """Return the folder with the three CSVs of a split; generate it if it is missing."""
    part = "" if fraction == 1 else f"-{fraction.numerator}-of-{fraction.denominator}"
    return _generated(f"{split}{part}", split, str(fraction))


def boxes_dir() -> Path:
    """Return a folder with a train box file of real size; generate it if it is missing."""
    return _generated("boxes", "boxes", "14_610_229")


def _generated(name: str, *arguments: str) -> Path:
    # A separate process keeps this one small, and so the measured peak memory of its children.
    folder = BENCH / "data" / name
    if not (folder / "complete").exists():
        print(f"Generating {name}", file=sys.stderr)
        program = (sys.executable, "-m", "tests.benchmark.generate")
        subprocess.run([*program, str(folder), *arguments], check=True)
        (folder / "complete").touch()
    return folder


def indexed_dir(plain: Path) -> Path:
    """Return a folder with links to the same CSVs, for an index of them."""
    folder = plain.with_name(f"{plain.name}-indexed")
    folder.mkdir(exist_ok=True)
    for csv in plain.glob("*.csv"):
        link = folder / csv.name
        if not link.exists():
            link.symlink_to(csv.resolve())
    return folder


def split_files(folder: Path) -> tuple[Path, Path, Path]:
    """Return the class, label and image file in a generated folder."""
    (classes,) = folder.glob("*-class-descriptions.csv")
    (images,) = folder.glob("*-images-*.csv")
    (labels,) = folder.glob("*-human-imagelabels.csv")
    return classes, labels, images


if __name__ == "__main__":
    target, kind, size = sys.argv[1:]
    if kind == "boxes":
        _generate_boxes(Path(target), int(size))
    else:
        generate(Path(target), kind, Fraction(size))
