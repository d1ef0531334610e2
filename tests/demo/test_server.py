"""The demo: its dataset, and its Open Images with the oddities of the real one."""

import socket
from collections import Counter
from pathlib import Path

import httpx
import pytest

from hotdog_sql.demo.server import serve
from tests.conftest import Run
from tests.support.openimages import csv_rows
from tests.support.photos import manifest_rows

LABELS = "test-annotations-human-imagelabels.csv"
IMAGES = "test-images-with-rotation.csv"


def test_the_demo_downloads_a_dataset_with_the_real_oddities(run: Run, tmp_path: Path) -> None:
    done = run("demo", "--data-dir", "files")
    assert "files to download" not in done.stderr, "with the sizes of the real ones"
    rows = manifest_rows(tmp_path / "demo")
    assert Counter((row["folder"], row["status"]) for row in rows) == {
        ("hot_dog", "downloaded"): 35,
        ("hot_dog", "lost"): 1,
        ("other", "downloaded"): 120,
        ("other", "lost"): 2,
    }
    assert len(list((tmp_path / "demo" / "other").iterdir())) == 120
    images, labels = csv_rows(tmp_path / "files" / IMAGES), csv_rows(tmp_path / "files" / LABELS)
    assert len(images) == len({row["ImageID"] for row in images}) == 400
    assert {"92157226691247e1", "0001234567890123"} < {row["ImageID"] for row in images}
    assert {row["Rotation"] for row in images} == {"", "0.0", "90.0", "180.0", "270.0"}
    assert "" in {row["Thumbnail300KURL"] for row in images}
    texts = [row["Author"] for row in images] + [row["Title"] for row in images]
    for oddity in (",", '"', "山", "Ж", "م", "🌞", "&"):
        assert any(oddity in text for text in texts), oddity
    assert {row["Source"] for row in labels} == {"verification", "crowdsource-verification"}
    assert {row["Confidence"] for row in labels} == {"0", "1"}
    classes = csv_rows(tmp_path / "files" / "oidv6-class-descriptions.csv")
    names = [row["DisplayName"] for row in classes]
    assert [name for name, count in Counter(names).items() if count > 1] == ["Lilac"]
    assert 'Fiat 500 "topolino"' in names


def test_the_server_ends_with_its_block(capfd: pytest.CaptureFixture[str]) -> None:
    with serve() as variables:
        url = httpx.URL(variables["HOTDOG_SQL_BASE_URL"])
        assert httpx.get(url.join("/nowhere"), trust_env=False).status_code == 404
        with socket.create_connection((url.host, url.port)) as peer:
            peer.sendall(b"GET /openimages/2018_04/test/" + IMAGES.encode() + b" HTTP/1.1\r\n\r\n")
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)
    assert capfd.readouterr() == ("", "")
