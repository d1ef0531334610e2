"""A whole download: from the photos of a selection to a finished dataset."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.dataset import Dataset, open_dataset
from hotdog_sql.downloader.executors import open_executor
from hotdog_sql.downloader.manifest import Row
from hotdog_sql.downloader.photo import Photo, safe_folder
from hotdog_sql.downloader.result import DownloadReport, Result, Status, split_errors
from hotdog_sql.downloader.shards import Shard, ShardCutter
from hotdog_sql.errors import SelectionFileError
from hotdog_sql.progress import Progress
from hotdog_sql.storage import open_storage
from hotdog_sql.text import printable

#: The photos that follow a folder's last in the seeded order, each taken as it is needed.
Replacements = Callable[[str], Iterator[Photo]]

#: Runs in which a photo may fail; after that it counts as lost.
_FAILED_RUNS = 3


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
    """Make or complete a dataset.

    What is in the dataset and its manifest already is not fetched again. The outcome depends on the
    selection and on what the servers answer, not on timing, on `options.workers`, on who runs the
    shards, or on how often the run was killed in between.

    `replacements` gives the photos that may replace lost ones of a folder, `count` says how many
    photos there are, `recipe` is for `selection.json` (None: not known).
    """
    options = options or DownloadOptions()
    progress = progress or Progress()
    with open_dataset(address, recipe, options) as dataset:
        progress.planned(count)
        run = _Run(dataset, options, progress, replacements)
        storage = dataset.storage
        if storage.folder is not None:  # workers of a cluster start in other folders
            storage = open_storage(storage.folder.absolute())
        empty = Shard((), storage, mirror_url, options, dataset.run_id)
        cutter = ShardCutter(empty, dataset.manifest.tars)
        with open_executor(empty, progress) as run_shards:
            for wanted in run.rounds(photos):
                for results in run_shards(cutter.cut(run.missing(wanted))):
                    for result in results:
                        run.settle(result)
        run.clean_up()
        dataset.finalize(run.report, recipe, options)
    return run.report


@dataclass(slots=True)
class _Folder:
    """How far a class folder has come."""

    lost: int = 0  # its photos that are lost, replacements among them
    taken: int = 0  # replacements that have been taken
    replacements: Iterator[Photo] | None = None  # those that are left
    exhausted: bool = False  # there are no more

    @property
    def lacks(self) -> int:
        """How many more replacements it is to take."""
        return 0 if self.exhausted else max(0, self.lost - self.taken)


@dataclass(slots=True)
class _Run:
    """One run over a dataset: finds the missing photos and records their results."""

    dataset: Dataset
    options: DownloadOptions
    progress: Progress
    replacements: Replacements | None
    report: DownloadReport = field(default_factory=DownloadReport)
    folders: dict[str, _Folder] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)  # folders by their names on disk

    def rounds(self, photos: Iterable[Photo]) -> Iterator[Iterable[Photo]]:
        """The selection, and then replacements as long as a folder lacks some."""
        yield photos
        take = self.replacements if self.options.top_up else None
        while take is not None and any(folder.lacks for folder in self.folders.values()):
            yield self._next_replacements(take)

    def missing(self, photos: Iterable[Photo]) -> Iterator[Photo]:
        """Those of the photos that are to be fetched; the others are counted."""
        for photo in photos:
            known = self.dataset.manifest.want(photo)
            if known.wanted > 1:
                continue  # selected twice
            if photo.folder not in self.folders:
                self._check_place(photo)
            folder = self.folders.setdefault(photo.folder, _Folder())
            folder.taken += photo.reserve
            if not self._is_settled(known):
                yield photo
                continue
            if (known.rank, known.reserve) != (photo.rank, photo.reserve):
                # A larger selection: what replaced a photo yesterday is selected itself today.
                self.dataset.append(replace(self.dataset.manifest.result(known), photo=photo))
            folder.lost += known.status == Status.LOST
            self.progress.finished(known.status, "", known=True, reserve=photo.reserve)

    def settle(self, result: Result) -> None:
        """Record the result of a photo."""
        if result.status is Status.FAILED:
            result = self._failed(result)
        self.dataset.append(result)
        if result.status is Status.DOWNLOADED:
            self.report.downloaded += 1
            self.report.received += result.size or 0
        self.folders[result.photo.folder].lost += result.status is Status.LOST
        self.progress.finished(
            result.status, result.source, known=False, reserve=result.photo.reserve
        )

    def clean_up(self) -> None:
        """Remove what is no longer selected, and count what could not be replaced."""
        for row in list(self.dataset.manifest.rows(unwanted=True)):
            folder = self.folders.get(row.folder)
            # A reserve whose place is taken by the photo that was lost once.
            spare = row.reserve and folder is not None and folder.taken >= folder.lost
            if self.options.update or (spare and self.options.top_up):
                if row.path:
                    self.dataset.storage.delete(row.path)
                self.dataset.manifest.forget(row)
        for name, folder in self.folders.items():
            if folder.exhausted:
                self.report.short[name] = folder.lost - folder.taken

    def _check_place(self, photo: Photo) -> None:
        """Refuse folders that become one on some file system: photos would replace each other."""
        place = safe_folder(photo.folder).casefold()
        other = self.places.setdefault(place, photo.folder)
        if other != photo.folder:
            raise SelectionFileError(
                f"the folders {printable(other)!r} and {printable(photo.folder)!r} would be one on "
                "disk; rename one of them in the selection"
            )

    def _is_settled(self, known: Row) -> bool:
        """Whether an earlier run has said the last word on a photo."""
        match known.status:
            case Status.DOWNLOADED:
                return self.dataset.has(known)
            case Status.LOST if self.options.in_tars:
                return True  # its replacement is in a tar, which is never changed
            case Status.LOST:
                errors = split_errors(self.dataset.manifest.columns(known)["error"])
                untried = set(self.options.sources) - {source for source, _ in errors}
                return not (untried or self.options.retry_failed)
            case _:
                return False

    def _failed(self, result: Result) -> Result:
        """A photo that failed, with what earlier runs say of it.

        What was lost stays lost until it is downloaded: a source that is silent today has not taken
        back that it does not have it, and a replacement has its place. A photo that fails in
        several runs counts as lost, so that it is replaced.
        """
        before = self.dataset.manifest.find(result.photo)
        runs = 1
        if before.status == Status.LOST:
            return self.dataset.manifest.result(before)
        if before.status == Status.FAILED:
            note = self.dataset.manifest.columns(before)["note"]
            known = re.search(r"failed in (\d+) runs", note)
            runs += int(known[1]) if known else 1
            result = replace(result, note=f"failed in {runs} runs")
        if runs >= _FAILED_RUNS or self.options.replace_failed:
            return replace(result, status=Status.LOST)
        return result

    def _next_replacements(self, take: Replacements) -> Iterator[Photo]:
        """As many as the folders lack: each takes the next in its order.

        However the losses come in, a folder ends with the first of its order that can be had: it
        never takes more replacements than it has losses.
        """
        for name, folder in self.folders.items():
            # Not what it lacks meanwhile: which photos are fetched together, and so are in one
            # tar, must not depend on how fast the servers answer.
            for _ in range(folder.lacks):
                if folder.replacements is None:
                    folder.replacements = take(name)
                photo = next(folder.replacements, None)
                if photo is None:
                    folder.exhausted = True
                    break
                yield photo._replace(reserve=True)
