"""The selected rows: made by `select_images` or by a query, counted, iterated and downloaded."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count, islice
from typing import Any

import duckdb

from hotdog_sql.config import mirror_url
from hotdog_sql.database import Database
from hotdog_sql.downloader.photo import Photo
from hotdog_sql.errors import InputError, QueryError
from hotdog_sql.lookup import check_boxed, find_ids, find_mids, read_ids
from hotdog_sql.notebook import Html, table, thumbnails
from hotdog_sql.options import LARGEST_COUNT, Related, SelectOptions
from hotdog_sql.reports import SelectionReport, bound_values, selection_report
from hotdog_sql.sandbox import needs_of_query, set_variables
from hotdog_sql.text import printable

_CANDIDATES = """
FROM candidate_images(
    $class, negatives := $negatives, ratio := $ratio, seed := $seed,
    min_confidence := $min_confidence, related := $related, exclude := $exclude
)
"""
_BOXES = "FROM largest_boxes($class)"
#: The call that users of the shell type, with every value bound.
_SELECT = """
FROM select_images(
    $class, negatives := $negatives, ratio := $ratio, seed := $seed, "limit" := $limit,
    min_confidence := $min_confidence, related := $related, exclude := $exclude,
    overlap := $overlap, negatives_from := $negatives_from, negative_folder := $negative_folder,
    min_area := $min_area, max_area := $max_area, no_group_of := $no_group_of,
    no_depiction := $no_depiction, no_truncated := $no_truncated,
    candidates := $candidates, largest_boxes := $largest_boxes
)
"""
_PARTITION = """
FROM partition_selection($rows, $names, $shares, seed := $seed, group_by := $group_by)
"""
_AFTER = "FROM query_table($table) WHERE folder = $folder AND rank > $rank ORDER BY rank"
_PARTS = "SELECT partition, count(*) FROM query_table($table) GROUP BY ALL"
_LAST_RANK = """
SELECT coalesce(max(rank::BIGINT), 0) FROM query_table($table) WHERE folder = $folder
"""
_UNKNOWN = """
SELECT DISTINCT concat(split || '/', ImageID) FROM query_table($table) WHERE NOT found ORDER BY ALL
"""
#: Rows that a notebook shows.
_SHOWN = 20
#: Each look-up of replacements enlarges the sample by half, and at least by this many rows.
_FEWEST = 50
_table_numbers = count(1)


@dataclass(eq=False, repr=False)
class Selection:
    """Selected rows in a table of the connection, which spills to disk where it is large.

    Iterating gives a dict per row, with the keys `folder`, `rank` and the image file's columns, and
    `partition` where there is one. In a notebook a selection shows as a table.

    Attributes:
        database: the connection.
        options: what was asked for, with MIDs for classes; None where only the rows are known.
        table: name of the table, whose rows are in the order of the selection.
        candidates: name of the table of what there was to select from: the candidate images for
            `select_images`, or those of a list.
        boxes: name of the table of the classes' largest boxes, if there are rules on boxes.
        recipe: the content of its selection.json, if it was saved with one.
    """

    database: Database
    options: SelectOptions | None
    table: str
    candidates: str | None = None
    boxes: str | None = None
    recipe: dict[str, Any] | None = None

    @property
    def relation(self) -> duckdb.DuckDBPyRelation:
        """The rows as a relation of DuckDB's Python API."""
        return self.database.connection.table(self.table)

    def df(self) -> Any:
        """The rows as a pandas DataFrame, which needs pandas."""
        return self.relation.df()

    def arrow(self) -> Any:
        """The rows as an Arrow table, which needs pyarrow."""
        return self.relation.to_arrow_table()

    @cached_property
    def folders(self) -> list[Any]:
        """A row of `sql/reports/folder_report.sql` for each folder, in the order of the folders."""
        self.database.load("folder_report")
        return self.database.rows("FROM folder_report($table)", {"table": self.table})

    @property
    def partitions(self) -> dict[str, int]:
        """How many rows each part of the dataset has; empty where it has no parts."""
        if self.options is None or self.options.partition is None:
            return {}
        found = dict(self.database.rows(_PARTS, {"table": self.table}))
        return {name: found.get(name, 0) for name in self.options.partition}

    @cached_property
    def report(self) -> SelectionReport | None:
        """What there was to select from; None where a query or a file gave the rows."""
        if self.options is None or self.candidates is None or not self.options.classes:
            return None
        images = {folder.folder: folder.images for folder in self.folders}
        return selection_report(self.database, self.options, self.candidates, images)

    def box_problems(self) -> dict[str, int]:
        """What is wrong with boxes of the classes, and with how many; empty without box rules."""
        if self.boxes is None:
            return {}
        self.database.load("box_problems")
        values = {"boxes": self.boxes, "candidates": self.candidates}
        return dict(self.database.rows("FROM box_problems($boxes, $candidates)", values))

    def unknown(self) -> list[str]:
        """Which ImageIDs of a list are not in the splits."""
        if self.candidates is None or self.options is None or self.options.classes:
            return []
        return [image for (image,) in self.database.rows(_UNKNOWN, {"table": self.candidates})]

    def missing(self) -> str | None:
        """What is missing to replace lost photos; None: nothing."""
        if self.options is None:
            return "the recipe of the selection"
        missing = self.database.missing(*needs_of(self.options))
        return str(missing[0].path) if missing else None

    def photos(self) -> Iterator[Photo]:
        """The photos to download, in the order of the rows."""
        return map(Photo.from_row, self)

    def replacements(self, folder: str) -> Iterator[Photo]:
        """The photos that take the places of lost ones: those after the folder's last.

        A larger sample contains the smaller one, so they are the further rows of a larger sample.
        """
        options = self.options
        if options is None or not options.classes:
            return
        negative = folder == options.negative_folder
        if not negative and options.limit is None:
            return  # all are taken
        values = {"table": self.table, "folder": folder}
        last = self.database.rows(_LAST_RANK, values)[0][0]
        wanted = 0
        while wanted <= last < LARGEST_COUNT:
            wanted = min(last + max(last // 2, _FEWEST), LARGEST_COUNT)
            if negative:
                options = replace(options, negatives=wanted, ratio=None)
            else:
                options = replace(options, limit=wanted)
            for row in _select_images(self.database, options)._rows_of(folder, after=last):
                last = row["rank"]
                yield Photo.from_row(row, reserve=True)

    def thumbnails(self, limit: int = 10) -> Html:
        """Thumbnails of the first photos of each folder, which the browser of a notebook fetches.

        Args:
            limit: maximum number of photos of each folder.
        """
        parts, mirror = [], mirror_url()
        for folder in self.folders:
            rows = islice(self._rows_of(folder.folder), limit)
            parts.append(thumbnails(folder.folder, map(Photo.from_row, rows), mirror))
        return Html("".join(parts))

    def __len__(self) -> int:
        return len(self.relation)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self.database.stream("FROM query_table($table)", {"table": self.table})

    def __repr__(self) -> str:
        folders = ", ".join(f"{one.folder} {one.images:,}" for one in self.folders)
        return f"<Selection of {len(self):,} images: {folders or 'none'}>"

    def _repr_html_(self) -> str:
        return table(self.relation.columns, islice(self, _SHOWN), len(self) - _SHOWN)

    def _rows_of(self, folder: str, after: int = 0) -> Iterator[dict[str, Any]]:
        values = {"table": self.table, "folder": folder, "rank": after}
        return self.database.stream(_AFTER, values)


def needs_of(options: SelectOptions) -> tuple[str, ...]:
    """The views and macros that a selection needs."""
    if options.query is not None:
        needs = ["images", *needs_of_query(options.query)]
    elif options.ids is not None:
        needs = ["read_ids", "find_ids", "validate_selection", "selection_rows"]
    else:
        needs = ["select_images"]
    if options.related == Related.HIERARCHY:
        needs.append("descendant_classes")
    if options.has_box_rules:
        needs.append("fitting_boxes")
    if options.partition is not None:
        needs.append("partition_selection")
    return tuple(needs)


def select(database: Database, options: SelectOptions) -> Selection:
    """The rows that the options ask for, with their partition if there is one."""
    _check_names(database, "folder", [options.negative_folder])
    _check_names(database, "part", list(options.partition or ()))
    if not options.classes:
        return _select_by_query(database, options)
    classes = find_mids(database, options.classes)
    exclude = find_mids(database, options.exclude)
    return _select_images(database, replace(options, classes=classes, exclude=exclude))


def _select_images(database: Database, options: SelectOptions) -> Selection:
    """The rows of `select_images`; what it reads is kept, to be read again by the report."""
    database.load(*needs_of(options))

    def kept(query: str, **tables: str | None) -> str:
        return _keep(database, query, bound_values(database, query, options, **tables))

    candidates = kept(_CANDIDATES)
    boxes = None
    if options.has_box_rules:
        boxes = kept(_BOXES)
        check_boxed(database, options.classes, boxes)
    rows = kept(_SELECT, candidates=candidates, largest_boxes=boxes)
    return Selection(database, options, _partitioned(database, options, rows), candidates, boxes)


def _select_by_query(database: Database, options: SelectOptions) -> Selection:
    """The rows of a user's query or list, checked and completed; a query locks the connection."""
    database.load("selection_rows", "validate_selection")
    listed = None
    if options.ids is not None:
        read_ids(database, options.ids)
    if options.query is None:
        listed = f"selection_{next(_table_numbers)}"
        find_ids(database, options, listed)
    else:
        set_variables(database.connection, options.variables, own=database.options.variables())
        database.run_query(options.query)
    columns = database.connection.table("result").columns
    for name in ("ImageID", "folder"):
        if name not in columns:
            raise QueryError(f"the query yields no column {name}: it needs ImageID and folder")
    if "rank" not in columns:
        database.execute("ALTER TABLE result ADD COLUMN rank BIGINT")
    for problem, example, images in database.rows("FROM validate_selection('result')"):
        raise QueryError(
            f"{printable(str(example))!r} {problem} ({images:,} such): "
            f"correct the {'list' if listed else 'query'}"
        )
    query = "FROM selection_rows('result', seed := $seed)"
    table = _keep(database, query, {"seed": options.seed})
    return Selection(database, options, _partitioned(database, options, table), listed)


def _partitioned(database: Database, options: SelectOptions, table: str) -> str:
    """The table of the rows with their parts of the dataset, if it has any."""
    if options.partition is None:
        return table
    database.load("partition_selection")
    values = {
        "rows": table,
        "names": list(options.partition),
        "shares": list(options.partition.values()),
        "seed": options.seed,
        "group_by": options.group_by,
    }
    return _keep(database, _PARTITION, values)


def _keep(database: Database, query: str, values: dict[str, Any]) -> str:
    """Keep a query's rows in a new table; return its name."""
    table = f"selection_{next(_table_numbers)}"
    database.create_table(query, values, table)
    return table


def _check_names(database: Database, what: str, names: list[str]) -> None:
    """Refuse names of folders and parts that not every file system takes."""
    database.load("is_valid_folder")
    for name in names:
        if not database.rows("SELECT is_valid_folder($name)", {"name": name})[0][0]:
            raise InputError(
                f"{printable(name)!r} cannot name a {what}: use letters, digits, - and _"
            )
