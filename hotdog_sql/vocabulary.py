"""The words that options, Python and SQL share for a value out of a fixed few."""

from enum import StrEnum


class Split(StrEnum):
    """A split of Open Images, or all of them."""

    TEST = "test"
    VALIDATION = "validation"
    TRAIN = "train"
    ALL = "all"


class Release(StrEnum):
    """A release of Open Images."""

    V6 = "v6"
    V7 = "v7"


class Labels(StrEnum):
    """Whose labels count: people's, a model's, or both."""

    HUMAN = "human"
    MACHINE = "machine"
    BOTH = "both"


class Related(StrEnum):
    """Which classes are too near to a chosen one for a negative."""

    PREFIX = "prefix"
    NONE = "none"
    HIERARCHY = "hierarchy"


class Overlap(StrEnum):
    """What becomes of an image that carries several chosen classes."""

    LEAVE_OUT = "leave_out"
    FIRST = "first"
    BOTH = "both"


class NegativesFrom(StrEnum):
    """Which images are negatives."""

    RANDOM = "random"
    VERIFIED = "verified"
    MIXED = "mixed"


class GroupBy(StrEnum):
    """What never stands in two parts of a dataset."""

    IMAGE = "image"
    AUTHOR = "author"


class RowFormat(StrEnum):
    """How rows are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


class Source(StrEnum):
    """Where a photo's bytes come from."""

    MIRROR = "mirror"
    ORIGINAL = "original"
    THUMBNAIL = "thumbnail"


class DatasetFormat(StrEnum):
    """How a dataset keeps its photos."""

    FILES = "files"
    WEBDATASET = "webdataset"
