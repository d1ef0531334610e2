"""Labels for detectors: a dataset's photos and boxes as YOLO, COCO, Pascal VOC or metadata.jsonl.

The SQL in `sql/export/` gives every line of every file.
"""

import os
import shutil
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from hotdog_sql.dataset_boxes import TABLE, DatasetBoxes, new_folder
from hotdog_sql.files import storage_errors
from hotdog_sql.options import BoxFormat

_FILES = {
    BoxFormat.YOLO: "FROM yolo_files($class, $rows)",
    BoxFormat.COCO: "FROM coco_files($class, $rows)",
    BoxFormat.VOC: "FROM voc_files($class, $rows)",
    BoxFormat.JSONL: "FROM jsonl_files($class, $rows)",
}


def export(found: DatasetBoxes, out: Path, format_name: BoxFormat, *, copy: bool = False) -> int:
    """Write the photos and labels; return how many photos there are.

    Photos are hard links where that is possible, else symbolic links, or copies.
    """
    new_folder(out, found.directory)
    values: dict[str, object] = {"class": list(found.classes), "rows": TABLE}
    rows = found.rows(_FILES[format_name], values)
    photos = 0
    for (name, photo), lines in groupby(rows, key=itemgetter(0, 2)):
        path = out / name
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if photo is None:
                with path.open("w", encoding="utf-8", newline="\n") as file:
                    file.writelines(f"{line}\n" for _, line, _ in lines)
            else:
                _place(found.directory / photo, path, copy=copy)
                photos += 1
    return photos


def _place(photo: Path, path: Path, *, copy: bool) -> None:
    if copy:
        shutil.copyfile(photo, path)
        return
    try:
        os.link(photo, path)
    except OSError:  # another file system
        path.symlink_to(photo.resolve())
