"""The gallery's boxes in a real browser: on hover, in the lightbox, and switched off."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By

from hotdog_sql.gallery import write_gallery
from tests.support.browser import chromium, complaints, wait_for_pictures
from tests.support.galleries import got, write_dataset

HOSTILE = "</script><b>Hot & dog"
#: Left, right, upper and lower edge.
BOX = (0.25, 0.75, 0.5, 1.0)


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    with chromium() as made:
        yield made


def test_boxes_are_drawn_where_they_are(browser: Chrome, tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", [got(1), got(2)])
    boxes = [(f"{1:016x}", json.dumps([[HOSTILE, *BOX]]))]
    browser.get(write_gallery(dataset, boxes).as_uri())
    wait_for_pictures(browser)
    frames = browser.find_elements(By.CSS_SELECTOR, ".frame")
    drawn = browser.find_elements(By.CSS_SELECTOR, ".frame .boxes rect")
    assert len(frames) == 2
    assert len(drawn) == 1
    assert not drawn[0].is_displayed()
    ActionChains(browser).move_to_element(frames[0]).perform()
    assert drawn[0].is_displayed()
    assert (
        browser.find_element(By.CSS_SELECTOR, ".boxes text").get_property("textContent") == HOSTILE
    )

    frames[0].click()
    picture, box = (
        browser.execute_script(
            "const {x, y, width, height} = document.querySelector(arguments[0])"
            ".getBoundingClientRect(); return [x, y, width, height]",
            f"#stage {selector}",
        )
        for selector in ("img", ".boxes rect")
    )
    left, right, top, bottom = BOX
    assert box == pytest.approx(
        [
            picture[0] + left * picture[2],
            picture[1] + top * picture[3],
            (right - left) * picture[2],
            (bottom - top) * picture[3],
        ],
        abs=4,
    )
    browser.find_element(By.ID, "next").click()
    assert not browser.find_elements(By.CSS_SELECTOR, "#stage .boxes")
    browser.find_element(By.ID, "close").click()
    browser.find_element(By.ID, "boxes").click()
    ActionChains(browser).move_to_element(frames[0]).perform()
    assert not drawn[0].is_displayed()
    assert complaints(browser) == []


def test_without_boxes_there_is_no_switch(browser: Chrome, tmp_path: Path) -> None:
    browser.get(write_gallery(write_dataset(tmp_path / "dataset", [got(1)])).as_uri())
    assert not browser.find_element(By.ID, "boxes").is_displayed()
