"""The live page in a real browser: on a phone and on a wall, living while it lives, and BLIND by itself when it does not."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from gonogo.evidence.watch import Reading
from gonogo.watching import server
from gonogo.watching.facts import LiveFacts
from gonogo.watching.rows import LiveState, Word
from gonogo.watching.server import LivePage
from gonogo.watching.state import live_state
from tests.support.chromium import assert_accessible, chromium
from tests.watching.samples import BEGAN, Day, full, launch_section, watch_section

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the browser driver's own
PHONE, WALL = {"width": 390, "height": 844}, {"width": 1920, "height": 1080}
WORD = "document.querySelector('h1').textContent"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests of this file."""
    with chromium() as found:
        yield found


@pytest.fixture
def served() -> Iterator[LivePage]:
    """On loopback."""
    with LivePage() as page:
        yield page


def state(word: Word, every: str = "15 s") -> LiveState:
    """A day with a restart and a quiet hour, which came to this."""
    day = Day(watch_section(every=every))
    day.rounds_until(3000)
    day.at += 360
    day.rounds_until(4000, uploads_failing=Reading(at=0, value=0.5, events=2))
    if word == Word.LOOK:
        day.rounds_until(5000, database=Reading(at=0, value=None, missing="connection refused"))
    if word == Word.ABORT:
        slow = Reading(at=0, value=1.7, events=900)
        day.rounds_until(5000, api_errors=Reading(at=0, value=0.12, events=900), api_slow=slow)
        day.rounds_until(5300, api_errors=Reading(at=0, value=0.12, events=900))
    late = timedelta(minutes=2) if word == Word.BLIND else timedelta()
    shown = live_state(full(day), launch_section(), day.watch, day.last + late)
    assert shown.word == word
    return shown


def opened(browser: Browser, served: LivePage, **options: object) -> Page:
    """The page, in a window of its own."""
    page = browser.new_context(**options).new_page()  # type: ignore[arg-type]  # playwright's own keywords
    page.goto(served.url)
    return page


def wait_for(page: Page, word: str, seconds: float = 20) -> None:
    """Until this word is on the page."""
    expect(page.locator("h1")).to_have_text(word, timeout=seconds * 1000)


@pytest.mark.parametrize(("word", "size"), [*((word, PHONE) for word in Word), (Word.ABORT, WALL)], ids=str)
def test_accessible_on_a_phone_and_on_a_wall(
    browser: Browser, served: LivePage, word: Word, size: dict[str, int]
) -> None:
    """In light and dark, and with nothing to scroll for sideways."""
    served.publish(state(word))
    page = opened(browser, served, color_scheme="light", viewport=size)
    page.evaluate("document.querySelectorAll('details').forEach(found => found.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    expect(page.locator("h1")).to_have_text(word)
    assert_accessible(page)
    page.context.close()


@pytest.mark.parametrize("word", list(Word))
def test_readable_from_five_metres(browser: Browser, served: LivePage, word: Word) -> None:
    """On 55 inches a point of 1920 is 0.63 mm; five metres ask for letters of 25 mm, which is a size of 40 and more."""
    served.publish(state(word))
    page = opened(browser, served, viewport=WALL)
    assert page.evaluate("document.documentElement.scrollWidth") <= WALL["width"]
    for name, smallest in (("h1", 150), (".clock", 80), (".reason", 48)):
        # In one step: an event that renders the page anew takes away an element that was found before.
        size = "name => parseFloat(getComputedStyle(document.querySelector(name)).fontSize)"
        assert page.evaluate(size, name) > smallest, name
        bottom = "name => document.querySelector(name).getBoundingClientRect().bottom"
        assert page.evaluate(bottom, name) < WALL["height"] / 2, "nobody scrolls a wall"
    page.context.close()


def test_lives_by_events(browser: Browser, served: LivePage) -> None:
    """Within two seconds; a machine that is too busy once is not so three times. Rounds are too far apart to help."""
    well, abort = replace(state(Word.ALL_WELL), every=3600.0), replace(state(Word.ABORT), every=3600.0)
    served.publish(well)
    page = opened(browser, served)
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url))
    in_time = 0
    for shown in (abort, well, abort):
        served.publish(shown)
        try:
            wait_for(page, shown.word, seconds=2)
            in_time += 1
        except AssertionError:
            wait_for(page, shown.word)
    assert in_time
    assert page.title() == "ABORT · WorkMe · production"
    assert page.locator("#said").inner_text() == "ABORT"
    # On a busy machine the stream of events may be opened only now.
    assert asked in ([], [f"{served.url}events"]), "it did not ask again"


