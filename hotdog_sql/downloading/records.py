"""The record files of a finished run: the manifest in its final order, and the attribution."""

import filecmp
import os
from collections.abc import Iterator
from pathlib import Path

from hotdog_sql.downloading import manifest
from hotdog_sql.downloading.entry import Status, split_errors, with_replaced
from hotdog_sql.downloading.ledger import Ledger, Row
from hotdog_sql.downloading.report import DownloadReport
from hotdog_sql.downloading.store import storage_error

ATTRIBUTION = "ATTRIBUTION.csv"

#: Whoever passes the photos on must name these (CC BY 2.0).
_ATTRIBUTION_COLUMNS = (
    "path",
    "ImageID",
    "Title",
    "Author",
    "AuthorProfileURL",
    "OriginalLandingURL",
    "License",
)


def write_records(ledger: Ledger, directory: Path, workshop: Path, report: DownloadReport) -> None:
    """Write `manifest.csv` and `ATTRIBUTION.csv` anew, by folder and rank, and count.

    They depend on the photos alone, not on the order in which they came. A file that would not
    change is left alone.

    Args:
        ledger: what became of each photo.
        directory: the dataset.
        workshop: a folder for temporary files, on the same disk.
        report: what is counted goes in here.

    Raises:
        StorageError: they cannot be written; those that were there are unchanged.
    """
    new_manifest = workshop / manifest.NAME
    new_attribution = workshop / ATTRIBUTION
    try:
        with new_manifest.open("wb") as rows, new_attribution.open("wb") as credit:
            rows.write(manifest.HEADER)
            credit.write(manifest.encode(list(_ATTRIBUTION_COLUMNS)))
            for known, line, row in _lines(ledger):
                rows.write(line)
                if known.status is Status.DOWNLOADED:
                    credit.write(manifest.encode([row[name] for name in _ATTRIBUTION_COLUMNS]))
                _count(known, row, report)
            for file in (rows, credit):
                file.flush()
                os.fsync(file.fileno())
        _move(new_attribution, directory / ATTRIBUTION)
        _move(new_manifest, directory / manifest.NAME)
    except OSError as error:
        raise storage_error(directory / manifest.NAME, error) from error


def _lines(ledger: Ledger) -> Iterator[tuple[Row, bytes, dict[str, str]]]:
    """The manifest's lines in their final order; each reserve says whose place it took.

    That is the lost photo which comes as early among a folder's lost ones as the reserve does
    among its reserves, so it does not depend on which was lost first.
    """
    folder = None
    lost: Iterator[str] = iter(())
    for known in ledger.rows():
        if known.folder != folder:
            folder = known.folder
            lost = ledger.lost(folder)
        row = ledger.columns(known)
        note = with_replaced(row["note"], next(lost, "") if known.reserve else "")
        if note == row["note"]:
            yield known, ledger.line(known), row
        else:
            row["note"] = note
            yield known, manifest.encode(list(row.values())), row


def _count(known: Row, row: dict[str, str], report: DownloadReport) -> None:
    reasons = split_errors(row["error"])
    match known.status:
        case Status.DOWNLOADED:
            report.on_disk += 1
            report.replaced += known.reserve
            report.sources[row["source"]] += 1
        case Status.LOST:
            report.lost += 1
            report.lost_reasons.update(reasons)
        case Status.FAILED:
            report.failed += 1
            report.failed_reasons.update(reasons)


def _move(new: Path, path: Path) -> None:
    """Put a finished file in its place, unless the same is there."""
    if path.exists() and filecmp.cmp(new, path, shallow=False):
        new.unlink()
    else:
        new.replace(path)
