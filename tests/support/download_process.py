"""Runs a download of an album in a separate process, which tests can kill or interrupt."""

import sys
from pathlib import Path
from subprocess import PIPE, Popen

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.run import download
from hotdog_sql.errors import HotdogError
from hotdog_sql.options import Source
from tests.support.photos import QUICK, album


def start(port: int, path: Path, photos: int, reserves: int = 0, seconds: int = 99) -> "Popen[str]":
    """Start the process, with a pipe for its stderr and a time limit for each request."""
    command = [sys.executable, "-m", "tests.support.download_process", str(port), str(path)]
    return Popen(
        [*command, str(photos), str(reserves), str(seconds)],
        stderr=PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def main() -> None:
    port, directory, photos, reserves, seconds = sys.argv[1:]
    try:
        chosen = album(int(photos), int(photos), int(reserves))
        download(
            chosen.photos(),
            directory,
            mirror_url=f"http://127.0.0.1:{port}/mirror/",
            options=DownloadOptions(
                (Source.MIRROR,), workers=64, per_host=64, retry=QUICK, photo_seconds=float(seconds)
            ),
            replacements=chosen.replacements,
            recipe={"photos": int(photos)},
        )
    except HotdogError as error:
        sys.exit(f"{type(error).__name__}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
