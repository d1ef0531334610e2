"""Defaults, and the environment variables that override them."""

import os
from pathlib import Path

from hotdog_sql.errors import InputError

VERSION = "0.1.0"

#: Base URL of the CSV files (https://storage.googleapis.com/openimages/web/download_v7.html).
BASE_URL = "https://storage.googleapis.com/openimages/"

#: Base URL of CVDF's copies of the photos, whose longer side has 1024 pixels
#: (https://github.com/cvdfoundation/open-images-dataset).
MIRROR_URL = "https://open-images-dataset.s3.amazonaws.com/"

#: Memory limit of DuckDB, beyond which it uses the disk. Only selections of very common classes
#: from the train split are slower with it.
MEMORY_LIMIT = "350MB"

#: Memory limit of DuckDB while it builds an index; the process stays below 2 GB.
INDEX_MEMORY_LIMIT = "1500MB"


def data_folder() -> Path:
    """Return the folder of the CSV files (`HOTDOG_SQL_DATA_DIR`), by default `data`."""
    return Path(os.environ.get("HOTDOG_SQL_DATA_DIR") or "data")


def base_url() -> str:
    """Return the base URL of the catalog's paths (`HOTDOG_SQL_BASE_URL`), ending in a slash."""
    return (os.environ.get("HOTDOG_SQL_BASE_URL") or BASE_URL).removesuffix("/") + "/"


def mirror_url() -> str:
    """Return the base URL of `{split}/{ImageID}.jpg` (`HOTDOG_SQL_MIRROR_URL`), with a slash."""
    url = os.environ.get("HOTDOG_SQL_MIRROR_URL") or MIRROR_URL
    if not url.startswith(("https://", "http://")):
        raise InputError("HOTDOG_SQL_MIRROR_URL is not an https address: correct it or unset it")
    return url.removesuffix("/") + "/"
