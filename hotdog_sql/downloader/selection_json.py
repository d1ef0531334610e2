"""`selection.json` of a dataset: how its photos were selected, and how they were altered.

Altered photos are not what a server sends, and cannot be made again from themselves: a dataset
keeps the alterations that it was begun with.
"""

import json
from collections.abc import Mapping
from typing import Any

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.errors import DatasetError
from hotdog_sql.storage import Storage

NAME = "selection.json"

#: What may differ between two runs of the same selection: the versions of the programs and of the
#: SQL. A new release must not orphan a dataset that it would select alike.
_INCIDENTAL = frozenset({"versions", "sql_sha256"})
#: How photos were altered before they were kept. Without it they are as they came.
_IMAGES = "images"


def write_recipe(
    storage: Storage, recipe: Mapping[str, object] | None, options: DownloadOptions
) -> None:
    """Write the recipe of a dataset, replacing an older one."""
    whole = dict(recipe or {})
    if options.alterations:
        whole[_IMAGES] = options.alterations
    storage.write(NAME, _text(whole).encode())


def check_recipe(
    storage: Storage, recipe: Mapping[str, object] | None, options: DownloadOptions, *, begun: bool
) -> bool:
    """Whether the dataset is to be given this recipe, because it has none yet.

    A dataset of another selection, or one whose photos are altered otherwise, is refused.
    """
    known = _read_recipe(storage)
    then = _alterations(known, storage)
    if (begun or known is not None) and then != options.alterations:
        raise DatasetError(
            f"{storage.name} was made {_spoken(then)}: give the same options, or choose another "
            "folder"
        )
    if recipe is None or options.update:
        return bool(options.alterations) and known is None
    if known is None or known.keys() <= {_IMAGES}:
        return True
    was, now = _settings(known), _settings(json.loads(_text(recipe)))
    differing = sorted(key for key in {*was, *now} if was.get(key) != now.get(key))
    if differing:
        raise DatasetError(
            f"{storage.name} holds the photos of another selection ({', '.join(differing)}): "
            "choose another folder, or run select or download with --update to replace them"
        )
    return False


def _settings(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """What decides which photos are selected; the options of a selection by their own names."""
    kept = {key: value for key, value in recipe.items() if key not in {*_INCIDENTAL, _IMAGES}}
    options = kept.pop("classes", None)
    return kept | (options if isinstance(options, dict) else {"classes": options})


def recorded_alterations(storage: Storage) -> dict[str, Any]:
    """How the photos of a dataset were altered: `DownloadOptions.alterations`."""
    return _alterations(_read_recipe(storage), storage)


def _read_recipe(storage: Storage) -> dict[str, Any] | None:
    data = storage.read(NAME)
    if data is None:
        return None
    try:
        recipe = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _unusable(storage, f"is not JSON ({error})") from error
    if not isinstance(recipe, dict):
        raise _unusable(storage, "does not describe a selection")
    return recipe


def _alterations(recipe: Mapping[str, Any] | None, storage: Storage) -> dict[str, Any]:
    match (recipe or {}).get(_IMAGES):
        case None:
            return {}
        case {"upright": bool(upright), "max_side": (int() | None) as max_side}:
            return {"upright": upright, "max_side": max_side}
        case _:
            raise _unusable(storage, "does not say how the photos were altered")


def _spoken(alterations: Mapping[str, Any]) -> str:
    if not alterations:
        return "without --upright and --max-side"
    upright = " --upright" if alterations["upright"] else ""
    side = alterations["max_side"]
    return f"with{upright}" + ("" if side is None else f" --max-side {side}")


def _unusable(storage: Storage, what: str) -> DatasetError:
    return DatasetError(f"{storage.name}/{NAME} {what}: move it away")


def _text(recipe: Mapping[str, object]) -> str:
    return json.dumps(recipe, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
