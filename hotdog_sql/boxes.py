"""Bounding boxes: which classes have any, and what their files must have."""

from collections.abc import Iterable

from hotdog_sql.database import Database
from hotdog_sql.errors import InputError
from hotdog_sql.text import printable

_WITHOUT_BOXES = """
SELECT LabelName, DisplayName
FROM requested_classes($class) ANTI JOIN (FROM query_table($table)) USING (LabelName)
"""


def check_boxed(database: Database, mids: Iterable[str], table: str) -> None:
    """Refuse classes without boxes.

    Args:
        database: the connection.
        mids: the classes.
        table: name of a table whose `LabelName` has the classes with boxes.

    Raises:
        InputError: a class has none in the session's splits.
    """
    values = {"class": list(mids), "table": table}
    for mid, name in database.rows(_WITHOUT_BOXES, values):
        raise InputError(without_boxes(database, mid, name))


def without_boxes(database: Database, mid: str, name: str) -> str:
    """What to tell of a class without boxes, with the nearest class that has some."""
    database.use("similar_boxed_classes")
    splits = ", ".join(database.options.splits)
    told = f"{printable(name)} ({mid}) has no boxes in {splits}"
    nearest = database.rows('FROM similar_boxed_classes($name, "limit" := 1)', {"name": name})
    for other_mid, other in nearest:
        told += f"; the nearest class that has some is {printable(other)!r} ({other_mid})"
    return told
