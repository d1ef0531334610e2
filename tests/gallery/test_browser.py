"""The gallery, opened from disk in a real browser."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select

from hotdog_sql.downloader.result import Result
from hotdog_sql.gallery.page import write_gallery
from tests import screenshots
from tests.conftest import Run
from tests.support import browser as real
from tests.support.galleries import PICTURE, failed, got, lost, write_dataset

HOSTILE = '<img src="http://127.0.0.1:9/x" onerror="document.title=1"><script>x()</script>'
OTHER_LICENSE = "https://creativecommons.org/licenses/by-sa/4.0/"

MIXED = [
    got(1, "hot_dog", title="Lunch", author="Søren"),
    got(2, "hot_dog", title="Dinner", author="مريم", source="original"),
    lost(3, "hot_dog", error="mirror: http 404; original: placeholder"),
    replace(
        got(1, "other", title=HOSTILE, author=HOSTILE, license=OTHER_LICENSE),
        width=1024,
        height=768,
    ),
    got(2, "other", title="", author="", landing_url="javascript:alert(1)"),
    lost(3, "other", error="mirror: http 404; original: http 410"),
    failed(4, "other", title="Silent"),
]


class Page:
    """A gallery in a browser's window."""

    def __init__(self, browser: Chrome, dataset: Path) -> None:
        self.browser = browser
        self.dataset = dataset

    def open(self, entries: list[Result], boxes: list[tuple[str, str]] | None = None) -> None:
        """Add rows to the dataset, then write and open its gallery."""
        self.browser.get(write_gallery(write_dataset(self.dataset, entries), boxes).as_uri())

    def all(self, selector: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        return [found.text for found in self.all(selector)]

    def tab(self, name: str) -> None:
        next(tab for tab in self.all("[role=tab]") if tab.text.startswith(name)).click()

    def choose(self, control: str, label: str) -> None:
        Select(self.one(f"#{control}")).select_by_visible_text(label)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.browser.switch_to.active_element.send_keys(key)

    def run(self, script: str) -> object:
        return self.browser.execute_script(f"return {script}")

    @property
    def count(self) -> str:
        return self.one("#count").text

    @property
    def titles(self) -> list[str]:
        return self.texts(".tile .title")

    @property
    def folders(self) -> list[str]:
        return self.texts("#folders [role=tab]")

    def focused(self) -> object:
        """The title of the photo that has the focus."""
        return self.run("document.activeElement.closest('.tile').querySelector('.title').innerText")


@pytest.fixture(scope="module")
def chrome() -> Iterator[Chrome]:
    with real.chromium() as browser:
        yield browser


@pytest.fixture
def page(chrome: Chrome, tmp_path: Path) -> Iterator[Page]:
    """A page whose script must log no errors."""
    yield Page(chrome, tmp_path / "a dataset")
    assert real.complaints(chrome) == []


def test_it_opens_from_disk_and_requests_nothing_else(page: Page) -> None:
    page.open(MIXED)
    real.wait_for_pictures(page.browser)
    assert page.browser.title == "a dataset"
    assert page.folders == ["All 4", "hot_dog 2 (50%)", "other 2 (50%)"]
    size = f"{4 * len(PICTURE) / 1000:.1f} kB"
    assert page.one("#summary").text == f"4 photos in 2 folders, {size} · 2 lost · 1 failed"
    assert page.count == "4 photos"
    assert len(page.all(".frame img")) == 4
    assert HOSTILE in page.titles
    urls = set(real.requests(page.browser))
    assert len(urls) == 1 + 4, "the page and four pictures"
    assert all(url.startswith(page.dataset.as_uri()) for url in urls)


@pytest.mark.slow
def test_tabs_and_filters_show_matching_photos(page: Page) -> None:
    page.open(MIXED)
    page.tab("hot_dog")
    assert page.titles == ["Lunch", "Dinner"]
    assert page.count == "2 photos"
    page.choose("source", "original (1)")
    assert page.titles == ["Dinner"]
    assert page.count == "1 of 2 photos"
    page.tab("All")
    assert page.titles == ["Dinner"], "filters stay with another tab"
    assert page.count == "1 of 4 photos"
    page.one("#reset").click()
    page.choose("license", "CC BY-SA 4.0 (1)")
    assert page.titles == [HOSTILE]
    page.choose("license", "Any licence")
    page.choose("status", "Failed (1)")
    assert page.titles == ["Silent"]
    page.choose("status", "Lost (2)")
    assert page.count == "2 lost photos"
    assert page.folders == ["All 2", "hot_dog 1 (50%)", "other 1 (50%)"]
    page.choose("status", "Downloaded (4)")
    page.one("#text").send_keys("SØREN")
    assert page.titles == ["Lunch"], "authors are searched, whatever the case"
    page.one("#text").send_keys("!")
    assert page.titles == []
    assert page.one("#empty").text == "No photos match. Clear filters"
    page.one("#clear").click()
    assert page.count == "4 photos"
    page.choose("sort", "Title")
    assert page.titles == [HOSTILE, "Dinner", "Lunch", f"Untitled ({2:016x})"]
    assert not page.one("#reset").is_displayed(), "sorting hides no photo"
    for key, columns in ((Keys.END, 2), (Keys.HOME, 4)):
        page.one("#size").send_keys(key)
        assert len({tile.location["x"] for tile in page.all(".tile")}) == columns
    page.choose("status", "Lost (2)")
    page.browser.get("about:blank")
    page.browser.back()
    assert page.count == "4 photos"
    assert Select(page.one("#status")).first_selected_option.text == "Downloaded (4)"

    page.open([got(9, partition="train"), got(9, "hot_dog", partition="test")])
    page.tab("test")
    assert page.count == "1 photo"
    assert page.folders == ["All 1", "hot_dog 1 (100%)", "other 0"]


@pytest.mark.slow
def test_lost_photos_are_counted_and_explained(page: Page) -> None:
    page.open(MIXED)
    assert page.one("#results summary").text == "Download results"
    results, reasons = (chart.get_attribute("aria-label") for chart in page.all(".charts > svg"))
    assert results == "Results. from mirror: 3; from original: 1; lost: 2; failed: 1"
    assert reasons == (
        "Reasons for missing photos. mirror: http 404: 2; mirror: silence: 1; "
        "original: http 410: 1; original: placeholder: 1"
    )
    page.tab("other")
    page.one("#text").send_keys("!")
    page.one("#summary button").click()
    assert page.count == "2 lost photos", "the link shows all, whatever was chosen"
    page.tab("hot_dog")
    results = str(page.one(".charts > svg").get_attribute("aria-label"))
    assert results == "Results. from mirror: 1; from original: 1; lost: 1", "of the tab's photos"
    panel = ["Lost", "No source has this photo any more.", "mirror: http 404"]
    panel.append("original: placeholder")
    assert page.texts(".missing > :not(.hidden)") == panel
    assert page.one(".frame").accessible_name.startswith('Photo "3". Lost')
    page.one(".frame").click()
    assert page.texts("#stage .missing > :not(.hidden)") == panel
    assert page.one("#position").text == "1 of 1"


@pytest.mark.slow
def test_the_page_links_to_the_recipe_and_the_sql(page: Page, run: Run, tmp_path: Path) -> None:
    page.open(MIXED)
    assert not page.one("#recipe").is_displayed()
    query = "SELECT 'a' AS folder, ImageID FROM images -- </script>"
    recipe = page.dataset / "selection.json"
    recipe.write_text(json.dumps({"query": {"text": query}}))
    page.open([])
    assert page.one("#recipe").text == "Selected by this SQL with the options in selection.json"
    assert page.one("#recipe [href='selection.json']").get_property("href") == recipe.as_uri()
    page.one("#sql-link").click()
    assert page.one("#sql pre").text == query
    recipe.write_text(json.dumps({"sql_sha256": {"selection/select_images.sql": "of old"}}))
    page.open([])
    assert page.one("#recipe").text == "Selected with selection.json"
    assert not page.one("#sql").is_displayed(), "this version has other SQL"
    run("demo", "made", "--quiet")
    page.dataset = tmp_path / "made"
    page.open([])
    page.one("#sql-link").click()
    assert "select_images" in page.one("#sql pre").text


@pytest.mark.slow
def test_each_photo_shows_its_attribution(page: Page) -> None:
    page.open(MIXED)
    links = page.all(".tile")[0].find_elements(By.TAG_NAME, "a")
    assert [link.get_attribute("href") for link in links] == [
        "https://www.flickr.com/photos/somebody/1",
        "https://www.flickr.com/people/somebody/",
        "https://creativecommons.org/licenses/by/2.0/",
    ]
    assert {link.get_attribute("rel") for link in page.all(".tile a")} == {"noopener noreferrer"}
    unknown = page.all(".tile")[3].find_elements(By.TAG_NAME, "a")
    texts = [link.text for link in unknown]
    assert texts == ["unknown author", "CC BY 2.0"], "a javascript: address is not a link"
    page.all(".frame")[2].click()
    facts = dict(zip(page.texts("#facts dt"), page.texts("#facts dd"), strict=True))
    assert page.one("#photo-title").text == facts["Author"] == HOSTILE
    assert facts["Licence"] == "CC BY-SA 4.0"
    assert facts["Size"] == "1024 \N{MULTIPLICATION SIGN} 768 pixels"
    assert facts["Source page"] == "https://www.flickr.com/photos/somebody/1"
    assert not page.all("[onerror]")


@pytest.mark.slow
def test_it_works_with_keys_and_screen_readers(page: Page) -> None:
    page.open([got(number, title=f"Photo {number}") for number in range(1, 41)])
    names = [part.accessible_name for part in page.all(".grid [tabindex='0']")]
    assert names == ["Photo 1", "Photo 1", "Somebody, Else", "CC BY 2.0"], "one photo and its links"
    for control in page.all("button, input, select, a"):
        assert control.accessible_name or not control.is_displayed()
    item = page.all("[role=listitem]")[1]
    assert [item.get_attribute(f"aria-{name}") for name in ("posinset", "setsize")] == ["2", "40"]
    tabs = page.all("#folders [role=tab]")
    tabs[0].send_keys(Keys.ARROW_RIGHT)
    assert [tab.get_attribute("aria-selected") for tab in tabs] == ["false", "true"]

    columns = len({tile.location["x"] for tile in page.all(".tile")})
    page.one("#panel").send_keys(Keys.TAB)
    assert page.focused() == "Photo 1"
    page.press(Keys.ARROW_RIGHT)
    assert page.focused() == "Photo 2"
    page.press(Keys.ARROW_DOWN)
    assert page.focused() == f"Photo {2 + columns}"
    page.press(Keys.END)
    assert page.focused() == "Photo 40"
    page.press(Keys.ARROW_LEFT, Keys.ENTER)
    dialog = page.one("#lightbox")
    assert dialog.is_displayed()
    assert page.one("#photo-title").text == "Photo 39"
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert page.one("#position").text == "40 of 40", "there is none after the last"
    assert page.one("#spoken").get_attribute("textContent") == "Photo 40, 40 of 40"
    page.press(Keys.HOME)
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    # A dialog's close event comes a moment later; the page's own listener runs first.
    page.run("document.querySelector('dialog').addEventListener('close', () => window.ended = 1)")
    page.press(Keys.ESCAPE)
    real.wait_until(page.browser, "window.ended === 1")
    assert not dialog.is_displayed()
    assert page.focused() == "Photo 3", "the focus is on the last photo shown"


@pytest.mark.slow
def test_any_folder_name_works_and_a_missing_file_is_named(page: Page, tmp_path: Path) -> None:
    names = ["hot dog", "50% #1", "ホットドッグ", "a&b;c", "it's", "x+y", "%41", "é"]
    page.dataset = tmp_path / "d#s %20"
    page.open([got(1, folder=name) for name in names])
    real.wait_for_pictures(page.browser)
    assert len(page.all(".frame img")) == len(names)
    assert page.folders[1:] == [f"{name} 1 (13%)" for name in names]
    (page.dataset / "x+y" / f"{1:016x}.png").unlink()
    page.open([])
    real.wait_until(page.browser, "document.querySelectorAll('.frame img').length === 7")
    shown = page.texts(".missing > :not(.hidden)")
    assert shown == ["Missing", "The file is missing or damaged.", f"x+y/{1:016x}.png"]
    assert "ERR_FILE_NOT_FOUND" in real.complaints(page.browser)[0]


def test_boxes_are_drawn_in_place(page: Page) -> None:
    left, right, top, bottom = box = (0.25, 0.75, 0.5, 1.0)
    page.open([got(1), got(2)], [(f"{1:016x}", json.dumps([[HOSTILE, *box]]))])
    real.wait_for_pictures(page.browser)
    frame = page.one(".frame")
    (drawn,) = page.all(".frame .boxes rect")
    assert not drawn.is_displayed()
    ActionChains(page.browser).move_to_element(frame).perform()
    assert drawn.is_displayed()
    assert page.one(".boxes text").get_property("textContent") == HOSTILE
    frame.click()
    picture, large = page.one("#stage img").rect, page.one("#stage .boxes rect").rect
    assert [large["x"], large["y"], large["width"], large["height"]] == pytest.approx(
        [
            picture["x"] + left * picture["width"],
            picture["y"] + top * picture["height"],
            (right - left) * picture["width"],
            (bottom - top) * picture["height"],
        ],
        abs=4,
    )
    page.one("#next").click()
    assert not page.all("#stage .boxes")
    page.one("#close").click()
    page.one("#boxes").click()
    ActionChains(page.browser).move_to_element(frame).perform()
    assert not drawn.is_displayed()
    page.open([])
    assert not page.one("#boxes").is_displayed(), "without boxes there is no switch"


@pytest.mark.slow
def test_ten_thousand_photos_load_as_they_become_visible(page: Page) -> None:
    page.open([got(number, title=f"Photo {number}") for number in range(1, 10_001)])
    real.wait_for_pictures(page.browser)
    at_first = len(page.all("img"))
    assert 10 < at_first < 100
    assert len(real.requests(page.browser)) <= at_first + 2
    page.one("#panel").send_keys(Keys.TAB)
    page.press(Keys.END)
    assert page.focused() == "Photo 10000"
    page.run("window.scrollTo(0, document.body.scrollHeight / 2)")
    real.wait_until(page.browser, "/Photo 5\\d\\d\\d/.test(document.body.innerText)")
    real.wait_for_pictures(page.browser)
    assert len(page.all("img")) < 100
    assert page.focused() == "Photo 10000", "scrolling does not lose the focus"
    order = page.run("[...document.querySelectorAll('.tile')].map((tile) => +tile.dataset.index)")
    assert isinstance(order, list)
    assert order == sorted(order)


@pytest.mark.slow
def test_large_tiles_of_very_many_photos_can_be_reached(page: Page) -> None:
    page.open([lost(number, title=f"Photo {number}") for number in range(1, 120_001)])
    page.one("#size").send_keys(Keys.END)
    page.one("#panel").send_keys(Keys.TAB)
    page.press(Keys.END)
    assert page.focused() == "Photo 120000"
    assert page.run("document.activeElement.getBoundingClientRect().bottom <= innerHeight")


@pytest.mark.slow
def test_phone_and_dark_mode(tmp_path: Path) -> None:
    with real.chromium() as browser:
        real.screen(browser, 390, 844, 2, phone=True)
        real.prefers(browser, "dark")
        long = "a-very-long-title-without-a-break" * 20
        page = Page(browser, tmp_path / long[:200])
        page.open([got(9, title=long), *MIXED[3:]])
        real.wait_for_pictures(browser)
        width = page.run("document.documentElement.scrollWidth")
        assert width == 390, "nothing makes the page wider than the screen"
        lefts = [tile.location["x"] for tile in page.all(".tile")[:3]]
        assert lefts[0] == lefts[2] < lefts[1], "two columns"
        background = str(page.run("getComputedStyle(document.body).backgroundColor"))
        assert max(map(int, background[4:-1].split(","))) < 40
        page.one(".frame").click()
        assert page.one("#stage img").size["width"] <= 390
        page.one("#next").click()
        for start, end, position in (((300, 200), (100, 210), 3), ((100, 200), (300, 190), 2)):
            real.swipe(browser, start, end)
            assert page.one("#position").text == f"{position} of 3"
        page.one("#close").click()
        assert real.complaints(browser) == []


@pytest.mark.slow
def test_the_readmes_pictures_can_be_made(tmp_path: Path) -> None:
    light, dark = (path.read_bytes() for path in screenshots.take(tmp_path))
    assert light != dark
    assert light[:4] == dark[:4] == b"\x89PNG"
