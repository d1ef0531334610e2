"""Defaults, and the environment variables that override them."""

import os

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


def base_url() -> str:
    """Where the catalog's paths lie (`HOTDOG_SQL_BASE_URL`); it ends in a slash."""
    return (os.environ.get("HOTDOG_SQL_BASE_URL") or BASE_URL).removesuffix("/") + "/"


def mirror_url() -> str:
    """Where `{split}/{ImageID}.jpg` lies (`HOTDOG_SQL_MIRROR_URL`); it ends in a slash."""
    url = os.environ.get("HOTDOG_SQL_MIRROR_URL") or MIRROR_URL
    if not url.startswith(("https://", "http://")):
        raise InputError("HOTDOG_SQL_MIRROR_URL is not an https address: correct it or unset it")
    return url.removesuffix("/") + "/"
