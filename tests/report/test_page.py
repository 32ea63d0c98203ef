"""The sign-off page in a real browser: readable by everybody, asking nobody, inert whatever a target says."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from gonogo.record.archive import read_results
from gonogo.record.results import Outcome, Results
from gonogo.report.html import render_signoff
from tests.bench.page import grown
from tests.report.accounts import line
from tests.report.conftest import HOSTILE, check, results
from tests.report.sample import SAMPLE
from tests.support.chromium import assert_accessible, chromium

BESIDE = ("signoff-whole.html", "results.json", "evidence.json", "junit.xml", "pytest.html", "load/")
"""What the page links to in its own folder."""
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the browser driver's own


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests of this file."""
    with chromium() as found:
        yield found


def opened(browser: Browser, tmp_path: Path, shown: Results, *, unfolded: bool = False, **options: object) -> Page:
    """The page, in a window of its own, or the one beside it that has nothing folded."""
    for name, bare in (("signoff.html", False), ("signoff-whole.html", True)):
        (tmp_path / name).write_bytes(render_signoff(shown, whole=bare))
    path = tmp_path / ("signoff-whole.html" if unfolded else "signoff.html")
    page = browser.new_context(**options).new_page()  # type: ignore[arg-type]  # playwright's own keywords
    page.goto(path.as_uri())
    return page


def all_open(page: Page) -> Page:
    """With every fold unfolded, and what waited in it rendered."""
    page.wait_for_function(
        """() => {
          for (const one of document.querySelectorAll("details")) one.open = true;
          return !document.querySelector("[data-chunk]");
        }"""
    )
    return page


@pytest.mark.parametrize("which", ["go", "no_go", "hostile", "loaded"])
def test_accessible(browser: Browser, tmp_path: Path, request: pytest.FixtureRequest, which: str) -> None:
    """A signer with a screen reader, or at night, signs the same page."""
    page = opened(browser, tmp_path, request.getfixturevalue(which), color_scheme="light")
    all_open(page)
    assert_accessible(page)


def test_contrast_is_looked_at_in_both_schemes(browser: Browser, tmp_path: Path, go: Results) -> None:
    """A test of colours that sees none would pass on grey in grey."""
    page = opened(browser, tmp_path, go, color_scheme="light", bypass_csp=True)
    page.add_style_tag(content="@media (prefers-color-scheme: dark) { body * { color: #222; background: #333 } }")
    with pytest.raises(AssertionError, match="dark: "):
        assert_accessible(page)


@pytest.mark.parametrize("which", ["no_go", "hostile"])
def test_asks_nobody_and_runs_nothing(
    browser: Browser, tmp_path: Path, request: pytest.FixtureRequest, which: str
) -> None:
    """A page about secrets must not phone home, nor do what a target's banner says."""
    shown: Results = request.getfixturevalue(which)
    if which == "hostile":  # results.json may come from anywhere: even what gonogo itself validates may be anything
        shown = replace(shown, run=replace(shown.run, id=HOSTILE, environment=HOSTILE, gate=HOSTILE, base_url=HOSTILE))
    path = tmp_path / "signoff.html"
    path.write_bytes(render_signoff(shown))
    page = browser.new_page()
    asked: list[str] = []
    alerts: list[str] = []

    def noticed(dialog: Dialog) -> None:
        alerts.append(dialog.message)
        dialog.dismiss()

    page.on("request", lambda sent: asked.append(sent.url))
    page.on("dialog", noticed)
    page.goto(path.as_uri())
    all_open(page)
    for link in page.locator("a").all():
        assert str(link.get_attribute("href")).startswith(("#", "https://", "./", *BESIDE))
    assert asked == [path.as_uri()]
    assert not alerts
    assert page.locator("img, iframe, object, form, link").count() == 0
    assert page.locator("script").count() == 2, "ours, and the folded parts, which are text"


