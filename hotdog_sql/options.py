"""The options of the commands and of Python: each value and its default, defined once."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from hotdog_sql.config import MEMORY_LIMIT


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


@dataclass(frozen=True, slots=True)
class DataOptions:
    """Which files to read, and the resources DuckDB may use.

    Attributes:
        data_dir: folder of the CSV files.
        release: `v6` or `v7`.
        splits: some of `test`, `validation`, `train`.
        labels: `human`, `machine` or `both`.
        threads: threads of DuckDB; None leaves it to DuckDB (one per core).
        memory_limit: such as `512MB`; beyond it DuckDB uses the system's temporary folder. None
            leaves it to DuckDB.
        indexed: whether to read an index where it matches its CSV.
    """

    data_dir: Path
    release: str = "v6"
    splits: tuple[str, ...] = ("test",)
    labels: str = "human"
    threads: int | None = None
    memory_limit: str | None = MEMORY_LIMIT
    indexed: bool = True

    def variables(self) -> dict[str, str]:
        """The session variables that the SQL reads with `getvariable`."""
        return {
            "data_dir": str(self.data_dir),
            "release": self.release,
            "split": ",".join(self.splits),
            "labels": self.labels,
        }
