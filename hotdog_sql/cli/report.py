"""The reports of `select` and of downloads."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hotdog_sql.cli.output import QUIET, say
from hotdog_sql.text import printable, size_text, without_credentials

if TYPE_CHECKING:
    from hotdog_sql.api import Database, DownloadReport, Selection

#: What negatives are taken from.
_CANDIDATES = {
    "random": "labelled",
    "verified": "verified negatives",
    "mixed": "verified negatives or labelled",
}
#: Related classes and unknown ImageIDs that are named without --verbose.
_NAMED = 5


def print_selection(selection: "Selection", *, verbose: bool = False) -> None:
    """Say what there was to select from and what was selected, as the tutorial prints it."""
    if QUIET.get():
        return
    data, report = selection.database.options, selection.report
    if report is not None:
        say(f"Open Images {data.release}, {', '.join(data.splits)}")
        for one in report.classes:
            say(f"{printable(one.DisplayName)} ({one.LabelName})")
            by = "labelled by people"
            if one.by_machine:
                by = f"{one.by_people:,} labelled by people, {one.by_machine:,} by a model"
            _count("positives", one.positives, by)
            _count("verified negatives", one.verified_negatives)
            if one.ambiguous:
                _count("ambiguous", one.ambiguous, "carry another requested class too")
        say("Negatives")
        _count("related classes", len(report.related), _listed(report.related, verbose=verbose))
        _count("labelled images", report.labelled)
        kind = _CANDIDATES[selection.options.negatives_from if selection.options else "random"]
        _count("candidates", report.candidates, f"{kind}, without a related class")
    say("Selected")
    for folder in selection.folders:
        licenses = ", ".join(printable(address) for address in folder.licenses)
        size = size_text(folder.mirror_bytes)
        _count(folder.folder, folder.images, f"about {size} from the mirror; {licenses}")
    for name, images in selection.partitions.items():
        _count(f"in {name}", images)
    if unknown := selection.unknown():
        hint = "" if "train" in data.splits else "; --split all searches train too"
        say(
            f"warning: ImageIDs that are not in {' and '.join(data.splits)}: {len(unknown):,} "
            f"({_listed(unknown, verbose=verbose)}){hint}"
        )
    if report is not None:
        for line in report.shortfalls:
            say(line)
        print_problems(selection.database, report.problems)
        for problem, boxes in selection.box_problems().items():
            say(f"warning: {boxes:,} boxes are ignored: {problem}")


def _listed(names: Sequence[str], *, verbose: bool) -> str:
    """The names, without --verbose only the first of them."""
    shown = [printable(name)[:80] for name in (names if verbose else names[:_NAMED])]
    more = f" and {len(names) - len(shown):,} more" if len(names) > len(shown) else ""
    return ", ".join(shown) + more


def print_problems(database: "Database", problems: Mapping[str, int]) -> None:
    """Say how many images are left out because their data cannot be right, and what to refresh."""
    from hotdog_sql import api

    command = api.refresh_command(database.files_read_by("images", "labels"))
    for problem, images in problems.items():
        say(f"warning: images left out ({problem}): {images:,}; refresh with: {command}")


def print_download(
    report: "DownloadReport", destination: str, missing: str | None, page: Path | None
) -> None:
    """Say how a download ended, and what was missing to replace lost photos."""
    say(f"Dataset {without_credentials(destination)}")
    fetched = f"{report.downloaded:,} downloaded now, {size_text(report.received)}"
    sources = [f"{source} {count:,}" for source, count in sorted(report.sources.items())]
    _count("photos", report.on_disk, "; ".join(filter(None, (fetched, ", ".join(sources)))))
    if report.lost:
        _count("lost for good", report.lost, _reasons(report.lost_reasons))
        if missing:
            say(f"Lost photos are not replaced without {missing}")
    if report.replaced:
        _count("replaced", report.replaced, "lost photos, by the next in the random order")
    for folder, count in report.short.items():
        _count("not replaced", count, f"in {printable(folder)}: there are no more photos to take")
    if report.failed:
        _count("failed", report.failed, _reasons(report.failed_reasons))
        say("Some may succeed later: run the same command again")
    if page is not None:
        say(f"To look at it, open {page}")


def _count(what: str, count: int, note: str = "") -> None:
    say(f"  {what:<20} {count:>12,}  {note}".rstrip())


def _reasons(reasons: Counter[tuple[str, str]]) -> str:
    return ", ".join(
        printable(f"{source}: {reason} ({count:,})")
        for (source, reason), count in reasons.most_common(6)
    )
