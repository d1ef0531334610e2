"""The demo's photos: what each shows, how it was labelled, where it still is, and its bytes."""

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, NamedTuple

HOT_DOG = "/m/01b9xk"

_AUTHORS = (
    *("David", "Jo Miller", "O'Brien, Pat", 'Max "the lens" Ruiz', "Søren Østergård", "山田 花子"),
    *("Ольга Ж.", "مريم", "Zoë & Björn", "snaps_by_lee", "Tamás", "Amara Okafor", "tom.b"),
    "The Walkers",
)
_TITLES = (
    *("IMG_2041", "DSC_0417.JPG", 'The "real" one, they said', "one, two, three", "土曜日の午後"),
    *("Выходной", "يوم جميل", "🌞🌞🌞", "Coney Island, summer 2009", "Après-midi", "100% & more"),
    *("Holiday #3", "day 12: on the road again", "Tag der offenen Tür", "-", ""),
    "One of about forty that I took on that afternoon, most of which came out far too dark to show",
)

#: Hot dogs, photos in all, and the share of photos that the mirror lacks. Of the real train split
#: the mirror holds a fifth, of the other two everything
#: (https://github.com/cvdfoundation/open-images-dataset).
_SPLITS = {"test": (36, 400, 0.09), "validation": (9, 120, 0.06), "train": (40, 600, 0.5)}

#: Source, class and confidence: a row of a label file without its ImageID.
Label = tuple[str, str, str]


class Photo(NamedTuple):
    """One photo of the demo.

    Attributes:
        image_id: 16 hexadecimal digits.
        split: `test`, `validation` or `train`.
        picture: its picture in `pictures.zip`.
        original_id: whose original it is; two photos may be copies of one original.
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
    picture: str
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

    def original_bytes(self) -> bytes:
        """The photo as it was taken."""
        return self._lying(f"original {self.original_id}")

    def changed_bytes(self) -> bytes:
        """The original after the photo service has saved it again."""
        return self._lying("saved again by the photo service")

    def mirror_bytes(self) -> bytes:
        """The mirror's copy; for one photo a PNG behind the name of a JPEG."""
        if self.mirror == "png":
            return _pictures()[f"{self.picture}.png"]
        return self._lying(f"copy of {self.image_id}")

    def thumbnail_bytes(self) -> bytes:
        """A quarter of the original's width and height, set upright by the photo service."""
        return commented(_pictures()[f"{self.picture}-small.jpg"], f"thumbnail of {self.image_id}")

    def turned(self, rotation: int) -> "Photo":
        """The photo lying otherwise; of each subject, the first picture comes turned, too."""
        return self._replace(rotation=rotation, picture=f"{self.picture.partition('-')[0]}-0")

    def _lying(self, comment: str) -> bytes:
        """The picture as the camera stored it."""
        name = f"{self.picture}-{self.rotation}" if self.rotation else self.picture
        return commented(_pictures()[f"{name}.jpg"], comment)


def unavailable_bytes() -> bytes:
    """What the photo service shows instead of a photo that is no longer there."""
    return _pictures()["unavailable.png"]


def commented(jpeg: bytes, comment: str) -> bytes:
    """The JPEG with a comment, which makes a file of its own of the same picture."""
    text = comment.encode()
    start, table, rest = jpeg.partition(b"\xff\xdb")
    return start + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + table + rest


