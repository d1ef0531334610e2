"""What a connection looks at: a data folder, and which of its files."""

from dataclasses import dataclass
from pathlib import Path

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.limits import MEMORY_LIMIT


@dataclass(frozen=True, slots=True)
class Session:
    """What a connection looks at, and the means it may use.

    Attributes:
        data_dir: folder of the CSV files.
        release: `v6` or `v7`.
        splits: some of `test`, `validation`, `train`.
        labels: `human`, `machine` or `both`.
        threads: DuckDB's threads; None leaves it to DuckDB (one a core).
        memory_limit: such as `512MB`; beyond it DuckDB spills to the system's temporary folder.
            None leaves it to DuckDB.
        indexed: whether an index is read where there is one that is true to its CSV.
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


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file that a session reads.

    Attributes:
        catalog: its row of the catalog.
        path: where it is, or would be, in the data folder.
    """

    catalog: CatalogFile
    path: Path
