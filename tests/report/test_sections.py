"""The page's ten sections: all that the checklist, people and history say, in order, in a real browser."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from gonogo.report.html import Signature, render_signoff
from gonogo.report.lines import sections
from gonogo.report.wording import line_sum
from gonogo.results import (
    RESULTS,
    Attested,
    Change,
    Decision,
    ExceptionResult,
    Finding,
    History,
    LineResult,
    LineStatus,
    Outcome,
    PastRun,
    Results,
    RoleResult,
    Verdict,
    canonical,
)
from tests.report.conftest import AT, HOSTILE, check, results
from tests.report.test_page import browser, opened

__all__ = ["browser"]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the browser driver's own
DAY = timedelta(days=1)
TEN = (
    "2 Blockers",
    "3 Exceptions",
    "4 Sign-off by role",
    "5 By section",
    "6 Load and journeys",
    "7 Since the last run",
    "8 The whole checklist",
    "9 Environment and provenance",
    "10 Verify this report",
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
    return canonical(RESULTS.dump_python(made, mode="json"))


def all_open(page: Page) -> Page:
    """With every fold unfolded."""
    page.evaluate("document.querySelectorAll('details').forEach(found => found.open = true)")
    return page


def test_sections_stand_in_their_order(browser: Browser, tmp_path: Path) -> None:
    """A reader who knows one page knows all of them."""
    headings = opened(browser, tmp_path, whole()).locator("h2").all_inner_texts()
    assert tuple(headings) == TEN


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


def test_numbers_of_sections() -> None:
    """Leaves that the gate demands; the trend ends with this run."""
    first, second, _ = sections(whole())
    assert (first.done, first.total, list(first.trend)) == (2, 2, [(1, 2), (2, 2)])
    assert first.spark == "3.0,10.0 81.0,3.0"
    assert (second.done, second.total, second.spark) == (0, 2, "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("verdict", list(Verdict))
def test_accessible_in_every_verdict(browser: Browser, tmp_path: Path, verdict: Verdict, scheme: str) -> None:
    """Whatever it says, everybody can read it."""
    page = all_open(opened(browser, tmp_path, whole(verdict=verdict), color_scheme=scheme))
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


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
    assert page.locator("script").count() == 1
    assert text.count("<script>alert(1)</script>") > 20
    assert not any(character in text for character in "\x00\x1b\u202e\u2066")
    assert page.locator("a[href^='javascript']").count() == 0


def test_search_filter_anchor_and_copy(browser: Browser, tmp_path: Path) -> None:
    """With JavaScript; without it everything is shown, and nothing that would not work."""
    page = opened(browser, tmp_path, whole())
    page.locator("#search").fill("broken")
    assert page.locator("details.check:visible").count() == 1
    assert page.locator("#shown").inner_text() == "1 of 7 lines, 1 of 3 checks"
    page.locator("#search").fill("")
    page.locator("#outcome").select_option("pass")
    assert page.locator("details.check:visible").count() == 1
    page.goto(f"{page.url}#tls-b")
    assert page.locator("#tls-b").evaluate("found => found.open && !found.hidden")
    assert page.locator("#tls-b button.copy").count() == 1
    still = opened(browser, tmp_path, whole(), java_script_enabled=False)
    assert still.locator("details.check:visible").count() == 3
    assert still.locator("#search:visible, button:visible").count() == 0


def test_prints_whole(browser: Browser, tmp_path: Path) -> None:
    """The paper holds what the screen holds, folds and all; controls stay on the screen."""
    page = opened(browser, tmp_path, whole())
    page.emulate_media(media="print")
    assert page.locator("nav:visible, .filter:visible, button:visible").count() == 0
    assert page.locator("#tls-b").get_by_text("Repair it.").is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_signatures_on_the_sealed_page(browser: Browser, tmp_path: Path) -> None:
    """Who said what, where the empty fields were."""
    signature = Signature(
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
