"""What an object store holds, as its listings tell: asked for in pieces, kept in a file."""

import sqlite3

from hotdog_sql.downloading.remote import RemoteStore

#: Bytes of a manifest up to which a folder is listed in one piece. A row has about 400.
_ONE_PIECE = 20_000_000
#: ImageIDs begin with any of so many characters.
_DIGITS = 16


class Listing:
    """The sizes of files, without a request for each; used by one thread.

    A folder is listed when the first of its files is asked for; a large dataset's by the first
    characters of the names, so that memory does not grow with it. What is listed is kept in an
    SQLite database of this connection alone.
    """

    def __init__(self, store: RemoteStore, manifest_bytes: int) -> None:
        """Makes no request yet.

        Args:
            store: what is listed.
            manifest_bytes: size of the manifest, which says how much is to be expected.
        """
        self._store = store
        self._characters = 0
        while manifest_bytes > _ONE_PIECE:
            manifest_bytes //= _DIGITS
            self._characters += 1
        self._pieces: set[tuple[str, str]] = set()
        self._sizes = sqlite3.connect("", isolation_level=None)
        self._sizes.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1024;"
            "CREATE TABLE sizes (path TEXT PRIMARY KEY, size INTEGER NOT NULL) WITHOUT ROWID;"
        )

    def size(self, path: str) -> int | None:
        """Bytes of a file; None where there is none.

        Raises:
            StorageError: the store cannot be listed.
        """
        folder, _, name = path.rpartition("/")
        piece = (folder, name[: self._characters])
        if piece not in self._pieces:
            self._sizes.executemany(
                "INSERT OR REPLACE INTO sizes VALUES (?, ?)", self._store.files(*piece)
            )
            self._pieces.add(piece)
        found = self._sizes.execute("SELECT size FROM sizes WHERE path = ?", (path,)).fetchone()
        return None if found is None else int(found[0])

    def close(self) -> None:
        """Forget everything."""
        self._sizes.close()
