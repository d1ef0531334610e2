"""`selection.json`: how the dataset was made, as the caller tells it, and how photos were altered.

Altered photos are not what a server sends, and cannot be made again from themselves: a dataset
keeps to the alterations that it was begun with.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hotdog_sql.downloading import manifest
from hotdog_sql.downloading.store import storage_error
from hotdog_sql.errors import DatasetError

NAME = "selection.json"

#: What may differ between two runs of the same selection: the versions of the programs.
_INCIDENTAL = "versions"
#: How photos were altered before they were kept. Without it they are as they came.
_IMAGES = "images"


def begin_record(
    record: Mapping[str, object] | None,
    alterations: Mapping[str, object],
    directory: Path,
    workshop: Path,
    *,
    update: bool,
    called: str,
) -> bool:
    """Hold a dataset to its record, and give it one where it has none.

    Args:
        record: how the selection was made; None: not known.
        alterations: `DownloadOptions.alterations`.
        directory: the dataset.
        workshop: a folder for temporary files, on the same disk.
        update: the selection may be another one, and is recorded when all is done.
        called: the dataset's name, for people.

    Returns:
        Whether it has been given one.

    Raises:
        DatasetError: the dataset is of another selection, or its photos are altered otherwise.
        StorageError: it cannot be written.
    """
    check_alterations(alterations, directory, called)
    if record is not None and not update:
        if not check_record(record, directory, called):
            write_record(record, alterations, directory, workshop)
            return True
    elif alterations and read_record(directory) is None:
        write_record({}, alterations, directory, workshop)
        return True
    return False


def check_alterations(alterations: Mapping[str, object], directory: Path, called: str) -> None:
    """See that a dataset was not begun with other alterations.

    Args:
        alterations: `DownloadOptions.alterations`.
        directory: the dataset.
        called: its name, for people.

    Raises:
        DatasetError: it was.
    """
    begun = manifest.has_rows(directory / manifest.NAME) or (directory / NAME).exists()
    then = recorded_alterations(directory)
    if not begun or then == alterations:
        return
    if then:
        options = ["--upright"] if then["upright"] else []
        options += [f"--max-side {then['max_side']}"] if then["max_side"] is not None else []
        made, advice = f"with {' '.join(options)}", "give the same options"
    else:
        made, advice = "without --upright and --max-side", "leave them out"
    raise DatasetError(f"{called} was made {made}: {advice}, or choose another folder")


def recorded_alterations(directory: Path) -> dict[str, Any]:
    """How the photos of a dataset were altered: `DownloadOptions.alterations`.

    Raises:
        DatasetError: the record is not one of ours.
    """
    match (read_record(directory) or {}).get(_IMAGES):
        case None:
            return {}
        case {"upright": bool(upright), "max_side": (int() | None) as max_side}:
            return {"upright": upright, "max_side": max_side}
        case _:
            raise DatasetError(
                f"{directory / NAME} does not say how the photos were altered: move it away"
            )


def check_record(record: Mapping[str, object], directory: Path, called: str) -> bool:
    """Whether the dataset has the record of a selection, which is the same.

    Args:
        record: anything that JSON can hold; `versions` in it is not part of what is selected.
        directory: the dataset.
        called: its name, for people.

    Raises:
        DatasetError: the dataset is of another selection.
    """
    there = read_record(directory)
    if there is None or there.keys() <= {_IMAGES}:
        return False
    differing = _differing(there, json.loads(_text(record)))
    if differing:
        raise DatasetError(
            f"{called} holds the photos of another selection ({', '.join(differing)}): "
            "choose another folder, or make it this selection's with --update"
        )
    return True


def write_record(
    record: Mapping[str, object],
    alterations: Mapping[str, object],
    directory: Path,
    workshop: Path,
) -> None:
    """Keep the record beside the class folders, in the place of an older one.

    Args:
        record: anything that JSON can hold.
        alterations: `DownloadOptions.alterations`.
        directory: the dataset.
        workshop: a folder for temporary files, on the same disk.

    Raises:
        StorageError: it cannot be written.
    """
    path = directory / NAME
    text = _text({**record, _IMAGES: alterations} if alterations else record)
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
    """The parts in which two records of a selection differ, but for the incidental one."""
    keys = {*then, *now} - {_INCIDENTAL, _IMAGES}
    return sorted(key for key in keys if then.get(key) != now.get(key))
