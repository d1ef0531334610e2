"""The README's examples for trainers, run unchanged on datasets of the demo.

The libraries are large, so they are in separate environments in `.bench`, which `.ci/run` makes.
The test of an example is skipped if no environment has its libraries.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, run_process
from tests.support.photos import manifest_rows

pytestmark = pytest.mark.slow

_ENVIRONMENTS = (Path(sys.executable), *sorted((ROOT / ".bench").glob("*/bin/python")))
_README = (ROOT / "README.md").read_text("utf-8")
_SECTION = _README.partition("## Into a trainer\n")[2].partition("\n## ")[0]
_BLOCK = re.findall(r"```python\n(.*?)```", _SECTION, flags=re.DOTALL)[0]


def imported(code: str) -> list[str]:
    """Return the libraries that a program imports."""
    found = re.findall(r"^(?:from|import) (\w+(?:, \w+)*)", code, flags=re.MULTILINE)
    return ", ".join(found).split(", ")


#: The README's examples, by library.
EXAMPLES = {imported(code)[-1]: code for code in _BLOCK.split("\n\n")}

#: Further libraries of an example, and an expression for the labels of its photos.
_BACKEND = {"keras": ["tensorflow"]}
_LABELS = {
    "keras": "[int(one[0]) for part in (train, held_out) for _, batch in part for one in batch]",
    "datasets": "[*photos['train']['label'], *photos['test']['label']]",
    "torchvision": "photos.targets",
    "webdataset": "[label for _, label in photos]",
}
#: Libraries that no environment of `.ci/run` has, and the reason.
_TORCH = "torch for Linux, as PyPI has it, comes with gigabytes of CUDA"
_TOO_LARGE = {
    **dict.fromkeys(("torchvision", "ultralytics", "fastai"), _TORCH),
    "fiftyone": "it comes with a MongoDB",
}

_COUNT = """
import json
labels = {labels}
print(json.dumps([labels.count(label) for label in sorted(set(labels))]))
"""

#: Trains a scikit-learn model on pixels that Hugging Face decodes.
_CLASSIFY = """
import numpy
from sklearn.linear_model import LogisticRegression

def pixels(part):
    images = [image.convert("RGB").resize((32, 32)) for image in part["image"]]
    return numpy.stack([numpy.asarray(image).ravel() / 255 for image in images])

model = LogisticRegression(max_iter=1000).fit(pixels(photos["train"]), photos["train"]["label"])
print("accuracy", model.score(pixels(photos["test"]), photos["test"]["label"]))
"""

_PART_COUNTS = """
import json
from datasets import load_dataset
found = {load}
print(json.dumps({{
    part: [list(rows["label"]).count(at) for at in range(rows.features["label"].num_classes)]
    for part, rows in found.items()
}}))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, addresses: dict[str, str]) -> Path:
    """Folders that each have a dataset of the demo: files or tars, with or without parts."""
    folder = tmp_path_factory.mktemp("trainers")
    parts = ["--partition", "train=0.8,val=0.2"]
    tars = ["--dataset-format", "webdataset"]
    for name, options in {
        "files": [],
        "files in parts": parts,
        "tars": tars,
        "tars in parts": [*tars, *parts],
    }.items():
        select = ["select", "Hot dog", "--download", f"{name}/dataset", *options]
        run_process([sys.executable, "-m", "hotdog_sql", *select], folder, **addresses)
    return folder


def interpreter(*libraries: str, without: str = "") -> Path:
    """Return a Python that has the libraries, or skip the test."""
    probe = "import importlib.util as u, sys; print(*filter(u.find_spec, sys.argv[1:]))"
    for python in _ENVIRONMENTS:
        command: list[str | Path] = [python, "-c", probe, *libraries, without or "sys"]
        found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
        if {*libraries} <= {*found} and without not in found:
            return python
    reason = _TOO_LARGE.get(libraries[0], ".ci/run makes one")
    pytest.skip(f"no environment has {' and '.join(libraries)}: {reason}")


