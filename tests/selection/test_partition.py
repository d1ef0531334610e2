"""Partitions: shares, stability and no leaks, compared with plain Python."""

import hashlib
from pathlib import Path

import pytest

from hotdog_sql.errors import InputError
from hotdog_sql.options import DataOptions, SelectOptions, parse_partition
from hotdog_sql.selection import select
from tests.support.openimages import OpenImages, connect, database_of, image_row

SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}
HOT_DOG = "/m/01b9xk"


def expected_part(key: str, seed: int) -> str:
    digest = hashlib.md5(f"{seed}:part:{key}".encode(), usedforsecurity=False).hexdigest()
    point = int(digest[:8], 16) / 2**32
    bound = 0.0
    for name, share in SHARES.items():
        bound += share
        if point < bound:
            return name
    return list(SHARES)[-1]


def original(number: int) -> int:
    """The number of the original: every third photo is a copy of the one before it."""
    return number - (number % 3 == 2)


def parts_of(group_by: str = "image", seed: int = 42) -> dict[int, str]:
    """Return the parts of 900 photos by five authors."""
    rows = [
        image_row(f"{n:016x}", OriginalMD5=f"md5 {original(n)}", AuthorProfileURL=f"author {n % 5}")
        for n in range(900)
    ]
    labels = [(row[0], "verification", HOT_DOG, "1") for row in rows]
    options = SelectOptions((HOT_DOG,), seed=seed, partition=SHARES, group_by=group_by)
    with database_of(OpenImages(images=rows, labels=labels)) as database:
        selection = select(database, options)
        assert selection.relation.columns[:3] == ["partition", "folder", "rank"]
        return {int(row["ImageID"], 16): row["partition"] for row in selection}


def test_parts_agree_with_brute_force() -> None:
    """So an image keeps its part when the dataset grows."""
    assert parts_of() == {n: expected_part(f"md5 {original(n)}", 42) for n in range(900)}


def test_copies_and_authors_are_never_split() -> None:
    authors: dict[int, set[str]] = {}
    copies: dict[int, set[str]] = {}
    for number, part in parts_of("author", seed=3).items():
        authors.setdefault(number % 5, set()).add(part)
        copies.setdefault(original(number), set()).add(part)
    assert all(len(parts) == 1 for parts in (*authors.values(), *copies.values()))
    assert len(set.union(*authors.values())) > 1


def test_shares_have_several_notations_and_add_up() -> None:
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
