"""Shards: parts of a download that this process or a worker of a cluster runs one at a time."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.photo import Photo
from hotdog_sql.downloader.tars import tar_name
from hotdog_sql.errors import DatasetError
from hotdog_sql.storage import RUN_FILE, WORK_FOLDER, Storage


@dataclass(frozen=True, slots=True)
class Shard:
    """Photos to download, and the settings that their results depend on.

    `number` is unique in the run; `tar` is the tar for the photos, or empty if they are files;
    `classes` numbers the class folders in it; `host_responded`: a host has responded in this run;
    `pools` shards share the limits per host.
    """

    # Workers may log the repr, so it omits photos and addresses.
    photos: tuple[Photo, ...] = field(repr=False)
    storage: Storage = field(repr=False)
    mirror_url: str = field(repr=False)
    options: DownloadOptions = field(repr=False)
    run_id: str
    number: int = 0
    tar: str = ""
    classes: Mapping[str, int] = field(default_factory=dict, repr=False)
    host_responded: bool = False
    pools: int = 1

    @property
    def result_file(self) -> str:
        """The path of the shard's result file in the dataset."""
        return f"{WORK_FOLDER}/shard-{self.run_id}-{self.number:06d}.csv"

    def check_current(self) -> None:
        """Raise `DatasetError` if another run has taken over the dataset."""
        run_id = self.storage.read(RUN_FILE)
        if run_id is None:
            raise DatasetError(
                f"this machine sees no download into {self.storage.name}: if it has not ended, "
                "choose a folder or an address that all machines share"
            )
        if run_id != self.run_id.encode():
            raise DatasetError(
                f"another run has taken over {self.storage.name}: let it end, "
                "then run the same command again"
            )


class ShardCutter:
    """Cuts photos into shards of consecutive photos; shards for tars have one partition each.

    Shard boundaries depend only on the photos, not on timing.
    """

    def __init__(
        self, template: Shard, used_tars: set[str], class_folders: Collection[str]
    ) -> None:
        """Shards get the template's settings; `used_tars` are those that contain photos.

        `class_folders` has the folders of the photos so far, those of earlier runs included, in the
        order of the selection.
        """
        self._template = template
        self._used_tars = set(used_tars)
        self._class_folders = class_folders
        self._numbers = count(1)

    def cut(self, photos: Iterable[Photo]) -> Iterator[Shard]:
        """Yield shards of the photos, which are taken from their iterable as needed."""
        options = self._template.options
        open_shards: dict[str, dict[tuple[str, str], Photo]] = {}
        for photo in photos:
            partition = photo.partition if options.in_tars else ""
            # A tar cannot contain an image twice, even for two folders.
            key = ("" if options.in_tars else photo.folder, photo.image_id)
            rows = open_shards.get(partition, {})
            if len(rows) == options.photos_per_shard or key in rows:
                yield self._shard(partition, open_shards.pop(partition))
            open_shards.setdefault(partition, {})[key] = photo
        for partition, rows in open_shards.items():
            yield self._shard(partition, rows)

    def _shard(self, partition: str, rows: Mapping[tuple[str, str], Photo]) -> Shard:
        shard = replace(self._template, photos=tuple(rows.values()), number=next(self._numbers))
        if not shard.options.in_tars:
            return shard
        classes = {folder: number for number, folder in enumerate(self._class_folders)}
        return replace(shard, tar=self._next_tar(partition), classes=classes)

    def _next_tar(self, partition: str) -> str:
        """Return the tar with the lowest number that the manifest does not use."""
        for number in count():
            tar = tar_name(partition, number)
            if tar not in self._used_tars:
                break
        self._used_tars.add(tar)
        return tar
