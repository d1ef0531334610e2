"""All that makes a selection, written down so that it can be made again.

A recipe becomes the `selection.json` beside a dataset, or beside a saved selection. It names the
digest of every SQL file and of every file of Open Images that had a part in it.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import duckdb

from hotdog_sql import __version__
from hotdog_sql.catalog import LABEL_KINDS
from hotdog_sql.config import Settings
from hotdog_sql.database import Database
from hotdog_sql.errors import SelectionFileError
from hotdog_sql.options import DataOptions
from hotdog_sql.partition import Partition
from hotdog_sql.query import QueryRequest, QuerySelection
from hotdog_sql.reserves import Reserves
from hotdog_sql.rows import RowTable
from hotdog_sql.selection import Selection, SelectionRequest
from hotdog_sql.sqlfiles import SqlFile, index_files, load_order, needed_for
from hotdog_sql.text import printable

#: Written into each record; another number is another form.
_FORM = 1

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a selection is made of, apart from where the files are.

    Attributes:
        release: release of Open Images.
        splits: the splits read.
        labels: whose labels count.
        request: the classes asked for, or a query of the user's own.
        partition: how the dataset is parted, if it is.
    """

    release: str
    splits: tuple[str, ...]
    labels: str
    request: SelectionRequest | QueryRequest
    partition: Partition | None = None

    def session(self, data_dir: Path) -> DataOptions:
        """A session that reads what the recipe does."""
        return DataOptions(data_dir, self.release, self.splits, self.labels)

    def select(self, database: Database) -> Selection | QuerySelection:
        """The rows, before they are parted."""
        if isinstance(self.request, QueryRequest):
            return QuerySelection(database, self.request)
        return Selection(database, self.request)

    def part(self, rows: RowTable) -> RowTable:
        """The rows with their parts, where the recipe has any."""
        if self.partition is None:
            return rows
        return self.partition.part(rows, self.request.seed)

    def record(self, database: Database) -> Record:
        """The recipe as it is written down, with the digests of what it is run on."""
        # Imported here: a selection that is only shown needs no digests.
        from hotdog_sql.refresh.facts import file_md5

        kinds = {"classes", "images", *LABEL_KINDS[self.labels]}
        if isinstance(self.request, SelectionRequest) and self.request.related == "hierarchy":
            kinds.add("hierarchy")
        files = [file.catalog for file in database.files if file.catalog.kind in kinds]
        digests = file_md5(files, Settings(data_dir=database.session.data_dir))
        kind = "query" if isinstance(self.request, QueryRequest) else "classes"
        request = asdict(self.request)
        if isinstance(self.request, QueryRequest):
            request["sha256"] = self.request.digest
        # Which SQL read an index has no part in what is selected: the rows are the same.
        indexed = {
            sql_file.name: sql_file.digest
            for sql_file in index_files()
            if sql_file.defines in database.index.views
        }
        return {
            "form": _FORM,
            "versions": {"hotdog-sql": __version__, "duckdb": duckdb.__version__} | indexed,
            "release": self.release,
            "splits": list(self.splits),
            "labels": self.labels,
            kind: request,
            "partition": None if self.partition is None else asdict(self.partition),
            "sql_sha256": {sql_file.name: sql_file.digest for sql_file in self._sql_files()},
            "file_md5": digests,
        }

    def reserves(self, database: Database) -> Reserves | None:
        """What takes the places of lost images; a query of the user's own has none."""
        if isinstance(self.request, QueryRequest):
            return None
        return Reserves(database, self.request, self.partition)

    def _sql_files(self) -> Sequence[SqlFile]:
        """The SQL files that have a part in the selection."""
        if isinstance(self.request, QueryRequest):
            return load_order()  # the query may use any of them
        names = ["select_images"]
        if self.request.related == "hierarchy":
            names.append("descendant_classes")
        if self.partition is not None:
            names.append("partition_rows")
        return needed_for(names)

    @classmethod
    def from_record(cls, record: Record, where: Path) -> Self:
        """The recipe of a record.

        Raises:
            SelectionFileError: the record is of another form.
        """
        try:
            if record["form"] != _FORM:
                raise SelectionFileError(
                    f"{where} is of a form this version does not know; upgrade hotdog-sql"
                )
            request: SelectionRequest | QueryRequest
            if "query" in record:
                query = dict(record["query"])
                query.pop("sha256")
                request = QueryRequest(**query)
            else:
                classes = dict(record["classes"])
                classes["classes"] = tuple(classes["classes"])
                classes["exclude"] = tuple(classes["exclude"])
                request = SelectionRequest(**classes)
            partition = record["partition"]
            return cls(
                release=record["release"],
                splits=tuple(record["splits"]),
                labels=record["labels"],
                request=request,
                partition=None if partition is None else Partition(**partition),
            )
        except (KeyError, TypeError) as error:
            raise SelectionFileError(
                f"{where} is no record of a selection ({printable(str(error))}); "
                "give the selection.json of a dataset"
            ) from error


def read_record(path: Path) -> Record:
    """The record in a file.

    Raises:
        SelectionFileError: the file cannot be read or is no JSON object.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SelectionFileError(f"cannot read {path}: {error.strerror}; check the name") from error
    except ValueError as error:
        raise SelectionFileError(
            f"{path} is not JSON; give the selection.json of a dataset"
        ) from error
    if not isinstance(record, dict):
        raise SelectionFileError(f"{path} is no record; give the selection.json of a dataset")
    return record


def differences(then: Record, now: Record) -> list[str]:
    """What has changed between two records of one recipe, a line each."""
    lines = []
    for key, what in (
        ("versions", "version of"),
        ("sql_sha256", "SQL file"),
        ("file_md5", "Open Images file"),
    ):
        before, after = then.get(key, {}), now[key]
        for name in sorted({*before, *after}):
            old, new = before.get(name), after.get(name)
            if old == new:
                continue
            if old is None:
                change = "is new"
            elif new is None:
                change = "is gone"
            else:
                change = f"was {_short(old)}, is {_short(new)}"
            lines.append(f"{what} {name} {change}")
    return lines


def _short(value: object) -> str:
    return printable(str(value))[:12]
