"""The check for free space before a body is received."""

import shutil
from pathlib import Path
from threading import Lock

from hotdog_sql.errors import StorageError

#: Bytes left alone, for the records and for whatever else the machine does meanwhile.
RESERVE = 16 << 20


class Space:
    """Room in one folder, shared out among the bodies that arrive at the same time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._missing: dict[str, int] = {}
        self._lock = Lock()

    def claim(self, name: str, bytes_missing: int) -> None:
        """Make sure that the rest of a body fits beside the rest of all the others.

        Raises:
            StorageError: it does not.
        """
        with self._lock:
            others = sum(size for key, size in self._missing.items() if key != name)
            free = shutil.disk_usage(self._folder).free - others - RESERVE
            if bytes_missing > free:
                raise StorageError(
                    f"{name} needs {bytes_missing / 1e6:,.1f} MB and {self._folder} has "
                    f"{max(free, 0) / 1e6:,.1f} MB free; make room or choose another --data-dir"
                )
            self._missing[name] = bytes_missing

    def update(self, name: str, bytes_missing: int) -> None:
        """So much of the body is still to come; the rest is on disk already."""
        with self._lock:
            self._missing[name] = bytes_missing

    def release(self, name: str) -> None:
        """Nothing more of the body will come."""
        with self._lock:
            self._missing.pop(name, None)
