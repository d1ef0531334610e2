"""The gallery as its readers meet it: opened from disk in a real browser."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select

from hotdog_sql.gallery import write_gallery
from tests.conftest import Run
from tests.support.browser import (
    chromium,
    complaints,
    prefers,
    requests,
    screen,
    swipe,
    wait_for_pictures,
    wait_until,
)
from tests.support.galleries import PICTURE, Row, failed, got, lost, write_dataset

HOSTILE = '<img src="http://127.0.0.1:9/x" onerror="document.title=1"><script>x()</script>'
OTHER_LICENSE = "https://creativecommons.org/licenses/by-sa/4.0/"


@pytest.fixture(scope="module")
def chrome() -> Iterator[Chrome]:
    with chromium() as made:
        yield made


class Page:
    """A gallery in a browser's window."""

    def __init__(self, browser: Chrome, directory: Path, entries: list[Row]) -> None:
        """Writes the dataset and its gallery, and opens it."""
        self.browser = browser
        self.file = write_gallery(write_dataset(directory, entries))
        complaints(browser)  # of earlier pages
        browser.get(self.file.as_uri())

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

    @property
    def count(self) -> str:
        return self.one("#count").text

    @property
    def titles(self) -> list[str]:
        return self.texts(".tile .title")

    @property
    def focused(self) -> str:
        """The title of the photo that has the focus."""
        script = "return document.activeElement.closest('.tile').querySelector('.title').innerText"
        return str(self.browser.execute_script(script))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.browser.switch_to.active_element.send_keys(key)


MIXED = [
    got(1, "hot_dog", Title="Lunch", Author="Søren"),
    got(2, "hot_dog", Title="Dinner", Author="مريم", source="original"),
    lost(3, "hot_dog", error="mirror: http 404; original: placeholder"),
    got(1, "other", Title=HOSTILE, Author=HOSTILE, License=OTHER_LICENSE),
    got(2, "other", Title="", Author="", OriginalLandingURL="javascript:alert(1)"),
    lost(3, "other", error="mirror: http 404; original: http 410"),
    failed(4, "other", Title="Silent", error="mirror: silence"),
]


def test_it_opens_from_disk_and_asks_nobody(chrome: Chrome, tmp_path: Path) -> None:
    page = Page(chrome, tmp_path / "a dataset", MIXED)
    wait_for_pictures(page.browser)
    assert chrome.title == "a dataset"
    assert page.texts("#folders [role=tab]") == ["All 4", "hot_dog 2 (50%)", "other 2 (50%)"]
    size = f"{4 * len(PICTURE) / 1000:.1f} kB"
    assert page.one("#summary").text == f"4 photos in 2 folders, {size} · 2 lost · 1 failed"
    assert page.count == "4 photos"
    assert len(page.all(".frame img")) == 4
    assert HOSTILE in page.titles
    asked = set(requests(chrome))
    assert len(asked) == 1 + 4, "the page and four pictures"
    folder = (tmp_path / "a dataset").as_uri()
    assert all(url.startswith(folder) for url in asked)
    assert complaints(chrome) == []


@pytest.mark.slow
def test_tabs_and_filters_leave_what_is_chosen(chrome: Chrome, tmp_path: Path) -> None:
    page = Page(chrome, tmp_path / "ds", MIXED)
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
    assert page.count == "4 photos"
    page.choose("license", "CC BY-SA 4.0 (1)")
    assert page.titles == [HOSTILE]
    page.choose("license", "Any licence")
    page.choose("status", "Failed (1)")
    assert page.titles == ["Silent"]
    page.choose("status", "Lost (2)")
    assert page.titles == ['Photo "3"', 'Photo "3"']
    assert page.count == "2 lost photos"
    assert page.texts("#folders [role=tab]") == ["All 2", "hot_dog 1 (50%)", "other 1 (50%)"]
    page.choose("status", "Downloaded (4)")
    page.one("#text").send_keys("SØREN")
    assert page.titles == ["Lunch"], "authors are searched, whatever the case"
    page.one("#text").send_keys("!")
    assert page.titles == []
    assert page.one("#empty").text == "No photos match. Clear filters"
    page.one("#clear").click()
    assert page.count == "4 photos"
    assert complaints(chrome) == []


