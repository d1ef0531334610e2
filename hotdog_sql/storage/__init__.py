"""Where files of a dataset are kept: a folder of this machine, or any address fsspec knows.

Every file appears whole or not at all. Paths are relative to the dataset, with slashes.
"""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from hotdog_sql.storage.base import WORK_FOLDER, Storage
from hotdog_sql.storage.local import LocalStorage, refuse_links, storage_errors
from hotdog_sql.storage.remote import RemoteStorage

__all__ = [
    "WORK_FOLDER",
    "LocalStorage",
    "Storage",
    "is_remote",
    "open_storage",
    "refuse_links",
    "storage_errors",
]

_LOCAL = frozenset({"file", "local"})


def open_storage(address: str | Path) -> Storage:
    """The storage at an address. Makes no request and no folder.

    Args:
        address: a folder, or an address such as `s3://bucket/prefix`.

    Raises:
        InputError: the address cannot be used.
        MissingExtraError: the library for such addresses is not installed.
    """
    text = str(address)
    if is_remote(text):
        return RemoteStorage(text)
    if "://" not in text:
        return LocalStorage(Path(text))
    parts = urlsplit(text)
    return LocalStorage(Path(unquote(parts.netloc + parts.path)))


def is_remote(address: str | Path) -> bool:
    """Whether the address is anything but a folder of this machine."""
    protocol, separator, _ = str(address).partition("://")
    return bool(separator) and protocol not in _LOCAL
