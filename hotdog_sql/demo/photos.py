"""The demo's photos: what each shows, how it was labelled, and where it still is."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from hotdog_sql.demo.chance import Chance
from hotdog_sql.demo.strangers import AUTHORS, TITLES
from hotdog_sql.demo.subjects import CLASSES, HOT_DOG, HOT_DOGS, OTHERS, Subject

#: Hot dogs, photos in all, and the share of photos that the mirror lacks. Of the real train split
#: the mirror holds a fifth, of the other two everything
#: (https://github.com/cvdfoundation/open-images-dataset).
_SPLITS = {"test": (36, 400, 0.09), "validation": (9, 120, 0.06), "train": (40, 600, 0.5)}


@dataclass(frozen=True, slots=True)
class Label:
    """A row of a label file without its ImageID.

    Attributes:
        source: `verification`, `crowdsource-verification` or `machine`.
        mid: the class.
        confidence: as the file writes it: `0` and `1` from humans, tenths from the machine.
    """

    source: str
    mid: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo of the demo.

    Attributes:
        image_id: 16 hexadecimal digits.
        split: `test`, `validation` or `train`.
        subject: what it shows.
        original_id: what its pixels are drawn from; two photos may be copies of one original.
        number: the photo's number at the photo service.
        author: the photographer's name.
        title: the photographer's own words.
        labels: rows of the human label file.
        machine_labels: rows of the machine label file.
        rotation: degrees counter-clockwise that set it upright; None where nobody knows.
        mirror: what the mirror answers: `there`, `gone`, or `png` in spite of the name.
        original: what the photo service answers: `there`, `changed` (other bytes than the file
            list says), `missing` (404), `removed` (410) or `unavailable` (another picture).
        thumbnail: `there`, `gone`, or `unlisted` (the file list has no address).
    """

    image_id: str
    split: str
    subject: Subject
    original_id: str
    number: int
    author: str
    title: str
    labels: tuple[Label, ...]
    machine_labels: tuple[Label, ...]
    rotation: int | None = 0
    mirror: str = "there"
    original: str = "there"
    thumbnail: str = "there"


@cache
def photos(split: str) -> tuple[Photo, ...]:
    """Every photo of a split, in the order of its file list; the same on every machine."""
    chance = Chance(f"hotdog-sql demo {split}")
    hot_dogs, total, lost = _SPLITS[split]
    subjects = [HOT_DOGS[number % len(HOT_DOGS)] for number in range(hot_dogs)]
    subjects += chance.choices(OTHERS, [other.share for other in OTHERS], k=total - hot_dogs)
    made = [_photo(chance, split, subject) for subject in subjects]
    made[hot_dogs:] = [_weathered(chance, photo, lost) for photo in made[hot_dogs:]]
    if split == "test":
        _place_oddities(made)
    return tuple(chance.sample(made, k=total))


def _place_oddities(made: list[Photo]) -> None:
    """Gives hot dogs what must be met on every run of the demo, by their places in the list.

    ImageIDs may look like numbers, two photos may be copies of one original, and each way in which
    a photo can be turned, lost, changed or disputed comes up.
    """
    made[0] = replace(made[0], image_id="92157226691247e1")
    made[2] = replace(made[2], rotation=90)
    made[3] = replace(made[3], mirror="gone")
    no = Label("crowdsource-verification", HOT_DOG, "0")
    made[4] = replace(made[4], labels=(*made[4].labels, no))
    made[5] = replace(made[5], rotation=270)
    made[6] = replace(made[6], mirror="png")
    made[7] = replace(made[7], mirror="gone", original="unavailable", rotation=None)
    made[11] = replace(made[11], mirror="gone", original="removed", thumbnail="gone", rotation=None)
    made[12] = replace(made[12], original_id=made[9].original_id)
    made[13] = replace(made[13], rotation=180)
    made[19] = replace(made[19], mirror="gone", original="changed")
    first, second = [n for n, photo in enumerate(made) if photo.subject.title == "Not a hot dog"][
        :2
    ]
    made[first] = replace(made[first], image_id="0001234567890123")
    made[second] = replace(made[second], original_id=made[first].original_id)


def _photo(chance: Chance, split: str, subject: Subject) -> Photo:
    """A photo that every source still has."""
    image_id = f"{chance.getrandbits(64):016x}"
    return Photo(
        image_id=image_id,
        split=split,
        subject=subject,
        original_id=image_id,
        number=chance.randrange(10**8, 10**10),
        author=chance.choice(AUTHORS),
        title=chance.choice(TITLES) if chance.random() < 0.3 else subject.title,
        labels=tuple(_human_labels(chance, subject)),
        machine_labels=tuple(_machine_labels(chance, subject)),
    )


def _weathered(chance: Chance, photo: Photo, lost: float) -> Photo:
    """The photo after some years.

    An original that is gone took its rotation with it, 2.6 % of the others are turned
    (https://storage.googleapis.com/openimages/web/2018-05-17-rotation-information.html); 3.6 % of
    the thumbnails have no address in the file list.
    """
    original = chance.choices(["there", "missing", "removed", "unavailable"], [86, 5, 5, 4])[0]
    thumbnail = "there" if original == "there" else chance.choice(["there", "gone", "gone"])
    rotation: int | None = 0
    if original != "there":
        rotation = None
    elif chance.random() < 0.026:
        rotation = chance.choice([90, 180, 270])
    return replace(
        photo,
        rotation=rotation,
        mirror="gone" if chance.random() < lost else "there",
        original=original,
        thumbnail="unlisted" if chance.random() < 0.036 else thumbnail,
    )


def _human_labels(chance: Chance, subject: Subject) -> Iterator[Label]:
    """What people said who were asked: yes, no, sometimes both, sometimes twice."""
    if HOT_DOG not in subject.classes and chance.random() < 0.03:
        return
    yes = [
        mid for number, mid in enumerate(subject.classes) if not number or chance.random() < 0.85
    ]
    others = [mid for mid in CLASSES if mid not in subject.classes and mid != HOT_DOG]
    no = chance.sample(others, k=chance.randrange(1, 5))
    if subject.looks_alike and chance.random() < 0.6:
        no.append(HOT_DOG)
    for confidence, mids in (("1", yes), ("0", no)):
        for mid in mids:
            crowd = chance.random() < 0.05
            yield Label("crowdsource-verification" if crowd else "verification", mid, confidence)
            if not crowd and chance.random() < 0.03:
                yield Label("crowdsource-verification", mid, confidence)
            elif not crowd and mid != HOT_DOG and chance.random() < 0.01:
                yield Label("crowdsource-verification", mid, "0" if confidence == "1" else "1")


def _machine_labels(chance: Chance, subject: Subject) -> Iterator[Label]:
    """What a classifier said, in tenths from 0.5 up; it takes some look-alikes for hot dogs."""
    mids = {mid: chance.randrange(6, 11) for mid in subject.classes if chance.random() < 0.9}
    mids.setdefault(chance.choice(list(CLASSES.keys() - {HOT_DOG})), chance.randrange(5, 7))
    if subject.looks_alike and chance.random() < 0.2:
        mids[HOT_DOG] = chance.randrange(5, 10)
    for mid, tenths in mids.items():
        yield Label("machine", mid, "1" if tenths == 10 else f"0.{tenths}")
