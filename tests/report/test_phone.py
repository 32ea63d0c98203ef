"""The page on a phone: sections are found from anywhere, and nothing lies on the text."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.report.test_page import browser, opened
from tests.report.test_sections import HEADINGS, whole

__all__ = ["browser"]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the browser driver's own


@pytest.mark.parametrize("width", [320, 390])
def test_sections_are_found_on_a_phone(browser: Browser, tmp_path: Path, width: int) -> None:
    """Every link is on the screen and as large as a finger, and from anywhere one leads back to them."""
    page = opened(browser, tmp_path, whole(), viewport={"width": width, "height": 844})
    boxes = [link.bounding_box() for link in page.locator("nav ul a").all()]
    assert len(boxes) == len(HEADINGS)
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= width and box["height"] >= 44 for box in boxes)
    page.locator("#provenance").scroll_into_view_if_needed()
    page.get_by_role("link", name="Contents", exact=True).click()
    for link in page.locator("nav ul a").all():
        expect(link).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


UNCOVERED = """() => {
  const covered = [];
  for (const place of [0, 0.3, 0.6, 1]) {
    scrollTo(0, place * document.documentElement.scrollHeight);
    for (let x = 5; x < innerWidth; x += 10)
      for (const y of [innerHeight - 5, innerHeight - 30, innerHeight - 60, innerHeight - 90])
        if (document.elementFromPoint(x, y)?.closest(".up, .filter")) covered.push([place, x, y]);
  }
  return covered;
}"""
"""Points in the lower part of the window where a link or the search lies on the text."""


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_nothing_lies_on_the_text_of_a_phone(browser: Browser, tmp_path: Path, *, script: bool) -> None:
    """A button over the last lines hides what is to be pasted; at the end of the page nobody can scroll it away."""
    page = opened(browser, tmp_path, whole(), viewport={"width": 390, "height": 844}, java_script_enabled=script)
    if script:  # without one nothing can be asked of the page
        assert page.evaluate(UNCOVERED) == []
    last = page.locator("main > section").last.locator("> p").last
    page.mouse.wheel(0, 100_000)
    expect(last).to_be_in_viewport(ratio=1)
    back = page.get_by_role("link", name="Contents", exact=True)
    expect(back).to_be_in_viewport(ratio=1)
    link, text = back.bounding_box(), last.bounding_box()
    assert link is not None
    assert text is not None
    assert link["y"] + link["height"] <= 60 < text["y"]
    if script:
        page.get_by_label("Search").fill("text")
        page.mouse.wheel(0, 100_000)
        expect(last).to_be_in_viewport(ratio=1)
        told, text = page.locator("#shown").bounding_box(), last.bounding_box()
        assert told is not None
        assert text is not None
        assert text["y"] + text["height"] <= told["y"]
