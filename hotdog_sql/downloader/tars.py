"""Photos in tar files, as the `webdataset` library reads them.

Three members follow each other for each photo: `ImageID.jpg` (or another extension),
`ImageID.cls` with the number of its class folder, and `ImageID.json` with its row. In the manifest
such a photo has a path like `000003.tar/0a1b2c3d4e5f6789.jpg`.
"""

import io
import json
import re
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from hotdog_sql.downloader.photo import safe_folder, stem_of
from hotdog_sql.downloader.result import Result
from hotdog_sql.files import storage_errors

_MEMBER = re.compile(r"((?:.+/)?(\d{6,})\.tar)/[^/]+")


def tar_name(partition: str, number: int) -> str:
    """Path of a tar, relative to the dataset. Each partition has tars of its own."""
    name = f"{number:06d}.tar"
    return f"{safe_folder(partition)}/{name}" if partition else name


def tar_of(path: str) -> str:
    """The tar that holds the photo; empty where the photo is a file of its own."""
    match = _MEMBER.fullmatch(path)
    return match[1] if match else ""


def is_valid_path(path: str, partition: str, folder: str, image_id: str) -> bool:
    """Whether a photo can have this path: as a file of its own, or in a tar of its partition."""
    stem = path.rpartition(".")[0]
    if stem == stem_of(partition, folder, image_id):
        return True
    match = _MEMBER.fullmatch(path)
    return match is not None and stem == f"{tar_name(partition, int(match[2]))}/{image_id}"


def add_photo(tar: tarfile.TarFile, result: Result, file: Path, class_number: int) -> str:
    """Add a photo's three members; gives the name of the first.

    The same photos in the same order give the same bytes: members have neither time nor owner.
    """
    key = result.photo.image_id
    text = json.dumps(_row(result), ensure_ascii=False)
    members = {
        f"{key}{file.suffix}": file.read_bytes(),
        f"{key}.cls": str(class_number).encode(),
        f"{key}.json": text.encode("utf-8", "replace"),
    }
    for name, data in members.items():
        member = tarfile.TarInfo(name)
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))
    return f"{key}{file.suffix}"


def read_members(file: Path) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each member of a tar, up to where it is damaged.

    Links and sparse members, which would lead elsewhere or fill the memory, count as empty.
    """
    with storage_errors(file), suppress(tarfile.TarError), tarfile.open(file, "r|") as tar:
        for member in tar:
            plain = member.isreg() and not member.issparse()
            stream = tar.extractfile(member) if plain else None
            yield member.name, b"" if stream is None else stream.read()


def _row(result: Result) -> dict[str, object]:
    """What a trainer may want to know of a photo, and what its licence asks to be passed on."""
    photo = result.photo
    image = photo.image_row()
    return {
        "ImageID": image.pop("ImageID"),
        "folder": photo.folder,
        "partition": photo.partition,
        "rank": photo.rank,
        "reserve": photo.reserve,
        "source": result.source,
        "url": result.url,
        "bytes": result.size,
        "md5": result.md5,
        "width": result.width,
        "height": result.height,
        **image,
    }
