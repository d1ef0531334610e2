"""Makes the three CSV files of a split at their true size, with known answers planted in them.

    python -m tests.benchmark.generate --split train DIR [--fraction 1/10] [--seed 1]

The same seed gives the same bytes on every machine, thread count and DuckDB version.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from pathlib import Path

import duckdb

from hotdog_sql.sql_files import read_sql_file
from tests.benchmark.measure import BENCH

_SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True, slots=True)
class Size:
    """How much a real split holds (https://storage.googleapis.com/openimages/web/factsfigures_v6.html).

    Attributes:
        images: rows of its image file.
        labels: rows of its file of human labels.
        positive_per_mille: how many of 1,000 labels have Confidence 1.
    """

    images: int
    labels: int
    positive_per_mille: int


SIZES = {
    "test": Size(125_436, 1_799_883, 617),
    "validation": Size(41_620, 595_339, 617),
    "train": Size(9_011_219, 57_524_352, 345),
}

_QUERIES = {
    "classes": "SELECT LabelName, DisplayName FROM generated_classes ORDER BY LabelName",
    "images": "FROM generated_images",
    "human_labels": "FROM generated_labels",
}


def generate(
    directory: Path,
    split: str,
    fraction: Fraction = Fraction(1),
    seed: int = 1,
    threads: int | None = None,
) -> dict[str, Path]:
    """Writes the class, image and label files of a split, under their official names.

    Args:
        directory: where to; made if it is not there.
        split: `test`, `validation` or `train`.
        fraction: of the split's images and labels; the classes are always all there.
        seed: another seed gives other images.
        threads: DuckDB's threads; None for one a core.

    Returns:
        The files by kind: `classes`, `images`, `human_labels`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    config: dict[str, str | bool | int | float | list[str]] = {"memory_limit": "1GB"}
    if threads is not None:
        config["threads"] = threads
    with duckdb.connect(config=config) as connection:
        for name, value in _variables(split, fraction, seed).items():
            connection.execute(f"SET VARIABLE {name} = {value!r}")
        for name in ("numbers", "plants", "classes", "images", "labels"):
            connection.execute((_SQL / f"{name}.sql").read_text(encoding="utf-8"))
        files = _official_files(connection, directory, split)
        for kind, query in _QUERIES.items():
            connection.sql(query).write_csv(str(files[kind]), header=True)
    return files


def _variables(split: str, fraction: Fraction, seed: int) -> dict[str, int | str]:
    size = SIZES[split]
    images = round(size.images * fraction)
    labels = round(size.labels * fraction)
    # In real train the images at the front of the file have many labels and the rest have few.
    dense_images = images // 100 * 2 if split == "train" else 0
    sparse_mean = (labels - 35 * dense_images) // (images - dense_images)
    return {
        "split": split,
        "seed": seed,
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
    """The first number from `start` that has no divisor in common with `number`."""
    while gcd(start, number) != 1:
        start += 1
    return start


def _official_files(
    connection: duckdb.DuckDBPyConnection, directory: Path, split: str
) -> dict[str, Path]:
    connection.execute(read_sql_file("catalog.sql").text)
    rows = connection.execute(
        """
        SELECT kind, name
        FROM catalog
        WHERE release = 'v6' AND (split = ? OR kind = 'classes')
        """,
        [split],
    ).fetchall()
    return {kind: directory / name for kind, name in rows if kind in _QUERIES}


def split_dir(split: str, fraction: Fraction) -> Path:
    """The folder with the three CSVs of a split, generated if it is not there yet.

    Generating is left to a process of its own: measurements start from a small one.
    """
    part = "" if fraction == 1 else f"-{fraction.numerator}-of-{fraction.denominator}"
    folder = BENCH / "data" / f"{split}{part}"
    if not (folder / "complete").exists():
        print(f"Generating {folder.name}", file=sys.stderr)
        program = (sys.executable, "-m", "tests.benchmark.generate", "--split", split)
        subprocess.run([*program, "--fraction", str(fraction), str(folder)], check=True)
        (folder / "complete").touch()
    return folder


def indexed_dir(split: str, fraction: Fraction) -> Path:
    """A folder beside `split_dir`'s with the same CSVs, linked, for an index of them."""
    plain = split_dir(split, fraction)
    folder = plain.with_name(f"{plain.name}-indexed")
    folder.mkdir(exist_ok=True)
    for csv in split_files(plain):
        link = folder / csv.name
        if not link.exists():
            link.symlink_to(csv.resolve())
    return folder


def split_files(folder: Path) -> tuple[Path, Path, Path]:
    """The class, image and label file in a generated folder."""
    (classes,) = folder.glob("*-class-descriptions.csv")
    (images,) = folder.glob("*-images-*.csv")
    (labels,) = folder.glob("*-human-imagelabels.csv")
    return classes, images, labels


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark.generate")
    parser.add_argument("directory", type=Path, help="where to write the files")
    parser.add_argument("--split", choices=SIZES, default="test")
    parser.add_argument("--fraction", type=Fraction, default=Fraction(1), help="such as 1/10")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    files = generate(options.directory, options.split, options.fraction, options.seed)
    for file in files.values():
        print(f"{file.stat().st_size:>13,} bytes  {file}")
    print(f"{time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main()
