"""The catalog of official files, read from `sql/catalog.sql`."""

from ast import literal_eval
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from hotdog_sql.errors import InputError
from hotdog_sql.options import DataOptions, Labels
from hotdog_sql.sql_files import read_sql_file
from hotdog_sql.text import printable


@dataclass(frozen=True, slots=True)
class CatalogFile:
    """A row of the catalog; `sql/catalog.sql` describes the columns."""

    release: str
    split: str | None
    kind: str
    path: str
    name: str
    bytes: int | None
    md5: str | None

    @property
    def view(self) -> str:
        """The view that reads the file."""
        return "class_hierarchy" if self.kind == "hierarchy" else self.kind.rpartition("_")[2]


@cache
def catalog() -> tuple[CatalogFile, ...]:
    """Return every row, in the order of the SQL file.

    Parses the rows' literals without DuckDB, which takes 30 MB to start.
    """
    files: list[CatalogFile] = []
    for line in read_sql_file("catalog.sql").text.splitlines():
        if line.lstrip().startswith("(["):
            row = literal_eval(line.strip(" ,").replace("NULL", "None"))
            releases, split, kind, path, size, md5 = row
            name = path.rpartition("/")[2]
            files += [CatalogFile(one, split, kind, path, name, size, md5) for one in releases]
    return tuple(files)


def files_for(data: DataOptions) -> list[CatalogFile]:
    """Return the files that the options name and others of their splits that exist, in order."""
    kinds = {"classes", "images", f"{data.labels}_labels"}
    if data.labels == Labels.BOTH:
        kinds |= {"human_labels", "machine_labels"}
    return [
        file
        for file in catalog()
        if file.release == data.release
        and (file.split is None or file.split in data.splits)
        and (file.kind in kinds or (data.data_dir / file.name).exists())
    ]


def file_named(name: str) -> CatalogFile:
    """Return the file with this name, for the first of the releases that share it."""
    # Both releases have some of the files; the first release counts.
    files = {file.name: file for file in reversed(catalog())}
    if name in files:
        return files[name]
    (nearest,) = get_close_matches(name, files, n=1, cutoff=0)
    raise InputError(
        f"no file of Open Images is called {printable(name)!r}; the nearest is {nearest}"
    )
