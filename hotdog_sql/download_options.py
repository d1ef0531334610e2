"""How to download: the options of the commands and of Python, and when to repeat a request."""

import os
import random
from dataclasses import dataclass, field
from enum import StrEnum, auto
from functools import cache
from importlib.util import find_spec

from hotdog_sql.errors import InputError, MissingExtraError
from hotdog_sql.options import Source

#: Seconds of silence after which a transfer counts as dead.
SILENCE_SECONDS = 30.0

_JITTER = random.SystemRandom()


class DatasetFormat(StrEnum):
    """How a dataset keeps its photos."""

    FILES = auto()
    WEBDATASET = auto()


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When to repeat a request that failed for a while, and when to leave its host alone.

    Attributes:
        attempts: attempts in all.
        base: longest wait after the first attempt, in seconds; it doubles with each further one.
            Also the shortest pause of a host.
        cap: longest wait of all, and longest pause of a host.
        silence: seconds without a complete answer after which a host pauses; one that has never
            answered, while others do, is given up.
        patience: seconds without a complete answer after which any host is given up, and the
            longest wait that a server may ask for.
    """

    attempts: int = 5
    base: float = 0.5
    cap: float = 30.0
    silence: float = 30.0
    patience: float = 300.0

    def delay(self, attempt: int, retry_after: float | None = None) -> float | None:
        """Seconds to wait after an attempt (the first is 1); None: do not repeat it.

        Backoff is exponential, with full jitter.
        """
        if attempt >= self.attempts or (retry_after or 0.0) > self.patience:
            return None
        wait = _JITTER.uniform(0, min(self.cap, self.base * 2 ** (attempt - 1)))
        return max(wait, retry_after or 0.0)


@dataclass(frozen=True, slots=True)
class DownloadOptions:
    """How to download, as opposed to what.

    Attributes:
        sources: where to look for photos, in this order.
        workers: transfers at the same time, for each worker of a cluster.
        per_host: transfers at the same time from one host, for all workers together; Flickr gets
            at most 16.
        max_bytes: size of the largest photo in bytes. A larger one is rejected.
        strict_md5: reject an original whose bytes have changed since Open Images listed it.
        retry_failed: try photos again that an earlier run found lost.
        replace_failed: replace photos that fail in this run, as if lost.
        top_up: replace lost photos with the next in the random order.
        update: change a dataset of another selection into this one: download what is new, remove
            what is no longer selected.
        upright: rotate photos as Rotation or EXIF says. Needs Pillow.
        max_side: reduce photos whose longer side has more pixels. Needs Pillow.
        decode: reject a photo whose pixels cannot be decoded; `upright` and `max_side` do so too.
        dataset_format: how the dataset keeps photos. files: in class folders; webdataset: in tar
            files, each with its class and its row.
        shard_size: photos in a tar, by default 10,000, or given to a worker of a cluster at a
            time, by default 1,000.
        scheduler: download with the workers of a Dask cluster, such as tcp://host:8786.
        retry: when to repeat a request, and when to leave a host alone.
        silence_seconds: time limit for each wait in which nothing arrives.
        photo_seconds: time limit for a whole request; None: 120, more with a larger `max_bytes`.
    """

    sources: tuple[Source, ...] = tuple(Source)
    workers: int = 64
    per_host: int = 64
    max_bytes: int = 50_000_000
    strict_md5: bool = False
    retry_failed: bool = False
    replace_failed: bool = False
    top_up: bool = True
    update: bool = False
    upright: bool = False
    max_side: int | None = None
    decode: bool = False
    dataset_format: DatasetFormat = DatasetFormat.FILES
    shard_size: int | None = None
    scheduler: str | None = field(default=None, repr=False)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    silence_seconds: float = SILENCE_SECONDS
    photo_seconds: float | None = None

    def __post_init__(self) -> None:
        """Check what can be checked before anything is fetched."""
        if self.max_side is not None and self.max_side < 1:
            raise InputError(f"max_side is {self.max_side}: give it 1 pixel or more")
        if self.decodes and find_spec("PIL") is None:
            raise MissingExtraError(
                "--upright, --max-side and --decode need Pillow: pip install 'hotdog-sql[images]'"
            )
        if self.scheduler and find_spec("distributed") is None:
            raise MissingExtraError("--scheduler needs Dask: pip install 'hotdog-sql[dask]'")
        if self.in_tars and (self.update or self.retry_failed):
            raise InputError(
                "tars are never changed: leave out --update and --retry-failed, or choose another "
                "folder"
            )

    @property
    def in_tars(self) -> bool:
        """Whether the dataset keeps its photos in tars."""
        return self.dataset_format == DatasetFormat.WEBDATASET

    @property
    def photos_per_shard(self) -> int:
        """Photos in a tar, or handed at once to a worker."""
        return self.shard_size or (10_000 if self.in_tars else 1_000)

    @property
    def seconds(self) -> float:
        """Time limit for the whole request for a photo."""
        return self.photo_seconds or 120 * max(1.0, self.max_bytes / 50_000_000)

    @property
    def alterations(self) -> dict[str, object]:
        """How photos are altered before they are kept, for `selection.json`; empty: not at all."""
        if not self.upright and self.max_side is None:
            return {}
        return {"upright": self.upright, "max_side": self.max_side}

    @property
    def decodes(self) -> bool:
        """Whether photos are decoded before they are kept."""
        return self.decode or bool(self.alterations)


@cache
def transport_name() -> str:
    """`pyreqwest` (the extra `fast`) or `httpx`: what makes requests (`HOTDOG_SQL_TRANSPORT`)."""
    name = os.environ.get("HOTDOG_SQL_TRANSPORT") or ""
    installed = find_spec("pyreqwest") is not None
    if name not in ("", "httpx", "pyreqwest") or (name == "pyreqwest" and not installed):
        raise InputError(
            f"HOTDOG_SQL_TRANSPORT is {name!r}: give httpx, or pyreqwest after "
            "pip install 'hotdog-sql[fast]'"
        )
    return name or ("pyreqwest" if installed else "httpx")
