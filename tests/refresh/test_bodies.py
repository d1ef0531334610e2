"""Interrupted bodies are resumed if they have not changed."""

import pytest

from hotdog_sql.refresh.refresh import Status
from tests.refresh.conftest import FILE, HALF, NEW, Site, content, hash_of, new
from tests.support.loopback import Reply, file_reply

REST = f"bytes {HALF}-{len(NEW) - 1}/{len(NEW)}"


def interrupt(site: Site, at: int = HALF) -> None:
    """Run a refresh that ends in the middle of the new file."""
    site.serve(new(Reply(cut_at=at)), Reply(404))
    assert site.refresh().status is Status.FAILED
    assert (site.hidden / f"{FILE.name}.part").stat().st_size == at


def check_new(site: Site, requests: int) -> None:
    """Check that a refresh fetches the new file in this many requests."""
    assert site.refresh().status is Status.NEW
    assert site.path.read_bytes() == NEW
    assert len(site.requests()) == requests


def test_resumed_within_a_run(site: Site) -> None:
    site.serve(new(Reply(cut_at=HALF // 2)), new(Reply(cut_at=HALF // 2)), new())
    check_new(site, 3)
    assert [request.headers.get("range") for request in site.requests()] == [
        None,
        f"bytes={HALF // 2}-",
        f"bytes={HALF // 2 * 2}-",
    ]
    assert site.requests()[1].headers["if-range"] == '"new"'


def test_resumed_in_the_next_run(old_site: Site) -> None:
    interrupt(old_site, 1000)
    assert old_site.hidden_files() == {".json", ".part", ".part.json"}
    old_site.serve(new())
    assert old_site.refresh().status is Status.CHANGED
    assert old_site.path.read_bytes() == NEW
    (request,) = old_site.requests()
    assert request.headers["range"] == "bytes=1000-"
    assert request.headers["if-none-match"] == '"old"'


def test_not_resumed_without_a_strong_etag(site: Site) -> None:
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
def test_a_range_of_another_body(site: Site, headers: dict[str, str]) -> None:
    """Of another file, from a server that ignores If-Range, or of other bytes."""
    earlier = file_reply(content(9, len(NEW)), '"earlier"', md5=None, fault=Reply(cut_at=HALF))
    site.serve(earlier, Reply(206, NEW[HALF:], headers), new(md5=None))
    check_new(site, 3)
    assert "range" not in site.requests()[2].headers


def test_a_part_that_is_not_the_beginning_of_the_file(site: Site) -> None:
    site.serve(new(Reply(cut_at=HALF)), Reply(416), new())
    check_new(site, 3)
    site.path.unlink()
    interrupt(site)
    (site.hidden / "a.csv.part").write_bytes(content(9, len(NEW)))
    site.serve(new())
    check_new(site, 2)
