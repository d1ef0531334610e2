"""A real headless Chromium, driven through chromedriver."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.support.ui import WebDriverWait

_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")


@contextmanager
def chromium() -> Iterator[Chrome]:
    """Start a browser with a new profile; skip the test if none is installed."""
    driver, browser = shutil.which("chromedriver"), shutil.which("chromium")
    if driver is None or browser is None:
        pytest.skip("needs chromium and chromedriver (Debian: chromium-driver)")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = ChromeOptions()
        options.binary_location = browser
        for flag in (*_FLAGS, "--window-size=1200,900", f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        made = Chrome(options, ChromeService(driver))
        try:
            made.set_script_timeout(20)
            yield made
        finally:
            made.quit()


def requests(browser: Chrome) -> list[str]:
    """Return the addresses that the page has requested since the last call."""
    messages = (json.loads(entry["message"])["message"] for entry in _log(browser, "performance"))
    page = browser.current_url.partition("#")[0]
    return [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
        and message["params"]["documentURL"].partition("#")[0] == page
    ]


def _log(browser: Chrome, kind: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = browser.execute("getLog", {"type": kind})["value"]
    return entries


def complaints(browser: Chrome) -> list[str]:
    """Return what pages have written to the console since the last call."""
    return [entry["message"] for entry in _log(browser, "browser")]


def prefers(browser: Chrome, colours: str) -> None:
    """Set `prefers-color-scheme` to light or dark."""
    features = [{"name": "prefers-color-scheme", "value": colours}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def screen(browser: Chrome, width: int, height: int, scale: float, *, phone: bool = False) -> None:
    """Set the size and the kind of the screen."""
    size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": phone}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": phone})
    browser.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})


def wait_until(browser: Chrome, script: str) -> None:
    """Wait until a JavaScript expression is true."""
    WebDriverWait(browser, 20, poll_frequency=0.02).until(
        lambda driver: driver.execute_script(f"return {script}"), f"stayed false: {script}"
    )


def wait_for_pictures(browser: Chrome) -> None:
    """Wait until all pictures in the window are loaded."""
    wait_until(
        browser,
        "[...document.querySelectorAll('.frame img')].every((image) => "
        "image.naturalWidth > 0 || image.getBoundingClientRect().top > innerHeight)",
    )


def swipe(browser: Chrome, start: tuple[int, int], end: tuple[int, int]) -> None:
    """Swipe with one finger from one point of the window to another."""
    middle = ((start[0] + end[0]) // 2, (start[1] + end[1]) // 2)
    for kind, points in (("Start", [start]), ("Move", [middle]), ("Move", [end]), ("End", [])):
        touches = [{"x": x, "y": y} for x, y in points]
        event = {"type": f"touch{kind}", "touchPoints": touches}
        browser.execute_cdp_cmd("Input.dispatchTouchEvent", event)
