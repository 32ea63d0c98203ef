"""A real browser for the pages that people read, and what accessible means of them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium without JavaScript would be the reader's worst case; each test chooses."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert executable, "the page is tested in a real browser: apt-get install chromium"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


def assert_accessible(page: Page) -> None:
    """By every rule of axe-core, in light; then its contrast in dark: a scheme changes colours, and nothing else."""
    for scheme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast", "color-contrast-enhanced"]})):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of two words
        found = Axe().run(page, options={"resultTypes": ["violations"], **rules})
        assert found.violations_count == 0, f"{scheme}: {found.generate_report()}"
