"""What there was to select from (see `sql/reports/`)."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, NamedTuple

from hotdog_sql.database import Database
from hotdog_sql.options import SelectOptions

#: A classifier learns little from a folder with fewer images.
FEW_IMAGES = 30
_REPORT = """
FROM selection_report(
    $candidates, $class, negatives_from := $negatives_from, negative_folder := $negative_folder
)
"""
_EXCLUDED = """
SELECT DISTINCT DisplayName
FROM excluded_classes($class, related := $related, exclude := $exclude)
ORDER BY DisplayName
"""
_PROBLEMS = "FROM data_problems(candidates := $candidates)"


class SelectionReport(NamedTuple):
    """What there was to select from.

    Attributes:
        classes: a row of `selection_report` for each requested class, in the order requested.
        related: names of the classes that no negative may carry, the requested ones among them.
        labelled: images with any positive label.
        candidates: images that the negatives are taken from.
        problems: images that cannot be taken because their data cannot be right, by what is wrong.
        shortfalls: where the data ran out, a line for each.
    """

    classes: list[Any]
    related: list[str]
    labelled: int
    candidates: int
    problems: dict[str, int]
    shortfalls: list[str]


def selection_report(
    database: Database, options: SelectOptions, candidates: str, images: dict[str, int]
) -> SelectionReport:
    """What there was to select from, and how that compares with the images of each folder.

    `candidates` names a table with the rows of `candidate_images`.
    """
    database.load("selection_report", "data_problems")

    def rows(query: str) -> list[Any]:
        return database.rows(query, bound_values(database, query, options, candidates=candidates))

    *classes, negatives = rows(_REPORT)
    return SelectionReport(
        classes=classes,
        related=[row.DisplayName for row in rows(_EXCLUDED)],
        labelled=negatives.labelled,
        candidates=negatives.candidates,
        problems=dict(rows(_PROBLEMS)),
        shortfalls=list(_shortfalls(options, [row.folder for row in classes], images)),
    )


def _shortfalls(
    options: SelectOptions, positive_folders: list[str], images: dict[str, int]
) -> Iterator[str]:
    """Where the data ran out: fewer images than wanted, or too few to learn from."""
    others = images.get(options.negative_folder, 0)
    negatives = options.negatives
    if options.ratio is not None:
        negatives = round(options.ratio * (sum(images.values()) - others))
    if others < negatives:
        kind = "verified negatives" if options.negatives_from == "verified" else "candidates"
        yield f"{options.negative_folder}: {others:,} of {negatives:,}: no more {kind}"
    wanted = dict.fromkeys(positive_folders, options.limit) | {options.negative_folder: negatives}
    for folder, limit in wanted.items():
        count = images.get(folder, 0)
        if count < FEW_IMAGES and (limit is None or count < limit):
            yield (
                f"warning: {folder} has fewer than {FEW_IMAGES} images; --split all or "
                "--labels both may find more"
            )


def bound_values(
    database: Database, query: str, options: SelectOptions, **tables: str | None
) -> dict[str, Any]:
    """The values of those parameters of the selection's macros that a query names."""
    values = {one.name: getattr(options, one.name) for one in fields(options)} | tables
    values |= {"class": list(options.classes), "exclude": list(options.exclude)}
    # DuckDB takes no others.
    (statement,) = database.connection.extract_statements(query)
    return {name: values[name] for name in statement.named_parameters}
