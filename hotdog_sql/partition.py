"""Parts of a dataset, such as train, validation and test, that do not leak into each other."""

import math
from dataclasses import dataclass
from typing import Self

from hotdog_sql.errors import InputError
from hotdog_sql.rows import RowTable
from hotdog_sql.text import printable

_ROWS = "FROM partition_rows($rows, $names, $shares, seed := $seed, group_by := $group_by)"
_KEEP = f"CREATE OR REPLACE TABLE partitioned AS {_ROWS}"
_SAFE = "SELECT name FROM (SELECT unnest($names) AS name) WHERE NOT is_safe_folder(name)"


@dataclass(frozen=True, slots=True)
class Partition:
    """How a dataset is parted.

    Attributes:
        shares: share of each part by its name; they add up to 1.
        group_by: what stays together: `image` (all copies of a photo) or `author`.
    """

    shares: dict[str, float]
    group_by: str = "image"

    @classmethod
    def parse(cls, text: str, group_by: str = "image") -> Self:
        """A partition from `train=0.8,validation=0.1,test=0.1`.

        Raises:
            InputError: the text is of another form, or the shares do not add up to 1.
        """
        shares = {}
        try:
            for part in text.split(","):
                name, _, share = part.partition("=")
                shares[name.strip()] = float(share)
        except ValueError as error:
            raise InputError(
                f"{printable(text)!r} is no partition: write it as train=0.8,test=0.2"
            ) from error
        positive = all(share > 0 for share in shares.values())
        if not positive or not math.isclose(sum(shares.values()), 1, abs_tol=1e-6):
            raise InputError(
                f"the shares in {printable(text)!r} do not add up to 1: write it as "
                "train=0.8,test=0.2"
            )
        return cls(shares, group_by)

    def part(self, rows: RowTable, seed: int) -> RowTable:
        """The rows with their parts, in the table `partitioned`.

        Raises:
            InputError: a part's name cannot be a folder.
        """
        rows.database.use("partition_rows", "is_safe_folder")
        names = list(self.shares)
        unsafe = rows.database.rows(_SAFE, {"names": names})
        if unsafe:
            raise InputError(
                f"{printable(unsafe[0][0])!r} cannot name a part: use letters, digits, - and _"
            )
        rows.database.execute(
            _KEEP,
            {
                "rows": rows.table,
                "names": names,
                "shares": list(self.shares.values()),
                "seed": seed,
                "group_by": self.group_by,
            },
        )
        return RowTable(rows.database, "partitioned")
