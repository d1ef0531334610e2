"""Shards: parts of a download that this process or a worker of a cluster runs one at a time."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.manifest import Manifest
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


def cut(
    photos: Iterable[Photo], template: Shard, numbers: Iterator[int], manifest: Manifest
) -> Iterator[Shard]:
    """Cut photos into shards of consecutive photos with the template's settings.

    Each tar gets the lowest number that the manifest does not use. A class folder has the same
    number in all tars.
    """
    for partition, group in _groups(photos, template.options):
        shard = replace(template, photos=tuple(group), number=next(numbers))
        if template.options.in_tars:
            tars = (tar_name(partition, number) for number in count())
            tar = next(tar for tar in tars if tar not in manifest.tars)
            manifest.tars.add(tar)
            classes = {folder: number for number, folder in enumerate(manifest.selected_folders)}
            shard = replace(shard, tar=tar, classes=classes)
        yield shard


def _groups(
    photos: Iterable[Photo], options: DownloadOptions
) -> Iterator[tuple[str, Iterable[Photo]]]:
    """Yield the photos of each shard, which depend on nothing else, and the partition of a tar."""
    groups: dict[str, dict[object, Photo]] = {}
    for photo in photos:
        partition = photo.partition if options.in_tars else ""
        # A tar cannot contain an image twice, even for two folders.
        key = photo.image_id if options.in_tars else photo
        group = groups.get(partition, {})
        if len(group) == options.photos_per_shard or key in group:
            yield partition, groups.pop(partition).values()
        groups.setdefault(partition, {})[key] = photo
    for partition, group in groups.items():
        yield partition, group.values()
