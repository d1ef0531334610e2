"""The selected rows: made by `select_images` or a query, counted, iterated and downloaded."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count, islice
from typing import Any

import duckdb

from hotdog_sql.config import mirror_url
from hotdog_sql.database import CLOSED, Database
from hotdog_sql.downloader.photo import Photo
from hotdog_sql.errors import QueryError
from hotdog_sql.lookup import check_boxed, check_names, find_ids, find_mids, read_ids
from hotdog_sql.notebook import Html, table, thumbnails
from hotdog_sql.option_checks import LARGEST_COUNT
from hotdog_sql.options import GroupBy, Related, SelectOptions
from hotdog_sql.reports import SelectionReport, bound_values, selection_report
from hotdog_sql.sandbox import needs_of_query, set_variables
from hotdog_sql.text import printable

_CANDIDATES = """
FROM candidate_images(
    $class, negatives := $negatives, ratio := $ratio, seed := $seed,
    min_confidence := $min_confidence, related := $related, exclude := $exclude
)
"""
#: What users type in the shell, with every value bound.
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
_ROWS_AFTER = "FROM query_table($table) WHERE folder = $folder AND rank > $rank ORDER BY rank"
_PARTS_OF_COPIES = """
SELECT OriginalMD5, partition
FROM query_table($table) SEMI JOIN (
    FROM query_table($sample) WHERE folder = $folder AND rank > $rank
) USING (OriginalMD5)
"""
_PARTITIONS = "SELECT partition, folder, count(*) FROM query_table($table) GROUP BY ALL"
_LAST_RANK = """
SELECT coalesce(max(rank::BIGINT), 0) FROM query_table($table) WHERE folder = $folder
"""
_UNKNOWN_IDS = """
SELECT DISTINCT concat(split || '/', ImageID) FROM query_table($table) WHERE NOT found ORDER BY ALL
"""
#: Maximum number of rows in a notebook's table.
_TABLE_ROWS = 20
_table_numbers = count(1)


@dataclass(eq=False, repr=False)
class Selection:
    """Selected rows, in a table of the connection that spills to disk if it is large.

    Iterating yields a dict per row, with the keys `folder`, `rank` and the image file's columns,
    and `partition` if there are partitions. A notebook shows a selection as a table.

    Attributes:
        database: the connection.
        options: the request, with MIDs for classes.
        table: name of the table, whose rows are in the order of the selection.
        candidates: name of the table with the candidate images of `select_images`, or with the
            images of a list.
        boxes: name of the table with the classes' largest boxes, if there are rules on boxes.
        undivided: name of the table with the rows before a partition, which can leave out copies.
        recipe: content of the recipe of a saved selection; empty if it has none.
    """

    database: Database
    options: SelectOptions
    table: str
    candidates: str | None = None
    boxes: str | None = None
    undivided: str | None = None
    recipe: dict[str, Any] | None = None

    @property
    def relation(self) -> duckdb.DuckDBPyRelation:
        """The rows as a DuckDB relation."""
        return self.database.connection.table(self.table)

    def df(self) -> Any:
        """Return the rows as a pandas DataFrame; needs pandas."""
        return self.relation.df()

    def arrow(self) -> Any:
        """Return the rows as an Arrow table; needs pyarrow."""
        return self.relation.to_arrow_table()

    @cached_property
    def folders(self) -> list[Any]:
        """A row of `sql/reports/folder_report.sql` for each folder, in order."""
        self.database.load("folder_report")
        return self.database.rows("FROM folder_report($table)", {"table": self.table})

    @property
    def partitions(self) -> dict[str, Counter[str]]:
        """Number of rows by partition and folder; empty without partitions."""
        if self.options.partition is None:
            return {}
        counts = {name: Counter[str]() for name in self.options.partition}
        for partition, folder, images in self.database.rows(_PARTITIONS, {"table": self.table}):
            counts[partition][folder] = images
        return counts

    @cached_property
    def report(self) -> SelectionReport | None:
        """Counts of what there was to select from; None if the rows are not those of classes."""
        if self.candidates is None or not self.options.classes:
            return None
        images = {folder.folder: folder.images for folder in self.folders}
        found = self._last_rank(self.options.negative_folder)
        return selection_report(self.database, self.options, self.candidates, images, found)

    def box_problems(self) -> dict[str, int]:
        """Number of boxes or images with a problem; empty without rules on boxes."""
        if self.boxes is None:
            return {}
        self.database.load("box_problems")
        values = {"boxes": self.boxes, "candidates": self.candidates}
        return dict(self.database.rows("FROM box_problems($boxes, $candidates)", values))

    def unknown(self) -> list[str]:
        """Return the ImageIDs of a list that are not in the splits."""
        if self.candidates is None or self.options.classes:
            return []
        return [image for (image,) in self.database.rows(_UNKNOWN_IDS, {"table": self.candidates})]

    def missing(self) -> str | None:
        """What replacing lost photos still needs, or None."""
        if self.recipe == {}:
            return "the recipe of the selection"
        recorded = self.recipe["file_md5"] if self.recipe else {}
        for file in self.database.files_needed_by(*needs_of(self.options)):
            if not file.path.exists():
                return str(file.path)
            if file.catalog.name in recorded and recorded[file.catalog.name] != file.md5:
                return f"the earlier {file.path}: it has changed; select the rows again"
        return None

    def photos(self) -> Iterator[Photo]:
        """Return the photos to download, in the order of the rows."""
        return map(Photo.from_row, self)

    def replacements(self, folder: str, parts: dict[str, str] | None = None) -> Iterator[Photo]:
        """Yield replacements for lost photos: those that follow the folder's last one.

        A larger sample contains the smaller one, so replacements are its additional rows. If parts
        keep authors together, a copy of a photo in another part is no replacement: `parts` has the
        part of each photo by MD5, for all folders of a dataset.
        """
        options = self.options
        negative = folder == options.negative_folder
        if not options.classes or (options.limit is None and not negative):
            return  # every row, or every positive, is selected already
        by_author = options.partition is not None and options.group_by == GroupBy.AUTHOR
        parts = {} if parts is None else parts
        size, last = 0, self._last_rank(folder)
        while size <= last < LARGEST_COUNT:
            size = min(last + max(last // 2, 50), LARGEST_COUNT)
            larger = {"negatives": size, "ratio": None} if negative else {"limit": size}
            sample = _select_images(self.database, replace(options, **larger))
            if by_author:
                values = {"table": self.table, "sample": sample.table, "folder": folder}
                parts.update(self.database.rows(_PARTS_OF_COPIES, values | {"rank": last}))
            for row in sample._rows_of(folder, after=last):
                photo = row["OriginalMD5"] or row["ImageID"]
                if not by_author or parts.setdefault(photo, row["partition"]) == row["partition"]:
                    yield Photo.from_row(row, reserve=True)
            last = sample._last_rank(folder)

    def thumbnails(self, limit: int = 10) -> Html:
        """Return thumbnails of each folder's first photos, which the notebook's browser fetches.

        Args:
            limit: maximum number of photos of each folder.
        """
        galleries, mirror = [], mirror_url()
        for folder in self.folders:
            rows = islice(self._rows_of(folder.folder), limit)
            galleries.append(thumbnails(folder.folder, map(Photo.from_row, rows), mirror))
        return Html("".join(galleries))

    def __len__(self) -> int:
        return len(self.relation)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self.database.stream("FROM query_table($table)", {"table": self.table})

    def __repr__(self) -> str:
        if self.database.is_closed:
            return CLOSED
        folders = ", ".join(f"{one.folder} {one.images:,}" for one in self.folders)
        return f"<Selection of {len(self):,} images: {folders or 'none'}>"

    def _repr_html_(self) -> str:
        if self.database.is_closed:
            return CLOSED
        return table(self.relation.columns, islice(self, _TABLE_ROWS), len(self) - _TABLE_ROWS)

    def _last_rank(self, folder: str) -> int:
        values = {"table": self.undivided or self.table, "folder": folder}
        return int(self.database.rows(_LAST_RANK, values)[0][0])

    def _rows_of(self, folder: str, after: int = -1) -> Iterator[dict[str, Any]]:
        values = {"table": self.table, "folder": folder, "rank": after}
        return self.database.stream(_ROWS_AFTER, values)


def needs_of(options: SelectOptions) -> tuple[str, ...]:
    """Return the views and macros that a selection needs."""
    if options.query is not None:
        needs = ["images", *needs_of_query(options.query)]
    elif options.ids is not None:
        needs = ["read_ids", "find_ids", "validate_selection", "selection_rows"]
    else:
        needs = ["select_images"]
    if options.related == Related.HIERARCHY:
        needs.append("class_hierarchy")
    if options.has_box_rules:
        needs.append("fitting_boxes")
    if options.partition is not None:
        needs.append("partition_selection")
    return tuple(needs)


def select(database: Database, options: SelectOptions) -> Selection:
    """Select rows as the options say, with partitions if any are requested."""
    check_names(database, "folder", [options.negative_folder])
    check_names(database, "part", list(options.partition or ()))
    if not options.classes:
        return _select_by_query(database, options)
    classes = find_mids(database, options.classes)
    exclude = find_mids(database, options.exclude)
    return _select_images(database, replace(options, classes=classes, exclude=exclude))


def _select_images(database: Database, options: SelectOptions) -> Selection:
    """Select by classes; the tables that `select_images` reads remain for the report."""
    database.load(*needs_of(options))
    candidates = _create_table(database, _CANDIDATES, options)
    boxes = None
    if options.has_box_rules:
        boxes = _create_table(database, "FROM largest_boxes($class)", options)
        check_boxed(database, options.classes, boxes)
    rows = _create_table(database, _SELECT, options, candidates=candidates, largest_boxes=boxes)
    table = _partition(database, options, rows)
    return Selection(database, options, table, candidates, boxes, undivided=rows)


def _select_by_query(database: Database, options: SelectOptions) -> Selection:
    """Select by a user's query, which locks the connection, or by a list of ImageIDs."""
    database.load("selection_rows", "validate_selection")
    list_table = None
    if options.ids is not None:
        read_ids(database, options.ids)
    if options.query is None:
        list_table = f"selection_{next(_table_numbers)}"
        find_ids(database, options, list_table)
    else:
        set_variables(database.connection, options.variables, database.options.variables())
        database.run_query(options.query)
    # As in DuckDB, a name may be in any case.
    columns = {name.lower() for name in database.connection.table("result").columns}
    for name in ("ImageID", "folder"):
        if name.lower() not in columns:
            raise QueryError(f"the query yields no column {name}: it needs ImageID and folder")
    if "rank" not in columns:
        database.execute("ALTER TABLE result ADD COLUMN rank BIGINT")
    for problem, example, number in database.rows("FROM validate_selection('result')"):
        raise QueryError(
            f"{printable(str(example))!r} {problem} ({number:,} in total): "
            f"correct the {'list' if list_table else 'query'}"
        )
    table = _create_table(database, "FROM selection_rows('result', seed := $seed)", options)
    return Selection(database, options, _partition(database, options, table), list_table)


def _partition(database: Database, options: SelectOptions, table: str) -> str:
    """Add the requested partitions; return the name of the table that has them."""
    if options.partition is None:
        return table
    database.load("partition_selection")
    names, shares = list(options.partition), list(options.partition.values())
    return _create_table(database, _PARTITION, options, rows=table, names=names, shares=shares)


def _create_table(database: Database, query: str, options: SelectOptions, **more: Any) -> str:
    """Create a table with the rows of a query on the options and other values; return its name."""
    table = f"selection_{next(_table_numbers)}"
    database.create_table(query, bound_values(database, query, options, **more), table)
    return table
