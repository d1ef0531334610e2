"""Downloads of photos compared with curl, aria2c and img2dataset, and of a large file with curl.

nginx serves the same photo of 200 KB under every name, after 50 ms or without delay, and a sparse
file of 3 GB, which the server can read at almost no cost. 64 requests run at once.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import google_crc32c

from tests.benchmark.measure import (
    BENCH,
    Command,
    Program,
    Run,
    environment,
    hotdog_sql,
    new_folder,
    print_table,
    run,
    take_turns,
)
from tests.support.openimages import ROW_COLUMNS, image_row, write_csv
from tests.support.pictures import jpeg

#: The nginx module of Debian's libnginx-mod-http-echo.
_ECHO = Path("/usr/lib/nginx/modules/ngx_http_echo_module.so")

#: Each location serves one file under any name: `photo` after 50 ms, the others without delay.
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
        root {folder}/served;
        location /photo/ {{ echo_sleep 0.05; echo_exec /quick/; }}
        location /quick/ {{ try_files /photo.jpg =404; }}
        location /small/ {{ try_files /small.jpg =404; }}
        location /v6/ {{ try_files /large.csv =404; add_header x-goog-hash "crc32c={crc32c}"; }}
    }}
}}
"""
_LARGE = "oidv6-train-images-with-labels-with-rotation.csv"
_LARGE_BYTES = 3_000_000_000

_IN_FLIGHT = "64"

#: Returns the command that downloads a number of photos from an address into a new folder.
_PhotoProgram = Callable[[str, int, Path], Command]


def measure_download(repeats: int, photos: int = 3000) -> dict[str, Run]:
    """Print tables for photos with and without delay, and for memory; return the first results."""
    after_delay: dict[str, Run] = {}
    ours: dict[str, _PhotoProgram] = {
        "hotdog-sql": partial(_ours, transport="httpx"),
        "hotdog-sql with `fast`": partial(_ours, transport="pyreqwest"),
    }
    with _nginx() as url:
        for title, path, peers in (
            ("after 50 ms", "photo/", {"curl": _curl, "aria2c": _aria2c}),
            ("without delay", "quick/", {"curl": _curl, "img2dataset": _img2dataset}),
        ):
            both = ours | peers
            programs = {name: partial(both[name], url + path, photos) for name in both}
            results = take_turns(programs, repeats, check=partial(_check_photos, photos))
            print_table(f"{photos:,} photos of 200 KB {title}", results, "curl")
            after_delay = after_delay or results
        small: dict[str, Run] = {}
        for count in (1_000, 10_000, 100_000):
            command = _ours(f"{url}small/", count, new_folder(), transport="pyreqwest")
            small[f"{count:,} small photos"] = run(command)
        print_table("Memory", small, next(iter(small)))
    return after_delay


def measure_refresh(repeats: int) -> None:
    """Print the table for a large file, whose CRC32C is checked by hotdog-sql but not by curl."""

    def ours(transport: str, folder: Path) -> Command:
        file = ("--file", _LARGE, "--data-dir", str(folder))
        variables = {"HOTDOG_SQL_BASE_URL": url, "HOTDOG_SQL_TRANSPORT": transport}
        return hotdog_sql("refresh", "--quiet", "--yes", *file, **variables)

    def curl(folder: Path) -> Command:
        return Command(("curl", "-sS", "-o", str(folder / _LARGE), f"{url}v6/{_LARGE}"))

    def check(name: str, folder: Path) -> None:
        if (folder / _LARGE).stat().st_size != _LARGE_BYTES:
            sys.exit(f"{name} fetched a file of the wrong size")
        shutil.rmtree(folder)

    with _nginx() as url:
        programs: dict[str, Program] = {
            "hotdog-sql": partial(ours, "httpx"),
            "hotdog-sql with `fast`": partial(ours, "pyreqwest"),
            "curl": curl,
        }
        results = take_turns(programs, repeats, check=check)
        print_table("One file of 3 GB", results, "curl")


