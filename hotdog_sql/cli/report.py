"""The reports of `select` and of downloads."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hotdog_sql.cli.output import say
from hotdog_sql.text import printable, size_text

if TYPE_CHECKING:
    from hotdog_sql.database import Database
    from hotdog_sql.downloader.result import DownloadReport
    from hotdog_sql.reports import ClassReport, SelectionReport
    from hotdog_sql.selection import Selection

#: Widths of names and counts in the report of a download.
_NARROW = (14, 9)
#: A classifier learns little from a folder with fewer images.
FEW_IMAGES = 30
#: What negatives are taken from.
_CANDIDATES = {
    "random": "labelled",
    "verified": "verified negatives",
    "mixed": "verified negatives or labelled",
}
#: Related classes that are named without --verbose.
_NAMED = 5


def tell_selection(selection: "Selection", *, verbose: bool = False) -> None:
    """Say what there was to select from and what was selected, as the tutorial prints it.

    Args:
        selection: the rows.
        verbose: name all related classes.
    """
    data, report = selection.database.options, selection.report
    if report is not None:
        say(f"Open Images {data.release}, {', '.join(data.splits)}")
        for one in report.classes:
            say(f"{printable(one.name)} ({one.mid})")
            _count("positives", one.positives, _by_whom(one))
            _count("verified negatives", one.verified_negatives)
            if one.ambiguous:
                _count("ambiguous", one.ambiguous, "carry another requested class too")
        say("Negatives")
        names = [printable(name) for name in report.related]
        shown = names if verbose else names[:_NAMED]
        more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
        _count("related classes", len(names), ", ".join(shown) + more)
        _count("labelled images", report.labelled)
        kind = _CANDIDATES[selection.options.negatives_from if selection.options else "random"]
        _count("candidates", report.candidates, f"{kind}, without a related class")
    say("Selected")
    folders = selection.folders()
    for folder in folders:
        licenses = ", ".join(printable(address) for address in folder.licenses)
        size = size_text(folder.mirror_bytes)
        _count(folder.folder, folder.images, f"about {size} from the mirror; {licenses}")
    for name, images in selection.partitions().items():
        _count(f"in {name}", images)
    if report is not None:
        counts = {folder.folder: folder.images for folder in folders}
        _tell_shortfalls(selection, report, counts)
        tell_problems(selection.database, report.problems)


def tell_problems(database: "Database", problems: Mapping[str, int]) -> None:
    """Say how many images are left out because their data cannot be right, and what to refresh."""
    command = database.refresh_command(database.files_of("images", "labels"))
    for problem, images in problems.items():
        say(f"warning: {images:,} images are left out: {problem}; refresh with: {command}")


def _tell_shortfalls(
    selection: "Selection", report: "SelectionReport", images: Mapping[str, int]
) -> None:
    """Say where the data ran out: fewer images than wanted, or too few to learn from."""
    asked = selection.options
    if asked is None:
        return
    others = images.get(asked.negative_folder, 0)
    negatives = asked.negatives
    if asked.ratio is not None:
        negatives = round(asked.ratio * (sum(images.values()) - others))
    if others < negatives:
        kind = "verified negatives" if asked.negatives_from == "verified" else "candidates"
        say(f"{asked.negative_folder}: {others:,} of {negatives:,}: no more {kind}")
    wanted = {one.folder: asked.limit for one in report.classes} | {
        asked.negative_folder: negatives
    }
    for folder, limit in wanted.items():
        count = images.get(folder, 0)
        if count < FEW_IMAGES and (limit is None or count < limit):
            say(
                f"warning: {folder} has fewer than {FEW_IMAGES} images; --split all or "
                "--labels both may find more"
            )


def tell_changes(changes: Sequence[str], *, quiet: bool = False) -> None:
    """Say what has changed since a recipe was written."""
    for line in changes:
        say(f"changed: {line}", quiet=quiet)
    if not changes:
        say("nothing has changed since the recipe was written", quiet=quiet)


def tell_download(
    report: "DownloadReport", destination: str, page: Path | None, *, quiet: bool = False
) -> None:
    """Say how a download ended."""
    if quiet:
        return
    say(f"Dataset {printable(destination)}")
    fetched = f"{report.downloaded:,} fetched now, {size_text(report.received)}"
    sources = ", ".join(f"{source} {count:,}" for source, count in sorted(report.sources.items()))
    _count("photos", report.on_disk, "; ".join(filter(None, (fetched, sources))), widths=_NARROW)
    if report.lost:
        _count("lost for good", report.lost, _reasons(report.lost_reasons), widths=_NARROW)
    if report.replaced:
        _count(
            "replaced",
            report.replaced,
            "lost ones, by the next in the random order",
            widths=_NARROW,
        )
    for folder, count in report.short.items():
        _count("short", count, f"in {printable(folder)}: there are no more to take", widths=_NARROW)
    if report.failed:
        _count("failed", report.failed, _reasons(report.failed_reasons), widths=_NARROW)
        say("Some are worth another try: run the same command again")
    if page is not None:
        say(f"To look at it, open {page}")


def _count(what: str, count: int, note: str = "", widths: tuple[int, int] = (20, 12)) -> None:
    say(f"  {what:<{widths[0]}} {count:>{widths[1]},}  {note}".rstrip())


def _by_whom(one: "ClassReport") -> str:
    if not one.by_machine:
        return "labelled by people"
    return f"{one.by_people:,} labelled by people, {one.by_machine:,} by a model"


def _reasons(reasons: Counter[tuple[str, str]]) -> str:
    return ", ".join(
        printable(f"{source} {reason} {count:,}")
        for (source, reason), count in reasons.most_common(6)
    )
