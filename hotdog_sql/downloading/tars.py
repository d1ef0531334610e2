"""Photos in tar files, as the `webdataset` library reads them.

Of each photo three members follow each other: `ImageID.jpg` (or whatever ending its bytes deserve),
`ImageID.cls` with the number of its class folder, and `ImageID.json` with its row.
"""

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from hotdog_sql.downloading.entry import Entry
from hotdog_sql.downloading.store import storage_error


class TarWriter:
    """Writes one tar; the same photos in the same order give the same bytes. A context manager."""

    def __init__(self, path: Path, name: str, classes: Mapping[str, int]) -> None:
        """Opens the file.

        Args:
            path: where it is written.
            name: what it will be called in the dataset.
            classes: the number of each class folder.

        Raises:
            StorageError: it cannot be written.
        """
        self._path = path
        self._name = name
        self._classes = classes
        try:
            self._tar = tarfile.TarFile(path, "w", format=tarfile.USTAR_FORMAT)
        except OSError as error:
            raise storage_error(path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            try:
                self._tar.close()
            except OSError as failed:
                raise storage_error(self._path, failed) from failed
        elif self._tar.fileobj is not None:
            self._tar.fileobj.close()

    def add(self, entry: Entry, file: Path) -> str:
        """Add a photo.

        Args:
            entry: what is known of it.
            file: its bytes.

        Returns:
            Its path, relative to the dataset.

        Raises:
            StorageError: it cannot be written.
        """
        key = entry.photo.image_id
        name = f"{key}.{file.suffix.removeprefix('.')}"
        row = json.dumps(_row(entry), ensure_ascii=False).encode("utf-8", "replace")
        number = str(self._classes[entry.photo.folder]).encode()
        try:
            with file.open("rb") as photo:
                self._tar.addfile(_member(name, file.stat().st_size), photo)
            for ending, data in (("cls", number), ("json", row)):
                self._tar.addfile(_member(f"{key}.{ending}", len(data)), io.BytesIO(data))
        except OSError as error:
            raise storage_error(self._path, error) from error
        return f"{self._name}/{name}"


def _member(name: str, size: int) -> tarfile.TarInfo:
    """A member without time and owner, so that the same photos give the same tar."""
    member = tarfile.TarInfo(name)
    member.size = size
    return member


def _row(entry: Entry) -> dict[str, object]:
    """What a trainer may want to know of a photo, and what its licence asks to be passed on."""
    photo = entry.photo
    image = photo.image_row()
    return {
        "ImageID": image.pop("ImageID"),
        "folder": photo.folder,
        "partition": photo.partition,
        "rank": photo.rank,
        "reserve": photo.reserve,
        "source": entry.source,
        "url": entry.url,
        "bytes": entry.size,
        "md5": entry.md5,
        **image,
    }
