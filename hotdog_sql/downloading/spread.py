"""Many shards at once: the rows of a selection cut into shards, and these handed to a fleet."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from types import TracebackType
from typing import Self

from hotdog_sql.downloading.destination import Destination
from hotdog_sql.downloading.entry import Entry
from hotdog_sql.downloading.events import Listener
from hotdog_sql.downloading.fleet import Fleet
from hotdog_sql.downloading.options import DownloadOptions
from hotdog_sql.downloading.photo import Photo
from hotdog_sql.downloading.shard import Shard, entries_of
from hotdog_sql.downloading.tarnames import tar_name
from hotdog_sql.errors import HotdogError

#: Shards handed over for each that can be fetched: who is done has the next at hand.
_AHEAD = 2
#: Seconds after which somebody looks whether there is still anybody who fetches.
_LOOK_EVERY = 5.0


@dataclass(slots=True)
class Tars:
    """How photos are put into tars.

    Attributes:
        used: paths of the tars that hold photos of the dataset; new ones get the lowest free
            numbers of their part, so that a tar without rows in the manifest is written anew.
    """

    used: set[str] = field(default_factory=set)
    _classes: dict[str, int] = field(default_factory=dict)
    _last: dict[str, int] = field(default_factory=dict)

    def saw(self, photo: Photo) -> None:
        """Number the class folders in the order in which the selection comes upon them."""
        self._classes.setdefault(photo.folder, len(self._classes))

    def classes(self) -> dict[str, int]:
        """The number of each class folder that has been seen."""
        return dict(self._classes)

    def next_name(self, partition: str) -> str:
        """A name for the next tar of a part."""
        number = self._last.get(partition, -1) + 1
        while tar_name(partition, number) in self.used:
            number += 1
        self._last[partition] = number
        return tar_name(partition, number)


class Spread:
    """Fetches photos as `Engine` does, a shard at a time. A context manager.

    Memory does not grow with the selection: photos are taken from their iterable as shards end,
    and of those in hand there are no more than twice what can be fetched at once.
    """

    def __init__(
        self,
        fleet: Fleet,
        destination: Destination,
        mirror_url: str,
        options: DownloadOptions,
        listener: Listener,
        *,
        shard_size: int,
        tars: Tars | None = None,
        run: str = "",
        settled: Callable[[Shard], None] | None = None,
    ) -> None:
        """Prepares, and hands over nothing yet.

        Args:
            fleet: who fetches.
            destination: the dataset.
            mirror_url: see `hotdog_sql.config.Settings`.
            options: how it is done; `workers` are those of each shard, `per_host` of all together.
            listener: hears of the bytes of each shard when it is done.
            shard_size: photos of a shard.
            tars: how they are put into tars; None: each is a file of its own.
            run: the name of this run (see `dataset.RUN`).
            settled: called when the rows of a shard that others have fetched have been taken,
                each of them: what a worker has written down for the case of its death is not
                needed any more.
        """
        self._fleet = fleet
        self._destination = destination.absolute()
        self._mirror_url = mirror_url
        self._options = options
        self._listener = listener
        self._size = shard_size
        self._tars = tars
        self._run = run
        self._settled = settled
        self._numbers = count(1)
        self._in_hand = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._fleet.stop()

    def run(self, photos: Iterable[Photo]) -> Iterator[Entry]:
        """Fetch photos, and give what became of each as its shard ends.

        Raises:
            HotdogError: a shard could not be fetched; what other shards have done is not lost.
        """
        left = self._cut(photos)
        more = True
        while more or self._in_hand:
            slots = self._fleet.slots()
            while more and self._in_hand < self._most(slots):
                shard = next(left, None)
                if shard is None:
                    more = False
                    break
                self._fleet.submit(replace(shard, options=self._share(slots)))
                self._in_hand += 1
            yield from self._ended()

    def _ended(self) -> Iterator[Entry]:
        """The photos of the shards that have ended by now, or of the next one to end."""
        failure: HotdogError | None = None
        patience = _LOOK_EVERY
        while self._in_hand and (ended := self._fleet.ended(patience)) is not None:
            patience = 0.0
            self._in_hand -= 1
            if isinstance(ended.outcomes, HotdogError):
                failure = failure or ended.outcomes
                continue
            entries = list(entries_of(ended.shard, ended.outcomes))
            if not self._fleet.live:
                self._listener.received(sum(entry.size or 0 for entry in entries))
            yield from entries
            if self._settled is not None and not self._fleet.live:
                self._settled(ended.shard)
        if failure is not None:  # the others are written down by now
            raise failure

    def _most(self, slots: int) -> int:
        """Shards in hand: the next is there for whoever is done, unless a host forbids it."""
        if self._options.per_host < slots:
            return self._options.per_host
        return slots if self._fleet.live else _AHEAD * slots

    def _share(self, slots: int) -> DownloadOptions:
        """The options of a shard: what a host may be asked at once is divided."""
        return replace(self._options, per_host=max(1, self._options.per_host // slots))

    def _cut(self, photos: Iterable[Photo]) -> Iterator[Shard]:
        """Shards of neighbours; where they go into tars, those of each part by themselves.

        Where a shard ends depends on the photos alone, not on who is done first.
        """
        open_: dict[str, dict[str, Photo]] = {}
        for photo in photos:
            part = photo.partition if self._tars else ""
            rows = open_.setdefault(part, {})
            if self._tars:
                self._tars.saw(photo)
            # An image of two folders cannot be in one tar twice.
            if len(rows) == self._size or photo.image_id in rows:
                yield self._shard(part, open_.pop(part))
                rows = open_.setdefault(part, {})
            rows[photo.image_id] = photo
        for part, rows in open_.items():
            yield self._shard(part, rows)

    def _shard(self, part: str, rows: dict[str, Photo]) -> Shard:
        return Shard(
            photos=tuple(rows.values()),
            destination=self._destination,
            mirror_url=self._mirror_url,
            options=self._options,
            tar=self._tars.next_name(part) if self._tars else "",
            classes=self._tars.classes() if self._tars else {},
            run=self._run,
            number=next(self._numbers),
        )
