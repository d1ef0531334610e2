"""How fast photos arrive beside curl, aria2c and img2dataset, and in how much memory.

    python -m tests.benchmark.download [--photos 3000] [--in-flight 64] [--repeats 5]

nginx serves one photo of 200 KB under every name: after 50 ms (curl and aria2c fetch the same
addresses, so many at once), and without a delay (img2dataset). Each program is a whole process,
its start included, and they take turns. Then the same for 1,000 and 100,000 small photos, for
their peak memory. Prints tables in Markdown, and says how to get what is missing.
"""

import argparse
import csv
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.benchmark import measure
from tests.benchmark.files import BENCH
from tests.benchmark.measure import Command, Result, Run, markdown_table, run
from tests.support.pictures import jpeg

#: Where Debian's libnginx-mod-http-echo puts it.
_ECHO = Path("/usr/lib/nginx/modules/ngx_http_echo_module.so")
_IMG2DATASET = BENCH / "img2dataset" / "bin"

#: What a program is missing without, and how to get it.
_HOW_TO_GET = {
    "nginx": "apt-get install nginx",
    "nginx's echo module": "apt-get install libnginx-mod-http-echo",
    "curl": "apt-get install curl",
    "aria2c": "apt-get install aria2",
    "img2dataset": f"python3 -m venv {_IMG2DATASET.parent} && "
    f"{_IMG2DATASET / 'pip'} install img2dataset",
}

#: Each location answers any name with one file: `photo` after 50 ms, `quick` and `small` at once.
_NGINX = """
load_module {module};
daemon off;
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    sendfile on;
    keepalive_requests 1000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=2048;
        default_type image/jpeg;
        root {folder}/photos;
        location /photo/ {{ echo_sleep 0.05; echo_exec /quick/; }}
        location /quick/ {{ try_files /photo.jpg =404; }}
        location /small/ {{ try_files /small.jpg =404; }}
    }}
}}
"""

_COLUMNS = (
    "folder,rank,ImageID,Subset,OriginalURL,OriginalLandingURL,License,AuthorProfileURL,Author,"
    "Title,OriginalSize,OriginalMD5,Thumbnail300KURL,Rotation"
)

