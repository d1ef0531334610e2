"""The commands `crop` and `export`, on the demo's photos."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from hotdog_sql.files import locked
from tests.conftest import Run, run_process
from tests.support.openimages import csv_rows
from tests.support.photos import manifest_rows
from tests.test_trainers import counted, interpreter


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, addresses: dict[str, str]) -> Path:
    """A folder with `dataset`, which is partitioned, and `data`, which has the boxes."""
    folder = tmp_path_factory.mktemp("boxes")
    # The rule selects every hot dog and person with a box, and downloads the box file.
    select = ("select", "Hot dog", "Person", "--min-area", "0", "--overlap", "both")
    options = ("--negatives", "20", "--partition", "60/20/20", "--download", "dataset")
    run_process([sys.executable, "-m", "hotdog_sql", *select, *options], folder, **addresses)
    return folder


@pytest.fixture
def here(home: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    for name in ("data", "dataset"):
        shutil.copytree(home / name, tmp_path / name)
    return tmp_path


def boxes_in(folder: Path) -> list[dict[str, str]]:
    """Return the boxes of the two classes on downloaded photos."""
    ids = {row["ImageID"] for row in manifest_rows(folder / "dataset") if row["path"]}
    return [
        box
        for box in csv_rows(folder / "data" / "test-annotations-bbox.csv")
        if box["ImageID"] in ids and box["LabelName"] in ("/m/01b9xk", "/m/01g317")
    ]


def test_crop(here: Path, call: Run) -> None:
    done = call("crop", "dataset", "crops", "--margin", "0", "--min-pixels", "200")
    rows = manifest_rows(here / "crops")
    boxes = boxes_in(here)
    assert len(rows) == len(boxes)
    cut = [row for row in rows if row["path"]]
    assert f"Cut out {len(cut)} boxes into crops" in done.stderr
    assert "default: test" not in call("crop", "--help").stdout  # but the dataset's splits
    assert f"boxes left out (smaller than 200 pixels): {len(rows) - len(cut)}" in done.stderr
    assert {path.name for path in (here / "crops").iterdir()} == {
        *("manifest.csv", "ATTRIBUTION.csv", "train", "validation", "test")
    }
    for row in cut:
        assert row["path"].startswith(f"{row['partition']}/{row['folder']}/{row['ImageID']}_")
        assert (here / "crops" / row["path"]).exists()
        assert (here / "dataset" / row["photo"]).exists()


@pytest.mark.parametrize("name", ["yolo", "coco", "voc", "jsonl"])
def test_export(here: Path, call: Run, name: str) -> None:
    photos = [row for row in manifest_rows(here / "dataset") if row["path"]]
    (here / "dataset" / photos.pop()["path"]).unlink()
    done = call("export", "dataset", "out", "--format", name)
    ids = {row["ImageID"] for row in photos}
    boxes = [box for box in boxes_in(here) if box["ImageID"] in ids]
    assert f"Wrote {len(ids)} photos and {len(boxes)} boxes to out" in done.stderr
    assert "photos that are not in the dataset's folders: 1" in done.stderr
    written = [path for path in (here / "out").rglob("*") if path.suffix in (".jpg", ".png")]
    assert len(written) == len(ids)
    assert {path.stat().st_nlink for path in written} == {2}


def test_any_names_of_folders_and_parts(here: Path, call: Run) -> None:
    manifest, recipe = here / "dataset" / "manifest.csv", here / "dataset" / "selection.json"
    recipe.write_text(recipe.read_text().replace('folder": "other"', 'folder": "hot_dog"'))
    text = manifest.read_text("utf-8").replace(",validation", ",DEV")
    manifest.write_text(text.replace(",train,", ",..,").replace(",train/", ",__/"), "utf-8")
    for part, new_name in {"train": "__", "validation": "DEV"}.items():
        (here / "dataset" / part).rename(here / "dataset" / new_name)
    call("export", "dataset", "out", "--format", "yolo")
    parts = (here / "out" / "data.yaml").read_text().splitlines()[:3]
    assert parts == ["train: images/__/", "val: images/DEV/", "test: images/test/"]
    call("crop", "dataset", "crops")
    crops = {path.name for path in (here / "crops" / "__").iterdir()}
    assert crops == {"hot_dog_m_01b9xk", "person"}


def test_what_a_failed_run_leaves_is_replaced(here: Path, in_sh: Run) -> None:
    (here / "out" / ".unfinished" / "old").mkdir(parents=True)
    export = "$program export dataset out --format coco --copy --quiet"
    in_sh(f"ulimit -f 4; {export}", code=6)  # the size of files
    assert not any((here / "out").iterdir())
    with locked(here / "out" / ".unfinished.lock"):
        assert "another command is writing out" in in_sh(export, code=6).stderr
    done = in_sh(export)
    assert (done.stdout, done.stderr) == ("", "")
    assert not (here / "out" / ".unfinished").exists()
    assert next((here / "out" / "train" / "images").iterdir()).stat().st_nlink == 1


def test_a_dataset_without_a_recipe_needs_classes(here: Path, call: Run) -> None:
    (here / "dataset" / "selection.json").unlink()
    manifest = here / "dataset" / "manifest.csv"
    text = manifest.read_text("utf-8").replace(",test,http", ",train,http", 1)
    manifest.write_text(text, "utf-8")
    done = call("export", "dataset", "out", "--format", "coco", code=3)
    assert "has no recipe that names classes: give --class" in done.stderr
    assert "give --class" in call("gallery", "dataset", "--boxes", code=3).stderr
    classes = ("--class", "Person", "--class", "Hot dog stand")
    done = call("gallery", "dataset", "--boxes", *classes)
    assert "warning: photos whose boxes need --split train: 1\n" in done.stderr
    call("gallery", "dataset", *classes, code=2)
    call("gallery", "s3://bucket/dataset", code=3)
    call("gallery", "datasett", "--boxes", "--data-dir", "new", code=6)
    assert not (here / "new").exists()
    done = call("export", "dataset", "out", "--format", "coco", *classes)
    content = json.loads((here / "out" / "train" / "annotations.json").read_text())
    assert [one["name"] for one in content["categories"]] == ["Person", "Hot dog stand"]
    assert "no photo has a box of Hot dog stand (/m/0bm1pg)" in done.stderr
    done = call("crop", "dataset", "crops", *classes[2:], code=3)
    assert "no photo of the dataset has a box of the classes" in done.stderr


def test_a_resumed_download_draws_the_boxes_again(
    here: Path, call: Run, addresses: dict[str, str]
) -> None:
    page = here / "dataset" / "index.html"
    before = page.read_bytes()
    call("gallery", f"file://{here}/dataset", "--boxes")
    assert page.read_bytes() == before
    call("select", "--from", "dataset/selection.json", "--output", "rows.csv")
    call("download", "rows.csv", "dataset", **addresses)
    assert page.read_bytes() == before


def test_a_query_reads_the_boxes_of_a_dataset(here: Path, call: Run) -> None:
    query = """
        WITH found AS (FROM dataset_boxes(['Hot dog', 'Person']))
        FROM yolo_files(['Hot dog', 'Person'], 'found') WHERE starts_with(file, 'labels')
    """
    done = call("sql", query, "--dataset", "dataset", "--format", "csv")
    assert len(done.stdout.splitlines()) == 1 + len(boxes_in(here))
    recipe = here / "dataset" / "selection.json"  # whose split is read
    recipe.write_text(recipe.read_text("utf-8").replace('[\n    "test"', '[\n    "train"'), "utf-8")
    assert "train-" in call("sql", query, "--dataset", "dataset", "--offline", code=4).stderr


def test_invalid_datasets_are_refused(here: Path, call: Run) -> None:
    manifest = here / "dataset" / "manifest.csv"
    text = manifest.read_text(encoding="utf-8")
    path = next(row["path"] for row in manifest_rows(here / "dataset") if row["path"])
    manifest.write_text(text.replace(path, "../data/test-annotations-bbox.csv"), encoding="utf-8")
    done = call("export", "dataset", "out", "--format", "yolo", "--copy", code=6)
    assert "hotdog-sql did not write (the path" in done.stderr
    manifest.write_text(re.sub(r"\d+,\d+\n", "wide,high\n", text), encoding="utf-8")
    done = call("export", "dataset", "out", "--format", "yolo", code=6)
    assert "refresh" not in done.stderr
    assert "hotdog-sql did not write" in done.stderr


#: Code for each library: `boxes`, as pairs of ImageID and class, and the number of `photos`.
_READERS = {
    "pycocotools": """
