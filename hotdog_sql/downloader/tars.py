"""Photos in tar files, as the `webdataset` library reads them.

Each photo has three consecutive members: `ImageID.jpg` (or another extension), `ImageID.cls` with
the number of its class folder, and `ImageID.json` with its metadata. In the manifest, its path is
like `000003.tar/0a1b2c3d4e5f6789.jpg`.
"""

import io
import json
import re
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from hotdog_sql.downloader.photo import IMAGE_COLUMNS, safe_folder, stem_of
from hotdog_sql.downloader.result import COLUMNS, Result
from hotdog_sql.errors import DatasetError
from hotdog_sql.files import storage_errors

#: Metadata of a photo: what a trainer may need, and the attribution that the licence requires.
_METADATA = (
    *("ImageID", "folder", "partition", "rank", "reserve", "source", "url", "bytes", "md5"),
    *("width", "height", *IMAGE_COLUMNS[1:]),
)

_MEMBER_PATH = re.compile(r"((?:.+/)?(\d{6,})\.tar)/[^/]*")


def tar_name(partition: str, number: int) -> str:
    """Return the path of a tar in the dataset. Each partition has its own tars."""
    name = f"{number:06d}.tar"
    return f"{safe_folder(partition)}/{name}" if partition else name


def is_tar(path: str) -> bool:
    """Return whether a path of the dataset is that of a tar with photos."""
    return _MEMBER_PATH.fullmatch(f"{path}/") is not None


def tar_of(path: str) -> str:
    """Return the tar that contains the photo, or an empty text if the photo is a file."""
    match = _MEMBER_PATH.fullmatch(path)
    return match[1] if match else ""


def is_valid_path(path: str, partition: str, folder: str, image_id: str) -> bool:
    """Return whether a photo can have this path, as a file or in a tar of its partition."""
    stem = path.rpartition(".")[0]
    if stem == stem_of(partition, folder, image_id):
        return True
    match = _MEMBER_PATH.fullmatch(path)
    return match is not None and stem == f"{tar_name(partition, int(match[2]))}/{image_id}"


def in_tars(dataset: object) -> DatasetError:
    """Return the error for a dataset whose photos would have to be in class folders."""
    return DatasetError(
        f"{dataset} has its photos in tars, but crop, export and gallery need class folders: "
        "download to another folder with --dataset-format files"
    )


def add_photo(tar: tarfile.TarFile, result: Result, file: Path, class_number: int) -> str:
    """Add the three members of a photo and return the name of the first.

    Members have neither time nor owner, so the same photos in the same order give the same bytes.
    """
    key = result.photo.image_id
    row = dict(zip(COLUMNS, result.row(), strict=True)) | {"reserve": result.photo.reserve}
    text = json.dumps({name: row[name] for name in _METADATA}, ensure_ascii=False)
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
    """Yield the name and bytes of each member of a tar, and stop where the tar is damaged.

    Links and sparse members count as empty: they could point elsewhere or exhaust the memory.
    """
    with storage_errors(file), suppress(tarfile.TarError), tarfile.open(file, "r|") as tar:
        for member in tar:
            is_plain = member.isreg() and not member.issparse()
            stream = tar.extractfile(member) if is_plain else None
            yield member.name, b"" if stream is None else stream.read()
