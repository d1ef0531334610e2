"""Expected results of commands and queries, computed from the CSV files in plain Python."""

import csv
from collections import Counter
from pathlib import Path

from hotdog_sql.options import SelectOptions
from tests.support.brute_force import Row, select
from tests.support.openimages import IMAGE_COLUMNS, OpenImages, file_names

HOT_DOG, PERSON, FRIES = "/m/01b9xk", "/m/01g317", "/m/02y6n"
FAST_FOOD = {
    HOT_DOG: "hot_dog",
    "/m/0cdn1": "hamburger",
    "/m/0663v": "pizza",
    FRIES: "french_fries",
    "/m/0cxn2": "ice_cream",
}
FOLDERS = {**FAST_FOOD, PERSON: "person"}

#: (folder, ImageID) of a selected image.
Chosen = set[tuple[str, str]]


class Truth:
    """The rows of the files, and the expected results of commands and queries."""

    def __init__(self, folder: Path, splits: list[str]) -> None:
        images: list[tuple[str, ...]] = []
        labels: list[tuple[str, str, str, str]] = []
        for split in splits:
            files = file_names(split)
            images += [(*row,) for row in lines(folder / files["images"])]
            labels += [(a, b, c, d) for a, b, c, d in lines(folder / files["human_labels"])]
        classes = [(a, b) for a, b in lines(folder / "oidv6-class-descriptions.csv")]
        self.names = dict(classes)
        self.data = OpenImages(classes=classes, images=images, labels=labels)
        self.positives = [(row[0], row[2]) for row in labels if float(row[3]) == 1]
        self.carried: dict[str, set[str]] = {}
        for image, mid in self.positives:
            self.carried.setdefault(image, set()).add(mid)

    def column(self, name: str) -> dict[str, str]:
        """Return a column of the image files, by ImageID."""
        index = IMAGE_COLUMNS.index(name)
        return {row[0]: row[index] for row in self.data.images}

    def rows(self, options: SelectOptions) -> list[Row]:
        return select(self.data, options, FOLDERS)

    def hot_dogs(self, negatives: int = 120, negatives_from: str = "random") -> Chosen:
        options = SelectOptions((HOT_DOG,), negatives=negatives, negatives_from=negatives_from)
        return {(folder, image) for folder, _, image in self.rows(options)}

    def summary(self) -> dict[str, str]:
        return {
            "images": str(len(self.data.images)),
            "positive_labels": str(len(self.positives)),
            "labelled_images": str(len(self.carried)),
            "classes": str(len(self.names)),
        }

    def class_counts(self, text: str) -> set[tuple[str, ...]]:
        """Return MID, name, positives and verified negatives of classes whose names have a text."""
        positives = Counter(mid for carried in self.carried.values() for mid in carried)
        verified = {
            (image, mid)
            for image, source, mid, confidence in self.data.labels
            if float(confidence) == 0 and source != "machine"
        }
        negatives = Counter(mid for _, mid in verified)
        return {
            (mid, name, str(positives[mid]), str(negatives[mid]))
            for mid, name in self.names.items()
            if text.casefold() in name.casefold()
        }

    def licenses(self) -> dict[str, str]:
        counts = Counter(self.column("License").values())
        return {license_: str(count) for license_, count in counts.items()}

    def common(self, beside: str | None = None) -> list[tuple[str, str]]:
        """Return the 20 most common classes and their images, or those on images of `beside`."""
        counts = Counter(
            mid
            for carried in self.carried.values()
            if beside is None or beside in carried
            for mid in carried - {beside}
        )
        ranked = sorted(counts, key=lambda mid: (-counts[mid], self.names[mid]))
        return [(self.names[mid], str(counts[mid])) for mid in ranked[:20]]

    def balanced_classes(self) -> Chosen:
        rows = self.rows(SelectOptions(tuple(FAST_FOOD), negatives=0))
        limit = min(Counter(folder for folder, _, _ in rows).values())
        return {(folder, image) for folder, rank, image in rows if rank <= limit}

    def hard_negatives(self) -> Chosen:
        rows = self.hot_dogs(1000, "verified")
        return {("not_hot_dog" if row[0] == "other" else row[0], row[1]) for row in rows}

    def multi_label(self) -> dict[str, str]:
        """Return the classes of each image, which may be none."""
        options = SelectOptions((HOT_DOG, FRIES, PERSON), overlap="both")
        classes: dict[str, list[str]] = {}
        for folder, _, image in self.rows(options):
            classes.setdefault(image, []).extend({folder} - {"other"})
        return {image: " ".join(sorted(names)) for image, names in classes.items()}

    def one_license(self) -> Chosen:
        licenses = self.column("License")
        cc_by = "https://creativecommons.org/licenses/by/2.0/"
        return {row for row in self.hot_dogs(500) if licenses[row[1]] == cc_by}

    def one_per_photographer(self) -> Chosen:
        author = self.column("AuthorProfileURL")
        first: dict[str, tuple[str, str]] = {}
        for folder, _, image in self.rows(SelectOptions((HOT_DOG,))):
            first.setdefault(author[image], (folder, image))
        return set(first.values())

    def two_classes_together(self) -> Chosen:
        both = {image for image, carried in self.carried.items() if {HOT_DOG, PERSON} <= carried}
        rows = self.rows(SelectOptions((HOT_DOG, PERSON)))
        return {("hot_dog_and_person", image) for image in both} | {
            ("neither", image)
            for folder, rank, image in rows
            if folder == "other" and rank <= len(both)
        }

    def with_and_without(self) -> Chosen:
        return {
            ("with_person" if PERSON in carried else "without_person", image)
            for image, carried in self.carried.items()
            if HOT_DOG in carried
        }


def lines(path: Path) -> list[list[str]]:
    """Return the rows of a CSV without its header."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]
