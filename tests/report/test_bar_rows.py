"""Rows of bars: the words say all that the bars do, and nothing is too small to be seen."""

from dataclasses import replace

import pytest

from gonogo.record.results import History, LineStatus, Outcome, PastRun, Results, Verdict
from gonogo.report.bar_rows import coverage, coverage_key, stacked, verdict_history
from gonogo.report.html import render_signoff
from gonogo.report.lines import sections
from tests.report.accounts import line
from tests.report.conftest import AT, check, results


def listed() -> Results:
    """Two sections, the second of which the gate does not ask for."""
    first = [line(f"a.{number}", status) for number, status in enumerate(LineStatus)]
    group = line("b.g", leaf=False, section=["List", "Other"])
    second = [line(f"b.{number}", LineStatus.OPEN, demanded=False, section=["List", "Other"]) for number in range(2)]
    return replace(results([check("tls-a")]), lines=[*first, group, *second])


def test_coverage_counts_every_line_once() -> None:
    """Verified, attested, waived, open and not asked, the whole list first; groups are no lines."""
    rows = coverage(sections(listed()))
    assert [(row.title, row.words) for row in rows] == [
        (
            "The whole checklist",
            "☑ 1 verified · ☑ 1 attested · ◐ 1 supported · ◇ 1 waived · ☒ 1 failed · ☐ 1 open · – 2 not asked",  # noqa: RUF001 - as on the page
        ),
        ("Part", "☑ 1 verified · ☑ 1 attested · ◐ 1 supported · ◇ 1 waived · ☒ 1 failed · ☐ 1 open"),
        ("Other", "– 2 not asked"),  # noqa: RUF001 - as on the page
    ]
    assert [row.link for row in rows] == ["", "section.1", "section.2"]
    assert [(one.kind, one.x, one.width) for one in rows[2].parts] == [("not-asked", "0%", "100%")]
    assert [words.partition(" ")[2] for words, _ in coverage_key(rows)] == [*LineStatus, "not asked by this gate"]


def test_kinds_differ_in_more_than_colour() -> None:
    """Printed in black, or seen by who cannot tell red from green: what is done, what failed, and what is open or not asked."""
    looks = {one.kind: (one.y, one.height) for _, one in coverage_key(coverage(sections(listed())))}
    assert len({looks[kind] for kind in ("verified", "attested", "supported", "waived", "failed", "not-asked")}) == 6


@pytest.mark.parametrize("many", [1, 10, 5000])
def test_one_of_thousands_is_seen(many: int) -> None:
    """The one that failed."""
    parts = stacked({"pass": many, "warn": 0, "fail": 1})
    assert [one.kind for one in parts] == ["pass", "fail"]
    assert float(parts[1].width[:-1]) > 1
    assert float(parts[0].width[:-1]) + float(parts[1].width[:-1]) == pytest.approx(100, abs=0.02)


def test_verdicts_of_earlier_runs_stand_beside_this_one() -> None:
    """In words and shapes, the oldest first; counts of another version that are not known are none."""
    past = PastRun(id="r1", verdict=Verdict.INCOMPLETE, started_at=AT, release=None, counts={"odd": 3}, sections={})
    shown = results([check("tls-a"), check("tls-b", Outcome.NOT_RUN)])
    rows = verdict_history(replace(shown, history=History(runs=[past])))
    assert [(row.title, row.words) for row in rows] == [
        ("◌ INCOMPLETE", "2026-11-23 12:00 UTC: no check was planned"),
        ("◌ INCOMPLETE", "2026-11-23 12:00 UTC, this run: ✔ 1 pass · ○ 1 not run"),
    ]
    assert [one.kind for one in rows[1].parts] == ["pass", "not-run"]
    assert rows[0].parts == []


def test_a_first_run_and_a_run_without_a_list_draw_nothing() -> None:
    """No frame around nothing."""
    bare = results([check("tls-a")])
    assert (verdict_history(bare), coverage(sections(bare))) == ([], [])
    page = render_signoff(bare).decode()
    assert "How each section is covered" not in page
    assert "The verdict of each run" not in page


def test_hundreds_of_sections_are_folded() -> None:
    """Their bars wait until somebody opens them."""
    lines = [line(f"a.l{number}", section=["List", f"Part {number}"]) for number in range(200)]
    page = render_signoff(replace(results([check("tls-a")]), lines=lines)).decode()
    before, _, waiting = page.partition('<script type="text/plain"')
    assert "Coverage of 200 sections as bars" in before
    assert "How each section is covered" in waiting
    assert "How each section is covered" not in before