def test_comes_by_itself_after_the_first_round(browser: Browser, served: LivePage) -> None:
    """Somebody opens the page while the watch starts: nobody has to think of asking again."""
    page = opened(browser, served)
    expect(page.locator("body")).to_contain_text("The first round has not ended yet")
    served.publish(state(Word.ALL_WELL))
    wait_for(page, Word.ALL_WELL, seconds=60)


def test_asks_nobody_else(browser: Browser, served: LivePage) -> None:
    """A page about a launch must not phone home."""
    served.publish(state(Word.ALL_WELL))
    asked, troubles = list[str](), list[str]()
    page = browser.new_context().new_page()
    page.on("request", lambda sent: asked.append(sent.url))
    page.on("console", lambda said: troubles.append(said.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(served.url)
    served.publish(state(Word.LOOK))
    wait_for(page, Word.LOOK)
    assert {url for url in asked if not url.startswith("data:")} == {served.url, f"{served.url}events"}
    assert not troubles
    assert page.locator("img, iframe, object, form, script[src]").count() == 0


def test_blind_after_two_rounds_and_after_a_sleep(browser: Browser, served: LivePage) -> None:
    """The browser's clock is moved as a lid that was closed moves it; what comes again, heals."""
    well = state(Word.ALL_WELL)
    page = browser.new_context().new_page()
    page.clock.install()
    served.publish(well)
    page.goto(served.url)
    page.clock.run_for(2000)
    wait_for(page, Word.ALL_WELL)
    page.clock.fast_forward(20_000)
    assert page.evaluate(WORD) == Word.ALL_WELL
    page.clock.fast_forward(10_000)
    assert page.evaluate(WORD) == Word.BLIND
    assert "Nothing came from the watch for 3" in page.locator(".reason").inner_text()
    assert page.title() == "BLIND · WorkMe · production"
    assert page.locator("#said").inner_text() == "BLIND"
    assert_accessible(page)
    served.publish(well)
    wait_for(page, Word.ALL_WELL)
    page.clock.fast_forward(8 * 3600_000)
    assert page.evaluate(WORD) == Word.BLIND


def test_clock_and_age_go_on_between_rounds(browser: Browser, served: LivePage) -> None:
    """A number that moves tells the room that the page lives."""
    page = browser.new_context().new_page()
    page.clock.install(time=1_800_000_000)
    before = Day(watch_section())
    before.rounds_until(3600)
    served.publish(live_state(before.facts(), launch_section(), before.watch, before.last))
    page.goto(served.url)
    page.clock.pause_at(1_800_000_009)
    first = page.locator(".clock").inner_text()
    page.clock.run_for(4000)
    second = page.locator(".clock").inner_text()
    assert first.startswith("T−01:00:")  # noqa: RUF001 - a minus
    seconds = [int(text[-2:]) + 60 * int(text[-5:-3]) for text in (first, second)]
    assert seconds[0] - seconds[1] == 4
    assert "Last round" in page.locator(".seen").inner_text()


SERVE = """
import sys, time
from gonogo.watching.server import LivePage
from tests.watching.test_live_page import state
from gonogo.watching.rows import Word
page = LivePage()
print(page.start(), flush=True)
shown = state(Word.ALL_WELL, every="1 s")
while True:
    page.publish(shown)
    time.sleep(1)
"""


def test_blind_when_the_watcher_is_killed(browser: Browser) -> None:
    """With kill -9: nobody says goodbye, and nobody is told that all is well."""
    root = Path(__file__).parents[2]
    watcher = subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE, text=True, cwd=root)  # noqa: S603 - ours
    try:
        assert watcher.stdout is not None
        url = watcher.stdout.readline().strip()
        page = browser.new_context().new_page()
        page.goto(url)
        wait_for(page, Word.ALL_WELL)
    finally:
        watcher.kill()
        watcher.communicate(timeout=20)
    wait_for(page, Word.BLIND)


def test_whole_without_javascript(browser: Browser, served: LivePage) -> None:
    """It reloads by itself."""
    served.publish(replace(state(Word.ALL_WELL), every=1.0))
    page = opened(browser, served, java_script_enabled=False, viewport=PHONE)
    assert page.locator("h1").inner_text() == Word.ALL_WELL
    assert page.locator("svg[role=img]").count() == 5
    served.publish(replace(state(Word.ABORT), every=1.0))
    page.get_by_role("heading", name="ABORT").wait_for(timeout=20_000)
    page.get_by_role("heading", name="BLIND").wait_for(timeout=20_000)


def test_asks_again_where_events_are_refused(
    browser: Browser, served: LivePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thirty-third browser of the room lives as well, if slower."""
    monkeypatch.setattr(server, "MOST_LISTENERS", 0)
    served.publish(replace(state(Word.ALL_WELL), every=1.0))
    page = opened(browser, served)
    served.publish(replace(state(Word.ABORT), every=60.0))
    wait_for(page, Word.ABORT)


def test_what_somebody_opened_stays_open(browser: Browser, served: LivePage) -> None:
    """A round must not close what is being read, nor take the keyboard away."""
    day = Day()
    for until in (600, 1200):
        day.rounds_until(until - 300, api_slow=Reading(at=0, value=2.0, events=900))
        day.rounds_until(until)
    served.publish(live_state(full(day), launch_section(), day.watch, day.last))
    page = opened(browser, served)
    page.locator("#over summary").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.getElementById('over').open")
    day.rounds_until(1500, api_slow=Reading(at=0, value=2.0, events=900))
    served.publish(live_state(full(day), launch_section(), day.watch, day.last))
    wait_for(page, Word.LOOK)
    assert page.evaluate("document.getElementById('over').open")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


@pytest.mark.whole
@pytest.mark.parametrize("every", [64, 4])
def test_a_day_leaves_no_more_nodes_than_an_hour(browser: Browser, served: LivePage, every: int) -> None:
    """24 hours of rounds in short, with alerts that come and go: parts are replaced, and what was replaced is freed.

    The whole day is 1,440 events, each of which is on the page before the next one is sent.
    """
    day, sizes, events = Day(), list[tuple[float, float]](), 0
    served.publish(
        live_state(
            LiveFacts(service="WorkMe", environment="production", began=BEGAN), launch_section(), day.watch, BEGAN
        )
    )
    page = opened(browser, served)
    browser_side = page.context.new_cdp_session(page)
    browser_side.send("Performance.enable")
    while day.at < 86400:
        bad = {"api_slow": Reading(at=0, value=2.0, events=900)} if day.rounds % 120 < 30 else {}
        day.round(**bad)
        if day.rounds % every:
            continue
        served.publish(live_state(full(day), launch_section(), day.watch, day.last))
        expect(page.locator(".seen")).to_contain_text(f"number {day.rounds},", timeout=60_000)
        events += 1
        if events % max(1, 16 // every):
            continue
        if len(sizes) % 8 == 0:
            browser_side.send("HeapProfiler.collectGarbage")
        counted = {row["name"]: row["value"] for row in browser_side.send("Performance.getMetrics")["metrics"]}
        sizes.append((page.evaluate("document.querySelectorAll('*').length"), counted["Nodes"]))
    half = len(sizes) // 2
    shown, kept = zip(*sizes[half:], strict=True)
    assert events == 5760 // every
    assert len(sizes) > 80
    assert max(shown) <= 1.1 * max(size for size, _ in sizes[:half]), "of the document"
    assert min(kept[-16:]) <= 1.1 * max(size for _, size in sizes[:half]), "of the browser's memory"
