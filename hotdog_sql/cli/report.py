"""Reports of selections and downloads, on stderr."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from hotdog_sql.cli import api
from hotdog_sql.cli.output import QUIET, say
from hotdog_sql.text import printable, size_text, without_credentials

#: The candidates for negatives, by `--negatives-from`.
_CANDIDATES = {
    "random": "labelled",
    "verified": "verified negatives",
    "mixed": "verified negatives or labelled",
}
#: Maximum number of related classes or unknown ImageIDs to list without --verbose.
_MAX_LISTED = 5


def print_selection(selection: "api.Selection", *, verbose: bool = False) -> None:
    """Print how many images there were to select from, and how many were selected."""
    if QUIET.get():
        return
    data, report = selection.database.options, selection.report
    if report is not None:
        say(f"Open Images {data.release}, {', '.join(data.splits)}")
        for counts in report.classes:
            say(f"{printable(counts.DisplayName)} ({counts.LabelName})")
            note = "labelled by people"
            if counts.by_machine:
                note = f"{counts.by_people:,} labelled by people, {counts.by_machine:,} by a model"
            _say_count("positives", counts.positives, note)
            _say_count("verified negatives", counts.verified_negatives)
            if counts.ambiguous:
                _say_count("ambiguous", counts.ambiguous, "carry another requested class too")
        say("Negatives")
        _say_count("related classes", len(report.related), _join(report.related, verbose=verbose))
        _say_count("labelled images", report.labelled)
        kind = _CANDIDATES[selection.options.negatives_from]
        _say_count("candidates", report.candidates, f"{kind}, without a related class")
    say("Selected")
    for folder in selection.folders:
        licenses = ", ".join(printable(address or "no licence") for address in folder.licenses)
        size = size_text(folder.mirror_bytes)
        _say_count(folder.folder, folder.images, f"about {size} from the mirror; {licenses}")
    for part, counts in selection.partitions.items():
        _say_count(f"in {part}", counts.total())
        absent = [printable(one.folder) for one in selection.folders if not counts[one.folder]]
        for name in absent:
            say(f"warning: {part} has no {name}: give other shares or another --seed")
    if unknown := selection.unknown():
        # An image that is listed as test/ID is not searched in other splits.
        splits = {name.rpartition("/")[0] for name in unknown}
        more = "train" not in data.splits and not splits.issubset(data.splits)
        hint = "; --split all searches train too" if more else ""
        say(
            f"warning: ImageIDs that are not in {' and '.join(data.splits)}: {len(unknown):,} "
            f"({_join(unknown, verbose=verbose)}){hint}"
        )
    if report is not None:
        for line in report.shortfalls:
            say(line)
        print_problems(selection.database, report.problems)
        for problem, number in selection.box_problems().items():
            say(f"warning: {problem}: {number:,}")


def _join(names: Sequence[str], *, verbose: bool) -> str:
    """Join all names with commas or, without --verbose, only the first."""
    listed = [printable(name)[:80] for name in (names if verbose else names[:_MAX_LISTED])]
    more = f" and {len(names) - len(listed):,} more" if len(names) > len(listed) else ""
    return ", ".join(listed) + more


def print_problems(database: "api.Database", problems: Mapping[str, int]) -> None:
    """Warn of images left out because their data is invalid, and name the refresh command."""
    command = api.refresh_command(database.files_read_by("images", "labels"))
    for problem, images in problems.items():
        say(f"warning: images left out ({problem}): {images:,}; refresh with: {command}")


def print_download(
    selection: "api.Selection", report: "api.DownloadReport", destination: str, page: Path | None
) -> None:
    """Print the result of a download."""
    say(f"Dataset {without_credentials(destination)}")
    fetched = f"{report.downloaded:,} downloaded now, {size_text(report.received)}"
    sources = [f"{source} {count:,}" for source, count in sorted(report.sources.items())]
    _say_count("photos", report.on_disk, "; ".join(filter(None, (fetched, ", ".join(sources)))))
    if report.lost:
        _say_count("lost for good", report.lost, _join_reasons(report.lost_reasons))
        if missing := selection.missing():
            say(f"Lost photos are not replaced without {missing}")
    if report.replaced:
        _say_count("replaced", report.replaced, "lost photos, by the next in the random order")
    if report.unselected:
        _say_count(
            "not selected",
            report.unselected,
            "of another selection; --update removes them, but not from tars",
        )
    reason = "no more candidates" if selection.options.classes else "not selected by class"
    for folder, count in report.short.items():
        _say_count("not replaced", count, f"in {printable(folder)}: {reason}")
    if report.failed:
        _say_count("failed", report.failed, _join_reasons(report.failed_reasons))
        say("Some may succeed later: run the same command again")
    if page is not None:
        say(f"To look at it, open {page}")


def _say_count(label: str, count: int, note: str = "") -> None:
    say(f"  {label:<20} {count:>12,}  {note}".rstrip())


def _join_reasons(reasons: Counter[tuple[str, str]]) -> str:
    return ", ".join(
        printable(f"{source}: {reason} ({count:,})")
        for (source, reason), count in reasons.most_common(6)
    )
