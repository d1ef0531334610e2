"""Partitions: shares, stability and no leaks, compared with plain Python."""

import hashlib
from pathlib import Path

import pytest

from hotdog_sql.errors import InputError
from hotdog_sql.options import SelectOptions, parse_partition
from hotdog_sql.selection import select
from tests.conftest import Run
from tests.support.loopback import LoopbackServer
from tests.support.openimages import OpenImages, database_of, image_row
from tests.support.photos import manifest_rows

SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}
HOT_DOG, PIZZA = "/m/01b9xk", "/m/0663v"


def expected_part(key: str) -> str:
    digest = hashlib.md5(f"42:part:{key}".encode(), usedforsecurity=False).hexdigest()
    point = int(digest[:8], 16) / 2**32
    return "train" if point < 0.8 else "validation" if point < 0.9 else "test"


def original(number: int) -> int:
    """The number of the original: every third photo is a copy of the one before it."""
    return number - (number % 3 == 2)


def photos(count: int) -> OpenImages:
    """Return photos by five authors, half of them hot dogs."""
    rows = [
        image_row(f"{n:016x}", OriginalMD5=f"md5 {original(n)}", AuthorProfileURL=f"author {n % 5}")
        for n in range(count)
    ]
    labels = [(row[0], "verification", (HOT_DOG, PIZZA)[n % 2], "1") for n, row in enumerate(rows)]
    return OpenImages(images=rows, labels=labels)


def test_parts_agree_with_brute_force() -> None:
    """So an image keeps its part when the dataset grows."""
    options = SelectOptions((HOT_DOG,), negatives=450, partition=SHARES)
    with database_of(photos(900)) as database:
        selection = select(database, options)
        assert selection.relation.columns[:3] == ["partition", "folder", "rank"]
        parts = {int(row["ImageID"], 16): row["partition"] for row in selection}
    assert parts == {n: expected_part(f"md5 {original(n)}") for n in range(900)}


def test_copies_and_authors_are_never_split(
    server: LoopbackServer, call: Run, tmp_path: Path
) -> None:
    """Every photo is lost, so every candidate that fits becomes a replacement."""
    photos(300).write(tmp_path / "data")
    command = ("select", "Hot dog", "--limit", "20", "--negatives", "60", "--partition", "50/50")
    download = ("--group-by", "author", "--download", "pad", "--source", "mirror")
    done = call(*command, *download, HOTDOG_SQL_MIRROR_URL=server.url("/"))
    assert "left out as copies of photos in another part" in done.stderr
    parts: dict[str, set[str]] = {}
    for row in manifest_rows(tmp_path / "pad"):
        for key in (row["OriginalMD5"], row["AuthorProfileURL"]):
            parts.setdefault(key, set()).add(row["partition"])
    assert len(parts) == 200 + 5
    assert {len(names) for names in parts.values()} == {1}


def test_shares_have_several_notations_and_add_up(small_data: Path, call: Run) -> None:
    assert parse_partition("80/20") == {"train": 0.8, "test": 0.2}
    assert parse_partition("0.7/0.3") == {"train": 0.7, "test": 0.3}
    assert parse_partition("80/10/10") == {"train": 0.8, "validation": 0.1, "test": 0.1}
    assert parse_partition("a=75%, b=25%") == {"a": 0.75, "b": 0.25}
    assert parse_partition("train=0.8,test=0.2") == {"train": 0.8, "test": 0.2}
    for text in ("train", "train=", "train=0.5", "a=0.5,b=0.6", "a=1.5,b=-0.5", "100/0"):
        with pytest.raises(InputError, match=r"train=0\.8,test=0\.2"):
            parse_partition(text)
    select = ("select", "Hot dog", "--data-dir", small_data)
    for shares, reason in (("../up=1", "'../up' cannot name a part"), ("a=0.5,A=0.5", "only in")):
        assert reason in call(*select, "--partition", shares, code=3).stderr
    said = call(*select, "--partition", "50/50").stderr  # of copies of one photo
    assert said.count(" has no hot_dog: ") == said.count(" has no other: ") == 1
