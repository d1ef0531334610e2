"""Runs a download in a separate process, which tests can kill or interrupt.

`python -m tests.support.download_process PORT DIRECTORY PHOTOS RESERVES SECONDS`
downloads `album(PHOTOS, PHOTOS, RESERVES)` from the mirror of the LoopbackServer at PORT.
"""

import subprocess
import sys
from pathlib import Path

from hotdog_sql.download_options import DownloadOptions
from hotdog_sql.downloader.run import download
from hotdog_sql.errors import HotdogError
from hotdog_sql.options import Source
from tests.support.photos import QUICK, album


def start(
    port: int, directory: Path, photos: int, reserves: int = 0, seconds: float = 120
) -> "subprocess.Popen[str]":
    """Start the process, with a pipe for its stderr and a time limit for each request."""
    command = [sys.executable, "-m", "tests.support.download_process", str(port), str(directory)]
    return subprocess.Popen(
        [*command, str(photos), str(reserves), str(seconds)],
        stderr=subprocess.PIPE,
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
