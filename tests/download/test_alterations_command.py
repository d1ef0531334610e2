"""`--upright`, `--max-side` and `--decode`, as processes of their own, on the demo's photos."""

import csv
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from importlib.resources import files
from io import BytesIO, StringIO
from pathlib import Path

import pytest

pytest.importorskip("PIL", reason="needs the extra images")

from PIL import Image, ImageChops, ImageStat

from hotdog_sql.demo.server import World, serve
from tests.conftest import ROOT, Run
from tests.support.photos import manifest_rows, tree
from tests.support.pictures import md5, undecodable
from tests.support.quarters import size

SELECT = ("select", "--class", "Hot dog", "--negatives", "20", "--quiet")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with serve() as world:
        yield world


@pytest.fixture(scope="module")
def variables(world: World) -> dict[str, str]:
    return {"HOTDOG_SQL_BASE_URL": world.base_url, "HOTDOG_SQL_MIRROR_URL": world.mirror_url}


@pytest.fixture(scope="module")
def without_pillow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every installed package but Pillow, in the place of site-packages."""
    folder = tmp_path_factory.mktemp("site-packages")
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if package.name != "PIL":
            (folder / package.name).symlink_to(package)
    return folder


def drawn_picture(image_id: str) -> Image.Image:
    """What a photo of the demo shows, upright."""
    packed = files("hotdog_sql.demo").joinpath("openimages.zip").read_bytes()
    with zipfile.ZipFile(BytesIO(packed)) as openimages:
        rows = csv.DictReader(StringIO(openimages.read("photos.csv").decode()))
        photo = next(row for row in rows if row["comment"].endswith(f" {image_id}"))
        subject, number = photo["picture"].partition(".")[0].split("-")[:2]
        return Image.open(BytesIO(openimages.read(f"pictures/{subject}-{number}.jpg")))


def is_upright(data: bytes, image_id: str) -> bool:
    """Whether a photo of the demo lies as it was drawn, and is not upside down."""
    shown = Image.open(BytesIO(data)).convert("RGB")
    drawn = drawn_picture(image_id).convert("RGB").resize(shown.size)
    right, wrong = (
        sum(ImageStat.Stat(ImageChops.difference(shown, other)).mean)
        for other in (drawn, drawn.transpose(Image.Transpose.ROTATE_180))
    )
    return shown.width > shown.height and right < wrong


@pytest.mark.parametrize(
    "source",
    ["original", *(pytest.param(one, marks=pytest.mark.slow) for one in ("mirror", "thumbnail"))],
)
def test_every_photo_of_the_demo_is_upright(
    run: Run, variables: dict[str, str], tmp_path: Path, source: str
) -> None:
    how = ("--source", source, "--upright", "--max-side", "250")
    done = run(*SELECT, "--download", "dataset", *how, **variables)
    assert (done.returncode, done.stderr) == (0, "")
    turned = set()
    for row in manifest_rows(tmp_path / "dataset"):
        if row["status"] != "downloaded":
            continue
        data = (tmp_path / "dataset" / row["path"]).read_bytes()
        assert (row["bytes"], row["md5"]) == (str(len(data)), md5(data))
        if row["Rotation"] not in ("", "0.0"):
            turned.add(row["Rotation"])
            assert ("rotated" in row["note"]) is (source != "thumbnail")
        assert max(size(data)) == (250 if source != "thumbnail" else 128)
        assert is_upright(data, row["ImageID"]), row["ImageID"]
    assert turned == {"90.0", "180.0", "270.0"}

    assert run("verify", "dataset", "--decode").returncode == 0
    again = run(*SELECT, "--download", "dataset", *how[2:], **variables)
    assert again.returncode == 0
    other = run(*SELECT, "--download", "dataset", "--upright", **variables)
    assert other.returncode == 6
    assert "was made with --upright --max-side 250: give the same options" in other.stderr


def test_a_saved_selection_gives_the_same_dataset(
    run: Run, variables: dict[str, str], tmp_path: Path
) -> None:
    how = ("--upright", "--max-side", "100")
    assert run(*SELECT, "--download", "direct", *how, **variables).returncode == 0
    assert run(*SELECT, "--output", "rows.csv", **variables).returncode == 0
    assert run("download", "rows.csv", "saved", *how, **variables).returncode == 0
    assert tree(tmp_path / "saved") == tree(tmp_path / "direct")


def test_verify_decodes_and_repairs(run: Run, variables: dict[str, str], tmp_path: Path) -> None:
    dataset = tmp_path / "dataset"
    assert run(*SELECT, "--download", dataset, "--upright", **variables).returncode == 0
    before = tree(dataset)
    row = next(row for row in manifest_rows(dataset) if row["note"] == "rotated 90")
    # As if it had come so: the bytes are those of the manifest.
    (dataset / row["path"]).write_bytes(undecodable())
    text = (dataset / "manifest.csv").read_text(encoding="utf-8")
    changed = text.replace(row["md5"], md5(undecodable())).replace(
        f",{row['bytes']},{md5(undecodable())}", f",{len(undecodable())},{md5(undecodable())}"
    )
    (dataset / "manifest.csv").write_text(changed, encoding="utf-8")
    assert run("verify", dataset).returncode == 0
    said = run("verify", dataset, "--decode")
    assert (said.returncode, said.stdout) == (8, f"undecodable  {row['path']}\n")
    said = run("verify", dataset, "--decode", "--repair", **variables)
    assert (said.returncode, said.stdout) == (0, "")
    assert "1 photos repaired" in said.stderr
    assert tree(dataset) == before


@pytest.mark.parametrize(
    "arguments",
    [
        (*SELECT, "--download", "new", "--upright"),
        (*SELECT, "--download", "new", "--max-side", "100"),
        ("download", "rows.csv", "new", "--upright"),
        ("verify", "dataset", "--decode"),
    ],
)
def test_without_pillow_it_says_how_to_get_it(
    without_pillow: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """Before anything else: the addresses lead nowhere, and no file is fetched or made."""
    (tmp_path / "dataset").mkdir()
    (tmp_path / "dataset" / "manifest.csv").touch()
    nowhere = "http://127.0.0.1:9/"
    path = os.pathsep.join([str(ROOT), str(without_pillow)])
    said = subprocess.run(
        [sys.executable, "-S", "-m", "hotdog_sql", *arguments],
        cwd=tmp_path,
        env={"PYTHONPATH": path, "HOTDOG_SQL_BASE_URL": nowhere, "HOTDOG_SQL_MIRROR_URL": nowhere},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert said.returncode == 3
    assert said.stderr == (
        "hotdog-sql: --upright, --max-side and --decode need Pillow: "
        'pip install "hotdog-sql[images]"\n'
    )
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("side", ["0", "many"])
def test_absurd_sides(run: Run, side: str) -> None:
    assert run(*SELECT, "--download", "new", "--max-side", side).returncode == 2
