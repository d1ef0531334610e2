"""Lists of ImageIDs: their formats, the splits in which they are found, and downloads."""

import csv
import json
from io import StringIO
from pathlib import Path

import duckdb
import pytest

from tests.conftest import Run
from tests.support.brute_force import Row, order_key
from tests.support.openimages import OpenImages, image_row
from tests.support.photos import manifest_rows

TEST, VALIDATION, TRAIN = (
    [f"{first}{number:015x}" for number in range(20)] for first in ("a", "b", "c")
)
TRAIN_FILE = "oidv6-train-images-with-labels-with-rotation.csv"
ADVICE = "give UTF-8 text with an ImageID on each line, or a .csv, .json or .parquet"


def write(folder: Path, **splits: list[str]) -> Path:
    for split, ids in splits.items():
        images = [image_row(one, split) for one in ids]
        labels = [(ids[0], "verification", "/m/01b9xk", "1")]
        OpenImages(images=images, labels=labels).write(folder, split)
    return folder


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Two splits of 20 images each."""
    return write(tmp_path / "small", test=TEST, validation=VALIDATION)


@pytest.fixture
def splits(tmp_path: Path) -> Path:
    """Three splits of 20 images each."""
    return write(tmp_path / "splits", test=TEST, validation=VALIDATION, train=TRAIN)


def select_ids(call: Run, *arguments: str | Path) -> tuple[list[Row], str]:
    """Return the rows that `select --ids` prints, and its stderr."""
    done = call("select", "--offline", *arguments)
    rows = csv.DictReader(StringIO(done.stdout))
    return [(row["folder"], int(row["rank"]), row["ImageID"]) for row in rows], done.stderr


def expected(listed: dict[str, str], seed: int = 42) -> list[Row]:
    """Return the expected rows of images, given their folders."""
    rows = []
    for folder in sorted(set(listed.values())):
        ids = [one for one, name in listed.items() if name == folder]
        ids.sort(key=lambda one: order_key(seed, one))
        rows += [(folder, rank, one) for rank, one in enumerate(ids, 1)]
    return rows


LISTED = {TEST[0]: "cats", TEST[1]: "dogs", VALIDATION[0]: "cats", VALIDATION[3]: "photos"}
PAIRS = [(one, "" if folder == "photos" else folder) for one, folder in LISTED.items()]
CSV = "".join(f"{one},{folder}\r\n" for one, folder in [("ImageID", "folder"), *PAIRS, PAIRS[0]])


@pytest.mark.parametrize("name", ["a.csv", "it's [1].CSV", "[1].json", "lines.json", "[1].parquet"])
def test_each_format_gives_the_same_rows(call: Run, small: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.with_name(name.replace("[1]", "1")).touch()  # which the name matches as a pattern
    objects = [{"imageID": one, "Folder": folder or None, "more": [1]} for one, folder in PAIRS]
    if path.suffix == ".parquet":
        (tmp_path / "b.json").write_text(json.dumps(objects))
        duckdb.execute(f"COPY (FROM '{tmp_path}/b.json') TO '{path}'")
    elif name == "lines.json":
        path.write_text("".join(json.dumps(one) + "\n" for one in objects))
    else:
        path.write_text(json.dumps(objects) if path.suffix == ".json" else "\ufeff" + CSV, "utf-8")
    assert select_ids(call, "--ids", path, "--data-dir", small)[0] == expected(LISTED)


def test_plain_text_with_unknown_ids(call: Run, small: Path, tmp_path: Path) -> None:
    known = f"\ufeffImageID\r\n{TEST[2]}\r\n\r\n  validation/{VALIDATION[2]} \r\ntest/{TEST[2]}\r\n"
    known += f"test/{TEST[3]}\ntrain/{TEST[3]}\n"  # which contradict each other
    unknown = [TRAIN[0], "a\0b", f"test/{VALIDATION[4]}", *(f"nobody{n}" for n in range(8))]
    (tmp_path / "ids.txt").write_text(known + "\n".join(unknown), "utf-8")
    rows, stderr = select_ids(call, "--ids", "ids.txt", "--data-dir", small, "--seed", "7")
    assert rows == expected(dict.fromkeys([TEST[2], TEST[3], VALIDATION[2]], "photos"), 7)
    first = ", ".join(sorted(unknown)[:5]).replace("\0", " ")
    assert (
        "warning: ImageIDs that are not in test and validation: 11 "
        f"({first} and 6 more); --split all searches train too\n" in stderr
    )
    _, stderr = select_ids(call, "--ids", "ids.txt", "--data-dir", small, "--verbose")
    assert ", ".join(sorted(unknown)[1:]) + "); --split" in stderr
    (tmp_path / "ids.txt").write_text(f"test/{TEST[2]}\ntest/{VALIDATION[4]}")
    assert "--split" not in select_ids(call, "--ids", "ids.txt", "--data-dir", small)[1]


def test_splits_are_searched_as_far_as_needed(
    call: Run, small: Path, splits: Path, tmp_path: Path
) -> None:
    def splits_read(ids: list[str], *arguments: str | Path) -> list[str]:
        (tmp_path / "ids").write_text("\n".join(ids))
        output = ("--output", "rows.csv", "--quiet")
        call("select", "--offline", "--ids", "ids", *output, *arguments)
        read: list[str] = json.loads((tmp_path / "rows.selection.json").read_text())["splits"]
        return read

    without, every = ("--data-dir", small), ("--data-dir", splits)
    both, all_three = ["test", "validation"], ["test", "validation", "train"]
    assert splits_read([TEST[0], "x"], *without) == both
    assert splits_read([TEST[0], TRAIN[0]], *every) == all_three
    assert splits_read([TEST[0], f"train/{TRAIN[0]}"], *every, "--split", "all") == all_three
    assert splits_read([TEST[0], VALIDATION[0]], *every, "--split", "test") == ["test"]
    assert splits_read([f"train/{TRAIN[0]}"], *every) == ["train"]
    assert splits_read([f"test/{TEST[0]}", f"test/{TEST[1]}"], *every, "--split", "all") == ["test"]
    done = call("select", "--offline", "--ids", "ids", *without, "--split", "train", code=4)
    assert TRAIN_FILE in done.stderr


INVALID = {
    "empty.txt": b"",
    "unknown.txt": b"nobody\n",
    "header.csv": b"ImageID\n",
    "none.csv": b"id,folder\n1,2\n",
    "texts.json": b'["a", "b"]',
    "empty.parquet": b"",
    "utf16.txt": f"ImageID\n{TEST[0]}\n".encode("utf-16"),
    "utf16.csv": f"ImageID\n{TEST[0]}\n".encode("utf-16"),
    "latin.csv": b"ImageID,folder\n1,caf\xe9\n",
    "ragged.csv": b"ImageID,folder\n1,2,3\n1\n",
    "long.txt": b"x" * 3_000_000,
    **{f"binary.{kind}": bytes(range(128, 256)) * 9 for kind in ("txt", "csv", "json", "parquet")},
}


def test_an_invalid_list_gets_a_one_line_message(call: Run, small: Path, tmp_path: Path) -> None:
    for name, content in INVALID.items():
        (tmp_path / name).write_bytes(content)
        done = call("select", "--ids", name, "--data-dir", small, code=3)
        assert done.stdout == "", name
        assert done.stderr.count("\n") == 1, done.stderr
        assert name in done.stderr
        assert ADVICE in done.stderr


UNUSABLE = {
    "deadbeef00000000,\n\x1b[31mred\0,\n": "none of the 2 ImageIDs in ids.csv is in test and",
    f"{TEST[0]},../up": "'../up' is not a valid folder name",
    f"{TEST[0]},a\n{TEST[0]},b": f"'{TEST[0]}' is an image that comes twice",
    f"{TEST[0]},a\n{TEST[1]},A": "upper and lower case",
}


def test_unusable_lists_are_refused(call: Run, small: Path, tmp_path: Path) -> None:
    for content, message in UNUSABLE.items():
        (tmp_path / "ids.csv").write_text("ImageID,folder\n" + content)
        done = call("select", "--ids", "ids.csv", "--data-dir", small, code=3)
        assert message in done.stderr
        assert "\x1b" not in done.stderr


def test_a_query_reads_the_list_and_ranks(call: Run, splits: Path, tmp_path: Path) -> None:
    (tmp_path / "ids.txt").write_text(f"test/{TEST[0]}\n{TEST[1]}\nnobody\n")
    (tmp_path / "q.sql").write_text(
        "SELECT ImageID, coalesce(ids.split, 'none') || '_' || ids.folder AS folder, 3 AS rank"
        " FROM images JOIN ids USING (ImageID)"
    )
    rows, _ = select_ids(call, "--query", "q.sql", "--ids", "ids.txt", "--data-dir", splits)
    assert rows == [("none_photos", 3, TEST[1]), ("test_photos", 3, TEST[0])]


def test_the_recipe_names_the_list(call: Run, small: Path, tmp_path: Path) -> None:
    (tmp_path / "ids.txt").write_text("\n".join(TEST))
    options = ("select", "--data-dir", small, "--offline")
    call(*options, "--ids", "ids.txt", "--partition", "80/20", "-o", "rows.csv")
    recipe = (tmp_path / "rows.selection.json").read_text()
    assert not any(one in recipe for one in TEST)
    assert json.loads(recipe)["ids"]["name"] == "ids.txt"
    assert len(json.loads(recipe)["file_md5"]) == 2
    alone = call(*options, "--from", "rows.selection.json", code=3)
    assert "add --ids with the file ids.txt" in alone.stderr
    again = (*options, "--from", "rows.selection.json", "--ids", "ids.txt")
    same = call(*again)
    assert "nothing has changed" in same.stderr
    assert same.stdout == (tmp_path / "rows.csv").read_text()
    (tmp_path / "ids.txt").write_text("\n".join(TEST[1:]))
    assert "changed: ids was ids.txt (" in call(*again).stderr


def test_download_takes_a_list(call: Run, addresses: dict[str, str], tmp_path: Path) -> None:
    selected = StringIO(call("select", "Hot dog", **addresses).stdout)
    ids = [row["ImageID"] for row in csv.DictReader(selected)][:9]
    (tmp_path / "ids.txt").write_text("\n".join(f"test/{one}" for one in ids))
    (tmp_path / "ids.csv").write_text("imageid\n" + "\n".join([*ids, "nobody"]))
    images = [{"ImageID": one, "subset": "test", "License": "x"} for one in ids]
    (tmp_path / "ids.json").write_text(json.dumps(images))
    for name in ("ids.txt", "ids.csv", "ids.json"):
        done = call("download", name, f"from_{name}", **addresses)
        assert (": 1 (nobody)" in done.stderr) == (name == "ids.csv")
        rows = manifest_rows(tmp_path / f"from_{name}")
        assert {(row["folder"], row["ImageID"]) for row in rows} == {("photos", one) for one in ids}
    assert json.loads((tmp_path / "from_ids.json/selection.json").read_text())["splits"] == ["test"]
    call("download", "ids.txt", "from_ids.txt", **addresses)
    call("verify", "from_ids.txt")
