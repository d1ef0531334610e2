"""The selected rows: made by `select_images` or a query, counted, iterated and downloaded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from itertools import islice
from typing import Any

import duckdb

from hotdog_sql.database import Database
from hotdog_sql.downloader.photo import Photo
from hotdog_sql.duckdb_errors import query_error
from hotdog_sql.errors import AmbiguousClassError, InputError, QueryError, UnknownClassError
from hotdog_sql.options import LARGEST_COUNT, SelectOptions
from hotdog_sql.text import printable

#: The call that users of the shell type, with every value bound.
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
_DESCENDANTS = "SELECT LabelName FROM descendant_classes($class)"
_FIND = "SELECT LabelName FROM classes WHERE $name IN (LabelName, DisplayName) ORDER BY ALL"
_COMPLETE = "CREATE OR REPLACE TABLE selection AS FROM complete_rows('result', seed := $seed)"
_PARTITION = """
CREATE OR REPLACE TABLE partitioned AS
FROM partition_rows($rows, $names, $shares, seed := $seed, group_by := $group_by)
"""
_PARAMETERS = (
    "negatives",
    "seed",
    "limit",
    "min_confidence",
    "related",
    "overlap",
    "negatives_from",
    "negative_folder",
)
_ALL = "FROM query_table($table)"
_AFTER = "FROM query_table($table) WHERE folder = $folder AND rank > $rank ORDER BY rank"
_COUNT = "SELECT count(*) FROM query_table($table)"
_COUNT_IN = "SELECT count(*) FROM query_table($table) WHERE folder = $folder"
_LAST_RANK = "SELECT coalesce(max(rank), 0) FROM query_table($table) WHERE folder = $folder"
_EXCLUDED = """
SELECT DISTINCT DisplayName
FROM barred_classes($class, related := $related, exclude := $exclude)
ORDER BY DisplayName
"""
_REPORT = "FROM report_on('relevant', $class, negative_folder := $negative_folder)"
_COLUMNS = "SELECT column_name FROM (DESCRIBE FROM query_table($table))"
#: Rows that a notebook shows.
_SHOWN = 20
#: Replacements are looked up half as many again at a time, and never fewer than this.
_FEWEST = 50


@dataclass(frozen=True, slots=True)
class ClassReport:
    """What there is of one class (see `sql/reports/selection_report.sql`).

    Attributes:
        folder: where its photos go.
        mid: the class's MID.
        name: the class's name.
        positives: images that carry it.
        by_people: those of them that a person labelled.
        by_machine: those of them that a model labelled.
        verified_negatives: images in which a person said that it is absent.
        ambiguous: positives that carry another requested class too.
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
        classes: the requested classes, in the order requested.
        related: names of the classes that no negative may carry, the requested ones among them.
        labelled: images with any positive label.
        candidates: those of them without a related class.
    """

    classes: tuple[ClassReport, ...]
    related: tuple[str, ...]
    labelled: int
    candidates: int


@dataclass(frozen=True, slots=True)
class FolderReport:
    """What a selection would bring to one folder (see `sql/reports/folder_report.sql`).

    Attributes:
        folder: the folder.
        images: how many.
        licenses: addresses of their licences.
        original_bytes: bytes of their originals; None where no size is known.
        mirror_bytes: about how many bytes the mirror's copies have.
    """

    folder: str
    images: int
    licenses: list[str]
    original_bytes: int | None
    mirror_bytes: int


class Selection:
    """Selected rows in a table of the connection, which spills to disk where it is large.

    Iterating gives a dict per row, with the keys `folder`, `rank` and the image file's columns, and
    `partition` where there is one. In a notebook a selection shows as a table.

    Attributes:
        database: the connection.
        options: what was asked for; None where only the rows are known.
        table: name of the table, whose rows are in the order of the selection.
    """

    def __init__(
        self,
        database: Database,
        options: SelectOptions | None,
        table: str,
        candidates: str | None = None,
    ) -> None:
        self.database = database
        self.options = options
        self.table = table
        self._candidates = candidates

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return [row[0] for row in self.database.rows(_COLUMNS, {"table": self.table})]

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

    def count(self, folder: str) -> int:
        """How many rows a folder has."""
        return self._number(_COUNT_IN, folder=folder)

    def folders(self) -> list[FolderReport]:
        """What is in each folder, in the order of the folders."""
        self.database.use("folder_report")
        rows = self.database.rows("FROM folder_report($table)", {"table": self.table})
        return [FolderReport(*row) for row in rows]

    @cached_property
    def report(self) -> SelectionReport | None:
        """What there was to select from; None where a query or a file gave the rows."""
        if self.options is None or self._candidates is None:
            return None
        self.database.use("report_on")
        values = _parameters(self.database, self.options)
        related = self.database.rows(_EXCLUDED, _bound(self.database, _EXCLUDED, values))
        *classes, others = self.database.rows(_REPORT, _bound(self.database, _REPORT, values))
        return SelectionReport(
            classes=tuple(ClassReport(*row[:-2]) for row in classes),
            related=tuple(name for (name,) in related),
            labelled=others[-2],
            candidates=others[-1],
        )

    def photos(self) -> Iterator[Photo]:
        """The photos to download, in the order of the rows."""
        return map(Photo.from_row, self)

    def replacements(self, folder: str) -> Iterator[Photo]:
        """The photos that take the places of lost ones: those after the folder's last.

        A larger sample contains the smaller one, so they are the further rows of a larger sample.
        There are none where a query gave the rows, where the folder holds all that there are, or
        where a file of Open Images is missing.
        """
        if self.options is None or self.options.query is not None:
            return
        if self.database.missing("select_images"):
            return
        name = "negatives" if folder == self.options.negative_folder else "limit"
        taken: int | None = getattr(self.options, name)
        if name == "negatives" and self.options.ratio is not None:
            taken = self._number(_LAST_RANK, folder=folder)
        while taken is not None:
            wanted = min(taken + max(taken // 2, _FEWEST), LARGEST_COUNT)
            if name == "limit":
                more = replace(self.options, limit=wanted)
            else:
                more = replace(self.options, negatives=wanted, ratio=None)
            larger = _select_images(self.database, more)
            found = larger.count(folder)
            rows = _partitioned(larger)
            for row in rows._stream(_AFTER, table=rows.table, folder=folder, rank=taken):
                yield Photo.from_row(row, reserve=True)
            if found < wanted:
                return
            taken = wanted

    def __len__(self) -> int:
        return self._number(_COUNT)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self._stream(_ALL, table=self.table)

    def __repr__(self) -> str:
        folders = ", ".join(f"{one.folder} {one.images:,}" for one in self.folders())
        return f"<Selection of {len(self):,} images: {folders}>"

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in self.columns)
        body = "".join(
            f"<tr>{''.join(f'<td>{_cell(value)}</td>' for value in row.values())}</tr>"
            for row in islice(self, _SHOWN)
        )
        more = len(self) - _SHOWN
        note = f"<p>… {more:,} more rows</p>" if more > 0 else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}"

    def _number(self, query: str, **values: object) -> int:
        number: int = self.database.rows(query, {"table": self.table, **values})[0][0]
        return number

    def _stream(self, query: str, **values: object) -> Iterator[dict[str, Any]]:
        # A cursor of its own: another query on the connection would end the stream.
        with self.database.connection.cursor() as cursor:
            cursor.execute(query, values)
            columns = [column[0] for column in cursor.description or ()]
            while rows := cursor.fetchmany(1000):
                for row in rows:
                    yield dict(zip(columns, row, strict=True))


def select(database: Database, options: SelectOptions) -> Selection:
    """The rows that the options ask for, partitioned if they say so.

    Raises:
        UnknownClassError: no class has such a name or MID.
        AmbiguousClassError: several classes share a name.
        InputError: a folder or a part has a name that is none.
        QueryError: the query is not one SELECT, or its rows do not fit.
    """
    _check_names(database, options)
    if options.query is not None:
        return _partitioned(_select_by_query(database, options))
    named = replace(
        options,
        classes=tuple(find_mid(database, name) for name in options.classes),
        exclude=tuple(find_mid(database, name) for name in options.exclude),
    )
    return _partitioned(_select_images(database, named))


def find_mid(database: Database, name: str) -> str:
    """The MID of the one class with this name or MID.

    Raises:
        UnknownClassError: there is none; the message suggests the nearest names.
        AmbiguousClassError: several share the name; the message lists their MIDs.
    """
    database.use("similar_classes")
    mids = [mid for (mid,) in database.rows(_FIND, {"name": name})]
    shown = printable(name)
    if len(mids) > 1:
        raise AmbiguousClassError(
            f"{len(mids)} classes are named {shown!r}: give the MID instead, {' or '.join(mids)}"
        )
    if not mids:
        nearest = database.rows("FROM similar_classes($name)", {"name": name})
        names = ", ".join(f"{printable(other)!r} ({mid})" for mid, other in nearest)
        raise UnknownClassError(
            f"no class is named {shown!r}; the nearest are {names}; search with: hotdog-sql classes"
        )
    found: str = mids[0]
    return found


def _select_images(database: Database, options: SelectOptions) -> Selection:
    database.use(*STEPS)
    values = _parameters(database, options)
    database.execute(_RELEVANT, _bound(database, _RELEVANT, values))
    if database.rows(_SHORTAGE, _bound(database, _SHORTAGE, values)):
        database.use("widened_rows")
        database.execute(_WIDENED, _bound(database, _WIDENED, values))
    database.execute(_KEEP, _bound(database, _KEEP, values))
    return Selection(database, options, "selection", candidates="relevant")


def _parameters(database: Database, options: SelectOptions) -> dict[str, Any]:
    """The values of the macro's parameters by their names."""
    values = {name: getattr(options, name) for name in _PARAMETERS}
    values["class"] = list(options.classes)
    values["exclude"] = list(options.exclude)
    if options.related == "hierarchy":
        database.use("descendant_classes")
        below = database.rows(_DESCENDANTS, {"class": values["class"]})
        values["exclude"] += [mid for (mid,) in below]
        values["related"] = "none"
    if options.ratio is not None:
        database.use("select_images")
        positives = database.rows(_POSITIVES, values | {"negatives": 0})[0][0]
        values["negatives"] = round(options.ratio * positives)
    return values


