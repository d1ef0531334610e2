"""`selection.json` of a dataset: how its photos were selected, and how they were altered.

Altered photos are not what a server sends, and cannot be made again from themselves: a dataset
keeps the alterations that it was begun with.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.errors import DatasetError
from hotdog_sql.storage import storage_errors

NAME = "selection.json"

#: What may differ between two runs of the same selection: the versions of the programs and of the
#: SQL. A new release must not orphan a dataset that it would select alike.
_INCIDENTAL = frozenset({"versions", "sql_sha256"})
#: How photos were altered before they were kept. Without it they are as they came.
_IMAGES = "images"


def read_recipe(folder: Path) -> dict[str, Any] | None:
    """The recipe of a dataset; None where it has none.

    Raises:
        DatasetError: it is not one of ours.
        StorageError: it cannot be read.
    """
    path = folder / NAME
    with storage_errors(path):
        try:
            recipe = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError) as error:
            raise DatasetError(f"{path} is not JSON ({error}): move it away") from error
    if not isinstance(recipe, dict):
        raise DatasetError(f"{path} does not describe a selection: move it away")
    return recipe


def write_recipe(
    recipe: Mapping[str, object], options: DownloadOptions, folder: Path, scratch: Path
) -> None:
    """Write the recipe of a dataset, replacing an older one.

    Raises:
        StorageError: it cannot be written.
    """
    whole = {**recipe, _IMAGES: options.alterations} if options.alterations else recipe
    with storage_errors(folder / NAME):
        (scratch / NAME).write_text(_text(whole), encoding="utf-8")
        (scratch / NAME).replace(folder / NAME)


def check_recipe(
    recipe: Mapping[str, object] | None,
    options: DownloadOptions,
    folder: Path,
    name: str,
    *,
    begun: bool,
) -> bool:
    """Whether the dataset is to be given this recipe, because it has none yet.

    Raises:
        DatasetError: the dataset is of another selection, or its photos are altered otherwise.
    """
    known = read_recipe(folder)
    if begun or known is not None:
        _check_alterations(recorded_alterations(folder), options, name)
    if recipe is None or options.update:
        return bool(options.alterations) and known is None
    if known is None or known.keys() <= {_IMAGES}:
        return True
    now = json.loads(_text(recipe))
    keys = {*known, *now} - _INCIDENTAL - {_IMAGES}
    differing = sorted(key for key in keys if known.get(key) != now.get(key))
    if differing:
        raise DatasetError(
            f"{name} holds the photos of another selection ({', '.join(differing)}): "
            "choose another folder, or run select or download with --update to replace them"
        )
    return False


def recorded_alterations(folder: Path) -> dict[str, Any]:
    """How the photos of a dataset were altered: `DownloadOptions.alterations`.

    Raises:
        DatasetError: the file is not one of ours.
    """
    match (read_recipe(folder) or {}).get(_IMAGES):
        case None:
            return {}
        case {"upright": bool(upright), "max_side": (int() | None) as max_side}:
            return {"upright": upright, "max_side": max_side}
        case _:
            raise DatasetError(
                f"{folder / NAME} does not say how the photos were altered: move it away"
            )


def _check_alterations(then: Mapping[str, Any], options: DownloadOptions, name: str) -> None:
    if then == options.alterations:
        return
    if then:
        given = ["--upright"] if then["upright"] else []
        given += [f"--max-side {then['max_side']}"] if then["max_side"] is not None else []
        made, advice = f"with {' '.join(given)}", "give the same options"
    else:
        made, advice = "without --upright and --max-side", "leave them out"
    raise DatasetError(f"{name} was made {made}: {advice}, or choose another folder")


def _text(recipe: Mapping[str, object]) -> str:
    return json.dumps(recipe, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
