"""Photos, selections and servers for the tests of downloads."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from threading import Condition
from typing import Any

from hotdog_sql.download_options import DownloadOptions, RetryPolicy
from hotdog_sql.downloader.photo import IMAGE_COLUMNS, Photo
from hotdog_sql.downloader.result import DownloadReport
from hotdog_sql.downloader.run import download
from hotdog_sql.progress import Progress
from tests.support.loopback import LoopbackServer, Reply, Request, file_reply
from tests.support.openimages import csv_rows
from tests.support.pictures import jpeg, md5

#: Retries with short waits.
QUICK = RetryPolicy(attempts=3, base=0.01, cap=0.02)


def photo(number: int, folder: str = "other", **changes: Any) -> Photo:
    """Return a photo that only the mirror has."""
    default = Photo(
        folder=folder,
        rank=number,
        reserve=False,
        partition="",
        image_id=f"{number:016x}",
        subset="test",
        original_url="",
        landing_url=f"https://www.flickr.com/photos/somebody/{number}",
        license="https://creativecommons.org/licenses/by/2.0/",
        author_url="https://www.flickr.com/people/somebody/",
        author="Somebody, Else",
        title=f'Photo "{number}"',
        original_size="",
        original_md5="",
        thumbnail_url="",
        rotation="0.0",
    )
    return default._replace(**changes)


class Album:
    """A selection for `download`: photos, and replacements by folder."""

    def __init__(
        self, photos: Iterable[Photo], reserves: Mapping[str, Iterable[Photo]] | None = None
    ) -> None:
        self._photos = list(photos)
        self._reserves = {name: list(photos) for name, photos in (reserves or {}).items()}

    def __len__(self) -> int:
        return len(self._photos)

    def photos(self) -> Iterator[Photo]:
        return iter(self._photos)

    def replacements(self, folder: str) -> Iterator[Photo]:
        return iter(self._reserves.get(folder, ()))


def album(hot_dogs: int, others: int, spare: int) -> Album:
    """Return photos in two folders, with replacements for the second."""
    positives = [photo(n, "hot_dog") for n in range(1, hot_dogs + 1)]
    negatives = [photo(1000 + n, rank=n) for n in range(1, others + spare + 1)]
    return Album(positives + negatives[:others], {"other": negatives[others:]})


def mirror_path(one: Photo) -> str:
    return f"/mirror/{one.subset}/{one.image_id}.jpg"


def original_path(one: Photo) -> str:
    return f"/original/{one.image_id}.jpg"


def thumbnail_path(one: Photo) -> str:
    return f"/thumbnail/{one.image_id}.jpg"


def everywhere(server: LoopbackServer, one: Photo) -> Photo:
    """Return the photo with addresses of its original and thumbnail on the server."""
    return one._replace(
        original_url=server.url(original_path(one)), thumbnail_url=server.url(thumbnail_path(one))
    )


def serve(server: LoopbackServer, photos: Iterable[Photo]) -> None:
    """Serve the photos from the mirror; as with the real one, ETag is the MD5."""
    for one in photos:
        data = jpeg(int(one.image_id, 16))
        server.on(mirror_path(one), file_reply(data, etag=f'"{md5(data)}"'))


def any_photo(request: Request) -> Reply:
    """Answer a request for any photo on the mirror."""
    return Reply(body=jpeg(int(request.path[-20:-4], 16)))


class Crowd:
    """Responds once a number of requests run at the same time, and counts them."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._changed = Condition()
        self._now = 0
        self.met = False
        self.most = 0

    def __call__(self, _: Request) -> Reply:
        with self._changed:
            self._now += 1
            self.most = max(self.most, self._now)
            self.met = self.met or self._now >= self._expected
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.met, timeout=20)
            self._now -= 1
        return Reply(body=jpeg())


def mirror_of(server: LoopbackServer) -> dict[str, str]:
    """Return the environment variable with the server's mirror."""
    return {"HOTDOG_SQL_MIRROR_URL": server.url("/mirror/")}


def refuse(server: LoopbackServer, photos: Iterable[Photo], status: int = 404) -> None:
    """Answer requests for the photos on the mirror with a status."""
    for one in photos:
        server.on(mirror_path(one), Reply(status))


def run(
    server: LoopbackServer,
    directory: Path | str,
    photos: Iterable[Photo] | Album,
    *,
    recipe: Mapping[str, object] | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> DownloadReport:
    """Download with short waits."""
    quick: dict[str, Any] = {"retry": QUICK, "silence_seconds": 0.5}
    album = photos if isinstance(photos, Album) else Album(photos)
    return download(
        album.photos(),
        directory,
        mirror_url=server.url("/mirror/"),
        options=DownloadOptions(**(quick | options)),
        replacements=album.replacements,
        count=len(album),
        recipe=recipe,
        progress=progress,
    )


def manifest_rows(directory: Path) -> list[dict[str, str]]:
    return csv_rows(directory / "manifest.csv")


def tree(directory: Path) -> dict[str, bytes]:
    """Return every file of the folder except the gallery, which contains the folder's name."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and path.name != "index.html"
    }


def save_selection(path: Path, photos: Iterable[Photo]) -> Path:
    """Write the photos in the format of `hotdog-sql select --output`."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["folder", "rank", *IMAGE_COLUMNS])
        for one in photos:
            writer.writerow([one.folder, one.rank, *one[4:]])
    return path
