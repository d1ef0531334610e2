"""Every error that a user can cause or meet.

A message is one line and ends with what to do next. Which exit code an error
becomes is decided in `hotdog_sql.cli.output`, and nowhere else.
"""


class HotdogError(Exception):
    """Anything that ends a command with a message instead of a traceback."""


class InputError(HotdogError):
    """The user asked for something that does not exist or makes no sense."""


class UnknownClassError(InputError):
    """No class has this name or MID."""


class AmbiguousClassError(InputError):
    """Several classes share this name; only a MID tells them apart."""


class QueryError(InputError):
    """A user's query is not one SELECT, or DuckDB refuses it."""


class SelectionFileError(InputError):
    """A saved selection cannot be read or lacks what a download needs."""


class MissingExtraError(InputError):
    """An optional library or program that this command needs is not installed."""


class DataError(HotdogError):
    """The Open Images files at hand cannot be used."""


class MissingFileError(DataError):
    """A file of the catalog is not in the data folder."""


class WrongColumnsError(DataError):
    """A file does not have the columns that Open Images gives it."""


class TransferError(HotdogError):
    """An Open Images file could not be fetched; what was there is unchanged."""


class AddressError(TransferError):
    """An address cannot be used: it is malformed, not https, or leads to this machine."""


class UnreachableError(HotdogError):
    """No host has answered."""


class ClusterError(HotdogError):
    """The scheduler or its workers cannot be used, or are lost."""


class DatasetError(HotdogError):
    """The dataset folder cannot be used."""


class DatasetLockedError(DatasetError):
    """Another run is working on this dataset."""


class StorageError(DatasetError):
    """A folder or file cannot be written: permissions, a full disk, a vanished folder."""
