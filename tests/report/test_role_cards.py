"""What the card of a role says: whether it may sign GO, by the rule of ``gonogo sign``, and how."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser

from gonogo.record.declared import RoleResult
from gonogo.record.results import LineStatus, Outcome, Results
from tests.report.accounts import accounted, attested, line
from tests.report.conftest import check
from tests.report.test_page import browser, opened

__all__ = ["browser"]
ROLES = (
    RoleResult(id="technical-lead", title="Technical lead", statements=("s.fast", "s.met")),
    RoleResult(id="devops", title="DevOps", statements=("s.run",)),
)
COMMAND = "gonogo sign reports/staging/20261123T120000Z-abcdef --role"


def signable(outcome: Outcome, fast: LineStatus, met: LineStatus) -> Results:
    """A run with two roles, and the statements that they sign."""
    stands = {"s.fast": fast, "s.met": met, "s.run": LineStatus.SUPPORTED}
    lines = [line(name, status, supports=["a.a"]) for name, status in stands.items()]
    return accounted([check("tls-a", outcome, "closed")], [line("a.a"), *lines], roles=ROLES)


def test_card_says_what_keeps_the_role_from_go(browser: Browser, tmp_path: Path) -> None:
    """The verdict, and each statement by its text; what remains is the command to copy."""
    page = opened(browser, tmp_path, signable(Outcome.FAIL, LineStatus.OPEN, LineStatus.FAILED))
    lead, devops = page.locator(".roles > li").all()
    assert (
        "You may sign NO-GO or HOLD. GO is refused: the verdict is NO-GO; “Text of s.fast” is open, “Text of s.met” failed."
        in lead.inner_text()
    )
    assert f"{COMMAND} technical-lead --decision no-go" in lead.inner_text()
    assert "GO is refused: the verdict is NO-GO." in devops.inner_text()
    assert "Text of s.run” " not in devops.locator(".may").inner_text()
    assert lead.locator("button.copy").count() == 1
    how = lead.locator(".how").inner_text()
    assert "To decide otherwise: --decision hold or no-go" in how
    meanings = page.locator("#signatures + p").inner_text()
    assert "HOLD, not yet" in meanings
    assert "HOLD and NO-GO of any role stop the launch" in meanings
    assert "gonogo key new --role technical-lead --name NAME" in how
    assert "gonogo sign" in page.locator("[aria-labelledby=verify]").inner_text()


def test_card_says_that_the_role_may_sign_go_and_until_when(browser: Browser, tmp_path: Path) -> None:
    """Until the evidence is too old, or an attestation ends before that."""
    may = signable(Outcome.PASS, LineStatus.SUPPORTED, LineStatus.SUPPORTED)
    page = opened(browser, tmp_path, may)
    cards = page.locator(".roles > li .may").all_inner_texts()
    fresh = "You may sign GO, until 2026-11-23 16:00:00 UTC, the end of the evidence (good for 4 h)."
    assert cards == [fresh] * 2
    assert f"{COMMAND} devops --decision go" in page.locator(".roles").inner_text()
    brief = attested(until=may.run.started_at + timedelta(hours=1))
    spoken = replace(may, lines=[line("a.b", LineStatus.ATTESTED, attested=brief), *may.lines])
    ending = "You may sign GO, until 2026-11-23 13:00:00 UTC, the end of Ana Dias's attestation of a.b."
    assert opened(browser, tmp_path, spoken).locator(".may").all_inner_texts() == [ending] * 2


def test_boxes_to_sign_in_are_on_paper_only(browser: Browser, tmp_path: Path) -> None:
    """On the screen they would look like a form; on paper no box invites to what is refused."""
    page = opened(browser, tmp_path, signable(Outcome.FAIL, LineStatus.SUPPORTED, LineStatus.SUPPORTED))
    assert page.locator(".field:visible").count() == 0
    page.emulate_media(media="print")
    assert page.locator(".field:visible").count() == 2
    assert "☐ NO-GO" in page.locator(".field").first.inner_text()
    assert "☐ GO" not in page.locator(".roles").inner_text()
