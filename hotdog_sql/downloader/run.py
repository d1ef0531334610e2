"""Download the photos of a selection into a dataset."""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.dataset import Dataset, open_dataset
from hotdog_sql.downloader.executors import Shard, open_executor
from hotdog_sql.downloader.hosts import GIVEN_UP
from hotdog_sql.downloader.manifest import Row
from hotdog_sql.downloader.photo import Photo, safe_folder
from hotdog_sql.downloader.result import DownloadReport, Result, Status, split_errors
from hotdog_sql.downloader.tars import tar_name
from hotdog_sql.errors import SelectionFileError
from hotdog_sql.progress import Progress
from hotdog_sql.storage import open_storage
from hotdog_sql.text import printable

#: Returns the photos that follow the selection of a folder in the seeded order.
Replacements = Callable[[str], Iterator[Photo]]

#: Failed runs after which a photo counts as lost.
_MAX_FAILED_RUNS = 3


def download(
    photos: Iterable[Photo],
    address: str | Path,
    *,
    mirror_url: str,
    options: DownloadOptions | None = None,
    replacements: Replacements | None = None,
    count: int | None = None,
    recipe: Mapping[str, object] | None = None,
    progress: Progress | None = None,
) -> DownloadReport:
    """Create or resume a dataset.

    Photos that the dataset already has are not downloaded again. The result depends only on the
    selection and the servers' responses, not on timing, workers or interruptions.

    `replacements` returns the photos that may replace lost ones of a folder, `count` is the number
    of photos, and `recipe` is the content of `selection.json` (None: unknown).
    """
    options = options or DownloadOptions()
    progress = progress or Progress()
    with open_dataset(address, recipe, options) as dataset:
        progress.planned(count)
        run = _Run(dataset, options, progress, replacements)
        storage = dataset.storage
        if storage.folder is not None:  # workers of a cluster have other working directories
            storage = open_storage(storage.folder.absolute())
        template = Shard((), storage, mirror_url, replace(options, scheduler=None), dataset.run_id)
        with open_executor(template, options.scheduler, progress) as run_shards:
            for candidates in run.rounds(photos):
                for results in run_shards(run.shards(candidates, template)):
                    run.record(results)
        run.clean_up()
        dataset.finalize(run.report, recipe, options)
    return run.report


