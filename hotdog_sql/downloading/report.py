"""How a download ended."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class DownloadReport:
    """How a download ended: the dataset as it is now, and what this run did.

    Attributes:
        on_disk: photos that the dataset has.
        downloaded: those of them that came in this run.
        received: bytes of these.
        lost: photos that no source has.
        failed: photos that are worth another try.
        replaced: lost photos in whose place a reserve is on disk.
        short: photos that a folder with reserves still lacks, because they ran out; by folder.
        sources: photos on disk by source.
        lost_reasons: how often each (source, reason) was met in the photos that are lost.
        failed_reasons: the same in those that failed.
    """

    on_disk: int = 0
    downloaded: int = 0
    received: int = 0
    lost: int = 0
    failed: int = 0
    replaced: int = 0
    short: dict[str, int] = field(default_factory=dict)
    sources: Counter[str] = field(default_factory=Counter)
    lost_reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    failed_reasons: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def already_there(self) -> int:
        """Photos that were on disk before this run."""
        return self.on_disk - self.downloaded

    @property
    def worth_retrying(self) -> bool:
        """Whether the same command may bring more."""
        return self.failed > 0
