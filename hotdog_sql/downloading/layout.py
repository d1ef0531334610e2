"""How a dataset keeps its photos: as files in class folders, or in tars."""

from dataclasses import dataclass

from hotdog_sql.downloading.ledger import Ledger
from hotdog_sql.downloading.options import DownloadOptions
from hotdog_sql.errors import DatasetError, InputError
from hotdog_sql.options import DatasetFormat

#: Photos of a tar, and of what a worker of a cluster is handed where there are no tars.
TAR_SIZE = 10_000
PIECE_SIZE = 1_000


@dataclass(frozen=True, slots=True)
class Layout:
    """How a dataset keeps its photos.

    Attributes:
        format: `files`, or `webdataset`.
        shard_size: photos of a tar, or of what a worker of a cluster is handed at once; None: a
            size that is good for the format.
    """

    format: DatasetFormat = DatasetFormat.FILES
    shard_size: int | None = None

    @property
    def in_tars(self) -> bool:
        """Whether the photos are in tars."""
        return self.format is DatasetFormat.WEBDATASET

    @property
    def size(self) -> int:
        """Photos of a shard."""
        return self.shard_size or (TAR_SIZE if self.in_tars else PIECE_SIZE)

    def check(self, options: DownloadOptions) -> None:
        """See that the options are possible with it.

        Raises:
            InputError: they would have to change tars that are there.
        """
        if self.in_tars and (options.update or options.retry_failed):
            raise InputError(
                "tars that are there are not changed: leave out --update and --retry-failed, or "
                "choose another folder"
            )

    def check_dataset(self, ledger: Ledger, name: str) -> None:
        """See that the dataset was begun with it.

        Raises:
            DatasetError: it keeps its photos otherwise.
        """
        if self.in_tars and ledger.has_files():
            raise DatasetError(
                f"{name} has its photos in files: leave out --dataset-format, or choose another "
                "folder"
            )
        if not self.in_tars and ledger.tars():
            raise DatasetError(
                f"{name} has its photos in tars: add --dataset-format webdataset, or choose "
                "another folder"
            )
