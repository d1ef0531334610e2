"""The events that downloads and checks report while they run."""

from collections.abc import Mapping


class Progress:
    """A receiver that ignores all events; subclasses override the methods they need.

    Several threads call these methods, except `planned`, `files_planned`, `finished` and `checked`.
    All must return quickly, and an error in one ends the run.
    """

    def planned(self, photos: int | None) -> None:
        """The run has `photos` photos, those already in the dataset included; None if unknown."""

    def received(self, count: int) -> None:
        """`count` more bytes of photos have arrived."""

    def answered(self, image_id: str, source: str, url: str, answer: str) -> None:
        """A request has ended; `answer` is `ok` or the reason of the failure."""

    def unreachable(self, host: str, reason: str) -> None:
        """A host does not accept connections. Called once per outage."""

    def paused(self, host: str, seconds: float) -> None:
        """Requests to a failing host pause for some seconds."""

    def given_up(self, host: str, reason: str) -> None:
        """This run sends no more requests to a host."""

    def finished(self, status: str, source: str, *, known: bool, reserve: bool) -> None:
        """A photo has its final status, from an earlier run if it is `known`."""

    def checked(self, count: int, size: int) -> None:
        """`count` photos with a total size of `size` bytes have been verified so far."""

    def files_planned(self, sizes: Mapping[str, int | None], total: int | None) -> None:
        """These Open Images files will be fetched, `total` bytes in all if known."""

    def file_started(self, name: str, done: int, total: int | None) -> None:
        """A transfer starts; `done` of the `total` bytes are left from an earlier attempt."""

    def file_progressed(self, name: str, done: int) -> None:
        """`done` bytes of the file have arrived in all."""

    def file_waiting(self, name: str, reason: str) -> None:
        """A transfer waits; `reason` says why."""
