"""The selection in plain Python, sharing nothing with the SQL: the judge of it."""

import hashlib
import unicodedata

from hotdog_sql.options import SelectOptions
from tests.support.openimages import OpenImages

Row = tuple[str, int, str]


def select(
    data: OpenImages,
    asked: SelectOptions,
    folders: dict[str, str],
    fitting: dict[str, set[str]] | None = None,
) -> list[Row]:
    """(folder, rank, ImageID) of every selected image, in order.

    Classes and exclusions are MIDs; `fitting` are the images of each class whose boxes follow the
    rules, where there are any.
    """
    names = dict(data.classes)
    known = {image[0] for image in data.images}
    barred = set(asked.classes) | set(asked.exclude)
    if asked.related == "prefix":
        for mid, name in data.classes:
            if any(is_or_begins_with(name, names[chosen]) for chosen in asked.classes):
                barred.add(mid)

    carried: dict[str, set[str]] = {}
    denied: dict[str, set[str]] = {}
    for image, source, mid, confidence in data.labels:
        if float(confidence) >= asked.min_confidence:
            carried.setdefault(image, set()).add(mid)
        if float(confidence) == 0 and source != "machine":
            denied.setdefault(image, set()).add(mid)

    rows: list[Row] = []
    chosen = list(dict.fromkeys(asked.classes))
    for position, mid in enumerate(chosen):
        ids = []
        for image in known:
            here = [other for other in chosen if other in carried.get(image, set())]
            if mid not in here:
                continue
            if len(here) > 1 and asked.overlap == "leave_out":
                continue
            if asked.overlap == "first" and chosen.index(here[0]) != position:
                continue
            if fitting is not None and image not in fitting[mid]:
                continue
            ids.append(image)
        ids.sort(key=lambda image: order_key(asked.seed, image))
        rows += [(folders[mid], rank, image) for rank, image in enumerate(ids[: asked.limit], 1)]

    clean = {image for image in known if not carried.get(image, set()) & barred}
    verified = {image for image in clean if denied.get(image, set()) & set(chosen)}
    random = {image for image in clean if carried.get(image)}
    if asked.negatives_from == "random":
        verified = set()
    if asked.negatives_from == "verified":
        random = set()
    others = sorted(verified, key=lambda image: order_key(asked.seed, image))
    others += sorted(random - verified, key=lambda image: order_key(asked.seed, image))
    rows += [("other", rank, image) for rank, image in enumerate(others[: asked.negatives], 1)]
    return rows


def is_or_begins_with(name: str, words: str) -> bool:
    """Whether a class's name is these words, or goes on after them with another word."""
    rest = name.removeprefix(words)
    return name.startswith(words) and unicodedata.category(rest[:1] or " ")[0] not in "LMN"


def order_key(seed: int, image: str) -> tuple[str, str]:
    """Where an image stands in the seeded order."""
    return hashlib.md5(f"{seed}:{image}".encode(), usedforsecurity=False).hexdigest(), image
