"""The dataset being written: one run at a time, and only photos and records left behind."""

import filecmp
import os
import shutil
import sqlite3
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from uuid import uuid4

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.manifest import Manifest, Row, part_name, read_manifest
from hotdog_sql.downloader.result import (
    HEADER,
    MANIFEST,
    DownloadReport,
    Result,
    Status,
    encode,
    join_notes,
)
from hotdog_sql.downloader.selection_json import SELECTION, check_recipe, write_recipe
from hotdog_sql.downloader.tars import tar_of
from hotdog_sql.errors import DatasetError
from hotdog_sql.files import locked, refuse_links, storage_errors
from hotdog_sql.storage import RUN_FILE, WORK_FOLDER, Storage, open_storage

ATTRIBUTION = "ATTRIBUTION.csv"

#: Files of a dataset that are not photos.
RECORDS = frozenset({SELECTION, MANIFEST, ATTRIBUTION, "index.html"})

#: Files that systems and trainers leave in folders; they are nobody's photos.
FOREIGN_FILES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})

#: Whoever passes the photos on must name these (CC BY 2.0).
_ATTRIBUTION_COLUMNS = (
    *("path", "ImageID", "Title", "Author"),
    *("AuthorProfileURL", "OriginalLandingURL", "License"),
)

#: A cell that begins so is a formula to a spreadsheet
#: (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")

_REPLACES = "in place of "

#: Seconds of work that a killed coordinator may have to repeat, beside the shards in hand.
_KEEP_EVERY = 10.0

#: Bytes of a manifest up to which a folder is listed in one piece. A row has about 400.
_ONE_PIECE = 20_000_000


@contextmanager
def open_dataset(
    address: str | Path, recipe: Mapping[str, object] | None, options: DownloadOptions
) -> Iterator["Dataset"]:
    """Open a dataset for one run, and make it where there is none.

    It is refused if another run is working on it, and if it holds another selection than `recipe`
    (None: not known), or photos that are altered otherwise or kept in another format.
    """
    storage = open_storage(address)
    with ExitStack() as stack:
        if storage.folder is not None:
            stack.enter_context(_work_folder(storage.folder))
        scratch = stack.enter_context(storage.scratch())
        path, last_part = read_manifest(storage, scratch)
        if storage.folder is not None and path.parent == scratch:
            storage.put(MANIFEST, path)
            path = storage.folder / MANIFEST
        table = stack.enter_context(closing(Manifest(path)))
        check_recipe(storage, recipe, options, begun=bool(table.tars))
        _check_format(table, options, storage.name)
        dataset = stack.enter_context(closing(Dataset(storage, scratch, table, last_part)))
        storage.write(RUN_FILE, dataset.run_id.encode())
        yield dataset


