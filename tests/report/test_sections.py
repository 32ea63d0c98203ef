"""The page's ten sections: all that the checklist, people and history say, in order, in a real browser."""

import hashlib
import html
import io
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

from gonogo.record.declared import Attested, ExceptionResult, Finding, RoleResult
from gonogo.record.results import (
    Change,
    Decision,
    History,
    LineResult,
    LineStatus,
    Outcome,
    PastRun,
    Results,
    Verdict,
    canonical,
    plain_values,
)
from gonogo.report.html import ShownSignature, render_signoff
from gonogo.report.lines import sections
from gonogo.report.wording import line_sum
from tests.report.conftest import AT, HOSTILE, check, results
from tests.report.test_page import all_open, browser, opened
from tests.support.chromium import assert_accessible

__all__ = ["browser"]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the browser driver's own
DAY = timedelta(days=1)
HEADINGS = (
    "What blocks GO",
    "Waivers",
    "Sign-off by role",
    "By section",
    "Load, journeys and certificates",
    "Changes",
    "The whole checklist",
    "Environment and provenance",
    "Verify this report",
)


def line(identifier: str, status: LineStatus = LineStatus.VERIFIED, **more: Any) -> LineResult:  # noqa: ANN401 - fields
    """One line of a list."""
    fields: dict[str, Any] = {
        "text": f"Text of {identifier}",
        "number": 1,
        "section": ("List", "🏗️ First"),
        "parents": (),
        "leaf": True,
        "demanded": True,
        "why": f"why of {identifier}",
        **more,
    }
    return LineResult(id=identifier, status=status, **fields)


def attested(**changes: str) -> Attested:
    """By Davi."""
    fields: dict[str, Any] = {
        "by": "Davi",
        "role": "devops",
        "note": "looked",
        "evidence": "minutes.pdf",
        "sha256": "a" * 64,
        "url": "https://wiki.test/page",
        **changes,
    }
    return Attested(at=AT, until=AT + DAY, **fields)


def whole(text: str = "", verdict: Verdict = Verdict.NO_GO) -> Results:
    """Everything that a page can hold; with ``text`` in every field that a file or a person can fill."""

    def said(otherwise: str) -> str:
        return text or otherwise

    made = results([check("tls-a"), check("tls-b", Outcome.FAIL, said("broken")), check("tls-c", Outcome.WAIVED, "x")])
    lines = (
        line("p", leaf=False, text=said("Parent")),
        line("a.one", parents=("p",), checks=("tls-a",), text=said("One"), why=said("passed")),
        line("a.two", LineStatus.ATTESTED, parents=("p",), attested=attested(note=said("looked"), by=said("Davi"))),
        line(
            "b.three", LineStatus.FAILED, section=("List", said("Second")), checks=("tls-b",), why=said("tls-b: broken")
        ),
        line(
            "b.four",
            LineStatus.OPEN,
            section=("List", said("Second")),
            attested=attested(problem=said("it expired"), url=said("x")),
        ),
        line("b.else", demanded=False, section=("List", said("Second"))),
        line("s.lead", LineStatus.OPEN, section=("List", "Sign"), supports=("a.one", "b.four")),
    )
    waiver = {"reason": said("soon"), "risk": said("low"), "owner": said("Ana"), "approved_by": said("Bea")}
    made = replace(
        made,
        lines=lines,
        decision=Decision(verdict=verdict, reason=said("because"), blockers=1, open_lines=2),
        roles=(RoleResult(id="technical-lead", title=said("Technical lead"), statements=("s.lead",)),),
        exceptions=(ExceptionResult(check="tls-c", at=AT, until=AT + DAY, state="in force", **waiver),),
        findings=(Finding(subject=said("b.four"), message=said("it expired"), path=said("a.toml")),),
        history=History(
            changes=(
                Change(kind="fixed", subject=said("tls-a"), before=said("fail"), after="pass"),
                Change(kind="policy changed", subject="catalogue"),
            ),
            runs=(
                PastRun(
                    id="r1",
                    verdict=Verdict.GO,
                    started_at=AT - DAY,
                    release=said("abc"),
                    counts=made.counts,
                    sections={"🏗️ First": (1, 2)},
                ),
            ),
        ),
    )
    return canonical(plain_values(made))


