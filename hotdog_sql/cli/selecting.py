"""What `select` says of its rows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hotdog_sql.cli.show import Narrator
from hotdog_sql.text import printable, size_text

if TYPE_CHECKING:
    from hotdog_sql.options import DataOptions
    from hotdog_sql.selection import ClassReport, Selection

#: Below this many images in a folder a classifier has little to learn from.
FEW_IMAGES = 30


def tell(narrator: Narrator, data: "DataOptions", selection: "Selection") -> None:
    """Says what there was to select from and what was taken, as the tutorial prints it.

    Args:
        narrator: where to say it.
        data: the files that were read.
        selection: the rows taken.
    """
    report = selection.report
    if report is None:
        return
    narrator.print(f"Open Images {data.release}, {', '.join(data.splits)}")
    for one in report.classes:
        narrator.print(f"{printable(one.name)} ({one.mid})")
        _line(narrator, "positives", one.positives, _by_whom(one))
        _line(narrator, "verified negatives", one.verified_negatives)
        if one.ambiguous:
            _line(narrator, "ambiguous", one.ambiguous, "carry another chosen class too")
    narrator.print("Negatives")
    shown = [printable(name) for name in report.related[:5]]
    more = f" and {len(report.related) - 5} more" if len(report.related) > 5 else ""
    _line(narrator, "related classes", len(report.related), ", ".join(shown) + more)
    _line(narrator, "labelled images", report.labelled)
    _line(narrator, "candidates", report.candidates, "labelled, without a related class")


def tell_folders(narrator: Narrator, selection: "Selection") -> None:
    """Says what is in each folder, and warns of those with few images."""
    narrator.print("Selected")
    folders = selection.folders()
    for folder in folders:
        licenses = ", ".join(printable(address) for address in folder.licenses)
        size = size_text(folder.mirror_bytes)
        _line(narrator, folder.folder, folder.images, f"about {size} from the mirror; {licenses}")
    for folder in folders:
        if folder.images < FEW_IMAGES:
            narrator.print(
                f"warning: {folder.folder} has fewer than {FEW_IMAGES} images; "
                "--split all or --labels both may find more"
            )


def tell_changes(narrator: Narrator, changes: Sequence[str]) -> None:
    """Says what has changed since a recipe was written."""
    for line in changes:
        narrator.print(f"changed: {line}")
    if not changes:
        narrator.print("nothing has changed since the record was made")


def _by_whom(one: "ClassReport") -> str:
    if not one.by_machine:
        return "labelled by people"
    return f"{one.by_people:,} labelled by people, {one.by_machine:,} by a model"


def _line(narrator: Narrator, what: str, count: int, note: str = "") -> None:
    narrator.print(f"  {what:<20} {count:>12,}  {note}".rstrip())
