"""The options that the command line and the Python API share, with their defaults."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum, auto
from pathlib import Path

from hotdog_sql.config import MEMORY_LIMIT
from hotdog_sql.errors import InputError
from hotdog_sql.option_checks import check, check_options, is_number, is_text
from hotdog_sql.text import printable

#: Default minimum confidence of a positive label; labels by people have 1.
MIN_CONFIDENCE = 1.0
#: The fields of `SelectOptions` that also apply to a query or a list.
WITHOUT_CLASSES = ("query", "ids", "variables", "seed", "partition", "group_by")
BOX_RULES = ("min_area", "max_area", "no_group_of", "no_depiction", "no_truncated")


class Split(StrEnum):
    """A split of Open Images, or all of them."""

    TEST = auto()
    VALIDATION = auto()
    TRAIN = auto()
    ALL = auto()


class Release(StrEnum):
    """A release of Open Images."""

    V6 = auto()
    V7 = auto()


class Labels(StrEnum):
    """Whose labels count: people's, a model's, or both."""

    HUMAN = auto()
    MACHINE = auto()
    BOTH = auto()


class Related(StrEnum):
    """Which classes count as related to a requested one; no negative may carry them."""

    PREFIX = auto()
    NONE = auto()
    HIERARCHY = auto()


class Overlap(StrEnum):
    """The folder of an image that carries several requested classes."""

    LEAVE_OUT = auto()
    FIRST = auto()
    BOTH = auto()


class NegativesFrom(StrEnum):
    """Which images become negatives."""

    RANDOM = auto()
    VERIFIED = auto()
    MIXED = auto()


class GroupBy(StrEnum):
    """What a partition keeps together in one part."""

    IMAGE = auto()
    AUTHOR = auto()


class Source(StrEnum):
    """Where a photo's bytes come from."""

    MIRROR = auto()
    ORIGINAL = auto()
    THUMBNAIL = auto()