@pytest.mark.slow
def test_partitions_have_tabs(chrome: Chrome, tmp_path: Path) -> None:
    entries = [
        got(1, "hot_dog", partition="train"),
        got(2, "hot_dog", partition="test"),
        got(1, "other", partition="train"),
        lost(2, "other", partition="test"),
    ]
    page = Page(chrome, tmp_path / "ds", entries)
    assert page.texts("#partitions [role=tab]") == [
        "All partitions 3",
        "train 2 (67%)",
        "test 1 (33%)",
    ]
    page.tab("test")
    assert page.count == "1 photo"
    assert page.texts("#folders [role=tab]") == ["All 1", "hot_dog 1 (100%)", "other 0"]
    page.tab("other")
    assert page.count == "0 photos"
    assert page.one("#empty").text == "No photos match."
    page.tab("train")
    wait_for_pictures(page.browser)
    assert page.count == "1 photo"
    source = page.one(".frame img").get_attribute("src")
    assert source == (tmp_path / "ds" / "train" / "other" / f"{1:016x}.png").as_uri()


@pytest.mark.slow
def test_lost_photos_are_counted_and_explained(chrome: Chrome, tmp_path: Path) -> None:
    page = Page(chrome, tmp_path / "ds", MIXED)
    results, reasons = (chart.get_attribute("aria-label") for chart in page.all(".charts > svg"))
    assert page.one("#results summary").text == "Download results"
    assert results == "Results. from mirror: 3; from original: 1; lost: 2; failed: 1"
    assert reasons == (
        "Reasons for missing photos. mirror: http 404: 2; mirror: silence: 1; "
        "original: http 410: 1; original: placeholder: 1"
    )
    page.tab("hot_dog")
    results = str(page.one(".charts > svg").get_attribute("aria-label"))
    assert results == "Results. from mirror: 1; from original: 1; lost: 1", "of the tab's photos"
    page.one("#summary button").click()
    panel = ["Lost", "No source has this photo any more.", "mirror: http 404"]
    panel.append("original: placeholder")
    assert page.texts(".missing > :not(.hidden)") == panel
    assert page.one(".frame").accessible_name.startswith('Photo "3". Lost')
    page.one(".frame").click()
    assert page.texts("#stage .missing > :not(.hidden)") == panel
    assert page.one("#position").text == "1 of 1"


@pytest.mark.slow
def test_photos_are_sorted_and_sized(chrome: Chrome, tmp_path: Path) -> None:
    entries = [
        got(1, Title="b 10", Author="Zoë", bytes="30"),
        got(2, Title="", Author="Åsa", bytes="10"),
        got(3, Title="B 9", Author="anna", bytes="20"),
        got(1, "zebra", Title="a", Author="", bytes="20"),
    ]
    page = Page(chrome, tmp_path / "ds", entries)
    untitled = f"Untitled ({2:016x})"
    assert page.titles == ["b 10", untitled, "B 9", "a"], "the order of the manifest"
    for label, titles in {
        "Title": ["a", "B 9", "b 10", untitled],
        "Author": ["B 9", untitled, "b 10", "a"],
        "Largest file": ["b 10", "B 9", "a", untitled],
        "Smallest file": [untitled, "B 9", "a", "b 10"],
    }.items():
        page.choose("sort", label)
        assert page.titles == titles, label
    assert not page.one("#reset").is_displayed(), "an order hides no photo"

    def columns() -> int:
        return len({tile.location["x"] for tile in page.all(".tile")})

    page.one("#size").send_keys(Keys.END)
    assert columns() == 2
    page.one("#size").send_keys(Keys.HOME)
    assert columns() == 4
    assert complaints(chrome) == []


@pytest.mark.slow
def test_the_page_leads_to_the_recipe_and_the_sql(chrome: Chrome, run: Run, tmp_path: Path) -> None:
    write_dataset(tmp_path / "ds", MIXED)
    page = Page(chrome, tmp_path / "ds", [])
    assert not page.one("#recipe").is_displayed()
    query = "SELECT 'a' AS folder, ImageID FROM images -- </script>"
    recipe = tmp_path / "ds" / "selection.json"
    recipe.write_text(json.dumps({"query": {"text": query}}))
    page = Page(chrome, tmp_path / "ds", [])
    assert page.one("#recipe").text == "Selected by this SQL with the options in selection.json"
    assert page.one("#recipe [href='selection.json']").get_property("href") == recipe.as_uri()
    page.one("#sql-link").click()
    assert page.one("#sql pre").text == query
    recipe.write_text(json.dumps({"sql_sha256": {"selection/select_images.sql": "of old"}}))
    page = Page(chrome, tmp_path / "ds", [])
    assert page.one("#recipe").text == "Selected with selection.json"
    assert not page.one("#sql").is_displayed(), "this version has other SQL"
    assert run("demo", "made", "--quiet").returncode == 0
    page = Page(chrome, tmp_path / "made", [])
    page.one("#sql-link").click()
    assert "select_images" in page.one("#sql pre").text
    assert complaints(chrome) == []


