"""Where files of a dataset are kept: a folder of this machine, or any address fsspec knows.

Every file appears whole or not at all. Paths are relative to the dataset, with slashes.
"""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from hotdog_sql.storage.base import WORK_FOLDER, Storage, without_credentials
from hotdog_sql.storage.local import LocalStorage, storage_error
from hotdog_sql.storage.remote import RemoteStorage

__all__ = [
    "WORK_FOLDER",
    "LocalStorage",
    "Storage",
    "is_remote",
    "open_storage",
    "storage_error",
    "without_credentials",
]

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
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
    if not _ADDRESS.match(text):
        return LocalStorage(Path(text))
    if text.partition("://")[0] in _LOCAL:
        parts = urlsplit(text)
        return LocalStorage(Path(unquote(parts.netloc + parts.path)))
    return RemoteStorage(text)


def is_remote(address: str | Path) -> bool:
    """Whether the address is anything but a folder of this machine."""
    text = str(address)
    return bool(_ADDRESS.match(text)) and text.partition("://")[0] not in _LOCAL
