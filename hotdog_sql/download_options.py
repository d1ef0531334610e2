"""How to download: the options of the command line and the Python API, and the retry policy."""

import os
import random
from dataclasses import dataclass, field
from enum import StrEnum, auto
from functools import cache
from importlib.util import find_spec

from hotdog_sql.errors import InputError, MissingExtraError
from hotdog_sql.option_checks import check, check_options
from hotdog_sql.options import Source

#: Default time limit in seconds for each wait in which no data arrives.
SILENCE_SECONDS = 30.0

_JITTER = random.SystemRandom()


class DatasetFormat(StrEnum):
    """How a dataset stores its photos."""

    FILES = auto()
    WEBDATASET = auto()


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When to repeat a request after a temporary failure, and when to pause or give up a host.

    Attributes:
        attempts: maximum number of attempts.
        base: maximum wait after the first attempt, in seconds; it doubles with each attempt.
            Also the minimum pause of a host.
        cap: maximum wait after any attempt and maximum pause of a host, in seconds.
        silence: seconds of nothing but failures after which requests to a host pause; a host that
            has never responded is given up if others respond.
        patience: seconds of nothing but failures after which any host is given up, and the maximum
            wait that a server may ask for.
    """

    attempts: int = 5
    base: float = 0.5
    cap: float = 30.0
    silence: float = 30.0
    patience: float = 300.0

    def delay(self, attempt: int, retry_after: float | None = None) -> float | None:
        """Return the seconds to wait after an attempt (the first is 1), or None to stop.

        Backoff is exponential, with full jitter.
        """
        if attempt >= self.attempts or (retry_after or 0.0) > self.patience:
            return None
        wait = _JITTER.uniform(0, min(self.cap, self.base * 2 ** (attempt - 1)))
        return max(wait, retry_after or 0.0)


@dataclass(frozen=True, slots=True)
class DownloadOptions:
    """How to download a selection.

    Attributes:
        sources: where to look for photos, in this order.
        workers: simultaneous transfers, for each worker of a cluster.
        per_host: simultaneous transfers from one host, for all workers together; Flickr gets at
            most 16, or one per worker thread if there are more.
        max_bytes: maximum size of a photo in bytes. Larger ones are rejected.
        strict_md5: reject an original whose bytes have changed since Open Images listed it.
        retry_failed: retry photos that an earlier run found lost.
        replace_failed: replace photos that fail in this run, as if lost.
        top_up: replace lost photos with the next in the random order.
        update: change a dataset of another selection into this one: download new photos, remove
            those that are no longer selected.
        upright: rotate photos as Rotation or EXIF says. Needs Pillow.
        max_side: shrink photos whose longer side has more pixels. Needs Pillow.
        decode: reject a photo whose pixels cannot be decoded; `upright` and `max_side` do so too.
        dataset_format: how the dataset stores photos. files: in class folders; webdataset: in tar
            files, each photo with its class and its row.
        shard_size: photos per tar, by default 10,000, or per task of a cluster's worker, by
            default 1,000.
        scheduler: download with the workers of a Dask cluster, such as tcp://host:8786.
        retry: when to repeat a request, and when to pause or give up a host.
        silence_seconds: time limit for each wait in which no data arrives.
        photo_seconds: time limit for a request; None means 120, more if `max_bytes` is larger.
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
        """Check the options before anything is downloaded."""
        check_options(self)
        check(self, "retry", isinstance(self.retry, RetryPolicy), "a RetryPolicy")
        object.__setattr__(self, "sources", tuple(map(Source, dict.fromkeys(self.sources))))
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
        """Whether the dataset stores its photos in tars."""
        return self.dataset_format == DatasetFormat.WEBDATASET

    @property
    def photos_per_shard(self) -> int:
        """Number of photos in a tar, or in a task of a worker."""
        return self.shard_size or (10_000 if self.in_tars else 1_000)

    @property
    def seconds(self) -> float:
        """Time limit in seconds for the request for a photo."""
        return self.photo_seconds or 120 * max(1.0, self.max_bytes / 50_000_000)

    @property
    def alterations(self) -> dict[str, object]:
        """Options that alter photos, as `selection.json` records them; empty if none do."""
        if not self.upright and self.max_side is None:
            return {}
        return {"upright": self.upright, "max_side": self.max_side}

    @property
    def decodes(self) -> bool:
        """Whether photos are decoded before they are stored."""
        return self.decode or bool(self.alterations)


@cache
def transport_name() -> str:
    """Return the HTTP library, `pyreqwest` (extra `fast`) or `httpx` (`HOTDOG_SQL_TRANSPORT`)."""
    usable = ("pyreqwest", "httpx") if find_spec("pyreqwest") else ("httpx",)
    name = os.environ.get("HOTDOG_SQL_TRANSPORT") or usable[0]
    if name not in usable:
        raise InputError(
            f"HOTDOG_SQL_TRANSPORT is {name!r}: give httpx, or pyreqwest after "
            "pip install 'hotdog-sql[fast]'"
        )
    return name
