"""The images that take the places of lost ones: those that follow in the seeded order."""

from collections.abc import Iterator
from typing import Any

from hotdog_sql.database import Database
from hotdog_sql.partition import Partition
from hotdog_sql.rows import RowTable
from hotdog_sql.selection import SELECT_IMAGES, SelectionRequest, bound_parameters

_KEEP_LARGER = f"CREATE OR REPLACE TABLE larger AS {SELECT_IMAGES}"

#: Reserves looked up at once: half as many again as were asked for, and never fewer than this.
_FEWEST = 50


class Reserves:
    """What would follow in each folder if more were asked for.

    A larger sample contains the smaller one, so the reserves are the larger sample's further rows.
    """

    def __init__(
        self, database: Database, request: SelectionRequest, partition: Partition | None
    ) -> None:
        self._database = database
        self._request = request
        self._partition = partition

    def after(self, folder: str) -> Iterator[dict[str, Any]]:
        """The rows that follow a folder's last one, as values by column.

        A folder that holds all there is has none.
        """
        self._database.use("select_images")
        parameters = bound_parameters(self._database, self._request)
        name = "negatives" if folder == self._request.negative_folder else "limit"
        count = parameters[name]
        while count is not None:
            more = count + max(count // 2, _FEWEST)
            self._database.execute(_KEEP_LARGER, parameters | {name: more})
            larger = RowTable(self._database, "larger")
            yield from self._rows(larger, folder, count)
            if larger.count(folder) < more:
                return
            count = more

    def _rows(self, larger: RowTable, folder: str, rank: int) -> Iterator[dict[str, Any]]:
        if self._partition is None:
            return larger.after(folder, rank)
        return self._partition.part(larger, self._request.seed).after(folder, rank)
