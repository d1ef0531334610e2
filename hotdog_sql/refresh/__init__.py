"""Getting the official files, and keeping them current.

`refresh` asks the server about each file and fetches what is missing or changed; `ensure` fetches
what is missing and asks about nothing else; `file_facts` tells what is known without asking.

One file's way: `plan` decides what to ask for; `answers` reads the headers that come back;
`bodies` moves the body to disk while `hashing` follows; `verify` holds it to what is known;
`disk` moves it into place; `records` remembers it. `fetch` leads one file along that way, `run`
several at once.
"""

from hotdog_sql.refresh.ensure import LARGE, Confirm, announce, ensure, missing
from hotdog_sql.refresh.events import Listener, Result, Silence, Status
from hotdog_sql.refresh.facts import FileFacts, file_facts, file_md5
from hotdog_sql.refresh.run import failure, refresh

__all__ = [
    "LARGE",
    "Confirm",
    "FileFacts",
    "Listener",
    "Result",
    "Silence",
    "Status",
    "announce",
    "ensure",
    "failure",
    "file_facts",
    "file_md5",
    "missing",
    "refresh",
]
