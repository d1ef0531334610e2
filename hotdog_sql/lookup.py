"""Look up or check what a user names: classes, folders and parts, and images by ImageID."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import duckdb

from hotdog_sql.database import Database
from hotdog_sql.errors import AmbiguousClassError, InputError, UnknownClassError
from hotdog_sql.export import FILE_FORMATS, read_file
from hotdog_sql.files import check_exists
from hotdog_sql.options import DataOptions, SelectOptions, Split
from hotdog_sql.text import one_line, printable

_WITHOUT_BOXES = """
SELECT LabelName, DisplayName
FROM requested_classes($class) ANTI JOIN (FROM query_table($table)) USING (LabelName)
"""
_NEAREST_BOXED = 'FROM similar_boxed_classes($name, "limit" := 1)'
_READ_IDS = "CREATE OR REPLACE TABLE ids AS FROM read_ids($file)"
_VALID_ID = "FROM ids WHERE regexp_full_match(ImageID, '[0-9a-f]{16}') LIMIT 1"
_FOUND = "SELECT ImageID, folder FROM query_table($table) WHERE found"
_ADVICE = (
    "give UTF-8 text with an ImageID on each line, or a .csv, .json or .parquet with a column "
    "ImageID"
)


def find_mids(database: Database, names: Iterable[str]) -> tuple[str, ...]:
    """Return the MIDs of the classes with these names or MIDs, without duplicates."""
    database.load("matching_classes", "similar_classes")
    mids: dict[str, list[str]] = {}
    values = {"names": list(dict.fromkeys(names))}
    for row in database.rows("FROM matching_classes($names)", values):
        mids.setdefault(row.name, []).append(row.LabelName)
    for name, matches in mids.items():
        if None in matches:
            rows = database.rows("FROM similar_classes($name)", {"name": name})
            similar = ", ".join(f"{printable(other)!r} ({mid})" for mid, other in rows)
            raise UnknownClassError(
                f"no class is named {printable(name)!r}; similar names are {similar}; "
                "search with: hotdog-sql classes PATTERN"
            )
        if len(matches) > 1:
            raise AmbiguousClassError(
                f"{len(matches)} classes are named {printable(name)!r}: "
                f"give the MID instead, {' or '.join(matches)}"
            )
    return tuple(dict.fromkeys(matches[0] for matches in mids.values()))


def check_names(database: Database, what: str, names: list[str]) -> None:
    """Refuse names that are not valid on every file system."""
    database.load("is_valid_folder")
    for name in names:
        if [other.casefold() for other in names].count(name.casefold()) > 1:
            raise InputError(
                f"{printable(name)!r} differs from another {what} only in upper and lower case; "
                "rename one of them"
            )
        if not database.rows("SELECT is_valid_folder($name)", {"name": name})[0][0]:
            raise InputError(
                f"{printable(name)!r} cannot name a {what}: use letters, digits, - and _"
            )


def check_boxed(database: Database, mids: tuple[str, ...], table: str) -> None:
    """Raise an error for a class without boxes; `table` has the `LabelName` of the others."""
    for mid, name in database.rows(_WITHOUT_BOXES, {"class": list(mids), "table": table}):
        database.load("similar_boxed_classes")
        message = f"{printable(name)} ({mid}) has no boxes in {', '.join(database.options.splits)}"
        for other_mid, other in database.rows(_NEAREST_BOXED, {"name": name}):
            message += f"; the nearest class that has some is {printable(other)!r} ({other_mid})"
        raise InputError(message)


def read_ids(database: Database, path: Path) -> None:
    """Read a list of ImageIDs into the table `ids`."""
    check_exists(path)
    database.load("read_ids")
    try:
        # Not `database.execute`, which blames errors on Open Images files.
        database.connection.execute(_READ_IDS, {"file": str(path)})
    except duckdb.Error as error:
        raise InputError(f"{path} cannot be read: {one_line(error)[:100]}; {_ADVICE}") from error
    if not database.rows(_VALID_ID):
        raise InputError(f"{path} has no ImageIDs (16 hexadecimal digits); {_ADVICE}")


def data_for(request: SelectOptions, data: DataOptions, *, splits_given: bool) -> DataOptions:
    """Return what to read for a selection: for a list, the splits that its lines name.

    If a line names none and neither does the user, these are test and validation, and train if its
    image file is present.
    """
    if request.ids is None or request.query is not None:
        return data
    with Database(replace(data, splits=("all",))) as database:
        read_ids(database, request.ids)
        named = {split for (split,) in database.rows("SELECT DISTINCT split FROM ids")}
        missing = {file.catalog.split for file in database.missing("images")}
    if named.issubset(Split):
        splits = named.intersection(data.splits) if splits_given else named
        return replace(data, splits=tuple(splits) or data.splits)
    if splits_given:
        return data
    small = (Split.TEST, Split.VALIDATION)
    return replace(data, splits=small if Split.TRAIN in missing else (Split.ALL,))


def find_ids(database: Database, options: SelectOptions, table: str) -> None:
    """Look up the rows of `ids` in the images; write all to `table`, those found to `result`."""
    database.load("find_ids")
    database.create_table("FROM find_ids('ids')", name=table)
    database.create_table(_FOUND, {"table": table})
    if not database.rows("FROM result LIMIT 1"):
        ((count,),) = database.rows("SELECT count(DISTINCT ImageID) FROM ids")
        splits = database.options.splits
        advice = "" if len(splits) == 3 else ", or give another --split"
        raise InputError(
            f"none of the {count:,} ImageIDs in {options.ids} is in {' and '.join(splits)}; "
            f"check them{advice}"
        )


def is_list(path: Path) -> bool:
    """Return whether a file is a list of ImageIDs, not a saved selection."""
    extension = path.suffix.lower().removeprefix(".")
    if extension not in FILE_FORMATS:
        return str(path) != "-"  # stdin has a saved selection
    check_exists(path)
    with duckdb.connect() as connection:
        try:
            columns = {name.lower() for name in read_file(connection, path, {}).columns}
        except duckdb.Error:
            return False
    has_places = {"folder", "rank"}.issubset(columns) or "partition" in columns
    return "imageid" in columns and not (has_places and "originalurl" in columns)
