"""The section of changes: what newly fails stands open, and the command that compares in the terminal is named."""

import html
import re
from collections.abc import Sequence

import pytest

from gonogo.record.results import Change, History, PastRun, Verdict
from gonogo.report.html import render_signoff
from tests.report.accounts import accounted
from tests.report.conftest import AT, HOSTILE, check


def section(changes: Sequence[Change], since: str = "r1") -> str:
    """What the page shows of them before anything is opened."""
    past = PastRun(id=since, verdict=Verdict.GO, started_at=AT, release="", counts={"planned": 1}, sections={})
    told = accounted([check("tls-a")], history=History(changes=changes, runs=[past], since=since))
    page = render_signoff(told).decode()
    return page.partition('<section aria-labelledby="since">')[2].partition("</section>")[0]


def several(kind: str, number: int) -> list[Change]:
    """So many of one kind."""
    return [Change(kind=kind, subject=f"{kind[:3]}-{n}", before="pass", after="fail") for n in range(number)]  # type: ignore[arg-type]  # one of its literals


@pytest.mark.parametrize("kind", ["newly failing", "weakened"])
def test_what_newly_fails_is_open_while_lesser_news_are_folded(kind: str) -> None:
    """Seven failures were folded below two warnings that were not: whoever skims saw the warnings only."""
    told = section([*several(kind, 20), *several("fixed", 17)])
    assert [f"<b>{kind[:3]}-{n}</b>" in told for n in (0, 19)] == [True, True]
    assert "All 17</summary>" in told
    assert "<b>fix-0</b>" not in told


def test_thousands_that_newly_fail_do_not_fill_the_page() -> None:
    """The first of them stand open, and the others wait."""
    told = section(several("newly failing", 5000))
    assert told.count("<b>new-") == 25
    assert "and 4975 more</summary>" in told


def test_it_names_the_command_that_compares() -> None:
    """Whoever reads the page at a terminal does not look it up; what a file says cannot be run by it."""
    assert "<code>gonogo diff r1 20261123T120000Z-abcdef</code>" in section([])
    (command,) = re.findall(r"<code>(gonogo diff .*?)</code>", section([], HOSTILE))
    assert html.unescape(command).startswith("gonogo diff '<script>")