from pycocotools.coco import COCO
coco = COCO(place)
photos = len(coco.getImgIds())
boxes = [
    [coco.imgs[one["image_id"]]["file_name"][7:23], coco.cats[one["category_id"]]["name"]]
    for one in coco.loadAnns(coco.getAnnIds())
]
""",
    "datasets": """
from datasets import load_dataset
rows = [row for part in load_dataset("imagefolder", data_dir=place).values() for row in part]
photos = len(rows)
boxes = [[row["image_id"], name] for row in rows for name in row["objects"]["names"]]
""",
    "torchvision": """
from torchvision.datasets import VOCDetection
parts = [VOCDetection(place, year="2012", image_set=part) for part in ("train", "val", "test")]
found = [target["annotation"] for part in parts for _, target in part]
photos = len(found)
boxes = [[photo["filename"][:16], one["name"]] for photo in found for one in photo["object"]]
""",
    "ultralytics": """
from ultralytics.data.dataset import YOLODataset
from ultralytics.data.utils import check_det_dataset
data = check_det_dataset(place)
parts = [data[part] for part in ("train", "val", "test")]
datasets = [YOLODataset(img_path=part, data=data, task="detect") for part in parts]
labels = [label for dataset in datasets for label in dataset.labels]
photos = len(labels)
boxes = [
    [label["im_file"].split("/")[-1][:16], data["names"][int(category)]]
    for label in labels for category in label["cls"].flatten()
]
""",
}
_READ = """
import json, os
place = os.environ["READ"]
{reader}
print(json.dumps({{"boxes": sorted(boxes), "photos": photos}}))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("library", "name", "out", "read"),
    [
        ("pycocotools", "coco", "out", "out/train/annotations.json"),
        ("datasets", "jsonl", "out", "out"),
        ("torchvision", "voc", "VOCdevkit/VOC2007", "."),
        ("ultralytics", "yolo", "out", "out/data.yaml"),
    ],
)
def test_libraries_read_every_exported_box(
    here: Path, call: Run, library: str, name: str, out: str, read: str
) -> None:
    call("export", "dataset", out, "--format", name)
    code = _READ.format(reader=_READERS[library])
    found = counted(here, interpreter(library), code, READ=read)
    rows = [row for row in manifest_rows(here / "dataset") if row["path"]]
    if name == "coco":
        rows = [row for row in rows if row["partition"] == "train"]
    ids = {row["ImageID"] for row in rows}
    names = {"/m/01b9xk": "Hot dog", "/m/01g317": "Person"}
    assert found["photos"] == len(ids)
    assert found["boxes"] == sorted(
        [box["ImageID"], names[box["LabelName"]]] for box in boxes_in(here) if box["ImageID"] in ids
    )