def test_sections_stand_in_their_order(browser: Browser, tmp_path: Path) -> None:
    """A reader who knows one page knows all of them."""
    headings = opened(browser, tmp_path, whole()).locator("h2").all_inner_texts()
    assert tuple(headings) == HEADINGS


def test_every_line_is_there_once(browser: Browser, tmp_path: Path) -> None:
    """Ticked or not, demanded or not, with what it stands on."""
    shown = whole()
    page = all_open(opened(browser, tmp_path, shown))
    for one in shown.lines:
        assert page.locator(f"[id='line.{one.id}']").count() == 1
    text = page.locator("main").inner_text()
    for expected in (
        "Davi (devops), 2026-11-23, until 2026-11-24: looked",
        "Does not count: it expired.",
        "not asked for by this gate",
        "rests on 2 lines",
        "2 of 2",
        "soon",
        "a.toml",
        "Bea",
    ):
        assert expected in text
    header = page.locator("header").inner_text()
    assert f"{line_sum(shown)}; 0 unaccounted" in header
    assert "1 policy changed, 1 fixed" in header


def test_every_number_of_the_results_is_on_the_page(browser: Browser, tmp_path: Path) -> None:
    """With JavaScript off, and with all folds as they come: what was computed is what is read."""
    shown = whole()
    page = opened(browser, tmp_path, shown, unfolded=True, java_script_enabled=False)
    header = " ".join(page.locator("header").inner_text().split())
    digest = hashlib.sha256(shown.content).hexdigest()
    for expected in (
        "3 = 1 pass + 1 fail + 1 waived; 0 unaccounted",
        "5 = 1 verified + 1 attested + 1 failed + 2 open; 0 unaccounted",
        "Evidence of 2026-11-23 12:00:00 UTC.",
        "Run 20261123T120000Z-abcdef, took 4.1 s",
        "Valid until 2026-11-23 16:00:00 UTC, the end of the evidence (good for 4 h)",
        f"sha256:{digest}",
        "Technical lead ○ not signed, GO is refused 0 of 1 statements supported",
        "The rules changed as well: read them",
    ):
        assert expected in header
    matrix = page.locator(".matrix tr").all_inner_texts()
    rows = [" ".join(row.split()) for row in matrix]
    assert rows[1:] == [
        "First 1 1 0 0 0 0 ✔ 2 of 2",
        "Second 0 0 0 0 1 1 0 of 2 –",  # noqa: RUF001 - no trend
        "Sign 0 0 0 0 0 1 0 of 1 –",  # noqa: RUF001 - as above
        "All that the gate demands 1 1 0 0 1 2 2 of 5",
    ]
    spark = page.locator(".matrix svg")
    assert spark.get_attribute("aria-label") == "Done in each run, this one last: 1 of 2, 2 of 2"
    assert page.locator(".matrix svg title").text_content() == "1/2 → 2/2"
    assert page.get_by_text("1/2", exact=True).count() == 1


def test_folds_and_anchors_without_javascript(browser: Browser, tmp_path: Path) -> None:
    """A link to a check shows it, whatever is switched off."""
    page = opened(browser, tmp_path, whole(), unfolded=True, java_script_enabled=False)
    page.goto(f"{page.url}#tls-b")
    assert page.locator("#tls-b .again").is_visible()
    assert not page.locator("#tls-a .again").is_visible()


def test_policy_is_loud_and_the_first_run_says_so(browser: Browser, tmp_path: Path) -> None:
    """A verdict by other rules is another verdict."""
    page = opened(browser, tmp_path, whole())
    assert page.locator("#since ~ .changes h3").first.inner_text().startswith("≠ Policy changed")
    header = page.locator("header").inner_text()
    assert (
        "The previous run, 1 d earlier, was GO. What changed: 1 policy changed, 1 fixed. ≠ The rules changed as well"
        in header
    )
    first = opened(browser, tmp_path, replace(whole(), history=History()))
    assert "first run of this gate" in first.locator("main").inner_text()
    assert "This is the first run of this gate on record." in first.locator("header").inner_text()
    assert "first run" not in first.locator("[aria-labelledby=blockers]").inner_text(), "said once, not on each card"
    assert first.locator("#contents a[href='#since']").inner_text().startswith("Changes")
    quiet = replace(whole(), history=replace(whole().history, changes=(), since="r1"))
    assert "What changed: nothing is different." in opened(browser, tmp_path, quiet).locator("header").inner_text()
    lost = replace(whole(), history=replace(whole().history, changes=()))
    assert (
        "No earlier run can be compared with this one."
        in opened(browser, tmp_path, lost).locator("header").inner_text()
    )


