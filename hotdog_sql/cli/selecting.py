"""What `select` says of its rows."""

from typing import TYPE_CHECKING

from hotdog_sql.text import printable, size_text

if TYPE_CHECKING:
    from rich.console import Console

    from hotdog_sql.recipe import Recipe, Record
    from hotdog_sql.rows import RowTable
    from hotdog_sql.selection import ClassReport, Selection

#: Below this many images in a folder a classifier has little to learn from.
FEW_IMAGES = 30


def tell(console: "Console", recipe: "Recipe", rows: "Selection") -> None:
    """Says what there was to select from and what was taken, as the tutorial prints it.

    Args:
        console: where to say it.
        recipe: what was asked for.
        rows: the rows taken.
    """
    report = rows.report()
    console.print(f"Open Images {recipe.release}, {', '.join(recipe.splits)}")
    for one in report.classes:
        console.print(f"{printable(one.name)} ({one.mid})")
        _line(console, "positives", one.positives, _by_whom(one))
        _line(console, "verified negatives", one.verified_negatives)
        if one.ambiguous:
            _line(console, "ambiguous", one.ambiguous, "carry another chosen class too")
    console.print("Negatives")
    shown = [printable(name) for name in report.related[:5]]
    more = f" and {len(report.related) - 5} more" if len(report.related) > 5 else ""
    _line(console, "related classes", len(report.related), ", ".join(shown) + more)
    _line(console, "labelled images", report.labelled)
    _line(console, "candidates", report.candidates, "labelled, without a related class")


def tell_folders(console: "Console", rows: "RowTable") -> None:
    """Says what is in each folder, and warns of those with few images."""
    console.print("Selected")
    for folder in rows.folders():
        licenses = ", ".join(printable(address) for address in folder.licenses)
        size = size_text(folder.mirror_bytes)
        _line(console, folder.folder, folder.images, f"about {size} from the mirror; {licenses}")
    for folder in rows.folders():
        if folder.images < FEW_IMAGES:
            console.print(
                f"warning: {folder.folder} has fewer than {FEW_IMAGES} images; "
                "--split all or --labels both may find more"
            )


def tell_differences(console: "Console", then: "Record", now: "Record") -> None:
    """Says what has changed since a record was made."""
    from hotdog_sql.recipe import differences

    changed = differences(then, now)
    for line in changed:
        console.print(f"changed: {line}")
    if not changed:
        console.print("nothing has changed since the record was made")


def _by_whom(one: "ClassReport") -> str:
    if not one.by_machine:
        return "labelled by people"
    return f"{one.by_people:,} labelled by people, {one.by_machine:,} by a model"


def _line(console: "Console", what: str, count: int, note: str = "") -> None:
    console.print(f"  {what:<20} {count:>12,}  {note}".rstrip())
