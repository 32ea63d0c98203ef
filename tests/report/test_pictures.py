"""All pictures of the page in a real browser: readable by everybody, at every width, on paper, and without JavaScript."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.report.conftest import check, results
from tests.report.pictured import pictured
from tests.report.test_page import all_open, browser, nodes, opened
from tests.support.chromium import assert_accessible

__all__ = ["browser"]
ROOT = Path(__file__).parents[2]
FIGURES = ("#load\\.course", "#coverage", "#verdicts", "figure:has(.launch)", "figure:has(.graph)", "figure .track")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the browser driver's own


def unnamed(page: Page) -> list[str]:
    """Pictures that are neither told to who does not see them, nor stand beside the same in words."""
    script = """() => Array.from(document.querySelectorAll("svg:not(svg svg)"))
      .filter(one => !(one.getAttribute("role") === "img" && one.getAttribute("aria-label")) && one.ariaHidden !== "true")
      .map(one => one.outerHTML.slice(0, 200))"""
    found: list[str] = page.evaluate(script)
    return found


@pytest.mark.parametrize("unfolded", [pytest.param(False, marks=pytest.mark.whole), True])
def test_accessible_in_every_state(browser: Browser, tmp_path: Path, *, unfolded: bool) -> None:
    """Folded, opened, and the page that has everything; in light and in dark."""
    page = opened(browser, tmp_path, pictured(), unfolded=unfolded)
    assert_accessible(page)
    all_open(page)
    assert_accessible(page)
    assert unnamed(page) == []
    for figure in FIGURES:
        assert page.locator(figure).first.is_visible(), figure


def test_no_rule_of_the_page_forbids_them(browser: Browser, tmp_path: Path) -> None:
    """A style that the policy refuses is a picture without it; nothing is asked of anybody."""
    told: list[str] = []
    asked: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        told.append(message.text)

    page = opened(browser, tmp_path, pictured())
    page.on("console", heard)
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    all_open(page)
    assert told == []
    assert asked == [page.url]
    assert page.locator("[style]").count() == 0


@pytest.mark.parametrize("width", [320, 390, 1440])
def test_as_wide_as_the_page(browser: Browser, tmp_path: Path, width: int) -> None:
    """Nobody scrolls sideways, and the text of a picture is as large on a phone as elsewhere."""
    page = opened(browser, tmp_path, pictured(), unfolded=True, viewport={"width": width, "height": 800})
    all_open(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    tall = page.locator(".plot text").evaluate_all(
        "all => Math.min(...all.map(one => one.getBoundingClientRect().height))"
    )
    assert tall >= 11
    widest = page.locator(".plot text").evaluate_all(
        "all => Math.max(...all.map(one => one.getBoundingClientRect().right))"
    )
    assert widest <= width


def test_without_javascript_and_on_paper(browser: Browser, tmp_path: Path) -> None:
    """The page that has everything shows them to who runs no script, and prints them whole."""
    page = opened(browser, tmp_path, pictured(), unfolded=True, java_script_enabled=False)
    for figure in ("#load\\.course", "#coverage", "#verdicts"):
        assert page.locator(figure).is_visible(), figure
    page.emulate_media(media="print")
    for figure in FIGURES:
        assert page.locator(figure).first.is_visible(), figure
    assert len(page.pdf()) > 10_000


def test_pictures_leave_the_page_light(browser: Browser, tmp_path: Path) -> None:
    """With two hundred checks and every picture, nothing opened."""
    shown = pictured()
    many = [check(f"dns-{number}") for number in range(200)]
    page = opened(browser, tmp_path, replace(shown, checks=[*shown.checks, *many]))
    assert nodes(page) <= 1_500


def test_the_same_bytes_in_another_process() -> None:
    """Whatever its hashes are sown with: `gonogo verify` renders the page elsewhere and compares bytes."""
    script = (
        "import hashlib\nfrom gonogo.report.html import render_signoff\nfrom tests.report.pictured import pictured\n"
        "print(hashlib.sha256(render_signoff(pictured(), whole=True)).hexdigest())"
    )
    digests = {
        subprocess.run(  # noqa: S603 - ours
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_nothing_measured_draws_nothing(browser: Browser, tmp_path: Path) -> None:
    """A run without load, certificates, journeys, list, and history has no empty frames."""
    page = all_open(opened(browser, tmp_path, results([check("dns-a")])))
    assert page.locator("figure").count() == 0
