"""The demo's Open Images, which has the real one's oddities, as an HTTP client sees it."""

import csv
import hashlib
import io
import socket
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from hotdog_sql.catalog import catalog
from hotdog_sql.demo.server import World, serve

TEST_IMAGES = "2018_04/test/test-images-with-rotation.csv"
TEST_LABELS = "v5/test-annotations-human-imagelabels.csv"
CLASSES = "v6/oidv6-class-descriptions.csv"

Row = dict[str, str]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with serve() as served:
        yield served


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(follow_redirects=True, trust_env=False) as made:
        yield made


@pytest.fixture(scope="module")
def images(world: World, client: httpx.Client) -> list[Row]:
    return _rows(client, world.base_url + TEST_IMAGES)


def _rows(client: httpx.Client, url: str) -> list[Row]:
    text = client.get(url).raise_for_status().content.decode()
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_every_file_comes_with_validators_that_hold(world: World, client: httpx.Client) -> None:
    for path in sorted({file.path for file in catalog()}):
        whole = client.get(world.base_url + path)
        digest = hashlib.md5(whole.content).digest()
        assert whole.status_code == 200
        assert whole.headers["x-goog-hash"] == f"md5={b64encode(digest).decode()}"
        etag = client.head(world.base_url + path).headers["ETag"]
        again = client.get(world.base_url + path, headers={"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")
        other = client.get(world.base_url + path, headers={"If-None-Match": '"other"'})
        assert other.content == whole.content


def test_rows_have_the_real_oddities(world: World, client: httpx.Client, images: list[Row]) -> None:
    assert len(images) == len({row["ImageID"] for row in images}) == 400
    assert {"92157226691247e1", "0001234567890123"} < {row["ImageID"] for row in images}
    assert {row["Rotation"] for row in images} == {"", "0.0", "90.0", "180.0", "270.0"}
    assert "" in {row["Thumbnail300KURL"] for row in images}
    words = [row["Author"] for row in images] + [row["Title"] for row in images]
    for oddity in (",", '"', "山", "Ж", "م", "🌞", "&"):
        assert any(oddity in text for text in words), oddity
    labels = _rows(client, world.base_url + TEST_LABELS)
    assert {row["Source"] for row in labels} == {"verification", "crowdsource-verification"}
    assert {row["Confidence"] for row in labels} == {"0", "1"}
    names = [row["DisplayName"] for row in _rows(client, world.base_url + CLASSES)]
    assert [name for name, times in Counter(names).items() if times > 1] == ["Lilac"]
    assert 'Fiat 500 "topolino"' in names


def test_the_server_ends_with_its_block(capfd: pytest.CaptureFixture[str]) -> None:
    with serve() as served:
        url = httpx.URL(served.base_url)
        assert httpx.get(url.join("/nowhere"), trust_env=False).status_code == 404
        with socket.create_connection((url.host, url.port)) as hasty:
            hasty.sendall(f"GET /openimages/{TEST_IMAGES} HTTP/1.1\r\n\r\n".encode())
            hasty.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)
    assert capfd.readouterr() == ("", "")
