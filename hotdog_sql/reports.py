"""What there was to select from, and what a selection would bring (see `sql/reports/`)."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

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


@dataclass(frozen=True, slots=True)
class ClassReport:
    """What there is of one class; its columns are those of `sql/reports/selection_report.sql`."""

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
        classes: the requested classes, in the order requested.
        related: names of the classes that no negative may carry, the requested ones among them.
        labelled: images with any positive label.
        candidates: images that the negatives are taken from.
        problems: images that cannot be taken because their data cannot be right, by what is wrong.
        shortfalls: where the data ran out, a line for each.
    """

    classes: tuple[ClassReport, ...]
    related: tuple[str, ...]
    labelled: int
    candidates: int
    problems: dict[str, int]
    shortfalls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FolderReport:
    """What a selection would bring to one folder, as `sql/reports/folder_report.sql` says."""

    folder: str
    images: int
    licenses: list[str]
    original_bytes: int | None
    mirror_bytes: int


def selection_report(
    database: Database, options: SelectOptions, candidates: str, folders: list[FolderReport]
) -> SelectionReport:
    """What there was to select from, in a table with the rows of `candidate_images`."""
    database.use("selection_report", "data_problems")

    def rows(query: str) -> list[tuple[Any, ...]]:
        return database.rows(query, bound_values(database, query, options, candidates))

    *classes, negatives = rows(_REPORT)
    found = tuple(ClassReport(*row[:-2]) for row in classes)
    images = {folder.folder: folder.images for folder in folders}
    return SelectionReport(
        classes=found,
        related=tuple(name for (name,) in rows(_EXCLUDED)),
        labelled=negatives[-2],
        candidates=negatives[-1],
        problems=dict(rows(_PROBLEMS)),
        shortfalls=tuple(_shortfalls(options, [one.folder for one in found], images)),
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


def folder_reports(database: Database, table: str) -> list[FolderReport]:
    """What is in each folder of a table of rows, in the order of the folders."""
    database.use("folder_report")
    rows = database.rows("FROM folder_report($table)", {"table": table})
    return [FolderReport(*row) for row in rows]


def bound_values(
    database: Database,
    query: str,
    options: SelectOptions,
    candidates: str | None = None,
    largest_boxes: str | None = None,
) -> dict[str, Any]:
    """The values of those parameters of the selection's macros that a query names."""
    values = {one.name: getattr(options, one.name) for one in fields(options)} | {
        "class": list(options.classes),
        "exclude": list(options.exclude),
        "candidates": candidates,
        "largest_boxes": largest_boxes,
    }
    # DuckDB takes no others.
    (statement,) = database.connection.extract_statements(query)
    return {name: values[name] for name in statement.named_parameters}