def _bound(database: Database, query: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a query names; DuckDB takes no others."""
    (statement,) = database.connection.extract_statements(query)
    return {name: values[name] for name in statement.named_parameters}


def _select_by_query(database: Database, options: SelectOptions) -> Selection:
    """The rows of a user's query, checked and completed; it locks the connection."""
    database.use_all()  # a query may read every view and macro, as in the shell
    for name, value in options.variables.items():
        set_variable(database, name, value)
    database.keep_query(options.query or "")
    _check_rows(database)
    try:
        database.connection.execute(_COMPLETE, {"seed": options.seed})
    except duckdb.Error as error:
        raise query_error(error) from error
    return Selection(database, options, "selection")


def _check_rows(database: Database) -> None:
    columns = [row[0] for row in database.rows("DESCRIBE result")]
    for name in ("ImageID", "folder"):
        if name not in columns:
            raise QueryError(f"the query yields no column {name}: it needs ImageID and folder")
    if "rank" not in columns:
        database.execute("ALTER TABLE result ADD COLUMN rank BIGINT")
    for problem, example, count in database.rows("FROM row_problems('result')"):
        shown = printable(str(example))
        raise QueryError(f"{shown!r} {problem} ({count:,} such): correct the query")


def set_variable(database: Database, name: str, value: str | float) -> None:
    """Sets a session variable for a user's query.

    Raises:
        QueryError: the name is not a plain one, or is the session's own.
    """
    # A name cannot be bound; one that is an identifier needs no quoting.
    if not (name.isascii() and name.isidentifier()):
        raise QueryError(f"{printable(name)!r} is no name for a variable: use letters and digits")
    if name in database.options.variables() or name.endswith("_files"):
        raise QueryError(f"the variable {name} is the session's own: choose another name")
    database.connection.execute(f"SET VARIABLE {name} = ?", [value])


def _partitioned(rows: Selection) -> Selection:
    """The rows with their parts of the dataset, where there are any."""
    options = rows.options
    if options is None or options.partition is None:
        return rows
    rows.database.use("partition_rows")
    rows.database.execute(
        _PARTITION,
        {
            "rows": rows.table,
            "names": list(options.partition),
            "shares": list(options.partition.values()),
            "seed": options.seed,
            "group_by": options.group_by,
        },
    )
    return Selection(rows.database, options, "partitioned", rows._candidates)


def _check_names(database: Database, options: SelectOptions) -> None:
    """Refuses names of folders and parts that not every file system takes."""
    database.use("is_safe_folder")
    for what, names in (("folder", [options.negative_folder]), ("part", options.partition or ())):
        for name in names:
            if not database.rows("SELECT is_safe_folder($name)", {"name": name})[0][0]:
                raise InputError(
                    f"{printable(name)!r} cannot name a {what}: use letters, digits, - and _"
                )


def _cell(value: object) -> str:
    return "" if value is None else escape(printable(str(value)))