def test_exceptions_say_what_became_of_them(browser: Browser, tmp_path: Path) -> None:
    """In force or not, who answers for it until when, and what was observed nevertheless."""
    made = whole()
    states: tuple[Any, ...] = ("in force", "stale", "expired", "not yet")
    several = replace(made, exceptions=[replace(made.exceptions[0], state=state) for state in states])
    cards = opened(browser, tmp_path, several).locator(".cards > li").all_inner_texts()
    assert [state in card for state, card in zip(states, cards, strict=True)] == [True] * 4
    for expected in ("soon", "low", "Ana", "Bea, 2026-11-23 12:00:00 UTC", "2026-11-24 12:00:00 UTC", "waived"):
        assert expected in cards[0]


def test_results_without_a_checklist(browser: Browser, tmp_path: Path, no_go: Results) -> None:
    """An old record is still a page, with three who sign."""
    page = opened(browser, tmp_path, no_go)
    assert page.locator("h2").all_inner_texts() == list(HEADINGS)
    assert "This run has no checklist." in page.locator("main").inner_text()
    assert page.locator(".roles > li").count() == 3
    page.locator("#search").fill("resolver")
    assert page.locator("#shown").inner_text() == "0 of 0 lines, 1 of 5 checks"


def test_commands_are_safe_to_paste(no_go: Results) -> None:
    """A release is whatever somebody named it."""
    evil = replace(no_go, run=replace(no_go.run, release="x; rm -rf ~", environment="a b"))
    page = html.unescape(render_signoff(evil).decode())
    assert "--release 'x; rm -rf ~' --max-age" in page
    assert "gonogo run --env 'a b' --gate pre-deploy --only tls-a" in page


def test_numbers_of_sections() -> None:
    """Leaves that the gate demands; the trend ends with this run."""
    first, second, _ = sections(whole())
    assert (first.done, first.total, list(first.trend)) == (2, 2, [(1, 2), (2, 2)])
    assert first.spark == "3.0,10.0 81.0,3.0"
    assert (second.done, second.total, second.spark) == (0, 2, "")


@pytest.mark.parametrize("verdict", list(Verdict))
def test_accessible_in_every_verdict(browser: Browser, tmp_path: Path, verdict: Verdict) -> None:
    """Whatever it says, everybody can read it, at night too."""
    assert_accessible(all_open(opened(browser, tmp_path, whole(verdict=verdict), color_scheme="light")))


@pytest.mark.parametrize("width", [320, 768, 1440])
def test_never_wider_than_its_window(browser: Browser, tmp_path: Path, width: int) -> None:
    """Nobody scrolls sideways to find the verdict."""
    for shown in (whole(), whole("x" * 400)):
        page = all_open(opened(browser, tmp_path, shown, viewport={"width": width, "height": 900}))
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_whatever_people_write_is_inert(browser: Browser, tmp_path: Path) -> None:
    """A heading, a note, a waiver, an owner: each could be an attack on the three who sign."""
    path = tmp_path / "signoff.html"
    path.write_bytes(render_signoff(whole(HOSTILE)))
    page = browser.new_page()
    asked: list[str] = []
    alerts: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url))
    page.on("dialog", lambda dialog: alerts.append(dialog.message))
    page.goto(path.as_uri())
    all_open(page)
    text = page.locator("body").inner_text()
    assert asked == [path.as_uri()]
    assert not alerts
    assert page.locator("img, iframe, object, form, link").count() == 0
    assert page.locator("script").count() == 2
    assert text.count("<script>alert(1)</script>") > 20
    assert not any(character in text for character in "\x00\x1b\u202e\u2066")
    assert page.locator("a[href^='javascript']").count() == 0


