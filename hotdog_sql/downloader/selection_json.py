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

SELECTION = "selection.json"

#: How photos were altered before they were kept. Without it they are as they came.
_IMAGES = "images"
#: What may differ between two runs of the same selection: a new release must not orphan a dataset
#: that it would select alike.
_INCIDENTAL = frozenset({"versions", "sql_sha256", _IMAGES})


def write_recipe(
    storage: Storage, recipe: Mapping[str, object] | None, options: DownloadOptions
) -> None:
    """Write what is known of how a dataset was made, replacing an older record."""
    whole = dict(recipe or {})
    if options.alterations:
        whole[_IMAGES] = options.alterations
    if whole:
        text = json.dumps(whole, indent=2, ensure_ascii=False)
        storage.write(SELECTION, f"{text}\n".encode())


def check_recipe(
    storage: Storage, recipe: Mapping[str, object] | None, options: DownloadOptions, *, begun: bool
) -> None:
    """Write the recipe of a dataset that has none.

    A dataset of another selection, or one whose photos are altered otherwise, is refused.
    """
    known, then = _read_recipe(storage), recorded_alterations(storage)
    if (begun or known) and then != options.alterations:
        upright = " --upright" if then.get("upright") else ""
        side = f" --max-side {then['max_side']}" if then.get("max_side") else ""
        how = f"with{upright}{side}" if then else "without --upright and --max-side"
        raise DatasetError(
            f"{storage.name} was made {how}: give the same options, or choose another folder"
        )
    was = _settings(known)
    if not was and (recipe or not known):
        write_recipe(storage, recipe, options)
    elif was and recipe and not options.update:
        now = _settings(json.loads(json.dumps(recipe)))
        differing = sorted(key for key in was | now if was.get(key) != now.get(key))
        if differing:
            raise DatasetError(
                f"{storage.name} holds the photos of another selection ({', '.join(differing)}): "
                "choose another folder, or run select or download with --update to replace them"
            )


def recorded_alterations(storage: Storage) -> dict[str, Any]:
    """How the photos of a dataset were altered: `DownloadOptions.alterations`."""
    match _read_recipe(storage).get(_IMAGES):
        case None:
            return {}
        case {"upright": bool(upright), "max_side": (int() | None) as max_side}:
            return {"upright": upright, "max_side": max_side}
        case _:
            raise _unusable(storage, "does not say how the photos were altered")


def _settings(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """What decides which photos are selected; the options of a selection by their own names."""
    kept = {key: value for key, value in recipe.items() if key not in _INCIDENTAL}
    options = kept.pop("classes", {})
    return kept | (options if isinstance(options, dict) else {"classes": options})


def _read_recipe(storage: Storage) -> dict[str, Any]:
    """The content of `selection.json`; empty where there is none."""
    try:
        return dict(json.loads(storage.read(SELECTION) or b"{}"))
    except (ValueError, TypeError, RecursionError) as error:
        raise _unusable(storage, f"is not JSON of a selection ({error})") from error


def _unusable(storage: Storage, what: str) -> DatasetError:
    return DatasetError(f"{storage.name}/{SELECTION} {what}: move it away")
