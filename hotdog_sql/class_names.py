"""The classes that a user names: found, or refused with the nearest."""

from hotdog_sql.database import Database
from hotdog_sql.errors import AmbiguousClassError, InputError, UnknownClassError
from hotdog_sql.text import printable

_WITHOUT_BOXES = """
SELECT LabelName, DisplayName
FROM requested_classes($class) ANTI JOIN (FROM query_table($table)) USING (LabelName)
"""
_NEAREST_BOXED = 'FROM similar_boxed_classes($name, "limit" := 1)'


def find_mids(database: Database, names: tuple[str, ...]) -> dict[str, str]:
    """The MID of each class with one of these names or MIDs."""
    database.use("matching_classes", "similar_classes")
    mids: dict[str, list[str | None]] = {}
    values = {"names": list(dict.fromkeys(names))}
    for _, name, mid, _ in database.rows("FROM matching_classes($names)", values):
        mids.setdefault(name, []).append(mid)
    for name, found in mids.items():
        if found == [None]:
            similar = database.rows("FROM similar_classes($name)", {"name": name})
            others = ", ".join(f"{printable(other)!r} ({mid})" for mid, other in similar)
            raise UnknownClassError(
                f"no class is named {printable(name)!r}; similar names are {others}; "
                "search with: hotdog-sql classes"
            )
        if len(found) > 1:
            raise AmbiguousClassError(
                f"{len(found)} classes are named {printable(name)!r}: "
                f"give the MID instead, {' or '.join(map(str, found))}"
            )
    return {name: str(found[0]) for name, found in mids.items()}


def check_boxed(database: Database, mids: tuple[str, ...], table: str) -> None:
    """Refuse a class without boxes; `table` has the `LabelName` of those with boxes."""
    for mid, name in database.rows(_WITHOUT_BOXES, {"class": list(mids), "table": table}):
        database.use("similar_boxed_classes")
        told = f"{printable(name)} ({mid}) has no boxes in {', '.join(database.options.splits)}"
        for other_mid, other in database.rows(_NEAREST_BOXED, {"name": name}):
            told += f"; the nearest class that has some is {printable(other)!r} ({other_mid})"
        raise InputError(told)
