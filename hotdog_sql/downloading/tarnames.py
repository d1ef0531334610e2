"""Paths of photos in tars, such as `000003.tar/0a1b2c3d4e5f6789.jpg`."""

import re

from hotdog_sql.downloading.photo import safe_folder, stem_of

_MEMBER = re.compile(r"((?:.+/)?(\d{6,})\.tar)/[^/]+")


def tar_name(partition: str, number: int) -> str:
    """Path of a tar, relative to the dataset. Each part of a dataset has tars of its own."""
    name = f"{number:06d}.tar"
    return f"{safe_folder(partition)}/{name}" if partition else name


def tar_of(path: str) -> str:
    """The tar that holds the photo; empty where the photo is a file of its own."""
    match = _MEMBER.fullmatch(path)
    return match[1] if match else ""


def tar_number(tar: str) -> int:
    """The number in a tar's name."""
    return int(tar.rpartition("/")[2].removesuffix(".tar"))


def is_own_path(path: str, partition: str, folder: str, image_id: str) -> bool:
    """Whether a path is one that a photo can have: its own file's, or in a tar of its part."""
    place = path.rpartition(".")[0]
    if place == stem_of(partition, folder, image_id):
        return True
    tar = tar_of(path)
    return bool(tar) and place == f"{tar_name(partition, tar_number(tar))}/{image_id}"
