"""What a download tells while it runs."""

from hotdog_sql.downloading.entry import Entry
from hotdog_sql.downloading.photo import Photo
from hotdog_sql.options import Source


class Listener:
    """Hears nothing; a subclass overrides what it wants to hear.

    All but `planned` and `finished` are called by many threads at once, and must be quick.
    """

    def planned(self, photos: int | None) -> None:
        """So many photos are wanted, those on disk included; None: not known."""

    def received(self, count: int) -> None:
        """So many bytes have arrived."""

    def answered(self, photo: Photo, source: Source, url: str, what: str) -> None:
        """A request has ended, with the photo or with the reason why not."""

    def rested(self, host: str, seconds: float) -> None:
        """A host that keeps failing is left alone; infinity: for the rest of this run."""

    def finished(self, entry: Entry, *, known: bool) -> None:
        """A photo's fate is settled; `known`: by an earlier run."""
