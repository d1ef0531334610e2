"""What measurements run on: generated files, made once and kept, and the package, installed."""

import subprocess
import sys
import venv
from fractions import Fraction
from pathlib import Path

#: Everything that benchmarks write: generated files, outputs, the peers' virtual environment.
BENCH = Path(__file__).parents[2] / ".bench"

_ROOT = Path(__file__).parents[2]


def installed() -> Path:
    """The programs of an environment with this checkout's package, installed as users have it.

    The development environment has more than they: trio alone, which httpx imports where it is
    there, takes a tenth of a second.
    """
    programs = BENCH / "installed" / "bin"
    if not (programs / "hotdog-sql").exists():
        venv.create(BENCH / "installed", with_pip=True)
        package = f"{_ROOT}[crc32c,dask,fast]"
        subprocess.run([programs / "pip", "install", "--quiet", package], check=True)
    return programs


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
