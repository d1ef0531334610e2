"""Interrupted bodies are resumed, if they are still the same."""

import pytest

from hotdog_sql.refresh.refresh import Status
from tests.refresh.conftest import FILE, HALF, NEW, Site, content, hash_of, new
from tests.support.loopback import Reply, file_reply

REST = f"bytes {HALF}-{len(NEW) - 1}/{len(NEW)}"


def interrupt(site: Site, at: int = HALF) -> None:
    """A refresh that ends within the body of the new file."""
    site.serve(new(Reply(cut_at=at)), Reply(404))
    assert site.refresh().status is Status.FAILED
    assert (site.hidden / f"{FILE.name}.part").stat().st_size == at


def check_new(site: Site, requests: int) -> None:
    """A refresh that fetches the new file in so many requests."""
    assert site.refresh().status is Status.NEW
    assert site.path.read_bytes() == NEW
    assert len(site.requests()) == requests


def test_within_a_run(site: Site) -> None:
    site.serve(new(Reply(cut_at=HALF // 2)), new(Reply(cut_at=HALF // 2)), new())
    check_new(site, 3)
    assert [request.headers.get("range") for request in site.requests()] == [
        None,
        f"bytes={HALF // 2}-",
        f"bytes={HALF // 2 * 2}-",
    ]
    assert site.requests()[1].headers["if-range"] == '"new"'


def test_in_the_next_run(old_site: Site) -> None:
    interrupt(old_site, 1000)
    assert old_site.hidden_files() == {".json", ".part", ".part.json"}
    old_site.serve(new())
    assert old_site.refresh().status is Status.CHANGED
    assert old_site.path.read_bytes() == NEW
    (request,) = old_site.requests()
    assert request.headers["range"] == "bytes=1000-"
    assert request.headers["if-none-match"] == '"old"'


def test_not_without_a_strong_etag(site: Site) -> None:
    site.serve(file_reply(NEW, 'W/"1"', fault=Reply(cut_at=HALF)), file_reply(NEW, 'W/"1"'))
    check_new(site, 2)
    assert "range" not in site.requests()[1].headers


@pytest.mark.parametrize(
    "headers",
    [
        {"ETag": '"new"', "Content-Range": REST},
        {"Content-Range": REST} | hash_of(NEW),
        {"ETag": '"earlier"', "Content-Range": "bytes 0-9/10"},
        {"ETag": '"earlier"'},
    ],
)
def test_a_rest_that_is_not_that_of_the_part(site: Site, headers: dict[str, str]) -> None:
    """Of another file, which the server knows although it ignores If-Range, or of other bytes."""
    earlier = file_reply(content(9, len(NEW)), '"earlier"', md5=None, fault=Reply(cut_at=HALF))
    site.serve(earlier, Reply(206, NEW[HALF:], headers), new(md5=None))
    check_new(site, 3)
    assert "range" not in site.requests()[2].headers


def test_a_part_that_is_not_the_beginning(site: Site) -> None:
    site.serve(new(Reply(cut_at=HALF)), Reply(416), new())
    check_new(site, 3)
    site.path.unlink()
    interrupt(site)
    (site.hidden / "a.csv.part").write_bytes(content(9, len(NEW)))
    site.serve(new())
    check_new(site, 2)
