"""The options of the commands and of Python: each value and its default, defined once."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto
from pathlib import Path

from hotdog_sql.config import MEMORY_LIMIT
from hotdog_sql.errors import InputError
from hotdog_sql.text import is_unicode, printable

#: The largest number of images that can be asked for; there are nine million.
LARGEST_COUNT = 10_000_000
LARGEST_SEED = 2**63 - 1
BOX_RULES = ("min_area", "max_area", "no_group_of", "no_depiction", "no_truncated")


class Split(StrEnum):
    """Part of Open Images."""

    TEST = auto()
    VALIDATION = auto()
    TRAIN = auto()
    ALL = auto()


class Release(StrEnum):
    """Release of Open Images."""

    V6 = auto()
    V7 = auto()


class Labels(StrEnum):
    """Whose labels count: people's, a model's, or both."""

    HUMAN = auto()
    MACHINE = auto()
    BOTH = auto()


class Related(StrEnum):
    """Which classes are related to a requested one, so that no negative may carry them."""

    PREFIX = auto()
    NONE = auto()
    HIERARCHY = auto()


class Overlap(StrEnum):
    """The folder of an image that carries several requested classes."""

    LEAVE_OUT = auto()
    FIRST = auto()
    BOTH = auto()


class NegativesFrom(StrEnum):
    """Which images are taken as negatives."""

    RANDOM = auto()
    VERIFIED = auto()
    MIXED = auto()


class GroupBy(StrEnum):
    """What stays in one part of a dataset."""

    IMAGE = auto()
    AUTHOR = auto()


class RowFormat(StrEnum):
    """How rows are written."""

    TABLE = auto()
    CSV = auto()
    JSON = auto()
    PARQUET = auto()


class Source(StrEnum):
    """Where a photo's bytes come from."""

    MIRROR = auto()
    ORIGINAL = auto()
    THUMBNAIL = auto()


class BoxFormat(StrEnum):
    """How boxes are written for detectors."""

    YOLO = auto()
    COCO = auto()
    VOC = auto()
    JSONL = auto()


@dataclass(frozen=True, slots=True)
class DataOptions:
    """Which files to read, and the resources that DuckDB may use.

    Attributes:
        data_dir: folder of the Open Images CSV files.
        release: release of Open Images.
        splits: split to read.
        labels: whose labels count.
        threads: threads of DuckDB, by default one per core.
        memory_limit: memory for DuckDB. When it needs more, it uses the temporary folder.
        indexed: read an index where it matches its CSV.
        offline: send no request; a missing file is an error.
        large: start a large download without asking.

    Raises:
        InputError: there is no such split, release or kind of labels.
    """

    data_dir: Path = Path("data")
    release: str = "v6"
    splits: tuple[str, ...] = ("test",)
    labels: str = "human"
    threads: int | None = None
    memory_limit: str | None = MEMORY_LIMIT
    indexed: bool = True
    offline: bool = False
    large: bool = False

    def __post_init__(self) -> None:
        named = (self.splits,) if isinstance(self.splits, str) else tuple(self.splits)
        for what, value, known in (
            *(("split", split, tuple(Split)) for split in named),
            ("release", self.release, tuple(Release)),
            ("labels", self.labels, tuple(Labels)),
        ):
            if value not in known:
                raise InputError(
                    f"{what} {printable(str(value))!r} does not exist; "
                    f"give one of {', '.join(known)}"
                )
        every = (Split.TEST, Split.VALIDATION, Split.TRAIN)
        chosen = tuple(str(split) for split in every if split in named or Split.ALL in named)
        object.__setattr__(self, "splits", chosen or ("test",))
        object.__setattr__(self, "data_dir", Path(self.data_dir))

    def variables(self) -> dict[str, str]:
        """The session variables that the SQL reads with `getvariable`."""
        return {
            "data_dir": str(self.data_dir),
            "release": self.release,
            "split": ",".join(self.splits),
            "labels": self.labels,
        }