class BoxFormat(StrEnum):
    """The annotation format of boxes, for object detectors."""

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
        threads: DuckDB threads, by default one per core.
        memory_limit: memory limit of DuckDB. Beyond it, DuckDB uses the temporary folder; for a
            class of half a million images, a larger one such as 3GB is faster.
        indexed: read a file's index if it matches the CSV.
        offline: fetch no Open Images files; a missing one is an error.
        large: start a large download without asking.

    Raises:
        InputError: an option has the wrong type, is out of range or does not exist.
    """

    data_dir: Path = Path("data")
    release: str = Release.V6
    splits: tuple[str, ...] = (Split.TEST,)
    labels: str = Labels.HUMAN
    threads: int | None = None
    memory_limit: str | None = MEMORY_LIMIT
    indexed: bool = True
    offline: bool = False
    large: bool = False

    def __post_init__(self) -> None:
        check_options(self)
        order = ("test", "validation", "train")
        splits = tuple(split for split in order if split in self.splits or "all" in self.splits)
        object.__setattr__(self, "splits", splits)

    def variables(self) -> dict[str, str]:
        """Return the session variables that the SQL reads with `getvariable`."""
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
        ratio: number of images without the classes per image with one; sets `negatives` to 0.
        seed: seed of the random order.
        limit: maximum number of positives in each folder, by default all.
        min_confidence: minimum confidence of a positive label.
        related: related classes, which no negative may carry. prefix: their names begin with the
            class's name; hierarchy: these, and their kinds and parts in the Open Images hierarchy.
        exclude: another class that no negative may carry.
        overlap: what to do with an image of several requested classes.
        negatives_from: which images are negatives. verified: those in which a person did not find
            the class; mixed: these first, then random ones.
        negative_folder: folder of the negatives.
        min_area: select an image only if a box of the class covers this share of it, 0 to 1.
        max_area: select an image only if its largest box covers at most this share.
        no_group_of: skip images without a box, or whose largest is around a group of objects.
        no_depiction: skip images without a box, or whose largest is around a drawing or a model.
        no_truncated: skip images without a box, or whose largest is around an object that the photo
            cuts off.
        query: one SELECT that yields ImageID, folder and, optionally, rank.
        variables: session variable that the query reads with `getvariable`. On the command line,
            40 and 0.5 are numbers; 007, 1e3 and names are texts.
        ids: file of ImageIDs: one per line, or a .csv, .json or .parquet that may name folders too.
        partition: share of each part, such as 80/20, 80/10/10 or train=0.8,test=0.2.
        group_by: what stays in one part: all copies of an image, or all images by an author.

    Raises:
        InputError: an option has the wrong type, is out of range or does not exist.
    """

    classes: tuple[str, ...] = ()
    negatives: int = 120
    ratio: float | None = None
    seed: int = 42
    limit: int | None = None
    min_confidence: float = MIN_CONFIDENCE
    related: str = Related.PREFIX
    exclude: tuple[str, ...] = ()
    overlap: str = Overlap.LEAVE_OUT
    negatives_from: str = NegativesFrom.RANDOM
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
    group_by: str = GroupBy.IMAGE

    def __post_init__(self) -> None:
        check_options(self)
        check(self, "variables", _is_variables(self.variables), "texts or numbers by name")
        if isinstance(self.partition, str):
            object.__setattr__(self, "partition", parse_partition(self.partition))
        if self.partition is not None:
            check(self, "partition", _is_partition(self.partition), _SHARES)
            shares = {name: float(share) for name, share in self.partition.items()}
            object.__setattr__(self, "partition", shares)
        if self.ratio is not None:
            object.__setattr__(self, "negatives", 0)
        if (self.query is None and self.ids is None) == (not self.classes):
            raise InputError("give either classes, or a query or a list to select by")
        for option in fields(self):
            changed = getattr(self, option.name) != option.default
            if changed and not self.classes and option.name not in WITHOUT_CLASSES:
                raise InputError(f"{option.name} needs classes: leave it out")
        if self.min_area is not None and self.max_area is not None:
            check(self, "min_area", self.min_area <= self.max_area, "a number up to max_area")

    @property
    def has_box_rules(self) -> bool:
        """Whether the boxes of an image decide if it is selected."""
        values = [getattr(self, name) for name in BOX_RULES]
        return any(value is not None and value is not False for value in values)


_SHARES = "shares that add up to 1, such as train=0.8,test=0.2 or 80/20"
#: Names of the parts of a partition such as 80/20, by their number.
_PART_NAMES = {2: ("train", "test"), 3: ("train", "validation", "test")}


def parse_partition(text: str) -> dict[str, float]:
    """Return the shares in `train=0.8,test=0.2`, `train=80%,test=20%`, `80/20` or `80/10/10`."""
    if "=" in text:
        parts = [part.partition("=")[::2] for part in text.split(",")]
    else:
        numbers = text.split("/")
        parts = list(zip(_PART_NAMES.get(len(numbers), ()), numbers, strict=False))
    try:
        shares = {name.strip(): float(share.strip().removesuffix("%")) for name, share in parts}
    except ValueError:
        shares = {}
    if math.isclose(sum(shares.values()), 100, abs_tol=1e-4):
        shares = {name: share / 100 for name, share in shares.items()}
    if len(shares) != len(parts) or not _is_partition(shares):
        raise InputError(f"{printable(text)!r} is not a partition; give {_SHARES}")
    return shares


def _is_variables(variables: object) -> bool:
    return isinstance(variables, Mapping) and all(
        is_text(name)
        and (
            is_text(value)
            # A recipe is JSON, which has Python's numbers only.
            or (isinstance(value, int | float) and is_number(value, float, -math.inf, math.inf))
        )
        for name, value in variables.items()
    )


def _is_partition(shares: object) -> bool:
    return (
        isinstance(shares, Mapping)
        and all(is_text(key) and is_number(shares[key], float, 1e-6, 1) for key in shares)
        and math.isclose(sum(shares.values()), 1, abs_tol=1e-6)
    )
