"""A dataset that is being written, by one run at a time."""

import filecmp
import math
import os
import re
import shutil
import sqlite3
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from uuid import uuid4

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.manifest import Manifest, Row, index_errors, part_name, read_manifest
from hotdog_sql.downloader.photo import Photo
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
from hotdog_sql.downloader.tars import is_tar, tar_of
from hotdog_sql.downloader.validate import EXTENSIONS
from hotdog_sql.errors import DatasetError
from hotdog_sql.files import locked, refuse_links, storage_errors
from hotdog_sql.storage import RUN_FILE, WORK_FOLDER, Storage, open_storage

ATTRIBUTION = "ATTRIBUTION.csv"

#: Files of a dataset other than photos.
METADATA_FILES = frozenset({SELECTION, MANIFEST, ATTRIBUTION, "index.html"})

#: Files that operating systems leave in folders.
FOREIGN_FILES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})

#: Columns of ATTRIBUTION.csv, the attribution that CC BY 2.0 requires.
_ATTRIBUTION_COLUMNS = (
    *("path", "ImageID", "Title", "Author"),
    *("AuthorProfileURL", "OriginalLandingURL", "License"),
)

#: First characters of what spreadsheets take for a formula
#: (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r")

#: Seconds between uploads of new manifest lines; a killed run loses those since the last upload.
_FLUSH_SECONDS = 10.0

#: Manifest size in bytes up to which one request lists a folder. A row has about 400 bytes.
_BYTES_PER_LISTING = 20_000_000


@contextmanager
def open_dataset(
    address: str | Path, recipe: Mapping[str, object] | None, options: DownloadOptions
) -> Iterator["Dataset"]:
    """Open a dataset for one run, and create it if it does not exist.

    Raises `DatasetError` if another run is working on it, if its selection is not `recipe` (None:
    unknown), or if its photos were altered with other options or have another format.
    """
    storage = open_storage(address)
    with index_errors(), ExitStack() as stack:
        names = names_in_dataset(storage)
        if storage.folder is not None:
            work = storage.folder / WORK_FOLDER
            with storage_errors(work):
                work.mkdir(parents=True, exist_ok=True)
                if not stack.enter_context(locked(work / "lock")):
                    raise DatasetError(
                        f"another run is working on {storage.folder}: wait for it to end, or "
                        "choose another folder"
                    )
            # Ignores errors, because they would hide the one that ends the run.
            stack.callback(shutil.rmtree, work, ignore_errors=True)
        scratch = stack.enter_context(storage.scratch())
        path, last_part = read_manifest(storage, scratch)
        was_killed = storage.size(RUN_FILE) is not None
        if path.parent == scratch and (storage.folder is not None or MANIFEST not in names):
            storage.put(MANIFEST, path)
            path = path if storage.folder is None else storage.folder / MANIFEST
        manifest = stack.enter_context(closing(Manifest(path)))
        is_empty = not manifest.class_folders() and names <= METADATA_FILES | {WORK_FOLDER}
        check_recipe(storage, recipe, options, empty=is_empty)
        if any(bool(tar) != options.in_tars for tar in manifest.tars):
            stored = "tars: add --dataset-format webdataset"
            if options.in_tars:
                stored = "files: leave out --dataset-format"
            raise DatasetError(
                f"{storage.name} has its photos in {stored}, or choose another folder"
            )
        has_leftovers = was_killed and not options.in_tars
        dataset = Dataset(storage, scratch, manifest, last_part, has_leftovers)
        stack.enter_context(closing(dataset))
        storage.write(RUN_FILE, dataset.run_id.encode())
        yield dataset