@dataclass(frozen=True, slots=True)
class SelectOptions:
    """What to select: the parameters of `select_images` or a query, and the partition.

    Attributes:
        classes: class to select, by name or MID; each gets a folder.
        negatives: number of images without any of the classes.
        ratio: number of images without the classes for each image with one, instead of `negatives`.
        seed: seed of the random order.
        limit: maximum number of positives in each folder, by default all.
        min_confidence: minimum confidence of a positive label.
        related: related classes, which no negative may carry. prefix: their names begin with the
            class's name; hierarchy: they are below it in Open Images' hierarchy.
        exclude: another class that no negative may carry.
        overlap: what to do with an image of several classes.
        negatives_from: which images are negatives. verified: those in which a person did not find
            the class; mixed: these first, then random ones.
        negative_folder: folder of the negatives.
        min_area: take an image only if a box of the class covers this share of it, 0 to 1.
        max_area: take an image only if its largest box covers at most this share.
        no_group_of: take no image whose largest box is around a group of objects.
        no_depiction: take no image whose largest box is around a drawing or a model.
        no_truncated: take no image whose largest box is around an object that the photo cuts off.
        query: one SELECT that yields ImageID, folder and, optionally, rank.
        variables: session variable that the query reads with `getvariable`.
        ids: file of ImageIDs: one a line, or a .csv, .json or .parquet that may name folders too.
        partition: the share of each part, such as 80/20, 80/10/10 or train=0.8,test=0.2.
        group_by: what stays in one part: all copies of an image, or all images of an author.

    Raises:
        InputError: a value is of a wrong type or out of range.
    """

    classes: tuple[str, ...] = ()
    negatives: int = 120
    ratio: float | None = None
    seed: int = 42
    limit: int | None = None
    min_confidence: float = 1.0
    related: str = "prefix"
    exclude: tuple[str, ...] = ()
    overlap: str = "leave_out"
    negatives_from: str = "random"
    negative_folder: str = "other"
    min_area: float | None = None
    max_area: float | None = None
    no_group_of: bool = False
    no_depiction: bool = False
    no_truncated: bool = False
    query: str | None = None
    variables: Mapping[str, str | int | float] = field(default_factory=dict)
    ids: Path | None = None
    partition: Mapping[str, float] | None = None
    group_by: str = "image"

    def __post_init__(self) -> None:
        if (self.query is None and self.ids is None) == (not self.classes):
            raise InputError("give either classes, or a query or a list to select by")
        count = f"a whole number up to {LARGEST_COUNT:,}"
        least = 0 if self.min_area is None else self.min_area
        limit, ratio, most = (
            1 if x is None else x for x in (self.limit, self.ratio, self.max_area)
        )
        for name, fits, wanted in (
            ("classes", _is_texts(self.classes), "names or MIDs"),
            ("exclude", _is_texts(self.exclude), "names or MIDs"),
            ("negatives", _is_whole(self.negatives, 0, LARGEST_COUNT), count),
            ("limit", _is_whole(limit, 1, LARGEST_COUNT), f"{count}, from 1"),
            ("ratio", _is_number(ratio, 0, LARGEST_COUNT), "a number from 0"),
            ("seed", _is_whole(self.seed, 0, LARGEST_SEED), "a whole number from 0 to 2^63 - 1"),
            ("min_confidence", _is_share(self.min_confidence), "a number above 0 and up to 1"),
            ("related", self.related in tuple(Related), _one_of(Related)),
            ("overlap", self.overlap in tuple(Overlap), _one_of(Overlap)),
            ("negatives_from", self.negatives_from in tuple(NegativesFrom), _one_of(NegativesFrom)),
            ("group_by", self.group_by in tuple(GroupBy), _one_of(GroupBy)),
            ("negative_folder", _is_text(self.negative_folder), "a name"),
            ("min_area", _is_number(least, 0, most), "a number from 0 up to max_area"),
            ("max_area", _is_number(most, 0, 1), "a number from 0 to 1"),
            *((name, type(getattr(self, name)) is bool, "true or false") for name in BOX_RULES[2:]),
            ("query", self.query is None or _is_text(self.query), "one SELECT"),
            ("variables", _is_variables(self.variables), "texts or numbers by name"),
            ("ids", isinstance(self.ids, str | Path | None), "a file"),
            ("partition", self.partition is None or _is_partition(self.partition), _SHARES),
        ):
            if not fits:
                shown = printable(repr(getattr(self, name)))[:60]
                raise InputError(f"{name} {shown} does not fit; give {wanted}")
        if self.ids is not None:
            object.__setattr__(self, "ids", Path(self.ids))
        if self.has_box_rules and not self.classes:
            raise InputError("rules on boxes need classes; a query can read the view boxes itself")

    @property
    def has_box_rules(self) -> bool:
        """Whether positives are chosen by their boxes."""
        values = [getattr(self, name) for name in BOX_RULES]
        return any(value is not None and value is not False for value in values)


_SHARES = "shares that add up to 1, such as train=0.8,test=0.2 or 80/20"
#: The names of parts that are given by their shares alone.
_PART_NAMES = {2: ("train", "test"), 3: ("train", "validation", "test")}


def parse_partition(text: str) -> dict[str, float]:
    """The shares in `train=0.8,test=0.2`, `train=80%,test=20%`, `80/20` or `80/10/10`."""
    if "=" in text:
        parts = [part.partition("=")[::2] for part in text.split(",")]
    else:
        shares = text.split("/")
        parts = list(zip(_PART_NAMES.get(len(shares), ()), shares, strict=False))
    try:
        found = {name.strip(): float(share.strip().removesuffix("%")) for name, share in parts}
    except ValueError:
        found = {}
    if math.isclose(sum(found.values()), 100, abs_tol=1e-4):
        found = {name: share / 100 for name, share in found.items()}
    if len(found) != len(parts) or not _is_partition(found):
        raise InputError(f"{printable(text)!r} does not fit; give {_SHARES}")
    return found


def _one_of(choices: type[StrEnum]) -> str:
    return f"one of {', '.join(choices)}"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and "\0" not in value and is_unicode(value)


def _is_texts(value: object) -> bool:
    return isinstance(value, tuple) and all(_is_text(one) for one in value)


def _is_whole(value: object, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def _is_number(value: object, least: float, most: float) -> bool:
    return isinstance(value, int | float) and least <= value <= most  # NaN is not


def _is_share(value: object) -> bool:
    return _is_number(value, 0, 1) and value != 0


def _is_variables(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        _is_text(name) and (_is_text(one) or _is_number(one, -math.inf, math.inf))
        for name, one in value.items()
    )


def _is_partition(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and all(_is_text(name) and _is_share(share) for name, share in value.items())
        and math.isclose(sum(value.values()), 1, abs_tol=1e-6)
    )