def test_search_filter_anchor_and_copy(browser: Browser, tmp_path: Path) -> None:
    """With JavaScript; without it everything is shown, and nothing that would not work."""
    page = opened(browser, tmp_path, whole(), permissions=["clipboard-read", "clipboard-write"])
    page.locator("#search").fill("broken")
    assert page.locator("details.check:visible").count() == 1
    assert page.locator("#shown").inner_text() == "1 of 5 lines, 1 of 3 checks"
    page.locator("#search").fill("")
    page.locator("#outcome").select_option("checks: pass")
    assert page.locator("details.check:visible").count() == 1
    page.locator("#outcome").select_option("trouble")
    assert page.locator("#shown").inner_text() == "3 of 5 lines, 2 of 3 checks"
    page.locator("#outcome").select_option("lines: attested")
    assert page.locator(".tree li:visible").count() == 2, "a line, and its parent for its sake"
    assert page.locator("details.check:visible").count() == 0
    page.goto(f"{page.url}#tls-b")
    assert page.locator("#tls-b").evaluate("found => found.open && !found.hidden")
    assert page.locator("#tls-b button.copy").count() == 1
    page.locator("#tls-b button.copy").click()
    assert (
        page.evaluate("navigator.clipboard.readText()")
        == "gonogo run --env staging --gate pre-deploy --release 3f2c1a9 --only tls-b"
    )
    page.goto(f"{page.url.partition('#')[0]}#line.b.three")
    assert page.locator("[id='line.b.three']").is_visible()
    still = opened(browser, tmp_path, whole(), unfolded=True, java_script_enabled=False)
    assert still.locator("details.check:visible").count() == 3
    assert still.locator("#search:visible, button:visible").count() == 0


def test_prints_whole(browser: Browser, tmp_path: Path) -> None:
    """The paper holds what the screen holds, folds and all; controls stay on the screen."""
    page = opened(browser, tmp_path, whole(), unfolded=True)
    page.locator("#outcome").select_option("checks: pass")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("details:not([open]), .tree [hidden], .check[hidden]").count() == 0
    text = page.locator("main").inner_text()
    assert "TLSv1.3" in text
    assert "minutes.pdf" in text
    assert "sha256:aaaa" in text
    assert page.locator("nav:visible, .filter:visible, button:visible").count() == 0
    assert page.locator("#tls-b").get_by_text("Repair it.").is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.check:not([hidden])").count() == 1, "the reader's own filter comes back"


def test_few_sheets_to_sign(browser: Browser, tmp_path: Path) -> None:
    """However much there is: at most six, and each says which run it is of."""
    shown = whole()
    many = [check(f"a-{number}", Outcome.FAIL, f"broken {number} " * 20) for number in range(60)]
    lines = [line(f"z.{number}", LineStatus.OPEN, section=("List", f"Part {number}")) for number in range(60)]
    crowded = replace(
        shown, checks=[*shown.checks, *many], lines=[*shown.lines, *lines], exceptions=[*shown.exceptions] * 30
    )
    for told in (shown, crowded):
        page = opened(browser, tmp_path, told)
        paper = PdfReader(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True)))
        assert len(paper.pages) <= 6
        for number, sheet in enumerate(paper.pages, 1):
            text = "".join(sheet.extract_text().split())
            assert f"NO-GO·{told.run.id}·results.jsonsha256:{told.digest}" in text
            assert f"{number}of{len(paper.pages)}" in text
    assert "On paper: the" in " ".join(sheet.extract_text() for sheet in paper.pages)


def test_prints_whole_without_javascript(browser: Browser, tmp_path: Path) -> None:
    """The style alone unfolds everything."""
    page = opened(browser, tmp_path, whole(), unfolded=True, java_script_enabled=False)
    page.emulate_media(media="print")
    assert page.locator("#tls-a .again").is_visible()
    assert page.locator("#tls-a .facts").first.is_visible()


def test_signatures_on_the_sealed_page(browser: Browser, tmp_path: Path) -> None:
    """Who said what, where the empty fields were."""
    signature = ShownSignature(
        role="technical-lead",
        signer="Tomás",
        decision="HOLD",
        comment="wait",
        time=AT,
        file="technical-lead.sigstore.json",
    )
    path = tmp_path / "sealed.html"
    path.write_bytes(render_signoff(whole(), [signature]))
    page = browser.new_page()
    page.goto(path.as_uri())
    assert "Technical lead ✖ HOLD, Tomás" in " ".join(page.locator("header").inner_text().split())
    assert "HOLD, Tomás, 2026-11-23 12:00:00 UTC" in page.locator(".roles").inner_text()
    assert page.locator(".field").count() == 0


def test_policy_has_hashes_only() -> None:
    """Nothing inline runs but what we wrote."""
    page = render_signoff(whole()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy
    assert "unsafe" not in policy[1]
    assert not re.search(r"<[^>]* (?:style|on[a-z]+)=", page.partition("<body>")[2].partition("<script>")[0])