@dataclass(slots=True)
class _Run:
    """One run over a dataset: finds the missing photos and records their results."""

    dataset: Dataset
    options: DownloadOptions
    progress: Progress
    replacements: Replacements | None
    report: DownloadReport = field(default_factory=DownloadReport)
    lost: Counter[str] = field(default_factory=Counter)  # by folder, with lost replacements
    requested: Counter[str] = field(default_factory=Counter)  # replacements selected, by folder
    folders: dict[str, str] = field(default_factory=dict)  # by name on disk
    partitions: set[str] = field(default_factory=set)
    last_shard: int = 0  # its number

    def rounds(self, photos: Iterable[Photo]) -> Iterator[Iterable[Photo]]:
        """Yield the selection, and then replacements while any folder needs some."""
        yield photos
        if self.replacements is None or not self.options.top_up:
            return
        available = {folder: self.replacements(folder) for folder in self.folders.values()}
        while any(self.lost[folder] > self.requested[folder] for folder in available):
            yield self._next_replacements(available)
        short = self.lost - self.requested
        self.report.short = {name: short[name] for name in self.folders.values() if short[name]}

    def missing(self, photos: Iterable[Photo]) -> Iterator[Photo]:
        """Yield the photos to download, and count the others."""
        for photo in photos:
            row = self.dataset.manifest.mark_selected(photo)
            if row.selected > 1:
                continue  # a duplicate
            folder = self.folders.setdefault(safe_folder(photo.folder).casefold(), photo.folder)
            if folder != photo.folder:
                raise SelectionFileError(
                    f"the folders {printable(folder)!r} and {printable(photo.folder)!r} would be "
                    "one on disk; rename one of them in the selection"
                )
            self.requested[folder] += photo.reserve
            self.partitions.add(photo.partition)
            if not self._is_done(row):
                yield photo
                continue
            recorded = (row.partition, row.rank, row.reserve)
            if recorded != (photo.partition, photo.rank, photo.reserve):
                # For example, a larger selection contains a photo that was a replacement before.
                self.dataset.reassign(row, photo, update=self.options.update)
            self.lost[folder] += row.status == Status.LOST
            self.progress.finished(row.status, "", known=True, reserve=photo.reserve)

    def shards(self, photos: Iterable[Photo], template: Shard) -> Iterator[Shard]:
        """Cut the photos to download into shards with the template's settings.

        Each tar gets the lowest number that the manifest does not use. A class folder has the same
        number in all tars.
        """
        manifest = self.dataset.manifest
        for partition, group in _groups(self.missing(photos), self.options):
            self.last_shard += 1
            shard = replace(template, photos=tuple(group), number=self.last_shard)
            if self.options.in_tars:
                tars = (tar_name(partition, number) for number in itertools.count())
                tar = next(tar for tar in tars if tar not in manifest.tars)
                manifest.tars.add(tar)
                classes = {name: number for number, name in enumerate(manifest.selected_folders)}
                shard = replace(shard, tar=tar, classes=classes)
            yield shard

    def record(self, results: Iterable[Result]) -> None:
        """Record the results of some photos, such as those of a tar, all or none."""
        results = list(map(self._merge_failure, results))
        self.dataset.append(*results)
        for result in results:
            if result.status is Status.DOWNLOADED:
                self.report.downloaded += 1
                self.report.received += result.size or 0
            self.lost[result.photo.folder] += result.status is Status.LOST
            reserve = result.photo.reserve
            self.progress.finished(result.status, result.source, known=False, reserve=reserve)

    def clean_up(self) -> None:
        """Remove the photos that are no longer selected, or count them."""
        manifest = self.dataset.manifest
        manifest.discard_failed()  # otherwise no later run would be complete
        for folder, partition, reserve, files in manifest.unselected():
            if self._is_removable(folder, partition, reserve):
                manifest.discard(folder, partition, reserve)
            elif not reserve:
                self.report.unselected += files

    def _is_removable(self, folder: str, partition: str, reserve: bool) -> bool:
        """Return whether to remove photos that are not selected."""
        is_reserve = reserve and folder in self.dataset.manifest.selected_folders
        # A reserve is surplus once the photo that it replaced has been downloaded.
        is_surplus = is_reserve and self.requested[folder] >= self.lost[folder]
        # Without a recipe, no photo can be selected in place of a lost one, and tars never change.
        can_replace = self.replacements is not None and not self.options.in_tars
        if self.options.update:
            is_needed = is_reserve and partition in self.partitions
            return can_replace or is_surplus or not is_needed
        return is_surplus and can_replace and self.options.top_up

    def _is_done(self, row: Row) -> bool:
        """Return whether a photo needs no further download."""
        match row.status:
            case Status.DOWNLOADED:
                return self.dataset.has(row)
            case Status.LOST if self.options.in_tars:
                return True  # its replacement is in a tar, which is never changed
            case Status.LOST:
                errors = split_errors(self.dataset.manifest.columns(row)["error"])
                untried = set(self.options.sources) - {source for source, _ in errors}
                return not (untried or self.options.retry_failed)
            case _:
                return False

    def _merge_failure(self, result: Result) -> Result:
        """Combine a result that has failed with the results of earlier runs."""
        if result.status is not Status.FAILED:
            return result
        manifest = self.dataset.manifest
        previous = manifest.find(result.photo)
        if previous.status == Status.LOST:  # it may already have a replacement
            return replace(manifest.result(previous), photo=result.photo)
        runs = 1
        if previous.status == Status.FAILED:
            match = re.search(r"failed in (\d+) runs", manifest.columns(previous)["note"])
            runs += int(match[1]) if match else 1
            result = replace(result, note=f"failed in {runs} runs")
        # A host that responded before is likely to have the photo in a later run, and another
        # machine may have the memory to decode it.
        is_lost = runs >= _MAX_FAILED_RUNS
        is_lost |= self.options.replace_failed and GIVEN_UP not in result.error
        is_lost &= MemoryError.__name__ not in result.error
        return replace(result, status=Status.LOST) if is_lost else result

    def _next_replacements(self, available: dict[str, Iterator[Photo]]) -> Iterator[Photo]:
        """Yield the replacements that folders need, and drop the folders that have no more."""
        for folder in list(available):
            # As many as are lost now: the photos of a round, and so of a tar, do not depend on
            # timing, and each folder ends with the first available photos of its order.
            for _ in range(self.lost[folder] - self.requested[folder]):
                photo = next(available[folder], None)
                if photo is None:
                    del available[folder]
                    break
                yield photo._replace(reserve=True)


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
