"""What a download and a check report while they run."""


class Progress:
    """Ignores everything; a subclass overrides what it wants to know.

    All but `planned`, `finished` and `checked` are called by many threads, and must be quick.
    """

    def planned(self, photos: int | None) -> None:
        """So many photos are selected, those in the dataset included; None: not known."""

    def received(self, count: int) -> None:
        """So many bytes have arrived."""

    def answered(self, image_id: str, source: str, url: str, answer: str) -> None:
        """A request has ended, with `ok` or with the reason why not."""

    def unreachable(self, host: str, reason: str) -> None:
        """A host does not accept connections; called once for each outage."""

    def paused(self, host: str, seconds: float) -> None:
        """Requests to a failing host pause."""

    def given_up(self, host: str, reason: str) -> None:
        """A host is not asked any more in this run."""

    def finished(self, status: str, source: str, *, known: bool, reserve: bool) -> None:
        """A photo is done with.

        Args:
            status: downloaded, lost or failed.
            source: where its bytes come from; empty unless downloaded.
            known: whether an earlier run has said so.
            reserve: whether it replaces a lost photo, so that it was not planned.
        """

    def checked(self, count: int, size: int) -> None:
        """So many photos, of so many bytes in all, have been verified."""
