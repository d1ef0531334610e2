"""Parts of a dataset: shares, stability, and no leaks, against plain Python."""

import hashlib
from pathlib import Path

import pytest

from hotdog_sql.errors import InputError
from hotdog_sql.options import DataOptions, SelectOptions, parse_partition
from hotdog_sql.selection import select
from tests.support.openimages import OpenImages, connect, database_of, image_row

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


def copied(number: int) -> int:
    """The photo that a photo is a copy of: every third is one of the photo before it."""
    return number - (number % 3 == 2)


def parted(group_by: str = "image", seed: int = 42) -> dict[int, str]:
    """The parts of 900 photos by five authors."""
    rows = [
        image_row(f"{n:016x}", OriginalMD5=f"md5 {copied(n)}", AuthorProfileURL=f"author {n % 5}")
        for n in range(900)
    ]
    labels = [(row[0], "verification", HOT_DOG, "1") for row in rows]
    options = SelectOptions((HOT_DOG,), seed=seed, partition=SHARES, group_by=group_by)
    with database_of(OpenImages(images=rows, labels=labels)) as database:
        found = select(database, options)
        assert found.relation.columns[:3] == ["partition", "folder", "rank"]
        return {int(row["ImageID"], 16): row["partition"] for row in found}


def test_parts_agree_with_brute_force() -> None:
    """And so each image keeps its part when the dataset grows."""
    assert parted() == {n: brute_part(f"md5 {copied(n)}", 42) for n in range(900)}


def test_copies_and_authors_never_stand_on_two_sides() -> None:
    authors: dict[int, set[str]] = {}
    copies: dict[int, set[str]] = {}
    for number, part in parted("author", seed=3).items():
        authors.setdefault(number % 5, set()).add(part)
        copies.setdefault(copied(number), set()).add(part)
    assert all(len(parts) == 1 for parts in (*authors.values(), *copies.values()))
    assert len(set.union(*authors.values())) > 1


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