def test_hostile_text_is_shown_as_text(browser: Browser, tmp_path: Path, hostile: Results) -> None:
    """The reader sees what was sent, hidden characters spelled out."""
    text = all_open(opened(browser, tmp_path, hostile)).locator("main").inner_text()
    assert "<script>alert(1)</script>" in text
    assert "⟦U+202E⟧" in text
    assert "{{ 7*7 }}" in text
    assert not any(character in text for character in "\x00\x1b\u202e\u2066")
    assert HOSTILE not in text
    assert text.count("<script>alert(1)</script>") > 40, "shown wherever somebody wrote it"


def test_readable_without_javascript_and_on_a_phone(browser: Browser, tmp_path: Path, no_go: Results) -> None:
    """At launch somebody will read this on a telephone."""
    page = opened(
        browser, tmp_path, no_go, unfolded=True, java_script_enabled=False, viewport={"width": 320, "height": 700}
    )
    assert page.locator("h1").inner_text().endswith("NO-GO")
    page.locator("#tls-a > summary").click()
    assert page.locator("#tls-a").get_by_text("Repair it.").is_visible()
    sizes = page.context.browser.new_page() if page.context.browser else page
    sizes.set_viewport_size({"width": 320, "height": 700})
    sizes.goto(page.url)
    assert sizes.evaluate("document.documentElement.scrollWidth") <= 320


def test_same_results_are_the_same_bytes(no_go: Results) -> None:
    """Whoever doubts a page renders it again."""
    assert render_signoff(no_go) == render_signoff(no_go)


def nodes(page: Page) -> int:
    """Elements of the document: what waits in text is none."""
    return int(page.evaluate("document.querySelectorAll('*').length"))


def test_hundreds_of_checks_stay_light(browser: Browser, tmp_path: Path) -> None:
    """A page that a mail system refuses is not read; nothing is in it before somebody opens it."""
    facts = {"k": {"n": 1, "text": "x" * 500}}
    many = results([check(f"tls{number // 10}-{number}", facts={**facts, "m": number}) for number in range(500)])
    assert len(render_signoff(many)) < 2_000_000
    assert len(render_signoff(many, whole=True)) < 2_000_000
    lines = [line(f"a.l{number}", section=["List", f"Part {number // 10}"]) for number in range(200)]
    page = opened(browser, tmp_path, replace(results(many.checks[:200]), lines=lines))
    assert nodes(page) <= 3_000


def test_thousands_of_checks_stay_readable(browser: Browser, tmp_path: Path) -> None:
    """With facts as long as real ones; whoever needs all of them has evidence.json."""
    rows = [{"name": f"row {number}", "value": "x" * 40} for number in range(20)]
    why = "It matters to everybody who is awakened at night, and to those who pay for it."
    many = results(
        [
            check(f"tls-check-{number}", facts={"k": {"n": number, "rows": rows}}, why=why, fix=why)
            for number in range(5000)
        ]
    )
    for bare in (False, True):
        page = render_signoff(many, whole=bare)
        assert len(page) < 5_000_000
        assert b"gonogo checks ID" in page
    assert len(render_signoff(grown(read_results(SAMPLE / "results.json"), 5000))) < 5_000_000, (
        "also of checks as they are"
    )
    shown = opened(browser, tmp_path, many)
    assert nodes(shown) <= 8_000
    shown.goto(f"{shown.url}#tls-check-4321")
    assert shown.locator("#tls-check-4321 .again").is_visible(), "found in its fold, and opened"


def test_thousands_of_failures_are_folded(browser: Browser, tmp_path: Path) -> None:
    """The first of them are cards; the others wait."""
    page = opened(browser, tmp_path, results([check(f"a-{n}", Outcome.FAIL, f"broken {n}") for n in range(5000)]))
    assert nodes(page) <= 8_000
    assert page.locator(".problems > li").count() == 25
    assert "and 4975 more causes" in page.locator("main").inner_text()
    page.locator("details.more > summary").click()
    expect(page.locator("details.more .again button")).to_have_count(4975)


