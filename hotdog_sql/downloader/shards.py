"""A piece of a download: what a worker of a cluster, or this process, is handed at once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.photo import Photo
from hotdog_sql.downloader.tars import tar_name
from hotdog_sql.errors import DatasetError
from hotdog_sql.storage import RUN_FILE, WORK_FOLDER, Storage


@dataclass(frozen=True, slots=True)
class Shard:
    """Photos to fetch, and all that their results depend on beside what the servers answer.

    `number` is unique in the run; `tar` takes the photos, or is empty where each is a file of its
    own; `classes` numbers the class folders for it; `heard`: a host has answered in this run.
    """

    # Text that may end up in a worker's log has neither photos nor addresses.
    photos: tuple[Photo, ...] = field(repr=False)
    storage: Storage = field(repr=False)
    mirror_url: str = field(repr=False)
    options: DownloadOptions = field(repr=False)
    run_id: str
    number: int = 0
    tar: str = ""
    classes: Mapping[str, int] = field(default_factory=dict, repr=False)
    heard: bool = False

    @property
    def result_file(self) -> str:
        """Path of the shard's result file in the dataset."""
        return f"{WORK_FOLDER}/shard-{self.run_id}-{self.number:06d}.csv"

    def check_current(self) -> None:
        """See that the dataset is still of the run that made the shard, and takes its results."""
        if self.storage.read(RUN_FILE) != self.run_id.encode():
            raise DatasetError(
                f"another run has taken over {self.storage.name}: let it end, "
                "then run the same command again"
            )


class ShardCutter:
    """Cuts photos into shards of neighbours, those for tars by partition.

    Where a shard ends depends on the photos alone, not on who is done first.
    """

    def __init__(self, empty: Shard, used: set[str]) -> None:
        """Makes shards like the empty one; `used` are the tars that hold photos."""
        self._empty = empty
        self._used = set(used)
        self._numbers = count(1)
        self._classes: dict[str, int] = {}

    def cut(self, photos: Iterable[Photo]) -> Iterator[Shard]:
        """Shards of the photos, which are taken from their iterable as shards are asked for."""
        options = self._empty.options
        begun: dict[str, dict[tuple[str, str], Photo]] = {}
        for photo in photos:
            partition = photo.partition if options.in_tars else ""
            # Class folders are numbered in the order in which the selection names them.
            self._classes.setdefault(photo.folder, len(self._classes))
            # An image of two folders cannot be in one tar twice.
            key = ("" if options.in_tars else photo.folder, photo.image_id)
            rows = begun.get(partition, {})
            if len(rows) == options.photos_per_shard or key in rows:
                yield self._shard(partition, begun.pop(partition))
            begun.setdefault(partition, {})[key] = photo
        for partition, rows in begun.items():
            yield self._shard(partition, rows)

    def _shard(self, partition: str, rows: Mapping[tuple[str, str], Photo]) -> Shard:
        shard = replace(self._empty, photos=tuple(rows.values()), number=next(self._numbers))
        if not shard.options.in_tars:
            return shard
        return replace(shard, tar=self._next_tar(partition), classes=dict(self._classes))

    def _next_tar(self, partition: str) -> str:
        """The tar with the lowest free number; one without rows in the manifest is replaced."""
        for number in count():
            tar = tar_name(partition, number)
            if tar not in self._used:
                break
        self._used.add(tar)
        return tar
