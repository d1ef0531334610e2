"""Hostile servers and metadata: a download ends, keeps every good photo, and does no damage."""

import re
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotdog_sql.downloader import pool
from tests.conftest import Run, run_process
from tests.support.datasets import contents, rows_at
from tests.support.loopback import LoopbackServer
from tests.support.openimages import csv_rows
from tests.support.photos import Album, mirror_of, photo, refuse, run, save_selection, serve
from tests.support.pictures import jpeg, md5
from tests.support.raw_server import CHUNKED, OK, Connection, RawServer


def statuses(dataset: Path) -> dict[int, tuple[str, str]]:
    return {int(row["rank"]): (row["status"], row["error"]) for row in rows_at(dataset)}


def test_addresses_that_cannot_be_used(server: LoopbackServer, tmp_path: Path, run: Run) -> None:
    """Each URL is rejected, in this run and in later ones."""
    addresses = [
        "https://a..b/x.jpg",
        "https://xn--/x.jpg",
        f"https://{'x' * 64}.example/x.jpg",
        "https://☃☃☃.example/x.jpg",
        "https://[::1/x.jpg",
        "https://host:99999999/x.jpg",
        "https://user:pass word@/x.jpg",
        "https://\u0130.example\u2024com/x.jpg",
        "http://10.0.0.1/x.jpg",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "\u202ehttps://example.org/x.jpg",
    ]
    serve(server, [photo(99)])
    photos = [photo(n, subset="", original_url=address) for n, address in enumerate(addresses, 1)]
    rows = save_selection(tmp_path / "rows.csv", [*photos, photo(99)])
    for _ in range(2):
        said = run("download", rows, "dataset", **mirror_of(server))
        assert "Traceback" not in said.stderr
    found = statuses(tmp_path / "dataset")
    assert found.pop(99) == ("downloaded", "")
    assert {status for status, _ in found.values()} == {"lost"}


#: The start of a response, and what follows without end.
ENDLESS = [
    (b"HTTP/1.1 200 OK", b"y"),
    (OK + b"X: ", b"y"),
    (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100),
    (CHUNKED + b"5;", b"x"),
    (CHUNKED + b"0\r\n", b"X-Trailer: y\r\n"),
    (b"HTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Length: 9\r\n", b"X: y\r\n"),
    (OK + b"Content-Length: 9000\r\n\r\n", b"\xff"),
]


def requested_number(connection: Connection) -> int | None:
    """The number in the path of the next request, or None when the connection ends."""
    found = re.match(rb"GET /(\d+)", connection.request())
    return None if found is None else int(found[1])


def test_an_endless_response(tmp_path: Path) -> None:
    """It ends at the time limit of a photo, and the next source is tried."""

    def endless(connection: Connection) -> None:
        first, rest = ENDLESS[requested_number(connection) or 0]
        connection.send(first)
        connection.send_for_ever(rest, pause=0.0 if len(rest) > 100 else 0.1)

    with RawServer(endless) as evil, LoopbackServer() as server:
        photos = [photo(n, original_url=f"{evil.url}{n}") for n in range(len(ENDLESS))]
        serve(server, photos)
        run(server, tmp_path, photos, sources=("original", "mirror"), photo_seconds=1.0)
    assert {row["source"] for row in rows_at(tmp_path)} == {"mirror"}


BODIES = [
    (b"302 Found\r\nLocation: /0", "redirect loop"),
    (b"302 Found\r\nLocation: /1\r\nContent-Encoding: gzip", "redirect loop"),
    (b"404 Not Found", "http 404"),
    (b"200 OK\r\nContent-Encoding: gzip, gzip", "encoded"),
    (b"200 OK", "too large"),
]
#: Runs a command and prints its peak memory in KiB.
_MEASURED = (
    "import resource, subprocess, sys\n"
    "subprocess.run(sys.argv[1:], stdout=sys.stderr)\n"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)


