"""The page's search: what it looks at, what it counts, and where it takes the reader."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from gonogo.record.results import LineStatus, Outcome, Results
from gonogo.verdict.decision import count
from tests.report.accounts import accounted, line, waived
from tests.report.conftest import check
from tests.report.test_page import browser, opened

__all__ = ["browser"]


def searched() -> Results:
    """A run with a fault whose name stands in every command and in a note, and in what few of its checks say."""
    checks = [
        check("tls-a"),
        check("tls-b", Outcome.FAIL, "the webhook is refused"),
        check("stripe-webhook", title="One", hint="look at dns"),
        check("dns-a", title="Webhook names resolve"),
        *(check(f"load-{number}") for number in range(40)),
    ]
    lines = [
        line("p", leaf=False),
        line("a.webhook", LineStatus.FAILED, parents=("p",), number=2),
        line("a.other", parents=("p",), number=3),
        line("b.unasked", demanded=False, number=4),
        line("c.c", section=["List", "Webhooks received"], number=5),
    ]
    made = accounted(checks, lines)
    run = replace(made.run, options=("--fault", "webhook-handles-twice"))
    return replace(made, run=run, provenance=replace(made.provenance, notes=["faults: webhook-handles-twice"]))


@pytest.mark.parametrize(
    ("words", "told", "checks"),
    [
        ("webhook", "2 of 3 lines, 3 of 44 checks", {"tls-b", "stripe-webhook", "dns-a"}),
        ("WEBHOOK refused", "0 of 3 lines, 1 of 44 checks", {"tls-b"}),
        ("tls", "0 of 3 lines, 2 of 44 checks", {"tls-a", "tls-b"}),
        ("part", "2 of 3 lines (and 2 that the sum does not count), 0 of 44 checks", set()),
        ("gonogo run", "0 of 3 lines, 0 of 44 checks", set()),
    ],
)
def test_finds_what_is_named_like_it(browser: Browser, tmp_path: Path, words: str, told: str, checks: set[str]) -> None:
    """By id, title, message or section, and not by the command that reproduces it; lines are counted as the sum does."""
    page = opened(browser, tmp_path, searched())
    page.locator("#search").fill(words)
    assert page.locator("#shown").inner_text() == told
    assert set(page.locator("details.check:visible").evaluate_all("found => found.map(one => one.id)")) == checks
    page.locator("#search").fill("")
    assert page.locator("#shown").inner_text() == ""
    assert page.locator("[hidden].check").count() == 0


@pytest.mark.parametrize("width", [390, 1440])
def test_first_hit_comes_into_view_and_focus_stays(browser: Browser, tmp_path: Path, width: int) -> None:
    """Whoever types at the top of the page sees the hit, how many there are, and goes on typing."""
    page = opened(browser, tmp_path, searched(), viewport={"width": width, "height": 700})
    page.locator("#search").press_sequentially("load-39")
    assert page.locator("#load-39 > summary").evaluate(
        "found => { const box = found.getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight; }"
    )
    told = page.locator("#shown")
    assert told.get_attribute("aria-live") == "polite"
    assert told.evaluate("told => told.getBoundingClientRect().right <= innerWidth")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("x")
    assert page.locator("#search").input_value() == "load-39x"
    assert told.inner_text() == "0 of 3 lines, 0 of 44 checks"


def test_menu_says_what_each_word_is_of(browser: Browser, tmp_path: Path) -> None:
    """A line and a check may both have failed, or be waived: whoever chooses one of them sees no other."""
    made = searched()
    checks, lines = [*made.checks, waived("dns-b")], [*made.lines, line("d.d", LineStatus.WAIVED)]
    page = opened(browser, tmp_path, replace(made, checks=checks, lines=lines, counts=count(checks)))
    names = page.locator("#outcome option").all_inner_texts()
    assert names[2:] == [
        "lines: verified",
        "lines: waived",
        "lines: failed",
        "checks: pass",
        "checks: FAIL",
        "checks: waived",
    ]
    for chosen, told in (
        ("lines: waived", "1 of 4 lines, 0 of 45 checks"),
        ("checks: waived", "0 of 4 lines, 1 of 45 checks"),
    ):
        page.locator("#outcome").select_option(chosen)
        assert page.locator("#shown").inner_text() == told
