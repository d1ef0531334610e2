"""The generated files for the benchmarks have the same bytes everywhere."""

from fractions import Fraction
from pathlib import Path

from tests.benchmark.generate import generate
from tests.support.pictures import md5

PART = Fraction(1, 2000)


def digest(files: dict[str, Path]) -> dict[str, str]:
    return {kind: md5(file.read_bytes()) for kind, file in files.items()}


def test_same_bytes_with_every_duckdb_and_number_of_threads(tmp_path: Path) -> None:
    files = generate(tmp_path, "train", PART)
    assert digest(files) == {
        "classes": "60e0b6bda94c8d49cc52767bcd08b1b7",
        "images": "f05ddc8da69229697d6be794a5e23265",
        "human_labels": "786c28c4403f9fde8abc17e6c47d94d0",
    }
    assert digest(generate(tmp_path / "five", "train", PART, threads=5)) == digest(files)
    other = generate(tmp_path / "other", "train", PART, seed=2)
    assert digest(other)["images"] != digest(files)["images"]
