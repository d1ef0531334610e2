"""Report on the data behind a selection (see `sql/reports/`)."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, NamedTuple

from hotdog_sql.database import Database
from hotdog_sql.options import DataOptions, SelectOptions

#: A folder with fewer images gets a warning: a classifier learns little from it.
FEW_IMAGES = 30
_REPORT = """
FROM selection_report(
    $candidates, $class, negatives_from := $negatives_from, negative_folder := $negative_folder
)
"""
_EXCLUDED = """
SELECT DisplayName
FROM excluded_classes($class, related := $related, exclude := $exclude)
ORDER BY DisplayName
"""


class SelectionReport(NamedTuple):
    """The data behind a selection.

    Attributes:
        classes: a row of `selection_report` for each requested class, in the order requested.
        related: names of the classes that no negative may carry, including the requested ones.
        labelled: number of images with any positive label.
        candidates: number of images that the negatives are taken from.
        problems: number of images left out because their data is invalid, by problem.
        shortfalls: messages on folders with fewer images than requested, or too few to learn from.
    """

    classes: list[Any]
    related: list[str]
    labelled: int
    candidates: int
    problems: dict[str, int]
    shortfalls: list[str]


def selection_report(
    database: Database, options: SelectOptions, candidates: str, images: dict[str, int], found: int
) -> SelectionReport:
    """Report on the data behind a selection, given the number of images in each folder.

    `candidates` names a table with the rows of `candidate_images`. `found` is the number of
    negatives before a partition left out copies.
    """
    database.load("selection_report", "data_problems")

    def rows(query: str) -> list[Any]:
        return database.rows(query, bound_values(database, query, options, candidates=candidates))

    *classes, negatives = rows(_REPORT)
    folders = [row.folder for row in classes]
    return SelectionReport(
        classes=classes,
        related=[row.DisplayName for row in rows(_EXCLUDED)],
        labelled=negatives.labelled,
        candidates=negatives.candidates,
        problems=dict(rows("FROM data_problems(candidates := $candidates)")),
        shortfalls=list(_shortfalls(options, database.options, folders, images, found)),
    )


def _shortfalls(
    options: SelectOptions,
    data: DataOptions,
    positive_folders: list[str],
    images: dict[str, int],
    found: int,
) -> Iterator[str]:
    negatives = images.get(options.negative_folder, 0)
    requested = options.negatives
    if options.ratio is not None:
        requested = round(options.ratio * (sum(images.values()) - negatives))
    if negatives < requested:
        kind = "verified negatives" if options.negatives_from == "verified" else "candidates"
        reasons = [f"no more {kind}"] if found < requested else []
        if negatives < found:
            reasons.append(f"{found - negatives:,} left out as copies of photos in another part")
        yield f"{options.negative_folder}: {negatives:,} of {requested:,}: {'; '.join(reasons)}"
    wider = {"--split all": len(data.splits) < 3, "--labels both": data.labels != "both"}
    advice = " or ".join(option for option, changes in wider.items() if changes)
    limits = dict.fromkeys(positive_folders, options.limit) | {options.negative_folder: requested}
    for folder, limit in limits.items():
        count = images.get(folder, 0)
        if count < FEW_IMAGES and (limit is None or count < limit):
            hint = f"; {advice} may find more" if advice else ""
            yield f"warning: {folder} has fewer than {FEW_IMAGES} images{hint}"


def bound_values(
    database: Database, query: str, options: SelectOptions, **more: Any
) -> dict[str, Any]:
    """Return the values of the parameters that a query of the selection's macros names."""
    values = {field.name: getattr(options, field.name) for field in fields(options)} | more
    values |= {"class": list(options.classes), "exclude": list(options.exclude)}
    # DuckDB rejects values that the query does not name.
    (statement,) = database.connection.extract_statements(query)
    return {name: values[name] for name in statement.named_parameters}
