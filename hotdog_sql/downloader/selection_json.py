"""`selection.json` of a dataset: how its photos were selected, and how they were altered.

The original photos cannot be restored from altered ones, so the alterations of a dataset cannot be
changed later.
"""

import json
from collections.abc import Mapping
from typing import Any

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.errors import DatasetError
from hotdog_sql.storage import Storage

SELECTION = "selection.json"

#: Key for how photos were altered; absent if they were not.
_ALTERATIONS = "images"
#: Keys that may differ between two runs of the same selection, so that a new release can resume
#: datasets whose selection has not changed.
_IGNORED = frozenset({"versions", "sql_sha256", "rows_digest", _ALTERATIONS})


def write_recipe(
    storage: Storage, recipe: Mapping[str, object] | None, options: DownloadOptions
) -> None:
    """Write how a dataset was made; delete an older recipe if nothing is known."""
    content = dict(recipe or {})
    if options.alterations:
        content[_ALTERATIONS] = options.alterations
    if content:
        text = json.dumps(content, indent=2, ensure_ascii=False)
        storage.write(SELECTION, f"{text}\n".encode())
    else:
        storage.delete(SELECTION)


def check_recipe(
    storage: Storage, recipe: Mapping[str, object] | None, options: DownloadOptions, *, empty: bool
) -> None:
    """Write the recipe if the dataset has none, or no photos, not even lost ones (`empty`).

    Raises `DatasetError` if the dataset has another selection or other alterations.
    """
    recorded, alterations = _read_recipe(storage), recorded_alterations(storage)
    if (recorded or not empty) and alterations != options.alterations:
        upright = " --upright" if alterations.get("upright") else ""
        side = f" --max-side {alterations['max_side']}" if alterations.get("max_side") else ""
        made_with = f"with{upright}{side}" if alterations else "without --upright and --max-side"
        raise DatasetError(
            f"{storage.name} was made {made_with}: give the same options, or choose another folder"
        )
    old = {} if empty else _settings(recorded)
    if not old and (recipe or empty or not recorded):
        write_recipe(storage, recipe, options)
    elif old and recipe and not options.update:
        new = _settings(json.loads(json.dumps(recipe)))
        differing = sorted(key for key in old | new if old.get(key) != new.get(key))
        if differing:
            advice = ", or run select or download with --update to replace them"
            raise DatasetError(
                f"{storage.name} holds the photos of another selection ({', '.join(differing)}): "
                f"choose another folder{'' if options.in_tars else advice}"
            )


def recorded_alterations(storage: Storage) -> dict[str, Any]:
    """Return how the photos of a dataset were altered, as `DownloadOptions.alterations`."""
    match _read_recipe(storage).get(_ALTERATIONS):
        case None:
            return {}
        case {"upright": bool(upright), "max_side": (int() | None) as max_side}:
            return {"upright": upright, "max_side": max_side}
        case _:
            raise _invalid(storage, "does not say how the photos were altered")


def part_shares(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return the share of each part, in the order that decides which photo is in which part."""
    shares: dict[str, Any] = recipe["partition"]["shares"]
    if next(iter(recipe)) == "form":
        return shares
    # Earlier releases sorted the keys.
    usual = ("train", "val", "validation", "test")
    return {name: shares[name] for name in sorted(shares, key=(*usual, *shares).index)}


def _settings(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that decide which photos are selected, in one dictionary."""
    settings = {key: value for key, value in recipe.items() if key not in _IGNORED}
    match recipe:
        case {"partition": {"shares": {}} as partition}:
            settings["partition"] = partition | {"shares": list(part_shares(recipe).items())}
    options = settings.pop("classes", {})
    settings |= options if isinstance(options, dict) else {"classes": options}
    if settings.get("ratio") is not None:
        settings["negatives"] = 0  # earlier releases recorded a number that was not used
    return settings


def _read_recipe(storage: Storage) -> dict[str, Any]:
    """The content of `selection.json`, or an empty dictionary if it does not exist."""
    try:
        return dict(json.loads(storage.read(SELECTION) or b"{}"))
    except (ValueError, TypeError, RecursionError) as error:
        raise _invalid(storage, f"is not JSON of a selection ({error})") from error


def _invalid(storage: Storage, problem: str) -> DatasetError:
    return DatasetError(f"{storage.name}/{SELECTION} {problem}: move it away")
