"""Fetching the official files and keeping them current.

`refresh` asks the server about each file and fetches what is missing or changed; `fetch_missing`
asks about nothing that is there; `local_files` and `file_md5` ask no server. Importing them does
not import httpx: most commands find their files in the data folder.
"""

from hotdog_sql.refresh.local_file import LocalFile, file_md5, local_files
from hotdog_sql.refresh.refresh import FileResult, Status, failure, fetch_missing, refresh

__all__ = [
    "FileResult",
    "LocalFile",
    "Status",
    "failure",
    "fetch_missing",
    "file_md5",
    "local_files",
    "refresh",
]
