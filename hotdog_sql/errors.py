"""The errors that users see.

A message is one line and ends with what to do next. `hotdog_sql.cli.output` maps errors to exit
codes.
"""

from hotdog_sql.text import printable


class HotdogError(Exception):
    """An error that ends a command with a message instead of a traceback."""


class InputError(HotdogError):
    """The user asked for something that does not exist or is invalid."""


class UnknownClassError(InputError):
    """No class has this name or MID."""


class AmbiguousClassError(InputError):
    """Several classes share this name; only a MID distinguishes them."""


class QueryError(InputError):
    """A user's query is not one SELECT, or DuckDB refuses it."""


class SelectionFileError(InputError):
    """A saved selection cannot be read or lacks what a download needs."""


class MissingExtraError(InputError):
    """An optional library or program that this command needs is not installed."""


class DataError(HotdogError):
    """The local Open Images files cannot be used."""


class MissingFileError(DataError):
    """A file of the catalog is not in the data folder."""


class TransferError(HotdogError):
    """An Open Images file could not be fetched; an existing copy is unchanged."""


class RequestError(TransferError):
    """A request failed.

    `reason` says why in the fixed words of the manifest; by default, it is the message. If the
    failure is `transient`, the same request may succeed later: after `retry_after` seconds, if the
    server gave a time.
    """

    def __init__(
        self,
        message: str,
        reason: str = "",
        *,
        transient: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(printable(message))
        self.reason: str = reason or message
        self.transient = transient
        self.retry_after = retry_after


class UnreachableError(HotdogError):
    """No host answered."""


class ClusterError(HotdogError):
    """The scheduler or its workers cannot be used, or were lost."""


class DatasetError(HotdogError):
    """The dataset folder cannot be used, or another run is working on it."""


class StorageError(DatasetError):
    """A folder or file cannot be written: permissions, a full disk, a missing folder."""