def test_an_endless_body(tmp_path: Path) -> None:
    """Bodies of redirects and errors are not read; photos have a maximum size."""

    def endless(connection: Connection) -> None:
        head, _ = BODIES[requested_number(connection) or 0]
        connection.send(b"HTTP/1.1 " + head + b"\r\nTransfer-Encoding: chunked\r\n\r\n")
        connection.send_for_ever(b"100000\r\n" + bytes(1 << 20) + b"\r\n")

    with RawServer(endless) as evil:
        photos = [photo(n, original_url=f"{evil.url}{n}") for n in range(len(BODIES))]
        rows = save_selection(tmp_path / "rows.csv", photos)
        # A small process starts it, because the peak memory of a child includes its parent's.
        command = [sys.executable, "-c", _MEASURED, sys.executable, "-m", "hotdog_sql", "download"]
        how = [str(rows), str(tmp_path / "ds"), "--no-gallery", "--source", "original"]
        done = run_process([*command, *how], tmp_path, 0, 120)
    assert "Traceback" not in done.stderr
    assert int(done.stdout) / 1024 < 250
    assert statuses(tmp_path / "ds") == {
        number: ("lost", f"original: {error}") for number, (_, error) in enumerate(BODIES)
    }


def test_bytes_after_a_response_are_ignored(tmp_path: Path) -> None:
    """A keep-alive server adds a second response, which must not become the next photo."""

    def talkative(connection: Connection) -> None:
        while (number := requested_number(connection)) is not None:
            body, junk = jpeg(number), jpeg(1000 + number)
            head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
            connection.send(head % len(body) + body + head % len(junk) + junk)

    with RawServer(talkative) as evil, LoopbackServer() as server:
        photos = [photo(n, original_url=f"{evil.url}{n}") for n in range(1, 21)]
        run(server, tmp_path, photos, sources=("original",), workers=2)
    for row in rows_at(tmp_path):
        assert row["md5"] == md5(jpeg(int(row["ImageID"], 16)))


@pytest.mark.parametrize(
    "link", [".hotdog-sql", "other", "manifest.csv", "selection.json", ".hotdog-sql/lock"]
)
def test_links_in_a_dataset_are_not_followed(tmp_path: Path, run: Run, link: str) -> None:
    precious, dataset, one = tmp_path / "precious", tmp_path / "dataset", photo(1)
    precious.mkdir()
    (precious / f"{one.image_id}.jpg").write_bytes(b"mine")
    (dataset / link).parent.mkdir(parents=True)
    (dataset / "manifest.csv").touch()  # an empty manifest is valid
    (dataset / link).unlink(missing_ok=True)
    is_folder = link in (".hotdog-sql", "other")
    (dataset / link).symlink_to(precious if is_folder else precious / "elsewhere")
    with LoopbackServer() as server:
        serve(server, [one])
        rows = save_selection(tmp_path / "rows.csv", [one])
        said = run("download", rows, "dataset", **mirror_of(server), code=6)
    assert "is a symbolic link" in said.stderr
    assert contents(precious) == {f"{one.image_id}.jpg": b"mine"}


def test_untrusted_text_is_escaped(server: LoopbackServer, tmp_path: Path, run: Run) -> None:
    """No password is shown, no title is a spreadsheet formula, no folder is a device name."""
    titles = ['=HYPERLINK("https://evil.example")', "+1+1", "@SUM(1)", "-2", "\tx", "plain"]
    folders = ["CON", "nul.txt", "LPT1", "other", "other", "other"]
    pairs = enumerate(zip(folders, titles, strict=True))
    photos = [photo(n, folder, title=title) for n, (folder, title) in pairs]
    serve(server, photos)
    rows = save_selection(tmp_path / "rows.csv", [*photos, photo(9)])
    mirror = server.url("/mirror/").replace("http://", "http://me:secret@")
    said = run("download", rows, "dataset", "--verbose", HOTDOG_SQL_MIRROR_URL=mirror)
    assert "http 404" in said.stderr
    unsafe = run("download", rows, "new", HOTDOG_SQL_MIRROR_URL="http://oi.example/", code=5)
    assert "check HOTDOG_SQL_BASE_URL and HOTDOG_SQL_MIRROR_URL" in unsafe.stderr
    dataset = tmp_path / "dataset"
    assert "secret" not in said.stderr + said.stdout
    assert b"secret" not in b"".join(contents(dataset).values())
    shown = [row["Title"] for row in csv_rows(dataset / "ATTRIBUTION.csv")]
    assert shown == ["'" + titles[0], "'+1+1", "'@SUM(1)", "'-2", " x", "plain"]
    exact = rows_at(dataset)[: len(titles)]
    assert [row["Title"] for row in exact] == [title.replace("\t", " ") for title in titles]
    placed = [row["path"].partition("/")[0] for row in exact]
    assert placed == ["CON_", "nul.txt_", "LPT1_", "other", "other", "other"]


