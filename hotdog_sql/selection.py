"""A selection of classes: what is asked for, and the rows that `select_images` gives for it."""

from dataclasses import asdict, dataclass
from typing import Any

from hotdog_sql.database import Database
from hotdog_sql.errors import InputError
from hotdog_sql.rows import RowTable
from hotdog_sql.text import printable

#: The call that the shell's users type, with every value bound.
SELECT_IMAGES = """
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
#: The macros that every selection is made by.
STEPS = ("relevant_rows", "shortage", "selected_images")
#: The steps of `select_images`, so that the report needs no pass over the labels of its own, and
#: that the second is taken only where it does something.
_RELEVANT = """
CREATE OR REPLACE TABLE relevant AS
FROM relevant_rows(
    $class,
    negatives := $negatives,
    seed := $seed,
    min_confidence := $min_confidence,
    related := $related,
    exclude := $exclude
)
"""
_SHORTAGE = """
FROM shortage('relevant', negatives := $negatives, negatives_from := $negatives_from)
"""
_WIDENED = """
CREATE OR REPLACE TABLE relevant AS
FROM widened_rows(
    'relevant',
    negatives := $negatives,
    seed := $seed,
    min_confidence := $min_confidence,
    negatives_from := $negatives_from
)
"""
_KEEP = """
CREATE OR REPLACE TABLE selection AS
FROM selected_images(
    'relevant',
    $class,
    negatives := $negatives,
    seed := $seed,
    "limit" := $limit,
    overlap := $overlap,
    negatives_from := $negatives_from,
    negative_folder := $negative_folder
)
"""
_POSITIVES = f"{SELECT_IMAGES} SELECT count(*)"
_REPORT = "FROM report_on('relevant', $class, negative_folder := $negative_folder)"
_BARRED = """
SELECT DISTINCT DisplayName
FROM barred_classes($class, related := $related, exclude := $exclude)
ORDER BY DisplayName
"""
_SAFE = "SELECT is_safe_folder($name)"
_DESCENDANTS = "SELECT LabelName FROM descendant_classes($class)"


@dataclass(frozen=True, slots=True)
class SelectionRequest:
    """The parameters of `select_images`, under its own names, and two that are worked out.

    Attributes:
        classes: MIDs, a folder each.
        negatives: how many images without any of the classes.
        ratio: negatives for each positive, in place of `negatives`; None leaves that.
        seed: any whole number; another seed, another random order.
        limit: positives at most in each folder; None takes all.
        min_confidence: least confidence of a positive label, above 0 and up to 1.
        related: which classes are too near for a negative: `prefix`, `none` or `hierarchy`.
        exclude: MIDs of further classes that no negative may carry.
        overlap: what becomes of an image of several chosen classes: `leave_out`, `first`, `both`.
        negatives_from: which images are negatives: `random`, `verified` or `mixed`.
        negative_folder: the negatives' folder.
    """

    classes: tuple[str, ...]
    negatives: int = 120
    ratio: float | None = None
    seed: int = 42
    limit: int | None = None
    min_confidence: float = 1.0
    related: str = "prefix"
    exclude: tuple[str, ...] = ()
    overlap: str = "leave_out"
    negatives_from: str = "random"
    negative_folder: str = "other"


@dataclass(frozen=True, slots=True)
class ClassReport:
    """What there was of one class (see `sql/reports/selection_report.sql`).

    Attributes:
        folder: where its photos go.
        mid: the class's MID.
        name: the class's name.
        positives: images that carry it.
        by_people: those of them that a person labelled.
        by_machine: those of them that a model labelled.
        verified_negatives: images in which a person said that it is absent.
        ambiguous: positives that carry another chosen class too.
    """

    folder: str
    mid: str
    name: str
    positives: int
    by_people: int
    by_machine: int
    verified_negatives: int
    ambiguous: int


@dataclass(frozen=True, slots=True)
class SelectionReport:
    """What there was to select from.

    Attributes:
        classes: the chosen classes, in the order asked for.
        related: names of the classes that no negative may carry, the chosen ones among them.
        labelled: images with any positive label.
        candidates: those of them without a related class.
    """

    classes: tuple[ClassReport, ...]
    related: tuple[str, ...]
    labelled: int
    candidates: int


class Selection(RowTable):
    """The rows of a request, in the connection's table `selection`."""

    def __init__(self, database: Database, request: SelectionRequest) -> None:
        database.use(*STEPS, "is_safe_folder")
        if not database.rows(_SAFE, {"name": request.negative_folder})[0][0]:
            raise InputError(
                f"{printable(request.negative_folder)!r} cannot name a folder: use letters, "
                "digits, - and _"
            )
        super().__init__(database, "selection")
        self.request = request
        self._parameters = bound_parameters(database, request)
        database.execute(_RELEVANT, self._bound(_RELEVANT))
        if database.rows(_SHORTAGE, self._bound(_SHORTAGE)):
            database.use("widened_rows")
            database.execute(_WIDENED, self._bound(_WIDENED))
        database.execute(_KEEP, self._bound(_KEEP))

    def report(self) -> SelectionReport:
        """What there was to select from."""
        self.database.use("report_on")
        related = self.database.rows(_BARRED, self._bound(_BARRED))
        *classes, others = self.database.rows(_REPORT, self._bound(_REPORT))
        return SelectionReport(
            classes=tuple(ClassReport(*row[:-2]) for row in classes),
            related=tuple(name for (name,) in related),
            labelled=others[-2],
            candidates=others[-1],
        )

    def _bound(self, query: str) -> dict[str, Any]:
        """The values that a query names; DuckDB takes no others."""
        (statement,) = self.database.connection.extract_statements(query)
        return {name: self._parameters[name] for name in statement.named_parameters}


def bound_parameters(database: Database, request: SelectionRequest) -> dict[str, Any]:
    """The values to bind for a request, by the macro's parameter names."""
    values = asdict(request)
    ratio = values.pop("ratio")
    values["class"] = list(values.pop("classes"))
    values["exclude"] = list(request.exclude)
    if request.related == "hierarchy":
        database.use("descendant_classes")
        descendants = database.rows(_DESCENDANTS, {"class": values["class"]})
        values["exclude"] += [mid for (mid,) in descendants]
        values["related"] = "none"
    if ratio is not None:
        database.use("select_images")
        positives = database.rows(_POSITIVES, values | {"negatives": 0})[0][0]
        values["negatives"] = round(ratio * positives)
    return values
