"""Where the files of the catalog and what is known of them lie on disk."""

from dataclasses import dataclass
from pathlib import Path

#: The folder beside the CSVs that holds records, partial bodies and locks.
HIDDEN = ".hotdog-sql"


@dataclass(frozen=True, slots=True)
class Places:
    """The paths that belong to one file of the catalog.

    Attributes:
        data: the file itself.
        hidden: the folder of all the others.
    """

    data: Path
    hidden: Path

    @classmethod
    def of(cls, data_dir: Path, name: str) -> "Places":
        """The places of the file with this name in this data folder."""
        return cls(data_dir / name, data_dir / HIDDEN)

    @property
    def record(self) -> Path:
        """The `Record` of the file in place."""
        return self._beside(".json")

    @property
    def part(self) -> Path:
        """The body as far as it has come."""
        return self._beside(".part")

    @property
    def part_record(self) -> Path:
        """The `Partial`: which body the part is a part of."""
        return self._beside(".part.json")

    @property
    def next_record(self) -> Path:
        """The `Record` of a part that is whole and verified, about to be moved into place."""
        return self._beside(".next.json")

    @property
    def lock(self) -> Path:
        """The file that whoever works on these places has locked."""
        return self._beside(".lock")

    def _beside(self, ending: str) -> Path:
        return self.hidden / (self.data.name + ending)
