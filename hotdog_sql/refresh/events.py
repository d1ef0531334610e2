"""What a refresh reports: while it runs to a listener, at its end as results."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from hotdog_sql.catalog import CatalogFile


class Status(StrEnum):
    """What became of one file."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    KEPT = "kept"  # the server could not be reached; the old file is still there
    FAILED = "failed"  # there is no file, or what the server gave cannot be used


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one file.

    Attributes:
        file: its row of the catalog.
        status: new, changed, unchanged, kept or failed.
        bytes: its size on disk; None where it is missing.
        note: why it was kept or failed, or how it differs from the catalog; else empty.
    """

    file: CatalogFile
    status: Status
    bytes: int | None
    note: str = ""


class Listener(Protocol):
    """Is told what happens. Calls come from several threads at once."""

    def planned(self, files: Sequence[CatalogFile], total: int | None) -> None:
        """These files are to be fetched, `total` bytes in all where that is known."""

    def started(self, name: str, done: int, total: int | None) -> None:
        """A body begins; `done` bytes of its `total` are there from an earlier try."""

    def progressed(self, name: str, done: int) -> None:
        """So many bytes of the body are there."""

    def waiting(self, name: str, reason: str) -> None:
        """Nothing happens for a while, and why."""

    def finished(self, result: Result) -> None:
        """A file is done with."""


class Silence:
    """A listener that ignores everything."""

    def planned(self, files: Sequence[CatalogFile], total: int | None) -> None:
        """Ignore it."""

    def started(self, name: str, done: int, total: int | None) -> None:
        """Ignore it."""

    def progressed(self, name: str, done: int) -> None:
        """Ignore it."""

    def waiting(self, name: str, reason: str) -> None:
        """Ignore it."""

    def finished(self, result: Result) -> None:
        """Ignore it."""
