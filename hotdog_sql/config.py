"""Defaults, and the environment variables that override them."""

import os
from dataclasses import dataclass
from pathlib import Path

from hotdog_sql.errors import InputError

VERSION = "0.1.0"

#: Where Google publishes the CSV files (https://storage.googleapis.com/openimages/web/download_v7.html).
BASE_URL = "https://storage.googleapis.com/openimages/"

#: The bucket in which CVDF keeps copies of the photos, longest side 1024
#: (https://github.com/cvdfoundation/open-images-dataset).
MIRROR_URL = "https://open-images-dataset.s3.amazonaws.com/"

#: Memory DuckDB may use for a query before it uses the disk: a selection from the train split is
#: no slower than with all of the machine's.
MEMORY_LIMIT = "350MB"

#: The same for building an index of any split; the process stays below 2 GB with it.
INDEX_MEMORY_LIMIT = "1500MB"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where files are read from and fetched from; the addresses end in slashes.

    Attributes:
        data_dir: folder of the CSV files (`HOTDOG_SQL_DATA_DIR`).
        base_url: where the catalog's paths lie (`HOTDOG_SQL_BASE_URL`).
        mirror_url: where `{split}/{ImageID}.jpg` lies (`HOTDOG_SQL_MIRROR_URL`).
    """

    data_dir: Path = Path("data")
    base_url: str = BASE_URL
    mirror_url: str = MIRROR_URL

    @classmethod
    def from_environment(cls) -> "Settings":
        """The settings of this process; an empty variable counts as unset."""
        mirror_url = os.environ.get("HOTDOG_SQL_MIRROR_URL") or MIRROR_URL
        if not mirror_url.startswith(("https://", "http://")):
            raise InputError(
                "HOTDOG_SQL_MIRROR_URL is not an https address: correct it or unset it"
            )
        base_url = os.environ.get("HOTDOG_SQL_BASE_URL") or BASE_URL
        return cls(
            data_dir=Path(os.environ.get("HOTDOG_SQL_DATA_DIR") or "data"),
            base_url=base_url.removesuffix("/") + "/",
            mirror_url=mirror_url.removesuffix("/") + "/",
        )
