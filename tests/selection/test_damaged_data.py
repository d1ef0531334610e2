"""Impossible labels and images are counted and left out; a damaged file is an error."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.support.openimages import OpenImages, image_row

CLASSES = "oidv6-class-descriptions.csv"
LABELS = "test-annotations-human-imagelabels.csv"
IMAGES = "test-images-with-rotation.csv"
HOT_DOG, FOOD = "/m/01b9xk", "/m/02wbm"
IDS = [f"{number:016x}" for number in range(20)]
Label = tuple[str, str, str, str]


def write(folder: Path, labels: Sequence[Label] = (), images: Sequence[str] = IDS) -> None:
    """Write ten hot dogs and ten images of food, with additional labels or other images."""
    valid = [(image, "verification", HOT_DOG, "1") for image in IDS[:10]]
    valid += [(image, "verification", FOOD, "1") for image in IDS[10:]]
    data = OpenImages(images=[image_row(image) for image in images], labels=[*valid, *labels])
    data.write(folder / "data")


def test_impossible_labels(call: Run, tmp_path: Path) -> None:
    confidences = ("nan", "inf", "2", "-1", "-inf", "1e400", "")
    labels = [(IDS[at], "verification", HOT_DOG, value) for at, value in enumerate(confidences)]
    labels += [(IDS[10], "verification", FOOD, "nan"), (IDS[11], "verification", FOOD, "2")]
    labels += [(IDS[12], "verification", f"{HOT_DOG}\0", "1"), (IDS[13], "verification", "", "1")]
    # An absent class does not matter, whatever it is.
    labels += [(IDS[14], "verification", mid, "0") for mid in ("", f"{HOT_DOG}\0")]
    write(tmp_path, labels)
    check(call, "images left out (an impossible label): 11", hot_dogs=3, others=6)


def test_an_image_twice_in_the_image_file_or_missing_from_it(call: Run, tmp_path: Path) -> None:
    write(tmp_path, images=[*IDS, IDS[4], IDS[15]])
    check(call, "images left out (several times in the image file): 2", hot_dogs=9, others=9)
    write(tmp_path, images=IDS[2:])
    check(call, "images left out (not in the image file): 2", hot_dogs=8)


def check(call: Run, warning: str, hot_dogs: int = 10, others: int = 10) -> None:
    """Check the warnings of `select` and `summary`, and the number of selected rows."""
    done = call("select", "--class", "Hot dog", "--offline")
    folders = [line.partition(",")[0] for line in done.stdout.splitlines()]
    assert (folders.count("hot_dog"), folders.count("other")) == (hot_dogs, others)
    assert f"positives {hot_dogs:>23}" in done.stderr
    summary = call("summary", "--offline")
    for printed in (done, summary):
        assert f"warning: {warning}" in printed.stderr.replace("): 4;", "): 2;")
        assert "hotdog-sql refresh --file test-annotations-human-imagelabels.csv" in printed.stderr


@pytest.mark.parametrize("name", [CLASSES, LABELS, IMAGES])
def test_an_unusable_file_is_named(call: Run, tmp_path: Path, name: str) -> None:
    write(tmp_path)
    file = tmp_path / "data" / name
    valid = file.read_text()
    contents = {
        "": "",
        "has no rows": valid.partition("\n")[0] + "\n",
        "ends in the middle of a line": valid[:-1],
        "other columns": "a,b,c\n1,2,3\n",
        "no text": "\x00\x01\x02",
        "a row of three": f"{valid}only,three,fields\n",
        "a quote": f'{valid}"broken,x,y,1\n',
    }
    for problem, content in contents.items():
        file.write_text(content)
        done = call("select", "--class", "Hot dog", "--offline", code=4)
        assert done.stdout == "", problem
        (line,) = done.stderr.splitlines()
        assert name in line
        assert f"hotdog-sql refresh --file {name}" in line
        if problem.startswith(("has", "ends")):
            assert f"{name} {problem}" in line