@pytest.mark.slow
def test_each_photo_names_its_attribution(chrome: Chrome, tmp_path: Path) -> None:
    page = Page(chrome, tmp_path / "ds", MIXED)
    links = page.all(".tile")[0].find_elements(By.TAG_NAME, "a")
    assert [link.get_attribute("href") for link in links] == [
        "https://www.flickr.com/photos/somebody/1",
        "https://www.flickr.com/people/somebody/",
        "https://creativecommons.org/licenses/by/2.0/",
    ]
    for link in page.all(".tile a"):
        assert link.get_attribute("rel") == "noopener noreferrer"
    nobody = page.all(".tile")[3]
    assert [link.text for link in nobody.find_elements(By.TAG_NAME, "a")] == [
        "unknown author",
        "CC BY 2.0",
    ], "a javascript: address is no link"
    page.all(".frame")[2].click()
    facts = dict(zip(page.texts("#facts dt"), page.texts("#facts dd"), strict=True))
    assert page.one("#photo-title").text == HOSTILE
    assert facts["Author"] == HOSTILE
    assert facts["Licence"] == "CC BY-SA 4.0"
    assert facts["Source page"] == "https://www.flickr.com/photos/somebody/1"
    assert not chrome.find_elements(By.CSS_SELECTOR, "[onerror]")
    assert complaints(chrome) == []


@pytest.mark.slow
def test_keys_walk_through_the_photos(chrome: Chrome, tmp_path: Path) -> None:
    entries = [got(number, Title=f"Photo {number}") for number in range(1, 41)]
    page = Page(chrome, tmp_path / "ds", entries)
    columns = int(
        chrome.execute_script(
            "return Math.round(document.querySelector('#grid')"
            ".clientWidth / document.querySelector('.tile').clientWidth - 0.4)"
        )
    )
    assert columns > 2
    page.one("#panel").send_keys(Keys.TAB)
    assert page.focused == "Photo 1"
    page.press(Keys.ARROW_RIGHT)
    assert page.focused == "Photo 2"
    page.press(Keys.ARROW_DOWN)
    assert page.focused == f"Photo {2 + columns}"
    page.press(Keys.END)
    assert page.focused == "Photo 40"
    page.press(Keys.ARROW_LEFT, Keys.ENTER)
    dialog = page.one("#lightbox")
    assert dialog.is_displayed()
    assert page.one("#photo-title").text == "Photo 39"
    assert page.one("#position").text == "39 of 40"
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert page.one("#photo-title").text == "Photo 40", "there is none after the last"
    assert page.one("#spoken").get_attribute("textContent") == "Photo 40, 40 of 40"
    page.press(Keys.HOME)
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    # The browser tells of the end of a dialog a moment after it: the page's own listener is first.
    chrome.execute_script(
        "arguments[0].addEventListener('close', () => { window.hasClosed = true; })", dialog
    )
    page.press(Keys.ESCAPE)
    wait_until(page.browser, "window.hasClosed === true")
    assert not dialog.is_displayed()
    assert page.focused == "Photo 3", "the focus is where the walk ended"
    assert complaints(chrome) == []


@pytest.mark.slow
def test_tab_keys_do_not_go_through_every_photo(chrome: Chrome, tmp_path: Path) -> None:
    page = Page(chrome, tmp_path / "ds", [got(number) for number in range(1, 41)])
    reachable = page.all(".grid [tabindex='0']")
    assert len(reachable) == 4, "one photo and its three links"
    assert [part.accessible_name for part in reachable] == [
        'Photo "1"',
        'Photo "1"',
        "Somebody, Else",
        "CC BY 2.0",
    ]
    for control in page.all("button, input, select, a"):
        if control.is_displayed():
            assert control.accessible_name
    tabs = page.all("#folders [role=tab]")
    tabs[0].send_keys(Keys.ARROW_RIGHT)
    assert [tab.get_attribute("aria-selected") for tab in tabs] == ["false", "true"]
    items = page.all("[role=listitem]")
    assert items[1].get_attribute("aria-posinset") == "2"
    assert items[1].get_attribute("aria-setsize") == "40"


