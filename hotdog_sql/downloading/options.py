"""How a download is done, as opposed to what is downloaded."""

from dataclasses import dataclass, field
from importlib import import_module

from hotdog_sql.downloading.hosts import RestPolicy
from hotdog_sql.downloading.inspection import PLACEHOLDERS
from hotdog_sql.errors import InputError
from hotdog_sql.options import Source
from hotdog_sql.transport import CONNECT_SECONDS, SILENCE_SECONDS, RetryPolicy


@dataclass(frozen=True, slots=True)
class DownloadOptions:
    """How a download is done.

    Attributes:
        sources: where photos are looked for, in this order.
        workers: transfers in flight in all.
        per_host: transfers in flight for one host.
        max_bytes: a larger body is refused.
        strict_md5: refuse an original whose bytes are not those of `OriginalMD5`.
        retry_failed: ask again for photos that an earlier run found lost.
        top_up: replace lost photos by reserves.
        update: make a dataset of another selection this one's: fetch what is new, and remove what
            is not selected any more.
        upright: turn photos as `Rotation` or their EXIF orientation says.
        max_side: pixels that a photo's longer side may have; a larger one is made smaller. None:
            any number.
        decode: refuse a photo whose pixels cannot be decoded; `upright` and `max_side` do so too.
        retry: when a transient failure is worth another try.
        rest: when a host is spared.
        connect_seconds: time limit for a connection.
        silence_seconds: time limit for each wait in which nothing arrives.
        slowest: bytes a second, on average; a transfer that is slower after `silence_seconds` is
            given up, for one that drips would never end.
        placeholders: MD5s of pictures that are not the photo, hexadecimal.
    """

    sources: tuple[Source, ...] = tuple(Source)
    workers: int = 32
    per_host: int = 16
    max_bytes: int = 50_000_000
    strict_md5: bool = False
    retry_failed: bool = False
    top_up: bool = True
    update: bool = False
    upright: bool = False
    max_side: int | None = None
    decode: bool = False
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    rest: RestPolicy = field(default_factory=RestPolicy)
    connect_seconds: float = CONNECT_SECONDS
    silence_seconds: float = SILENCE_SECONDS
    slowest: float = 1000.0
    placeholders: frozenset[str] = PLACEHOLDERS

    def __post_init__(self) -> None:
        """Check what can be checked before anything is fetched.

        Raises:
            MissingExtraError: photos are to be decoded, and Pillow is not installed.
            InputError: `max_side` is no number of pixels.
        """
        if self.max_side is not None and self.max_side < 1:
            raise InputError(f"max_side is {self.max_side}: give it 1 pixel or more")
        if self.decodes:
            import_module("hotdog_sql.images")  # which says how to get Pillow

    @property
    def alterations(self) -> dict[str, object]:
        """What is done to photos before they are kept, for `selection.json`; empty: nothing."""
        if not self.upright and self.max_side is None:
            return {}
        return {"upright": self.upright, "max_side": self.max_side}

    @property
    def decodes(self) -> bool:
        """Whether photos are decoded before they are kept."""
        return self.decode or bool(self.alterations)