def _ours(url: str, photos: int, folder: Path, transport: str) -> Command:
    selection = folder / "selection.csv"
    rows = enumerate((image_row(name, "photos") for name in _names(photos)), 1)
    write_csv(selection, ROW_COLUMNS, (("other", str(rank), *row) for rank, row in rows))
    options = ("--source", "mirror", "--workers", _IN_FLIGHT, "--per-host", _IN_FLIGHT)
    dataset = (str(selection), str(folder / "dataset"), "--quiet", "--no-gallery")
    variables = {"HOTDOG_SQL_MIRROR_URL": url, "HOTDOG_SQL_TRANSPORT": transport}
    return hotdog_sql("download", *dataset, *options, **variables)


def _curl(url: str, photos: int, folder: Path) -> Command:
    config = folder / "curl.txt"
    lines = (f'url = "{url}{n}.jpg"\noutput = "{folder}/{n}.jpg"\n' for n in _names(photos))
    config.write_text("".join(lines))
    return Command(("curl", "-sS", "--parallel", "--parallel-max", _IN_FLIGHT, "-K", str(config)))


def _aria2c(url: str, photos: int, folder: Path) -> Command:
    urls = folder / "aria2c.txt"
    urls.write_text("".join(f"{url}{name}.jpg\n out={name}.jpg\n" for name in _names(photos)))
    options = ("--quiet", "-j", _IN_FLIGHT, "-x", "1", "--file-allocation=none")
    return Command(("aria2c", *options, "-i", str(urls), "-d", str(folder)))


def _img2dataset(url: str, photos: int, folder: Path) -> Command:
    urls = folder / "img2dataset.txt"
    urls.write_text("".join(f"{url}{name}.jpg\n" for name in _names(photos)))
    program = environment("img2dataset", "img2dataset") / "img2dataset"
    paths = ("--url_list", str(urls), "--output_folder", str(folder / "photos"))
    unchanged = ("--output_format", "files", "--resize_mode", "no", "--disable_all_reencoding")
    workers = ("--processes_count", str(os.cpu_count() or 1), "--thread_count", _IN_FLIGHT)
    # One of its libraries would look for a new version on the network.
    variables = {"NO_ALBUMENTATIONS_UPDATE": "1"}
    return Command((str(program), *paths, *unchanged, "True", *workers), variables)


def _names(photos: int) -> Iterator[str]:
    return (f"{number:016x}" for number in range(1, photos + 1))


def _check_photos(photos: int, name: str, folder: Path) -> None:
    found = list(folder.rglob("*.jpg"))
    if len(found) != photos:
        sys.exit(f"{name} fetched {len(found)} photos of {photos}")
    for photo in found:  # frees disk space
        os.truncate(photo, 0)


@contextmanager
def _nginx() -> Iterator[str]:
    """Serve the photos and the large file; yield the address."""
    if not (all(map(shutil.which, ("nginx", "curl", "aria2c"))) and _ECHO.exists()):
        sys.exit("programs are missing: apt-get install nginx libnginx-mod-http-echo curl aria2")
    BENCH.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BENCH) as name:
        folder = Path(name)
        served = folder / "served"
        served.mkdir()
        (served / "photo.jpg").write_bytes(jpeg(1, 200_000))
        (served / "small.jpg").write_bytes(jpeg(1, 100))
        with (served / "large.csv").open("wb") as file:
            file.truncate(_LARGE_BYTES)
        folder.chmod(0o755)  # nginx's workers run as another user
        port = random.randrange(20_000, 30_000)
        config = folder / "nginx.conf"
        values = {"module": _ECHO, "folder": folder, "port": port, "crc32c": _crc32c_of_zeros()}
        config.write_text(_NGINX.format(**values))
        with subprocess.Popen(["nginx", "-c", str(config), "-p", name]) as process:
            try:
                url = f"http://127.0.0.1:{port}/"
                probe = ("curl", "-sf", "--retry-connrefused", "--retry", "20")
                subprocess.run([*probe, "-o", os.devnull, f"{url}small/x"], check=True)
                yield url
            finally:
                process.terminate()


def _crc32c_of_zeros() -> str:
    """Return the CRC32C of the large file, encoded as in `x-goog-hash`."""
    zeros, checksum, remaining = bytes(1 << 20), 0, _LARGE_BYTES
    while remaining:
        block = zeros[:remaining]
        checksum = google_crc32c.extend(checksum, block)
        remaining -= len(block)
    return b64encode(checksum.to_bytes(4, "big")).decode()
