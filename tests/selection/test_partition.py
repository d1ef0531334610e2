"""Parts of a dataset: shares, stability, and no leaks, against plain Python."""

import hashlib
from pathlib import Path

import pytest

from hotdog_sql.database import Database
from hotdog_sql.errors import InputError
from hotdog_sql.options import DataOptions, SelectOptions, parse_partition
from hotdog_sql.selection import select
from tests.support.openimages import OpenImages, connect, image_row

SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}
HOT_DOG = "/m/01b9xk"


def brute_part(key: str, seed: int) -> str:
    digest = hashlib.md5(f"{seed}:part:{key}".encode(), usedforsecurity=False).hexdigest()
    place = int(digest[:8], 16) / 2**32
    bound = 0.0
    for name, share in SHARES.items():
        bound += share
        if place < bound:
            return name
    return list(SHARES)[-1]


def write(folder: Path, count: int) -> None:
    """Every third photo is a copy of the one before it, by an author of five."""
    images = [
        image_row(
            f"{number:016x}",
            OriginalMD5=f"md5 {number - (number % 3 == 2)}",
            AuthorProfileURL=f"author {number % 5}",
        )
        for number in range(count)
    ]
    labels = [(image[0], "verification", HOT_DOG, "1") for image in images]
    OpenImages(images=images, labels=labels).write(folder)


def parted(database: Database, group_by: str = "image", seed: int = 42) -> dict[str, str]:
    options = SelectOptions((HOT_DOG,), seed=seed, partition=SHARES, group_by=group_by)
    rows = select(database, options)
    assert rows.relation.columns[:3] == ["partition", "folder", "rank"]
    return {row["ImageID"]: row["partition"] for row in rows}


def test_parts_agree_with_brute_force(tmp_path: Path) -> None:
    """And so each image keeps its part when the dataset grows."""
    write(tmp_path, 900)
    with connect(DataOptions(tmp_path)) as database:
        found = parted(database)
    expected = {
        f"{number:016x}": brute_part(f"md5 {number - (number % 3 == 2)}", 42)
        for number in range(900)
    }
    assert found == expected


def test_copies_and_authors_never_stand_on_two_sides(tmp_path: Path) -> None:
    write(tmp_path, 900)
    with connect(DataOptions(tmp_path)) as database:
        by_author = parted(database, "author", seed=3)
    authors: dict[int, set[str]] = {}
    copies: dict[int, set[str]] = {}
    for image, part in by_author.items():
        number = int(image, 16)
        authors.setdefault(number % 5, set()).add(part)
        copies.setdefault(number - (number % 3 == 2), set()).add(part)
    assert all(len(parts) == 1 for parts in (*authors.values(), *copies.values()))
    assert len(set(by_author.values())) > 1


def test_shares_are_written_in_several_ways_and_add_up() -> None:
    assert parse_partition("80/20") == {"train": 0.8, "test": 0.2}
    assert parse_partition("0.7/0.3") == {"train": 0.7, "test": 0.3}
    assert parse_partition("80/10/10") == {"train": 0.8, "validation": 0.1, "test": 0.1}
    assert parse_partition("a=75%, b=25%") == {"a": 0.75, "b": 0.25}
    assert parse_partition("train=0.8,test=0.2") == {"train": 0.8, "test": 0.2}
    for text in ("train", "train=", "train=0.5", "a=0.5,b=0.6", "a=1.5,b=-0.5", "100/0"):
        with pytest.raises(InputError, match=r"train=0\.8,test=0\.2"):
            parse_partition(text)


def test_a_part_cannot_leave_the_dataset(small_data: Path) -> None:
    with connect(DataOptions(small_data)) as database:
        parts = parse_partition("../up=0.5,b=0.5")
        with pytest.raises(InputError, match="cannot name a part"):
            select(database, SelectOptions((HOT_DOG,), partition=parts))