@pytest.mark.slow
def test_any_folder_name_leads_to_its_pictures(chrome: Chrome, tmp_path: Path) -> None:
    names = ["hot dog", "50% #1", "ホットドッグ", "a&b;c", "it's", "x+y", "%41", "é"]
    page = Page(chrome, tmp_path / "d#s %20", [got(1, folder=name) for name in names])
    wait_for_pictures(page.browser)
    assert len(page.all(".frame img")) == len(names)
    assert page.texts("#folders [role=tab]")[1:] == [f"{name} 1 (13%)" for name in names]
    assert complaints(chrome) == []


@pytest.mark.slow
def test_a_missing_file_or_one_outside_is_not_shown(chrome: Chrome, tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "ds", [got(1), got(2)])
    (dataset / "other" / f"{1:016x}.png").unlink()
    outside = [got(3, path="../secret.png"), got(4, path=str(tmp_path / "secret.png"))]
    page = Page(chrome, dataset, outside)
    wait_until(page.browser, "document.querySelectorAll('.frame img').length === 1")
    shown = page.texts(".missing > :not(.hidden)")
    missing = ["Missing", "The file is missing."]
    assert shown == [*missing, f"other/{1:016x}.png", *missing, *missing]
    assert not any("secret" in url for url in requests(chrome))
    complaints(chrome)


@pytest.mark.slow
def test_ten_thousand_photos_load_as_they_come_into_sight(chrome: Chrome, tmp_path: Path) -> None:
    entries = [got(number, Title=f"Photo {number}") for number in range(1, 10_001)]
    page = Page(chrome, tmp_path / "ds", entries)
    wait_for_pictures(page.browser)
    at_first = len(page.all("img"))
    assert 10 < at_first < 100
    assert len(requests(chrome)) <= at_first + 2
    page.one("#panel").send_keys(Keys.TAB)
    page.press(Keys.END)
    assert page.focused == "Photo 10000"
    wait_for_pictures(page.browser)
    assert len(page.all("img")) < 100
    chrome.execute_script("window.scrollTo(0, document.body.scrollHeight / 2)")
    wait_until(
        page.browser,
        "[...document.querySelectorAll('.title')]"
        ".some((title) => /Photo 5\\d\\d\\d/.test(title.innerText))",
    )
    wait_for_pictures(page.browser)
    assert len(page.all("img")) < 100
    assert page.focused == "Photo 10000", "the focus is not lost by scrolling"
    assert [int(tile.get_attribute("data-index") or -1) for tile in page.all(".tile")] == sorted(
        int(tile.get_attribute("data-index") or -1) for tile in page.all(".tile")
    )
    assert complaints(chrome) == []


@pytest.mark.slow
def test_it_fits_a_phone_and_the_dark(tmp_path: Path) -> None:
    with chromium() as browser:
        screen(browser, 390, 844, 2, phone=True)
        prefers(browser, "dark")
        long = "a-very-long-title-without-a-break" * 20
        page = Page(browser, tmp_path / long[:200], [got(9, Title=long), *MIXED[3:]])
        wait_for_pictures(page.browser)
        wide = browser.execute_script("return document.documentElement.scrollWidth")
        assert wide == 390, "nothing makes the page wider than the screen"
        lefts = browser.execute_script(
            "return [...document.querySelectorAll('.tile')].slice(0, 3)"
            ".map((tile) => tile.getBoundingClientRect().left)"
        )
        assert lefts[0] == lefts[2] < lefts[1], "two columns"
        background = browser.execute_script(
            "return getComputedStyle(document.body).backgroundColor"
        )
        assert max(map(int, background[4:-1].split(","))) < 40
        page.one(".frame").click()
        assert page.one("#stage img").size["width"] <= 390
        page.one("#next").click()
        assert page.one("#position").text == "2 of 3"
        swipe(browser, (300, 200), (100, 210))
        assert page.one("#position").text == "3 of 3"
        swipe(browser, (100, 200), (300, 190))
        assert page.one("#position").text == "2 of 3"
        page.one("#close").click()
        assert complaints(browser) == []
