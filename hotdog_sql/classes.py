"""Finding the class that a user means."""

from dataclasses import dataclass

from hotdog_sql.database import Database
from hotdog_sql.errors import AmbiguousClassError, UnknownClassError
from hotdog_sql.text import printable


@dataclass(frozen=True, slots=True)
class ImageClass:
    """A class of Open Images.

    Attributes:
        mid: its key, such as `/m/01b9xk` (the file's `LabelName`).
        name: its name, such as `Hot dog`; 12 names are shared by two MIDs.
    """

    mid: str
    name: str


def resolve_class(database: Database, name_or_mid: str) -> ImageClass:
    """The one class with exactly this name or MID.

    Raises:
        UnknownClassError: there is none; the message suggests the nearest names.
        AmbiguousClassError: several share the name; the message lists their MIDs.
    """
    database.use("similar_classes")
    matches = [
        ImageClass(*row)
        for row in database.rows(
            "FROM classes WHERE LabelName = $name OR DisplayName = $name ORDER BY LabelName",
            {"name": name_or_mid},
        )
    ]
    if len(matches) == 1:
        return matches[0]
    shown = printable(name_or_mid)
    if matches:
        mids = " or ".join(match.mid for match in matches)
        raise AmbiguousClassError(
            f"{len(matches)} classes are named {shown!r}: give the MID instead, {mids}"
        )
    nearest = database.rows("FROM similar_classes($name)", {"name": name_or_mid})
    names = ", ".join(f"{printable(name)!r} ({mid})" for mid, name in nearest)
    raise UnknownClassError(
        f"no class is named {shown!r}; the nearest are {names}; search with: hotdog-sql classes"
    )
