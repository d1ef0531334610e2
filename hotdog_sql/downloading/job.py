"""A whole download: from the rows of a selection to a finished dataset."""

from collections.abc import Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from hotdog_sql.config import Settings
from hotdog_sql.downloading import manifest
from hotdog_sql.downloading.destination import Destination
from hotdog_sql.downloading.engine import Engine
from hotdog_sql.downloading.entry import Entry, Status
from hotdog_sql.downloading.events import Listener
from hotdog_sql.downloading.fleet import Fleet, OwnFleet
from hotdog_sql.downloading.layout import Layout
from hotdog_sql.downloading.ledger import Ledger, Row
from hotdog_sql.downloading.options import DownloadOptions
from hotdog_sql.downloading.photo import Photo
from hotdog_sql.downloading.place import Place, open_place, record_names
from hotdog_sql.downloading.receipt import receipt_of
from hotdog_sql.downloading.record import NAME as RECORD
from hotdog_sql.downloading.record import begin_record, write_record
from hotdog_sql.downloading.records import write_records
from hotdog_sql.downloading.report import DownloadReport
from hotdog_sql.downloading.spread import Spread, Tars


class PhotoSource(Protocol):
    """Where photos to be downloaded are named. One that knows how many has a `len()`."""

    def photos(self) -> Iterator[Photo]:
        """The chosen photos, by folder and rank."""
        ...

    def replacements(self, folder: str) -> Iterator[Photo]:
        """The photos after the folder's last, in the seeded order; none where none may be taken.

        Asked for after `photos` has ended, and taken one by one as they are needed.
        """
        ...


def download(
    source: PhotoSource,
    directory: Path | Destination,
    *,
    settings: Settings,
    options: DownloadOptions | None = None,
    record: Mapping[str, object] | None = None,
    listener: Listener | None = None,
    layout: Layout | None = None,
    fleet: Fleet | None = None,
) -> DownloadReport:
    """Make or complete a dataset.

    What is on disk and in the manifest already is not fetched again. The result depends on the
    selection and on what the servers answer, not on timing, on `options.workers`, on who fetches,
    or on how often the run was killed in between.

    Args:
        source: the selection.
        directory: the dataset, made where there is none.
        settings: where the mirror is.
        options: how it is done.
        record: how the selection was made, for `selection.json`; None: not known.
        listener: hears what happens.
        layout: how the dataset keeps its photos; None: as files in class folders.
        fleet: who fetches the photos; None: this process.

    Raises:
        DatasetLockedError: another run is working on the dataset.
        DatasetError: the folder holds another selection, photos that are altered otherwise, or a
            manifest that is not ours.
        StorageError: something cannot be written; the manifest is true up to then.
        SelectionFileError: a row cannot be used.
        InputError: layout and options do not go together.
        ClusterError: the fleet cannot be used.
        KeyboardInterrupt: stopped; the manifest is true up to then.
    """
    options = options or DownloadOptions()
    listener = listener or Listener()
    layout = layout or Layout()
    layout.check(options)
    destination = Destination.of(directory)
    listener.planned(len(source) if isinstance(source, Sized) else None)
    with open_place(destination) as place:
        records = place.directory
        if begin_record(
            record,
            options.alterations,
            records,
            place.scratch,
            update=options.update,
            called=str(destination),
        ):
            place.publish(RECORD)
        with Ledger(records / manifest.NAME) as ledger:
            layout.check_dataset(ledger, str(destination))
            engine: Engine | Spread
            if fleet is None and not layout.in_tars:
                engine = Engine(place.store, place.scratch, settings.mirror_url, options, listener)
            else:
                engine = Spread(
                    fleet or OwnFleet(listener),
                    destination,
                    settings.mirror_url,
                    options,
                    listener,
                    shard_size=layout.size,
                    tars=Tars(ledger.tars()) if layout.in_tars else None,
                    run=place.run,
                    settled=lambda shard: place.drop(receipt_of(shard)),
                )
            with engine:
                job = _Job(source, place, ledger, engine, options, listener, in_tars=layout.in_tars)
                job.run()
            if options.update:
                job.drop_unselected()
            write_records(ledger, records, place.scratch, job.report)
        # An update is of the new selection once it is done, and not before: a run that is
        # stopped in its middle has to be told again.
        if record is not None and options.update:
            write_record(record, options.alterations, records, place.scratch)
        place.publish(*record_names(records))
    return job.report