def test_a_photo_that_fails_in_three_runs_is_replaced(tmp_path: Path) -> None:
    album = Album([photo(1), photo(2)], {"other": [photo(3), photo(4)]})
    with LoopbackServer() as server:
        serve(server, [photo(1), photo(3)])
        refuse(server, [photo(2)], 503)
        seen = []
        for _ in range(3):
            report = run(server, tmp_path, album, sources=("mirror",))
            seen.append((report.on_disk, report.failed, report.lost))
        assert seen == [(1, 1, 0), (1, 1, 0), (2, 0, 1)]
        report = run(server, tmp_path / "at-once", album, sources=("mirror",), replace_failed=True)
        assert (report.on_disk, report.failed, report.lost) == (2, 0, 1)
    notes = {int(row["rank"]): row["note"] for row in rows_at(tmp_path)}
    assert notes[2] == "failed in 3 runs"


def test_a_lack_of_memory_loses_no_photo(
    server: LoopbackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(_: bytes) -> None:
        raise MemoryError

    serve(server, [photo(1)])
    monkeypatch.setattr(pool, "inspect", too_large)
    for _ in range(4):
        assert run(server, tmp_path, [photo(1)], replace_failed=True).failed == 1


def test_a_data_folder_is_left_alone(tmp_path: Path, run: Run) -> None:
    """Even if its first file is still being downloaded."""
    part = tmp_path / "folder" / ".hotdog-sql" / "test-images-with-rotation.csv.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"ImageID,Subset")
    before = contents(tmp_path / "folder")
    said = run("download", save_selection(tmp_path / "rows.csv", [photo(1)]), "folder", code=6)
    assert "choose another folder" in said.stderr
    assert contents(tmp_path / "folder") == before


@pytest.mark.slow
def test_a_host_that_cannot_be_reached_ends_the_run(tmp_path: Path, run: Run) -> None:
    rows = save_selection(tmp_path / "rows.csv", [photo(n) for n in range(1, 51)])
    said = run("download", rows, "ds", HOTDOG_SQL_MIRROR_URL="https://mirror.invalid/", code=7)
    *_, last = lines = said.stderr.splitlines()
    assert lines.count("Cannot reach mirror.invalid (unknown host); retrying") == 1
    assert "check the network connection" in last


_PIECES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 200\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: https://xn--/\r\n",
        b"Content-Length: 3000\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 99999999999999999999\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Encoding: br\r\n",
        b"\r\n",
        b"\r\n\r\n",
        b"FFFFFFFFFFFFFFFF\r\n",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"\0" * 70_000,
        jpeg(1, 200),
        jpeg(1, 200)[:100],
    ]
) | st.binary(max_size=200)


@pytest.mark.slow
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pieces=st.lists(_PIECES, max_size=8), pause=st.sampled_from([0.0, 0.0, 0.05]))
def test_any_response(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], pause: float
) -> None:
    """With any bytes at any pace, the run ends with every good photo on disk."""

    def talk(connection: Connection) -> None:
        connection.request()
        connection.send(*pieces, pause=pause)

    with RawServer(talk) as evil, LoopbackServer() as server:
        photos = [photo(n) for n in range(1, 6)]
        serve(server, photos)
        photos[2] = photos[2]._replace(subset="", original_url=f"{evil.url}a.jpg")
        directory = tmp_path_factory.mktemp("fuzz")
        report = run(server, directory, photos, photo_seconds=1.0)
    assert report.on_disk >= 4
    assert report.on_disk + report.lost + report.failed == 5
