"""The demo's Open Images, which has the real one's oddities, as an HTTP client sees it."""

import csv
import hashlib
import io
import socket
from base64 import b64decode, b64encode
from collections import Counter, defaultdict
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


@pytest.fixture(scope="module")
def labels(world: World, client: httpx.Client) -> list[Row]:
    return _rows(client, world.base_url + TEST_LABELS)


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


def test_the_same_port_serves_the_same_files() -> None:
    paths = [file.path for file in catalog() if file.split in (None, "validation")]
    with httpx.Client(trust_env=False) as fetcher:
        with serve() as first:
            port = httpx.URL(first.base_url).port or 0
            before = [fetcher.get(first.base_url + path).content for path in paths]
        with serve(port) as second:
            assert second == first
            after = [fetcher.get(second.base_url + path).content for path in paths]
    assert before == after


def test_image_rows_have_the_real_oddities(images: list[Row]) -> None:
    assert len(images) == len({row["ImageID"] for row in images}) == 400
    assert {"92157226691247e1", "0001234567890123"} < {row["ImageID"] for row in images}
    assert {row["Rotation"] for row in images} == {"", "0.0", "90.0", "180.0", "270.0"}
    thumbnails = [row["Thumbnail300KURL"] for row in images]
    assert 0.02 < thumbnails.count("") / len(images) < 0.06
    assert any(url.endswith("?zz=1") for url in thumbnails)
    words = [row["Author"] for row in images] + [row["Title"] for row in images]
    for oddity in (",", '"', "山", "Ж", "م", "🌞", "&"):
        assert any(oddity in text for text in words), oddity
    assert "" in words
    assert all(text.isprintable() for text in words)


def test_each_source_has_lost_some_photos(
    world: World, client: httpx.Client, images: list[Row], labels: list[Row]
) -> None:
    ends: dict[str, list[str]] = defaultdict(list)
    mirrored, changed, lost = [], [], set()
    for row in images:
        urls = {
            "mirror": f"{world.mirror_url}{row['Subset']}/{row['ImageID']}.jpg",
            "original": row["OriginalURL"],
            "thumbnail": row["Thumbnail300KURL"],
        }
        answers = {source: client.get(url) for source, url in urls.items() if url}
        found = {
            source: "placeholder" if "unavailable" in answer.url.path else str(answer.status_code)
            for source, answer in answers.items()
        }
        for source, end in found.items():
            ends[source].append(end)
        if found["mirror"] == "200":
            mirrored.append(answers["mirror"].content)
        if found["original"] == "200":
            data = answers["original"].content
            known = row["OriginalSize"], b64decode(row["OriginalMD5"])
            if (str(len(data)), hashlib.md5(data).digest()) != known:
                changed.append(row["ImageID"])
        if "200" not in found.values():
            lost.add(row["ImageID"])
    assert set(ends["mirror"]) == {"200", "404"}
    assert set(ends["original"]) == {"200", "404", "410", "placeholder"}
    assert set(ends["thumbnail"]) == {"200", "404"}
    assert 0.85 < len(mirrored) / len(images) < 0.95
    assert len(set(mirrored)) == len(mirrored)
    assert Counter(body[:4] for body in mirrored) == {
        b"\xff\xd8\xff\xe0": len(mirrored) - 1,
        b"\x89PNG": 1,
    }
    assert len(changed) == 1
    copies = Counter(row["OriginalMD5"] for row in images)
    assert sorted(copies.values())[-3:] == [1, 2, 2]
    is_hot_dog = ("/m/01b9xk", "1")
    hot_dogs = {x["ImageID"] for x in labels if (x["LabelName"], x["Confidence"]) == is_hot_dog}
    assert len(hot_dogs) == 36
    assert len(hot_dogs & lost) == 1
    assert len(lost) >= 6


def test_label_rows_have_the_real_oddities(images: list[Row], labels: list[Row]) -> None:
    assert {row["Source"] for row in labels} == {"verification", "crowdsource-verification"}
    assert {row["Confidence"] for row in labels} == {"0", "1"}
    said = defaultdict(list)
    for row in labels:
        said[row["ImageID"], row["LabelName"]].append(row["Confidence"])
    answers = Counter("".join(sorted(confidences)) for confidences in said.values())
    assert answers.keys() == {"0", "1", "00", "11", "01"}
    confirmed = {row["ImageID"] for row in labels if row["Confidence"] == "1"}
    assert 0 < len({row["ImageID"] for row in images} - confirmed) < 30
    assert [row["ImageID"] for row in labels] == sorted(row["ImageID"] for row in labels)


def test_class_names_have_the_real_oddities(world: World, client: httpx.Client) -> None:
    assert b'"Fiat 500 ""topolino"""' in client.get(world.base_url + CLASSES).content
    names = [row["DisplayName"] for row in _rows(client, world.base_url + CLASSES)]
    assert {"Hot dog", "Hot dog bun", "Hot dog stand", "Person", "Food", "Dog"} < set(names)
    assert any("," in name for name in names)
    assert any(not name.isascii() for name in names)
    assert [name for name, times in Counter(names).items() if times > 1] == ["Lilac"]


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