@dataclass(slots=True)
class _Folder:
    """How far a folder has come.

    Attributes:
        lost: photos of it that are lost, reserves among them.
        taken: reserves that have been taken.
        reserves: those that are left.
        exhausted: there are no more.
    """

    lost: int = 0
    taken: int = 0
    reserves: Iterator[Photo] | None = None
    exhausted: bool = False

    @property
    def lacks(self) -> bool:
        """Whether it is to take another reserve."""
        return self.taken < self.lost and not self.exhausted


class _Job:
    """The run of `download` between opening and closing."""

    def __init__(
        self,
        source: PhotoSource,
        place: Place,
        ledger: Ledger,
        engine: Engine | Spread,
        options: DownloadOptions,
        listener: Listener,
        *,
        in_tars: bool,
    ) -> None:
        self.report = DownloadReport()
        self._source = source
        self._place = place
        self._ledger = ledger
        self._engine = engine
        self._options = options
        self._listener = listener
        self._in_tars = in_tars
        self._folders: dict[str, _Folder] = {}

    def run(self) -> None:
        self._fetch(self._source.photos())
        if self._options.top_up:
            while any(folder.lacks for folder in self._folders.values()):
                self._fetch(self._next_reserves())
            self._drop_spare_reserves()
            for name, folder in self._folders.items():
                if folder.exhausted and folder.taken:
                    self.report.short[name] = folder.lost - folder.taken

    def _fetch(self, photos: Iterable[Photo]) -> None:
        for entry in self._engine.run(self._missing(photos)):
            self._settle(entry)

    def _missing(self, photos: Iterable[Photo]) -> Iterator[Photo]:
        """Those of the photos that are to be fetched; the others are counted."""
        for photo in photos:
            known = self._ledger.want(photo)
            if known.wanted > 1:
                continue  # named twice
            folder = self._folders.setdefault(photo.folder, _Folder())
            folder.taken += photo.reserve
            if not self._is_settled(known):
                yield photo
                continue
            entry = self._ledger.entry(known)
            if (known.rank, known.reserve) != (photo.rank, photo.reserve):
                # A grown selection: yesterday's reserve is one of the chosen today.
                entry = replace(entry, photo=photo)
                self._add(entry)
            folder.lost += known.status is Status.LOST
            self._listener.finished(entry, known=True)

    def _is_settled(self, known: Row) -> bool:
        """Whether an earlier run has said the last word on a photo."""
        match known.status:
            case Status.DOWNLOADED:
                return self._place.has(known.path, known.size)
            case Status.LOST if self._in_tars:
                return True  # its reserve is in a tar, which is not changed
            case Status.LOST:
                untried = set(self._options.sources) - set(known.tried.split())
                return not (untried or self._options.retry_failed)
            case _:
                return False

    def _settle(self, entry: Entry) -> None:
        """Write down what became of a photo."""
        if entry.status is Status.FAILED:
            # What was lost stays lost until it is got: a source that is silent today has not
            # taken back that it does not have it, and a reserve has its place.
            before = self._ledger.find(entry.photo)
            if before is not None and before.status is Status.LOST:
                entry = self._ledger.entry(before)
        self._add(entry)
        if entry.status is Status.DOWNLOADED:
            self.report.downloaded += 1
            self.report.received += entry.size or 0
        self._folders[entry.photo.folder].lost += entry.status is Status.LOST
        self._listener.finished(entry, known=False)

    def _add(self, entry: Entry) -> None:
        self._ledger.add(entry)
        self._place.keep()

    def _next_reserves(self) -> Iterator[Photo]:
        """As many reserves as the folders lack: each takes the next in its order.

        However the losses come in, a folder ends with the first of its order that can be had:
        it never takes more reserves than it has losses, so none too many.
        """
        for name, folder in self._folders.items():
            if folder.reserves is None and folder.lacks:
                folder.reserves = self._source.replacements(name)
            if folder.reserves is None or folder.exhausted:
                continue
            # Not as many as it lacks meanwhile: which photos are fetched together, and so stand
            # in one tar, is not for the servers' haste to say.
            for _ in range(folder.lost - folder.taken):
                photo = next(folder.reserves, None)
                if photo is None:
                    folder.exhausted = True
                    break
                yield replace(photo, reserve=True)

    def drop_unselected(self) -> None:
        """Remove the photos that the selection does not have any more."""
        for row in self._ledger.unwanted():
            self._drop(row)

    def _drop_spare_reserves(self) -> None:
        """Remove reserves whose place is taken by the photo that was lost once.

        In tars there are none, for there what is lost stays so.
        """
        for row in self._ledger.unwanted():
            folder = self._folders.get(row.folder)
            if row.reserve and folder is not None and folder.taken >= folder.lost:
                self._drop(row)

    def _drop(self, row: Row) -> None:
        if row.path:
            self._place.store.delete(row.path)
        self._ledger.forget(row)
