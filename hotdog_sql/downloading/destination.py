"""Where a dataset goes: a folder of this machine, or an address of an object store."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

from hotdog_sql.errors import InputError
from hotdog_sql.text import printable

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_LOCAL = frozenset({"file", "local"})

#: Protocols of stores in which an object appears whole or not at all.
OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "oss"})

#: What may hold a password or a signature, wherever in a text an address stands.
_USERINFO = re.compile(r"(?<=://)[^\s'\"]*@")
_QUERY = re.compile(r"(://[^\s?'\"]*)\?[^\s'\"]*")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a dataset goes. As text it has no credentials.

    Attributes:
        address: as the user gave it: a path, or an address such as `s3://bucket/prefix`.
    """

    address: str = field(repr=False)

    @classmethod
    def of(cls, place: "str | Path | Destination") -> Self:
        """A destination from what a caller has.

        Raises:
            InputError: an address names no place, or has credentials where none belong.
        """
        one = cls(place.address if isinstance(place, Destination) else str(place))
        if one.is_remote:
            host = _ADDRESS.sub("", one.address).partition("?")[0].strip("/")
            if not host:
                raise InputError(f"{one} names no bucket: give one such as s3://bucket/prefix")
            if "@" in host and one.protocol in OBJECT_STORES:
                raise InputError(
                    f"{one} was given with credentials: leave them out, and set them as the "
                    "store's own tools expect, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                )
        return one

    @property
    def protocol(self) -> str:
        """Before the `://`; `file` for a folder."""
        return self.address.partition("://")[0] if self._is_address else "file"

    @property
    def is_remote(self) -> bool:
        """Whether it is anything but a folder of this machine."""
        return self._is_address and self.protocol not in _LOCAL

    @property
    def folder(self) -> Path:
        """The folder, of a destination that is not remote."""
        if not self._is_address:
            return Path(self.address)
        parts = urlsplit(self.address)
        return Path(unquote(parts.netloc + parts.path))

    def absolute(self) -> "Destination":
        """The same place, whatever the working folder of the process that reads this."""
        return self if self.is_remote else Destination(str(self.folder.absolute()))

    def __str__(self) -> str:
        return without_credentials(self.address) if self.is_remote else str(self.folder)

    @property
    def _is_address(self) -> bool:
        return _ADDRESS.match(self.address) is not None


def without_credentials(text: str) -> str:
    """The text on one line, its addresses without user names, passwords and signatures."""
    return printable(_QUERY.sub(r"\1", _USERINFO.sub("", text)))