#: Seconds between rounds. ext4 does not use a deleted file's inode again for five seconds, and
#: looking for others meanwhile is slow: that would be measured.
_PAUSE = 6.0


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be fetched.

    Attributes:
        url: address, ending in a slash, below which any name is a photo.
        photos: how many.
        in_flight: how many at once.
    """

    url: str
    photos: int
    in_flight: int

    def names(self) -> Iterator[str]:
        """Names of the photos, without their ending."""
        return (f"{number:016x}" for number in range(1, self.photos + 1))


def hotdog_sql(job: Job, folder: Path, transport: str = "httpx") -> Command:
    """`hotdog-sql download` of a saved selection, from the mirror alone."""
    selection = folder / "selection.csv"
    with selection.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS.split(","))
        for rank, name in enumerate(job.names(), 1):
            page = f"https://www.flickr.com/photos/somebody/{rank}"
            licence = "https://creativecommons.org/licenses/by/2.0/"
            row = ["other", rank, name, "photos", "", page, licence, page, "Somebody", "A title"]
            writer.writerow([*row, 200_000, "", "", 0.0])
    flight = str(job.in_flight)
    command = measure.hotdog_sql(
        *("download", str(selection), str(folder / "dataset"), "-q", "--no-gallery"),
        *("--source", "mirror", "--workers", flight, "--per-host", flight),
    )
    variables = {"HOTDOG_SQL_MIRROR_URL": job.url, "HOTDOG_SQL_TRANSPORT": transport}
    return Command(command.arguments, variables)


def curl(job: Job, folder: Path) -> Command:
    """`curl --parallel`."""
    config = folder / "curl.txt"
    lines = [
        f'url = "{job.url}{name}.jpg"\noutput = "{folder}/{name}.jpg"\n' for name in job.names()
    ]
    config.write_text("".join(lines))
    flight = str(job.in_flight)
    return Command(("curl", "-sS", "--parallel", "--parallel-max", flight, "-K", str(config)))


def aria2c(job: Job, folder: Path) -> Command:
    """`aria2c`, one connection a file."""
    listed = folder / "aria2c.txt"
    listed.write_text("".join(f"{job.url}{n}.jpg\n out={n}.jpg\n" for n in job.names()))
    return Command(
        (
            *("aria2c", "--quiet", "-j", str(job.in_flight), "-x", "1", "--file-allocation=none"),
            *("-i", str(listed), "-d", str(folder)),
        )
    )


def img2dataset(job: Job, folder: Path) -> Command:
    """`img2dataset` into files, as it is set up, and without any re-encoding."""
    listed = folder / "urls.txt"
    listed.write_text("".join(f"{job.url}{name}.jpg\n" for name in job.names()))
    return Command(
        (
            *(str(_IMG2DATASET / "img2dataset"), "--url_list", str(listed)),
            *("--output_folder", str(folder / "out"), "--output_format", "files"),
            *("--processes_count", str(os.cpu_count() or 1)),
            *("--thread_count", str(job.in_flight)),
            *("--resize_mode", "no", "--disable_all_reencoding", "True"),
        ),
        {"NO_ALBUMENTATIONS_UPDATE": "1"},
    )


Program = Callable[[Job, Path], Command]

_PROGRAMS: dict[str, Program] = {
    "hotdog-sql": hotdog_sql,
    "hotdog-sql, extra fast": partial(hotdog_sql, transport="pyreqwest"),
    "curl": curl,
    "aria2c": aria2c,
    "img2dataset": img2dataset,
}


def take_turns(
    job: Job, programs: Mapping[str, Program], repeats: int, scratch: Path
) -> dict[str, Result]:
    """Runs of each program in turns, each into its own folder; the first round is uncounted."""
    runs: dict[str, list[Run]] = {name: [] for name in programs}
    for turn in range(repeats + 1):
        folders = []
        for name, program in programs.items():
            folder = Path(tempfile.mkdtemp(dir=scratch))
            folders.append(folder)
            one = run(program(job, folder), scratch / "log.txt")
            got = sum(path.suffix == ".jpg" for path in folder.rglob("*.jpg"))
            if got != job.photos:
                sys.exit(f"{name} fetched {got} photos of {job.photos}")
            if turn:
                runs[name].append(one)
        for folder in folders:
            shutil.rmtree(folder)
        time.sleep(_PAUSE)
    return {name: Result(tuple(some)) for name, some in runs.items()}


@contextmanager
def nginx(scratch: Path) -> Iterator[str]:
    """A server of photos; gives its address."""
    photos = scratch / "photos"
    photos.mkdir()
    (photos / "photo.jpg").write_bytes(jpeg(1, 200_000))
    (photos / "small.jpg").write_bytes(jpeg(1, 100))
    scratch.chmod(0o755)  # nginx's workers are another user's
    port = random.randrange(20_000, 30_000)
    config = scratch / "nginx.conf"
    config.write_text(_NGINX.format(module=_ECHO, folder=scratch, port=port))
    with subprocess.Popen(["nginx", "-c", str(config), "-p", str(scratch)]) as process:
        try:
            url = f"http://127.0.0.1:{port}/"
            _wait_for(f"{url}small/x.jpg")
            yield url
        finally:
            process.terminate()


def _wait_for(url: str) -> None:
    probe = ["curl", "-sf", "--retry", "20", "--retry-connrefused", "--retry-delay", "1"]
    subprocess.run([*probe, "-o", os.devnull, url], check=True)


def missing() -> dict[str, str]:
    """What is not installed, and how to get it."""
    absent = [name for name in ("nginx", "curl", "aria2c") if shutil.which(name) is None]
    absent += [] if _ECHO.exists() else ["nginx's echo module"]
    absent += [] if (_IMG2DATASET / "img2dataset").exists() else ["img2dataset"]
    return {name: _HOW_TO_GET[name] for name in absent}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark.download")
    parser.add_argument("--photos", type=int, default=3000)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--parts", nargs="+", choices=("delay", "quick", "memory"), default=[])
    options = parser.parse_args()
    absent = missing()
    for name, how in absent.items():
        print(f"Without {name}; get it with: {how}", file=sys.stderr)
    if absent.keys() & {"nginx", "nginx's echo module", "curl"}:
        sys.exit("this measurement needs them")
    print(
        f"Medians of {options.repeats} runs taken in turns, whole processes. {os.cpu_count()} "
        f"cores ({platform.machine()}), Python {platform.python_version()}.\n"
    )
    BENCH.mkdir(exist_ok=True)
    parts = options.parts or ["delay", "quick", "memory"]
    with tempfile.TemporaryDirectory(dir=BENCH) as folder, nginx(Path(folder)) as url:
        scratch = Path(folder)
        if "delay" in parts:
            _compare(
                f"{options.photos:,} photos of 200 KB after 50 ms, {options.in_flight} in flight",
                Job(f"{url}photo/", options.photos, options.in_flight),
                ["hotdog-sql", "hotdog-sql, extra fast", "curl", "aria2c"],
                options.repeats,
                scratch,
            )
        if "quick" in parts:
            _compare(
                f"{options.photos:,} photos of 200 KB without delay",
                Job(f"{url}quick/", options.photos, options.in_flight),
                ["hotdog-sql", "hotdog-sql, extra fast", "img2dataset"],
                options.repeats,
                scratch,
            )
        if "memory" in parts:
            _memory(f"{url}small/", options.in_flight, scratch)


def _compare(title: str, job: Job, names: list[str], repeats: int, scratch: Path) -> None:
    absent = missing()
    programs = {name: _PROGRAMS[name] for name in names if name not in absent}
    results = take_turns(job, programs, repeats, scratch)
    print(f"{title}\n\n{markdown_table(results, baseline='hotdog-sql')}\n")


def _memory(url: str, in_flight: int, scratch: Path) -> None:
    print("| small photos | seconds | photos a second | peak memory |\n|--:|--:|--:|--:|")
    for photos in (1_000, 100_000):
        folder = Path(tempfile.mkdtemp(dir=scratch))
        one = run(hotdog_sql(Job(url, photos, in_flight), folder), scratch / "log.txt")
        print(
            f"| {photos:,} | {one.wall:.1f} | {photos / one.wall:,.0f} | {one.peak / 1e6:,.0f} MB |"
        )


if __name__ == "__main__":
    main()
