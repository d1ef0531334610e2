"""A photo on its way through the sources that may have it."""

from collections import deque
from dataclasses import dataclass, field

from hotdog_sql.downloading.entry import Entry, Status, join_errors
from hotdog_sql.downloading.photo import Photo
from hotdog_sql.downloading.sources import address
from hotdog_sql.options import Source


@dataclass(slots=True)
class Task:
    """A photo on its way through its sources.

    Attributes:
        photo: the photo.
        left: (source, address) pairs to be asked; the first is the one in hand.
        attempt: the number of the next request to it, from 1.
        errors: (source, reason) pairs of those that did not have it.
        hopeful: whether one of them may have it another time.
    """

    photo: Photo
    left: deque[tuple[Source, str]]
    attempt: int = 1
    errors: list[tuple[str, str]] = field(default_factory=list)
    hopeful: bool = False

    @classmethod
    def of(cls, photo: Photo, sources: tuple[Source, ...], mirror_url: str) -> "Task":
        """A task that is to ask the sources in this order."""
        task = cls(photo, deque((source, address(photo, source, mirror_url)) for source in sources))
        task._skip_missing()
        return task

    def next_source(self, reason: str, *, hopeful: bool) -> None:
        """Leave the source in hand."""
        source, _ = self.left.popleft()
        self.errors.append((source, reason))
        self.hopeful = self.hopeful or hopeful
        self.attempt = 1
        self._skip_missing()

    def given_up(self) -> Entry:
        """What becomes of the photo when no source is left."""
        status = Status.FAILED if self.hopeful else Status.LOST
        return Entry(self.photo, status, error=join_errors(self.errors))

    def _skip_missing(self) -> None:
        while self.left and not self.left[0][1]:
            self.errors.append((self.left.popleft()[0], "no address"))
