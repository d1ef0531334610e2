"""What downloads and checks report while they run: to be overridden where it is to be shown."""

from collections.abc import Mapping


class Progress:
    """Ignores everything; a subclass overrides what it wants to know.

    All but `planned`, `files_planned`, `finished` and `checked` are called by many threads, and
    must be quick.
    """

    def planned(self, photos: int | None) -> None:
        """So many photos are selected, those in the dataset included; None: not known."""

    def received(self, count: int) -> None:
        """So many bytes of a photo have arrived."""

    def answered(self, image_id: str, source: str, url: str, answer: str) -> None:
        """A request has ended, with `ok` or with the reason why not."""

    def unreachable(self, host: str, reason: str) -> None:
        """A host does not accept connections; called once for each outage."""

    def paused(self, host: str, seconds: float) -> None:
        """Requests to a failing host pause."""

    def given_up(self, host: str, reason: str) -> None:
        """A host is not asked any more in this run."""

    def finished(self, status: str, source: str, *, known: bool, reserve: bool) -> None:
        """A photo is done with: in this run, or in an earlier one if it is `known`."""

    def checked(self, count: int, size: int) -> None:
        """So many photos, of so many bytes in all, have been verified."""

    def files_planned(self, sizes: Mapping[str, int | None], total: int | None) -> None:
        """These Open Images files will be fetched, `total` bytes together if that is known."""

    def file_started(self, name: str, done: int, total: int | None) -> None:
        """A body begins; `done` bytes of its `total` are there from an earlier attempt."""

    def file_progressed(self, name: str, done: int) -> None:
        """So many bytes of the body are there."""

    def file_waiting(self, name: str, reason: str) -> None:
        """Nothing happens for a while, and why."""
