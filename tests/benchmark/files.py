"""The generated files that measurements run on, made once and kept."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

#: Everything that benchmarks write: generated files, outputs, the peers' virtual environment.
BENCH = Path(__file__).parents[2] / ".bench"


def split_dir(split: str, fraction: Fraction = Fraction(1)) -> Path:
    """The folder with the three CSVs of a split, generated if it is not there yet.

    Generating is left to a process of its own: measurements start from a small one.
    """
    part = "" if fraction == 1 else f"-{fraction.numerator}-of-{fraction.denominator}"
    folder = BENCH / "data" / f"{split}{part}"
    whole = folder / "complete"
    if not whole.exists():
        print(f"Generating {folder}", file=sys.stderr)
        program = (sys.executable, "-m", "tests.benchmark.generate", "--split", split)
        subprocess.run([*program, "--fraction", str(fraction), str(folder)], check=True)
        whole.touch()
    return folder


def indexed_dir(split: str, fraction: Fraction = Fraction(1)) -> Path:
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