class Dataset:
    """A dataset that is open for one run; created by `open_dataset`.

    The manifest of a remote dataset is a local temporary file, whose new lines are uploaded every
    few seconds, so that any machine can resume the download.
    """

    def __init__(
        self,
        storage: Storage,
        scratch: Path,
        manifest: Manifest,
        last_part: int,
        has_leftovers: bool,
    ) -> None:
        self.storage = storage
        self.manifest = manifest
        self.run_id: str = uuid4().hex
        self._scratch = scratch
        self._last_part = last_part
        #: Whether a killed run may have written photos without recording them.
        self._has_leftovers = has_leftovers
        self._new_lines = bytearray()  # of a remote dataset, since the last flush
        self._next_flush = time.monotonic() + _FLUSH_SECONDS
        # `has` lists a remote folder once; in a large dataset, once per prefix of the file names.
        # SQLite moves the table of sizes to a temporary file as it grows, so memory use does not
        # grow with the dataset.
        listings = max(1.0, manifest.path.stat().st_size / _BYTES_PER_LISTING)
        self._prefix_length = math.ceil(math.log(listings, 16))
        self._listed: set[tuple[str, str]] = set()
        self._sizes = sqlite3.connect("")
        self._sizes.execute("CREATE TABLE sizes (path PRIMARY KEY, size) WITHOUT ROWID")

    def close(self) -> None:
        """Flush the manifest, and let the workers of this run stop."""
        self._sizes.close()
        self.flush()
        if self.storage.read(RUN_FILE) == self.run_id.encode():
            self.storage.delete(RUN_FILE)

    def has(self, row: Row) -> bool:
        """Return whether the file of a photo exists with its size, or the tar that contains it."""
        tar = tar_of(row.path)
        size = self._size(tar or row.path)
        return size is not None if tar else size == row.size

    def append(self, *results: Result) -> None:
        """Append results to the manifest, in one write."""
        lines = self.manifest.append(*results)
        if self._has_leftovers:  # of the same photo, perhaps in another format
            stems = [one.photo.stem for one in results if one.status is not Status.FAILED]
            paths = (f"{stem}.{extension}" for stem in stems for extension in EXTENSIONS)
            found = {path for path in paths if self._size(path) is not None}
            self.storage.delete(*found.difference(result.path for result in results))
        if self.storage.folder is None:
            self._new_lines += lines
        if time.monotonic() >= self._next_flush:
            self.flush()

    def reassign(self, row: Row, photo: Photo, *, update: bool) -> None:
        """Record a known photo with another rank, or copy it to another part of the dataset."""
        result = replace(self.manifest.result(row), photo=photo)
        if row.path and row.partition != photo.partition:
            if not update:  # which tars refuse
                raise DatasetError(
                    f"{self.storage.name} has photos in other parts: choose another folder, or add "
                    "--update to move them"
                )
            result = replace(result, path=f"{photo.stem}.{row.path.rpartition('.')[2]}")
            self.storage.write(result.path, self.storage.read(row.path) or b"")
        self.append(result)

    def finalize(
        self, report: DownloadReport, recipe: Mapping[str, object] | None, options: DownloadOptions
    ) -> None:
        """Write the metadata files of a finished run, and count the photos of the dataset.

        manifest.csv and ATTRIBUTION.csv are sorted by folder and rank, so they depend only on the
        photos, not on timing. Files that would not change are not touched.
        """
        new_manifest, new_attribution = self._scratch / "new.csv", self._scratch / ATTRIBUTION
        with (
            storage_errors(self.manifest.path),
            new_manifest.open("wb") as manifest,
            new_attribution.open("wb") as attribution,
        ):
            manifest.write(HEADER)
            attribution.write(encode(_ATTRIBUTION_COLUMNS))
            for row in self._final_rows():
                manifest.write(encode(row.values()))
                if row["status"] == Status.DOWNLOADED:
                    texts = [row[name] for name in _ATTRIBUTION_COLUMNS]
                    formula_safe = (
                        f"'{text}" if text.startswith(_FORMULA_PREFIXES) else text for text in texts
                    )
                    attribution.write(encode(formula_safe))
                report.count(row)
            for file in (manifest, attribution):
                file.flush()
                os.fsync(file.fileno())
        self.flush()
        if options.in_tars:  # workers of a killed run may have written more tars
            known = self.manifest.tars
            folders = {tar.rpartition("/")[0] for tar in known}
            tars = {path for path, _ in self.storage.files() if is_tar(path)} - known
            self.storage.delete(*(tar for tar in tars if tar.rpartition("/")[0] in folders))
        # If this run is killed before it writes the new manifest, the next one deletes the rest.
        files = self.storage.files() if options.update else ()
        unused = self.manifest.unused(path for path, _ in files)
        while batch := list(islice(unused, 1000)):  # all at once would need much memory
            self.storage.delete(*batch)
        if self.storage.folder is not None:
            for name in self.manifest.class_folders():
                with suppress(OSError):  # trainers take an empty folder for a class
                    os.removedirs(self.storage.folder / name)
        self.manifest.close()
        for name, new in ((ATTRIBUTION, new_attribution), (MANIFEST, new_manifest)):
            old = None if self.storage.folder is None else self.storage.folder / name
            if not (old and old.exists() and filecmp.cmp(new, old, shallow=False)):
                self.storage.put(name, new)
        if self.storage.folder is None:  # the manifest has replaced its parts
            self.storage.delete(*(path for path, _ in self.storage.files(WORK_FOLDER)))
        # Only now: an interrupted update must be run again with --update.
        if options.update:
            write_recipe(self.storage, recipe, options)

    def flush(self) -> None:
        """Upload the new lines of the manifest if the dataset is remote."""
        if self._new_lines:
            self._last_part += 1
            self.storage.write(part_name(self._last_part), HEADER + self._new_lines)
            self._new_lines.clear()
        self._next_flush = time.monotonic() + _FLUSH_SECONDS

    def _size(self, path: str) -> int | None:
        """The size of a file in bytes, or None; of a remote file, before this run."""
        if self.storage.folder is not None:
            return self.storage.size(path)
        folder, _, name = path.rpartition("/")  # a listing instead of a request per file
        prefix = (folder, name[: self._prefix_length])
        if prefix not in self._listed:
            files = self.storage.files(*prefix)
            self._sizes.executemany("INSERT OR REPLACE INTO sizes VALUES (?, ?)", files)
            self._listed.add(prefix)
        cursor = self._sizes.execute("SELECT size FROM sizes WHERE path = ?", (path,))
        (size,) = cursor.fetchone() or (None,)
        return None if size is None else int(size)

    def _final_rows(self) -> Iterator[dict[str, str]]:
        """Yield the rows by folder and rank, with notes on which lost photo a reserve replaces."""
        folder, lost = "", deque[str]()
        for row in self.manifest.rows():
            if row.folder != folder:
                folder, lost = row.folder, deque()
            # The first reserve replaces the first lost photo by rank, whatever the timing.
            replaced = lost.popleft() if row.reserve and lost else ""
            if row.status == Status.LOST:
                lost.append(row.image_id)
            columns = self.manifest.columns(row)
            note = re.sub(r"^in place of [\w-]+(; )?", "", columns["note"])
            columns["reserve"] = columns["reserve"].lower()  # a spreadsheet writes TRUE
            columns["note"] = join_notes(f"in place of {replaced}" if replaced else "", note)
            yield columns


def names_in_dataset(storage: Storage) -> set[str]:
    """Return the names of the files and folders at the top of a dataset.

    Raises `DatasetError` if there is anything but a dataset, which could be damaged.
    """
    names = storage.names() - FOREIGN_FILES
    is_dataset = MANIFEST in names
    if (folder := storage.folder) is None:
        is_dataset |= WORK_FOLDER in names
    else:
        with storage_errors(folder):
            for name in (WORK_FOLDER, f"{WORK_FOLDER}/lock", *sorted(METADATA_FILES)):
                refuse_links(folder, name)
            # A data folder whose first file is still being downloaded contains only these.
            names |= {entry.name for entry in (folder / WORK_FOLDER).glob("*.csv.part")}
    # The recipe is written before the manifest.
    if not (is_dataset or names <= {WORK_FOLDER, SELECTION}):
        raise DatasetError(
            f"{storage.name} is not empty and not a dataset: choose another folder for the photos"
        )
    return names