def test_first_screen_of_a_phone(browser: Browser, tmp_path: Path, no_go: Results) -> None:
    """Verdict, what was asked, first cause, fix, who acts, age and end: nothing of it below the fold."""
    owned = [replace(one, owner="devops") for one in no_go.checks]
    page = opened(browser, tmp_path, replace(no_go, checks=owned), viewport={"width": 390, "height": 844})
    for text in (
        "NO-GO",
        "gate pre-deploy",
        "Requirement not met: “Title of tls-a”",
        "start with tls-a: a.test at",
        "Repair it.",
        "devops",
        "Valid until",
    ):
        box = page.locator("header").get_by_text(text).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 844, text


def test_every_cause_has_its_command(browser: Browser, tmp_path: Path, no_go: Results) -> None:
    """With its button, on its card; and on the first screen, of a phone too, the one that runs everything again."""
    page = opened(browser, tmp_path, no_go, viewport={"width": 1280, "height": 900})
    for card in page.locator(".problems > li").all():
        name = card.locator("h3 a").inner_text()
        assert card.locator(".again code").inner_text().endswith(f"--only {name}")
        assert card.locator(".again button").count() == 1
    first = page.locator(".first .again")
    assert first.locator("code").inner_text() == "gonogo run --env staging --gate pre-deploy --release 3f2c1a9"
    for width, height in ((1280, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        assert first.locator("button").is_visible()
        heights = "one => [...one.querySelectorAll('code span')].map((word) => Math.round(word.clientHeight))"
        assert len(set(first.evaluate(heights))) == 1, "no line ends within --gate: somebody types what they read"
        assert first.evaluate("one => one.getBoundingClientRect().bottom <= innerHeight")


def test_a_verdict_that_is_over_says_so_itself(browser: Browser, tmp_path: Path, go: Results) -> None:
    """By the reader's clock; before that it says how old it is."""
    page = opened(browser, tmp_path, go)
    page.clock.install(time="2026-11-23T13:00:00Z")
    page.reload()
    assert "60 min old" in page.locator(".validity").inner_text()
    assert not page.locator("#expired").is_visible()
    page.clock.fast_forward("03:30:00")
    assert page.locator("#expired").is_visible()
    assert page.title().startswith("EXPIRED · GO")


def test_keyboard_reaches_the_search_at_once(browser: Browser, tmp_path: Path, no_go: Results) -> None:
    """A skip link first, the search among the first ten stops, a heading for every cause."""
    page = opened(browser, tmp_path, no_go)
    stops = []
    for _ in range(10):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert stops[0] == "skip"
    assert "search" in stops
    assert page.locator(".problems h3").count() == page.locator(".problems > li").count() == 3


def test_facts_that_were_cut_say_so() -> None:
    """Forty of a hundred rows must not look like all of them."""
    facts = {"rows": [{"n": number} for number in range(100)], "keys": {str(number): 1 for number in range(3000)}}
    page = render_signoff(results([check("tls-a", facts={"tls": facts})])).decode()
    assert "and 60 more, in evidence.json" in page
    assert "and 2960 more, in evidence.json" in page


def test_everything_that_matters_is_on_the_page(browser: Browser, tmp_path: Path, no_go: Results) -> None:
    """Verdict, sum, causes, why, fix, command, provenance: nothing needs another document."""
    page = opened(browser, tmp_path, no_go)
    all_open(page)
    text = page.locator("body").inner_text()
    for expected in (
        "5 = 1 fail + 1 could not check + 1 blocked + 2 not run; 0 unaccounted",
        "2026-11-23 12:00:00 UTC",
        "release",
        "It matters.",
        "gonogo run --env staging --gate pre-deploy --release 3f2c1a9 --only tls-a",
        "Root cause: tls-a at a.test · 192.0.2.1",
        f"sha256:{'e' * 64}",
        "narrowed to tls-a",
        "Technical lead",
        "TLSv1.3",
    ):
        assert expected.lower() in text.lower()
    assert Outcome.FAIL.value in text.lower()
