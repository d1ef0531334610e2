"""`selection.json`: how the dataset was made, as the caller tells it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hotdog_sql.downloading.store import storage_error
from hotdog_sql.errors import DatasetError

NAME = "selection.json"

#: What may differ between two runs of the same selection: the versions of the programs.
_INCIDENTAL = "versions"


def check_record(record: Mapping[str, object], directory: Path) -> bool:
    """Whether the dataset has a record, which is of the same selection.

    Args:
        record: anything that JSON can hold; `versions` in it is not part of what is selected.
        directory: the dataset.

    Raises:
        DatasetError: the dataset is of another selection.
    """
    there = read_record(directory)
    if there is None:
        return False
    differing = _differing(there, json.loads(_text(record)))
    if differing:
        raise DatasetError(
            f"{directory} holds the photos of another selection ({', '.join(differing)}): "
            "choose another folder, or make it this selection's with --update"
        )
    return True


def write_record(record: Mapping[str, object], directory: Path, workshop: Path) -> None:
    """Keep the record beside the class folders, in the place of an older one.

    Args:
        record: anything that JSON can hold.
        directory: the dataset.
        workshop: a folder for temporary files, on the same disk.

    Raises:
        StorageError: it cannot be written.
    """
    path = directory / NAME
    text = _text(record)
    temporary = workshop / NAME
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise storage_error(path, error) from error


def read_record(directory: Path) -> dict[str, Any] | None:
    """The record of a dataset; None where it has none.

    Raises:
        DatasetError: it is not one of ours.
        StorageError: it cannot be read.
    """
    path = directory / NAME
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise storage_error(path, error) from error
    except ValueError as error:
        raise DatasetError(f"{path} is not JSON ({error}): move it away") from error
    if not isinstance(record, dict):
        raise DatasetError(f"{path} is not a record of a selection: move it away")
    return record


def _text(record: Mapping[str, object]) -> str:
    return json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _differing(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The parts in which two records differ, but for the incidental one."""
    keys = {*then, *now} - {_INCIDENTAL}
    return sorted(key for key in keys if then.get(key) != now.get(key))