@cache
def _pictures() -> dict[str, bytes]:
    packed = files(__package__).joinpath("pictures.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(packed)) as pictures:
        return {name: pictures.read(name) for name in pictures.namelist()}


class _Chance(Random):
    """Numbers that a text decides, the same on every machine; never for secrets."""


@cache
def photos(split: str) -> tuple[Photo, ...]:
    """Every photo of a split, in the order of its file list; the same on every machine."""
    chance = _Chance(f"hotdog-sql demo {split}")
    hot_dogs, total, lost = _SPLITS[split]
    rows = _rows("subjects.csv")
    yes = [row for row in rows if HOT_DOG in row["classes"]]
    no = [row for row in rows if HOT_DOG not in row["classes"]]
    subjects = [yes[number % len(yes)] for number in range(hot_dogs)]
    subjects += chance.choices(no, [int(row["share"]) for row in no], k=total - hot_dogs)
    taken: Counter[str] = Counter()
    made = []
    for subject in subjects:
        number = taken[subject["picture"]] % int(subject["pictures"])
        made.append(_photo(chance, split, subject, number))
        taken[subject["picture"]] += 1
    made[hot_dogs:] = [_aged(chance, photo, lost) for photo in made[hot_dogs:]]
    if split == "test":
        _place_oddities(made)
    return tuple(chance.sample(made, k=total))


@cache
def _rows(file: str) -> list[dict[str, str]]:
    """The rows of one of the CSV files beside this module."""
    text = files(__package__).joinpath(file).read_text("utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def _place_oddities(made: list[Photo]) -> None:
    """Let every run of the demo meet one of each, by their places in the list."""
    alike, other = [n for n, photo in enumerate(made) if photo.picture.startswith("dachs")][:2]
    gone: dict[str, Any] = {"mirror": "gone", "rotation": None}
    changes: dict[int, dict[str, Any]] = {
        0: {"image_id": "92157226691247e1"},  # like a number, as is the next
        alike: {"image_id": "0001234567890123"},
        3: {"mirror": "gone"},
        4: {"labels": (*made[4].labels, ("crowdsource-verification", HOT_DOG, "0"))},
        6: {"mirror": "png"},
        7: gone | {"original": "unavailable"},
        11: gone | {"original": "removed", "thumbnail": "gone"},
        12: {"original_id": made[9].original_id, "picture": made[9].picture},
        19: {"mirror": "gone", "original": "changed"},
        other: {"original_id": made[alike].original_id, "picture": made[alike].picture},
    }
    for place, changed in changes.items():
        made[place] = made[place]._replace(**changed)
    for place, rotation in ((2, 90), (5, 270), (13, 180)):
        made[place] = made[place].turned(rotation)


def _photo(chance: Random, split: str, subject: dict[str, str], number: int) -> Photo:
    """A photo that every source still has."""
    image_id = f"{chance.getrandbits(64):016x}"
    classes, alike = subject["classes"].split(), subject["looks_alike"] == "yes"
    return Photo(
        image_id=image_id,
        split=split,
        picture=f"{subject['picture']}-{number}",
        original_id=image_id,
        number=chance.randrange(10**8, 10**10),
        author=chance.choice(_AUTHORS),
        title=chance.choice(_TITLES) if chance.random() < 0.3 else subject["title"],
        labels=tuple(_human_labels(chance, classes, alike)),
        machine_labels=tuple(_machine_labels(chance, classes, alike)),
    )


def _aged(chance: Random, photo: Photo, lost: float) -> Photo:
    """The photo after some years.

    An original that is gone took its rotation with it, 2.6 % of the others are turned
    (https://storage.googleapis.com/openimages/web/2018-05-17-rotation-information.html); 3.6 % of
    the thumbnails have no address in the file list.
    """
    original = chance.choices(["there", "missing", "removed", "unavailable"], [86, 5, 5, 4])[0]
    thumbnail = "there" if original == "there" else chance.choice(["there", "gone", "gone"])
    if original != "there":
        photo = photo._replace(rotation=None)
    elif chance.random() < 0.026:
        photo = photo.turned(chance.choice([90, 180, 270]))
    return photo._replace(
        mirror="gone" if chance.random() < lost else "there",
        original=original,
        thumbnail="unlisted" if chance.random() < 0.036 else thumbnail,
    )


def _human_labels(chance: Random, classes: list[str], alike: bool) -> Iterator[Label]:
    """What people said who were asked: yes, no, sometimes both, sometimes twice.

    Every photo has its first class, most have the others. Of photos that look alike, some people
    were asked whether they show a hot dog. They do not.
    """
    if HOT_DOG not in classes and chance.random() < 0.03:
        return
    yes = [mid for number, mid in enumerate(classes) if not number or chance.random() < 0.85]
    no = chance.sample([mid for mid in _others() if mid not in classes], k=chance.randrange(1, 5))
    if alike and chance.random() < 0.6:
        no.append(HOT_DOG)
    for confidence, mids in (("1", yes), ("0", no)):
        for mid in mids:
            crowd = chance.random() < 0.05
            yield ("crowdsource-verification" if crowd else "verification", mid, confidence)
            if not crowd and chance.random() < 0.03:
                yield ("crowdsource-verification", mid, confidence)
            elif not crowd and mid != HOT_DOG and chance.random() < 0.01:
                yield ("crowdsource-verification", mid, "0" if confidence == "1" else "1")


def _machine_labels(chance: Random, classes: list[str], alike: bool) -> Iterator[Label]:
    """What a classifier said, in tenths from 0.5 up; it takes some look-alikes for hot dogs."""
    mids = {mid: chance.randrange(6, 11) for mid in classes if chance.random() < 0.9}
    mids.setdefault(chance.choice(_others()), chance.randrange(5, 7))
    if alike and chance.random() < 0.2:
        mids[HOT_DOG] = chance.randrange(5, 10)
    for mid, tenths in mids.items():
        yield ("machine", mid, "1" if tenths == 10 else f"0.{tenths}")


def _others() -> list[str]:
    """The MIDs of every class but Hot dog."""
    return [row["LabelName"] for row in _rows("classes.csv") if row["LabelName"] != HOT_DOG]
