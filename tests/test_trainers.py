"""A downloaded dataset in the hands of the libraries that train on it.

They are heavy, so they live in environments of their own, next to the benchmarks':
`python -m venv .bench/trainers` and `.bench/trainers/bin/pip install datasets keras pillow
scikit-learn tensorflow-cpu`; the same with `.bench/torch` and `torchvision`, of which a build for
CPUs is enough. A library that is in none of them nor in this environment is skipped.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hotdog_sql.demo.server import serve
from hotdog_sql.gallery import write_gallery
from tests.conftest import ROOT
from tests.support.photos import manifest_rows

pytestmark = pytest.mark.slow

_ENVIRONMENTS = (Path(sys.executable), *sorted((ROOT / ".bench").glob("*/bin/python")))

KERAS = """
import keras

train, held_out = keras.utils.image_dataset_from_directory(
    "dataset", label_mode="binary", image_size=(64, 64), validation_split=0.2, subset="both", seed=7
)
model = keras.Sequential(
    [
        keras.layers.Rescaling(1 / 255),
        keras.layers.Conv2D(16, 3, activation="relu"),
        keras.layers.MaxPooling2D(4),
        keras.layers.Conv2D(32, 3, activation="relu"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(train, validation_data=held_out, epochs=5)
"""

HUGGING_FACE = """
import numpy
from datasets import load_dataset
from sklearn.linear_model import LogisticRegression


def pixels(part):
    images = [image.convert("RGB").resize((32, 32)) for image in part["image"]]
    return numpy.stack([numpy.asarray(image).ravel() / 255 for image in images])


photos = load_dataset("imagefolder", data_dir="dataset", data_files={"train": "**"})["train"]
photos = photos.train_test_split(test_size=0.2, stratify_by_column="label", seed=7)
model = LogisticRegression(max_iter=1000).fit(pixels(photos["train"]), photos["train"]["label"])
print("accuracy", model.score(pixels(photos["test"]), photos["test"]["label"]))
"""

TORCHVISION = """
import torch
from torchvision import datasets, transforms

fit = transforms.Compose([transforms.Resize((64, 64)), transforms.ToTensor()])
photos = datasets.ImageFolder("dataset", transform=fit)
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 64 * 64, len(photos.classes)))
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(5):
    for images, labels in torch.utils.data.DataLoader(photos, batch_size=32, shuffle=True):
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad(), loss.backward(), optimizer.step()
    print("epoch", epoch, "loss", loss.item())
"""

_KERAS_COUNT = """
import json, sys, keras
counts = {}
for folder in sys.argv[1:]:
    found = keras.utils.image_dataset_from_directory(folder, verbose=False)
    labels = [int(label) for _, batch in found for label in batch]
    counts[folder] = {name: labels.count(at) for at, name in enumerate(found.class_names)}
print(json.dumps(counts))
"""

_HUGGING_FACE_COUNT = """
import json, sys
from datasets import load_dataset
found = load_dataset("imagefolder", data_dir=sys.argv[1], **json.loads(sys.argv[2]))
names = {part: rows.features["label"].names for part, rows in found.items()}
print(json.dumps({
    part: {name: list(rows["label"]).count(at) for at, name in enumerate(names[part])}
    for part, rows in found.items()
}))
"""

_TORCHVISION_COUNT = """
import json, sys
from torchvision.datasets import ImageFolder
counts = {}
for folder in sys.argv[1:]:
    found = ImageFolder(folder)
    counts[folder] = {name: found.targets.count(at) for at, name in enumerate(found.classes)}
print(json.dumps(counts))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `dataset`, and the same photos in parts as `parts`, of the demo's world."""
    folder = tmp_path_factory.mktemp("trainers")
    with serve() as world:
        environment = os.environ | {
            "HOTDOG_SQL_BASE_URL": world.base_url,
            "HOTDOG_SQL_MIRROR_URL": world.mirror_url,
            "HOTDOG_SQL_DATA_DIR": "data",
        }
        select = [sys.executable, "-m", "hotdog_sql", "select", "--class", "Hot dog", "--yes"]
        for options in (
            ["--download", "dataset"],
            ["--download", "parts", "--partition", "train=0.6,validation=0.2,test=0.2"],
        ):
            command = [*select, *options]
            subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    for name in ("dataset", "parts"):
        write_gallery(folder / name)
    return folder


def interpreter(library: str) -> Path:
    """A Python that has the library; the test is skipped where there is none."""
    for python in _ENVIRONMENTS:
        if python.exists():
            probe = f"import importlib.util as u, sys; sys.exit(u.find_spec({library!r}) is None)"
            if subprocess.run([python, "-c", probe], check=False).returncode == 0:
                return python
    pytest.skip(f"needs {library}; the first lines of this file say how to get it")


def trained(home: Path, library: str, code: str, *arguments: str) -> str:
    """What a program prints, run where the datasets are and without the network."""
    environment = os.environ | {
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(home / "cache"),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONWARNINGS": "default",
    }
    done = subprocess.run(
        [str(interpreter(library)), "-c", code, *arguments],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def counted(home: Path, library: str, code: str, *arguments: str) -> dict[str, Any]:
    """The photos that a library finds, by label."""
    counts: dict[str, Any] = json.loads(trained(home, library, code, *arguments).splitlines()[-1])
    return counts


def on_disk(home: Path, name: str, partition: str = "") -> dict[str, int]:
    """The photos that the manifest says are there, by folder."""
    counts: dict[str, int] = {}
    for row in manifest_rows(home / name):
        if row["status"] == "downloaded" and row["partition"] == partition:
            counts[row["folder"]] = counts.get(row["folder"], 0) + 1
    assert len(counts) == 2
    return counts


PARTS = ("train", "validation", "test")


def everything(home: Path) -> dict[str, dict[str, int]]:
    """What is on disk of each folder that a trainer can be given."""
    parts = {f"parts/{part}": on_disk(home, "parts", part) for part in PARTS}
    return {"dataset": on_disk(home, "dataset")} | parts


def test_there_are_class_folders_and_plain_record_files_alone(home: Path) -> None:
    """What Create ML reads: folders, whose names are the labels."""
    records = {"manifest.csv", "selection.json", "ATTRIBUTION.csv", "index.html"}
    for name, folders in (("dataset", {"hot_dog", "other"}), ("parts", set(PARTS))):
        entries = {path.name: path for path in (home / name).iterdir()}
        assert set(entries) == records | folders
        assert all(entries[record].is_file() for record in records)
    for part in PARTS:
        assert {path.name for path in (home / "parts" / part).iterdir()} == {"hot_dog", "other"}
    for path in (home / "dataset" / "hot_dog").iterdir():
        assert path.suffix in {".jpg", ".png"}


def test_keras_finds_every_photo_and_label(home: Path) -> None:
    folders = everything(home)
    assert counted(home, "keras", _KERAS_COUNT, *folders) == folders


def test_keras_trains(home: Path) -> None:
    assert "val_accuracy" in trained(home, "keras", KERAS)


def test_hugging_face_finds_every_photo_and_label(home: Path) -> None:
    found = counted(home, "datasets", _HUGGING_FACE_COUNT, "dataset", "{}")
    assert found == {"train": on_disk(home, "dataset")}


def test_hugging_face_finds_every_part(home: Path) -> None:
    found = counted(home, "datasets", _HUGGING_FACE_COUNT, "parts", "{}")
    assert found == {part: on_disk(home, "parts", part) for part in PARTS}


def test_hugging_face_takes_a_class_for_a_part_unless_told(home: Path) -> None:
    """Open Images has the class `Train`; hence `data_files` in the example."""
    for folder, name in (("hot_dog", "train"), ("other", "other")):
        shutil.copytree(home / "dataset" / folder, home / "railway" / name)
    told = json.dumps({"data_files": {"train": "**"}})
    found = counted(home, "datasets", _HUGGING_FACE_COUNT, "railway", told)
    photos = on_disk(home, "dataset")
    assert found == {"train": {"other": photos["other"], "train": photos["hot_dog"]}}


def test_hugging_face_trains(home: Path) -> None:
    interpreter("sklearn")
    assert "accuracy" in trained(home, "datasets", HUGGING_FACE)


def test_torchvision_finds_every_photo_and_label(home: Path) -> None:
    folders = everything(home)
    assert counted(home, "torchvision", _TORCHVISION_COUNT, *folders) == folders


def test_torchvision_trains(home: Path) -> None:
    assert "epoch 4" in trained(home, "torchvision", TORCHVISION)