def trained(folder: Path, python: Path, code: str, **variables: str) -> str:
    """Run a program in the dataset's folder without the network; return what it prints."""
    variables |= {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder.parent / "cache")}
    variables |= {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "default"}
    return run_process([str(python), "-c", code], folder, 0, 600, **variables).stdout


def counted(folder: Path, python: Path, code: str, **variables: str) -> Any:
    """Run a program; return how many photos of each label it finds."""
    return json.loads(trained(folder, python, code, **variables).splitlines()[-1])


def on_disk(dataset: Path, partition: str = "") -> list[int]:
    """Return how many photos of each class the manifest lists as downloaded, by class name."""
    rows = [row for row in manifest_rows(dataset) if row["status"] == "downloaded"]
    folders = [row["folder"] for row in rows if row["partition"] == partition]
    return [folders.count("hot_dog"), folders.count("other")]


def test_a_dataset_has_only_class_folders_and_record_files(home: Path) -> None:
    """Create ML takes the names of the folders as labels."""
    records = {"manifest.csv", "selection.json", "ATTRIBUTION.csv", "index.html"}
    classes = {"hot_dog", "other"}
    for folder, expected in {
        "files/dataset": records | classes,
        "files in parts/dataset": records | {"train", "val"},
        "files in parts/dataset/train": classes,
        "files in parts/dataset/val": classes,
    }.items():
        assert {path.name for path in (home / folder).iterdir()} == expected
    photos = (home / "files/dataset/hot_dog").iterdir()
    assert {path.suffix for path in photos} <= {".jpg", ".png"}


@pytest.mark.parametrize(
    ("library", "in_parts"),
    [
        (library, in_parts)
        for library, code in EXAMPLES.items()
        for in_parts in ([True] if "with parts" in code else [False, True])
    ],
)
def test_an_example_of_the_readme(home: Path, library: str, *, in_parts: bool) -> None:
    code = EXAMPLES[library]
    if in_parts and "with parts" not in code:
        code = code.replace('"dataset', '"dataset/train')  # as the README says
    python = interpreter(*imported(code), *_BACKEND.get(library, []))
    folder = home / ("tars" if library == "webdataset" else "files")
    if in_parts:
        folder = home / f"{folder.name} in parts"
    if library not in _LABELS:
        trained(folder, python, code)
        return
    found = counted(folder, python, code + _COUNT.format(labels=_LABELS[library]))
    assert found == on_disk(folder / "dataset", "train" if in_parts else "")


@pytest.mark.parametrize("folder", ["dataset", "dataset/train"])
def test_keras_without_tensorflow(home: Path, folder: str) -> None:
    (backend,) = re.findall(r"KERAS_BACKEND=(\w+)", EXAMPLES["keras"])
    (after,) = re.findall(r"(format=\S+) after the seed", EXAMPLES["keras"])
    libraries = re.findall(r"pip install ([\w ]+);", EXAMPLES["keras"])[0].split()
    code = EXAMPLES["keras"].replace("seed=7", f"seed=7, {after}").replace('"dataset', f'"{folder}')
    code += _COUNT.format(labels=_LABELS["keras"])
    name, part = ("files in parts", "train") if "/" in folder else ("files", "")
    python = interpreter(*libraries, without="tensorflow")
    found = counted(home / name, python, code, KERAS_BACKEND=backend)
    assert found == on_disk(home / name / "dataset", part)


def test_hugging_face_trains_a_model_of_scikit_learn(home: Path) -> None:
    python = interpreter("datasets", "sklearn")
    assert "accuracy" in trained(home / "files", python, EXAMPLES["datasets"] + _CLASSIFY)


def test_hugging_face_finds_every_part(home: Path) -> None:
    (load,) = re.findall(r"`(load_dataset\(.*?\))`", _SECTION)
    code = _PART_COUNTS.format(load=load)
    found = counted(home / "files in parts", interpreter("datasets"), code)
    dataset = home / "files in parts/dataset"
    assert found == {"train": on_disk(dataset, "train"), "test": on_disk(dataset, "val")}