class Dataset:
    """A dataset that is open for one run; made by `open_dataset`.

    The manifest of a dataset in an object store is kept in a temporary folder of this machine, and
    what a run adds is uploaded every few seconds. So any machine can resume what another has begun.
    """

    def __init__(self, storage: Storage, scratch: Path, table: Manifest, last_part: int) -> None:
        self.storage = storage
        self.manifest = table
        self.run_id: str = uuid4().hex
        self._scratch = scratch
        self._last_part = last_part
        self._kept = table.path.stat().st_size
        self._due = time.monotonic() + _KEEP_EVERY
        # A folder is listed when the first of its files is asked for; a large dataset's by the
        # first characters of the names. The sizes are in a table that SQLite itself moves to a
        # temporary file: so memory does not grow with the dataset.
        self._characters = 0
        while self._kept > _ONE_PIECE * 16**self._characters:
            self._characters += 1
        self._listed: set[tuple[str, str]] = set()
        self._sizes = sqlite3.connect("")
        self._sizes.execute("CREATE TABLE sizes (path PRIMARY KEY, size) WITHOUT ROWID")

    def close(self) -> None:
        """Keep what is new."""
        self._sizes.close()
        self.keep()

    def has(self, row: Row) -> bool:
        """Whether a photo is where the manifest says. A tar is whole, so what it holds is there."""
        tar = tar_of(row.path)
        path = tar or row.path
        if self.storage.folder is not None:
            size = self.storage.size(path)
        else:  # without a request for each
            folder, _, name = path.rpartition("/")
            piece = (folder, name[: self._characters])
            if piece not in self._listed:
                files = self.storage.files(*piece)
                self._sizes.executemany("INSERT OR REPLACE INTO sizes VALUES (?, ?)", files)
                self._listed.add(piece)
            found = self._sizes.execute("SELECT size FROM sizes WHERE path = ?", (path,))
            (size,) = found.fetchone() or (None,)
        return size is not None if tar else size == row.size

    def append(self, result: Result) -> None:
        """Record a result."""
        self.manifest.append(result)
        if time.monotonic() >= self._due:
            self.keep()

    def finalize(
        self, report: DownloadReport, recipe: Mapping[str, object] | None, options: DownloadOptions
    ) -> None:
        """Write the records of a finished run, and count what the dataset has.

        manifest.csv and ATTRIBUTION.csv are written by folder and rank, so they depend on the
        photos alone, not on the order in which they came. A file that would not change is left
        alone.
        """
        new_manifest, new_attribution = self._scratch / "new.csv", self._scratch / ATTRIBUTION
        with storage_errors(self.manifest.path):
            with new_manifest.open("wb") as rows, new_attribution.open("wb") as credit:
                rows.write(HEADER)
                credit.write(encode(_ATTRIBUTION_COLUMNS))
                for row in self._rows():
                    rows.write(encode(row.values()))
                    if row["status"] == Status.DOWNLOADED:
                        credit.write(encode(_cell(row[name]) for name in _ATTRIBUTION_COLUMNS))
                    report.count(row)
                for file in (rows, credit):
                    file.flush()
                    os.fsync(file.fileno())
            self.manifest.close()
        self._publish(ATTRIBUTION, new_attribution)
        self._publish(MANIFEST, new_manifest)
        # An update is of the new selection once it is done, and not before: a run that is stopped
        # in its middle has to be told again.
        if recipe is not None and options.update:
            write_recipe(self.storage, recipe, options)
        if self.storage.folder is None:  # a whole manifest has been uploaded
            self.storage.delete(*(path for path, _ in self.storage.files(WORK_FOLDER)))
            self._kept = self.manifest.path.stat().st_size

    def keep(self) -> None:
        """Upload what is new in the manifest, where that is remote."""
        if self.storage.folder is None:
            with self.manifest.path.open("rb") as file:
                file.seek(self._kept)
                new = file.read()
            if new:
                self._last_part += 1
                self.storage.write(part_name(self._last_part), HEADER + new)
                self._kept += len(new)
        self._due = time.monotonic() + _KEEP_EVERY

    def _publish(self, name: str, file: Path) -> None:
        """Put a finished record in its place, unless the same is there."""
        old = None if self.storage.folder is None else self.storage.folder / name
        if old is None or not old.exists() or not filecmp.cmp(file, old, shallow=False):
            self.storage.put(name, file)

    def _rows(self) -> Iterator[dict[str, str]]:
        """The manifest's rows in their final order; each reserve names the photo it replaces.

        That is the lost photo which comes as early among a folder's lost ones as the reserve does
        among its reserves, so it does not depend on which was lost first.
        """
        folder, lost = "", deque[str]()
        for known in self.manifest.rows():
            if known.folder != folder:
                folder, lost = known.folder, deque()
            replaced = lost.popleft() if known.reserve and lost else ""
            if known.status == Status.LOST:
                lost.append(known.image_id)
            row = self.manifest.columns(known)
            others = [one for one in row["note"].split("; ") if not one.startswith(_REPLACES)]
            row["note"] = join_notes(f"{_REPLACES}{replaced}" if replaced else "", *others)
            yield row


@contextmanager
def _work_folder(folder: Path) -> Iterator[None]:
    """The run's own folder inside a dataset, removed with what killed runs have left there."""
    work = folder / WORK_FOLDER
    check_folder(folder)
    with ExitStack() as stack:
        with storage_errors(work):
            work.mkdir(parents=True, exist_ok=True)
            if not stack.enter_context(locked(work / "lock")):
                raise DatasetError(
                    f"another run is working on {folder}: wait for it to end, or choose another "
                    "folder"
                )
        try:
            yield
        finally:
            # A folder that has disappeared must not hide the error that says so.
            shutil.rmtree(work, ignore_errors=True)


def check_folder(folder: Path) -> None:
    """Refuse a folder that is not a dataset: what is in it could be overwritten or deleted."""
    with storage_errors(folder):
        for name in (WORK_FOLDER, f"{WORK_FOLDER}/lock", *sorted(RECORDS)):
            refuse_links(folder, name)
        try:
            names = {entry.name for entry in folder.iterdir()} - FOREIGN_FILES
            # What a data folder has in it before its first file has come.
            names |= {entry.name for entry in (folder / WORK_FOLDER).glob("*.csv.part")}
        except FileNotFoundError:
            return
        except NotADirectoryError as error:
            raise DatasetError(
                f"a file is in the way of {folder}: choose another folder"
            ) from error
    empty = {WORK_FOLDER, SELECTION}  # or killed before the manifest was made
    if not (names <= empty or MANIFEST in names):
        raise DatasetError(
            f"{folder} is not empty and not a dataset: choose another folder for the photos"
        )


def _check_format(table: Manifest, options: DownloadOptions, name: str) -> None:
    """See that the dataset keeps its photos as the options say."""
    if options.in_tars and "" in table.tars:
        kept = "files: leave out --dataset-format"
    elif not options.in_tars and table.tars - {""}:
        kept = "tars: add --dataset-format webdataset"
    else:
        return
    raise DatasetError(f"{name} has its photos in {kept}, or choose another folder")


def _cell(text: str) -> str:
    """The text as a spreadsheet is to show it, not to run it."""
    return f"'{text}" if text.startswith(_FORMULAS) else text
