"""A selection: what is asked for, and the rows that `select_images` gives for it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from hotdog_sql.database import Database

#: The values that the macro's parameters take by name.
RELATED = ("prefix", "none")
OVERLAP = ("leave_out", "first", "both")
NEGATIVES_FROM = ("random", "verified", "mixed")

#: The call that the shell's users type, with every value bound.
_SELECT_IMAGES = """
FROM select_images(
    $class,
    negatives := $negatives,
    seed := $seed,
    "limit" := $limit,
    min_confidence := $min_confidence,
    related := $related,
    exclude := $exclude,
    overlap := $overlap,
    negatives_from := $negatives_from,
    negative_folder := $negative_folder
)
"""
_KEEP = f"CREATE OR REPLACE TEMP TABLE selection AS {_SELECT_IMAGES}"
_REPORT = """
FROM selection_report(
    $class, min_confidence := $min_confidence, related := $related, exclude := $exclude
)
"""
_FOLDERS = "SELECT folder, count(*) FROM selection GROUP BY folder ORDER BY min(rowid)"
_RESERVES = f"{_SELECT_IMAGES} WHERE folder = $folder AND rank > $rank"


@dataclass(frozen=True, slots=True)
class SelectionRequest:
    """The parameters of `select_images`, under its own names.

    Attributes:
        classes: MIDs, a folder each.
        negatives: how many images without any of the classes.
        seed: any whole number; another seed, another random order.
        limit: positives at most in each folder; None takes all.
        min_confidence: least confidence of a positive label, above 0 and up to 1.
        related: which classes are too near for a negative, one of `RELATED`.
        exclude: MIDs of further classes that no negative may carry.
        overlap: what becomes of an image of several chosen classes, one of `OVERLAP`.
        negatives_from: which images are negatives, one of `NEGATIVES_FROM`.
        negative_folder: the negatives' folder.
    """

    classes: tuple[str, ...]
    negatives: int = 120
    seed: int = 42
    limit: int | None = None
    min_confidence: float = 1.0
    related: str = "prefix"
    exclude: tuple[str, ...] = ()
    overlap: str = "leave_out"
    negatives_from: str = "random"
    negative_folder: str = "other"

    def parameters(self) -> dict[str, Any]:
        """The values to bind, by the macro's parameter names."""
        values = asdict(self)
        values["class"] = list(values.pop("classes"))
        values["exclude"] = list(self.exclude)
        return values


@dataclass(frozen=True, slots=True)
class SelectionReport:
    """What there was to select from (see `sql/reports/selection_report.sql`).

    Attributes:
        positives: images that carry a chosen class.
        related_classes: classes that no negative may carry, the chosen ones among them.
        labelled: images with any positive label.
        candidates: those of them that negatives are drawn from.
    """

    positives: int
    related_classes: int
    labelled: int
    candidates: int


class Selection:
    """The rows of a request, computed once and kept in the connection's table `selection`.

    DuckDB spills the table to disk where it outgrows the memory limit, so its rows can be counted,
    written and downloaded without running the query again.
    """

    def __init__(self, database: Database, request: SelectionRequest) -> None:
        database.require("select_images")
        self.database = database
        self.request = request
        database.execute(_KEEP, request.parameters())

    def report(self) -> SelectionReport:
        """What there was to select from."""
        names = ("class", "min_confidence", "related", "exclude")
        parameters = self.request.parameters()
        row = self.database.rows(_REPORT, {name: parameters[name] for name in names})[0]
        return SelectionReport(*row)

    def folders(self) -> dict[str, int]:
        """Images in each folder, in the folders' order."""
        return dict(self.database.rows(_FOLDERS))

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The rows, by folder and rank."""
        cursor = self.database.execute("FROM selection")
        while rows := cursor.fetchmany(1000):
            yield from rows

    def columns(self) -> list[str]:
        """The names of the rows' columns: folder, rank, then the image file's own."""
        return [row[0] for row in self.database.rows("DESCRIBE selection")]
