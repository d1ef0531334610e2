"""The selection in plain Python, independent of the SQL that it tests."""

import hashlib
import unicodedata

from hotdog_sql.options import SelectOptions
from tests.support.openimages import OpenImages

Row = tuple[str, int, str]


def select(
    data: OpenImages,
    options: SelectOptions,
    folders: dict[str, str],
    fitting: dict[str, set[str]] | None = None,
) -> list[Row]:
    """Return (folder, rank, ImageID) of every selected image, in order.

    Classes and exclusions are MIDs. `fitting` has the images of each class whose boxes match the
    options for boxes, or is None if there are no such options.
    """
    names = dict(data.classes)
    images = {image[0] for image in data.images}
    excluded = set(options.classes) | set(options.exclude)
    if options.related == "prefix":
        for mid, name in data.classes:
            if any(is_or_begins_with(name, names[other]) for other in options.classes):
                excluded.add(mid)

    positives: dict[str, set[str]] = {}
    negatives: dict[str, set[str]] = {}
    labelled: set[str] = set()
    for image, source, mid, confidence in data.labels:
        if float(confidence) == 0 and source != "machine":
            negatives.setdefault(image, set()).add(mid)
    for image, source, mid, confidence in data.labels:
        if float(confidence) >= options.min_confidence:
            labelled.add(image)
            if source != "machine" or mid not in negatives.get(image, set()):
                positives.setdefault(image, set()).add(mid)

    rows: list[Row] = []
    classes = list(dict.fromkeys(options.classes))
    for position, mid in enumerate(classes):
        ids = []
        for image in images:
            matches = [other for other in classes if other in positives.get(image, set())]
            if mid not in matches:
                continue
            if len(matches) > 1 and options.overlap == "leave_out":
                continue
            if options.overlap == "first" and classes.index(matches[0]) != position:
                continue
            if fitting is not None and image not in fitting[mid]:
                continue
            ids.append(image)
        ids.sort(key=lambda image: order_key(options.seed, image))
        rows += [(folders[mid], rank, image) for rank, image in enumerate(ids[: options.limit], 1)]

    candidates = {image for image in images if not positives.get(image, set()) & excluded}
    verified = {image for image in candidates if negatives.get(image, set()) & set(classes)}
    random = candidates & labelled
    if options.negatives_from == "random":
        verified = set()
    if options.negatives_from == "verified":
        random = set()
    others = sorted(verified, key=lambda image: order_key(options.seed, image))
    others += sorted(random - verified, key=lambda image: order_key(options.seed, image))
    rows += [("other", rank, image) for rank, image in enumerate(others[: options.negatives], 1)]
    return rows


def is_or_begins_with(name: str, words: str) -> bool:
    """Return whether a class name is these words, or starts with them and a word boundary."""
    name, words = name.lower(), words.lower()
    rest = name.removeprefix(words)
    return name.startswith(words) and unicodedata.category(rest[:1] or " ")[0] not in "LMN"


def order_key(seed: int, image: str) -> tuple[str, str]:
    """Return the sort key of an image in the seeded order."""
    return hashlib.md5(f"{seed}:{image}".encode(), usedforsecurity=False).hexdigest(), image
