"""The rows of a selection as photos for the downloader."""

from collections.abc import Iterator

from hotdog_sql.downloading.photo import Photo
from hotdog_sql.reserves import Reserves
from hotdog_sql.rows import RowTable


class SelectedPhotos:
    """Rows kept in a database, and the reserves that take the places of lost ones."""

    def __init__(self, rows: RowTable, reserves: Reserves | None) -> None:
        """Reads nothing yet.

        Args:
            rows: the selection.
            reserves: where further rows come from; None: nowhere.
        """
        self._rows = rows
        self._reserves = reserves

    def __len__(self) -> int:
        return self._rows.count()

    def photos(self) -> Iterator[Photo]:
        """The chosen photos, by folder and rank."""
        return map(Photo.from_row, self._rows)

    def reserves(self, folder: str) -> Iterator[Photo]:
        """The photos after the folder's last, in the seeded order."""
        if self._reserves is None:
            return
        for row in self._reserves.after(folder):
            yield Photo.from_row(row, reserve=True)
