"""The README's pictures: the demo's gallery in a real browser, in light and dark mode.

`make screenshots` takes them.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from tests.conftest import ROOT
from tests.support.browser import chromium, prefers, screen, wait_for_pictures

SIZE = (1200, 750)
#: Hides the space for a scroll bar and the outline of the focused element.
_TIDY = "document.documentElement.style.scrollbarGutter = 'auto'; document.activeElement.blur()"


def take(folder: Path) -> list[Path]:
    """Write the pictures into a folder; return their paths."""
    folder.mkdir(exist_ok=True)
    pictures = []
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        demo = [sys.executable, "-m", "hotdog_sql", "demo", "dataset", "--quiet"]
        subprocess.run(demo, cwd=scratch, check=True)
        screen(browser, *SIZE, scale=1.5)
        for colours in ("light", "dark"):
            prefers(browser, colours)
            browser.get((Path(scratch) / "dataset" / "index.html").as_uri())
            Select(browser.find_element(By.ID, "sort")).select_by_visible_text("Author")
            browser.execute_script(_TIDY)
            wait_for_pictures(browser)
            pictures.append(folder / f"gallery-{colours}.png")
            browser.save_screenshot(str(pictures[-1]))
    return pictures


if __name__ == "__main__":
    for picture in take(ROOT / ".github"):
        print(picture.relative_to(ROOT))
