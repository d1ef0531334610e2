"""The dataset being written: one run at a time, and only photos and records left behind."""

import filecmp
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from uuid import uuid4

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader import selection_json
from hotdog_sql.downloader.manifest import Manifest, Row, part_name, read_manifest, temporary_table
from hotdog_sql.downloader.result import (
    HEADER,
    MANIFEST,
    DownloadReport,
    Result,
    Status,
    encode,
    with_note,
)
from hotdog_sql.downloader.tars import tar_of
from hotdog_sql.errors import DatasetError, DatasetLockedError
from hotdog_sql.files import locked, refuse_links, storage_errors, temporary_folder
from hotdog_sql.storage import RUN, WORK_FOLDER, Storage, open_storage

ATTRIBUTION = "ATTRIBUTION.csv"

#: Files of a dataset that are not photos.
RECORDS = frozenset({selection_json.NAME, MANIFEST, ATTRIBUTION, "index.html"})

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
KEEP_EVERY = 10.0

#: Bytes of a manifest up to which a folder is listed in one piece. A row has about 400.
_ONE_PIECE = 20_000_000
#: ImageIDs begin with any of so many characters.
_DIGITS = 16
_SIZES = "CREATE TABLE sizes (path TEXT PRIMARY KEY, size INTEGER NOT NULL) WITHOUT ROWID;"


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
        if selection_json.check_recipe(storage, recipe, options, begun=bool(table.tars)):
            selection_json.write_recipe(storage, recipe, options)
        _check_format(table, options, storage.name)
        dataset = stack.enter_context(closing(Dataset(storage, scratch, table, last_part)))
        storage.write(RUN, dataset.run_id.encode())
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
        self._due = time.monotonic() + KEEP_EVERY
        # A folder is listed when the first of its files is asked for; a large dataset's by the
        # first characters of the names, so that memory does not grow with it.
        self._characters = 0
        while self._kept > _ONE_PIECE * _DIGITS**self._characters:
            self._characters += 1
        self._listed: set[tuple[str, str]] = set()
        self._sizes = temporary_table(_SIZES)

    def close(self) -> None:
        """Keep what is new."""
        self._sizes.close()
        self._keep()

    def has(self, row: Row) -> bool:
        """Whether a photo is where the manifest says. A tar is whole, so what it holds is there."""
        tar = tar_of(row.path)
        size = self._size(tar or row.path)
        return size is not None if tar else size == row.size

    def append(self, result: Result) -> None:
        """Record a result."""
        self.manifest.append(result)
        if time.monotonic() >= self._due:
            self._keep()

    def drop(self, row: Row) -> None:
        """Remove a photo and its row."""
        if row.path:
            self.storage.delete(row.path)
        self.manifest.forget(row)

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
                for line, row in self._lines():
                    rows.write(line)
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
            selection_json.write_recipe(self.storage, recipe, options)
        if self.storage.folder is None:  # a whole manifest has been uploaded
            self.storage.delete(*(path for path, _ in self.storage.files(WORK_FOLDER)))
            self._kept = self.manifest.path.stat().st_size

    def _keep(self) -> None:
        """Upload what is new in the manifest."""
        if self.storage.folder is None:
            with self.manifest.path.open("rb") as file:
                file.seek(self._kept)
                new = file.read()
            if new:
                self._last_part += 1
                self.storage.write(part_name(self._last_part), HEADER + new)
                self._kept += len(new)
        self._due = time.monotonic() + KEEP_EVERY

    def _size(self, path: str) -> int | None:
        """Bytes of a file, None where there is none; of a remote one without a request for each."""
        if self.storage.folder is not None:
            return self.storage.size(path)
        folder, _, name = path.rpartition("/")
        piece = (folder, name[: self._characters])
        if piece not in self._listed:
            files = self.storage.files(*piece)
            self._sizes.executemany("INSERT OR REPLACE INTO sizes VALUES (?, ?)", files)
            self._listed.add(piece)
        found = self._sizes.execute("SELECT size FROM sizes WHERE path = ?", (path,)).fetchone()
        return None if found is None else int(found[0])

    def _publish(self, name: str, file: Path) -> None:
        """Put a finished record in its place, unless the same is there."""
        old = None if self.storage.folder is None else self.storage.folder / name
        if old is None or not old.exists() or not filecmp.cmp(file, old, shallow=False):
            self.storage.put(name, file)

    def _lines(self) -> Iterator[tuple[bytes, dict[str, str]]]:
        """The manifest's lines in their final order; each reserve names the photo it replaces.

        That is the lost photo which comes as early among a folder's lost ones as the reserve does
        among its reserves, so it does not depend on which was lost first.
        """
        folder = None
        lost: Iterator[str] = iter(())
        for known in self.manifest.rows():
            if known.folder != folder:
                folder = known.folder
                lost = self.manifest.lost(folder)
            row = self.manifest.columns(known)
            note = with_note(row["note"], _REPLACES, next(lost, "") if known.reserve else "")
            if note == row["note"]:
                yield self.manifest.line(known), row
            else:
                row["note"] = note
                yield encode(row.values()), row


@contextmanager
def _work_folder(folder: Path) -> Iterator[None]:
    """The run's own folder inside a dataset; what a killed run has left there is removed."""
    work = folder / WORK_FOLDER
    check_folder(folder)
    with ExitStack() as stack:
        with storage_errors(work):
            work.mkdir(parents=True, exist_ok=True)
            if not stack.enter_context(locked(work / "lock")):
                raise DatasetLockedError(
                    f"another run is working on {folder}: wait for it to end, or choose another "
                    "folder"
                )
            for leftover in work.iterdir():
                if leftover.is_dir() and not leftover.is_symlink():
                    shutil.rmtree(leftover, ignore_errors=True)
                elif leftover.name != "lock":
                    leftover.unlink()
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
            work = folder / WORK_FOLDER
            inside = {entry.name for entry in work.iterdir()} if WORK_FOLDER in names else set()
        except FileNotFoundError:
            return
        except NotADirectoryError as error:
            raise DatasetError(
                f"a file is in the place of {folder}: choose another folder"
            ) from error
    empty = {WORK_FOLDER, selection_json.NAME}  # or killed before the manifest was made
    is_data_folder = any(".csv." in name or ".json." in name for name in inside)
    if is_data_folder or not (names <= empty or MANIFEST in names):
        what = "holds Open Images files" if is_data_folder else "is not empty and not a dataset"
        raise DatasetError(f"{folder} {what}: choose another folder for the photos")


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


@contextmanager
def open_manifest(storage: Storage) -> Iterator[Manifest]:
    """The manifest of a dataset, to be read."""
    if storage.size(MANIFEST) is None and (
        storage.folder is not None or not any(storage.files(WORK_FOLDER))
    ):
        raise DatasetError(
            f"{storage.name} is not a dataset, for it has no {MANIFEST}: "
            "give the folder or the address that was downloaded to"
        )
    with temporary_folder() as temporary:
        path, _ = read_manifest(storage, temporary)
        with closing(Manifest(path, writable=False)) as table:
            yield table
