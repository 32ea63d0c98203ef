"""What a check was judged by: observed, wanted and the margin, in words; earlier outcomes as a strip."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gonogo.base.comparing import at_least, at_most, below, equal, nothing, noting
from gonogo.record.results import History, Outcome, PastRun, Results, Verdict
from gonogo.report.detail import render_check
from gonogo.report.html import render_signoff
from gonogo.report.measured import Measured, earlier_outcomes, measured
from gonogo.report.wording import standing
from tests.report.conftest import AT, check, results

MIB = 2**20


def judged(outcome: Outcome, *judges: Callable[[], bool]) -> Results:
    """One check that was judged by these."""
    one = check("tls-a", outcome, "" if outcome is Outcome.PASS else "too late")
    noted: dict[Any, Any] = {}
    try:
        with noting() as noted:
            assert sum(judge() for judge in judges) == len(judges), "one of them is missed"
    except AssertionError:
        pass
    return results([replace(one, observations=[replace(one.observations[0], measured=tuple(noted.values()))])])


def rows(outcome: Outcome, *judges: Callable[[], bool]) -> list[Measured]:
    """As people read it."""
    return list(measured(judged(outcome, *judges).checks[0].observations[0]))


@pytest.mark.parametrize(
    ("judge", "line"),
    [
        (lambda: at_most(timedelta(milliseconds=2.5), timedelta(milliseconds=60), "p95"), "2.5 ms · wanted at most 60 ms · margin 57.5 ms"),
        (lambda: at_most(timedelta(milliseconds=90), timedelta(milliseconds=60), "p95"), "90 ms · wanted at most 60 ms · margin -30 ms"),
        (lambda: at_least(timedelta(days=20), timedelta(days=14), "left"), "20 d · wanted at least 14 d · margin 6 d"),
        (lambda: at_least(-timedelta(hours=3), timedelta(days=1), "left"), "-3 h · wanted at least 1 d · margin -1 d 3 h"),
        (lambda: below(480 * MIB, 512 * MIB, "memory", "B"), "480 MiB · wanted below 512 MiB · margin 32 MiB"),
        (lambda: below(512 * MIB, 512 * MIB, "memory", "B"), "512 MiB · wanted below 512 MiB · margin -0 B"),
        (lambda: at_least(0.25, 0.2, "free", "share"), "25 % · wanted at least 20 % · margin 5 %"),
        (lambda: at_least(3, 5, "members"), "3 · wanted at least 5 · margin -2"),
        (lambda: at_least(70, 64, "entropy", "bit"), "70 bit · wanted at least 64 bit · margin 6 bit"),
        (lambda: at_least(1e30, 64, "max-age", "s"), "1e+30 s · wanted at least 1 min 4 s · margin 1e+30 s"),
        (lambda: equal("refused", "refused", "TLSv1.1"), "refused · wanted refused"),
        (lambda: nothing(["SSLv3"], "old", of=4), "SSLv3 · wanted none"),
    ],
)  # fmt: skip
def test_units_and_margin(judge: Callable[[], bool], line: str) -> None:
    """Units as people write them; a minus where the limit is missed."""
    outcome = Outcome.PASS if judge() else Outcome.FAIL
    (row,) = rows(outcome, judge)
    assert row.line == line
    assert row.shape == ("✔" if outcome is Outcome.PASS else "✖")


def test_what_was_missed_comes_first() -> None:
    """Then numbers, which have a margin, then words; and of several the one with the least margin."""
    told = rows(
        Outcome.FAIL,
        lambda: equal("on", "on", "backup"),
        lambda: at_most(1, 10, "lag", kind="lag"),
        lambda: at_most(7, 10, "lag of b", kind="lag"),
        lambda: equal("off", "on", "alerts"),
    )
    assert [row.what for row in told] == ["alerts", "lag of b", "backup"]
    assert told[1].line == "7 · wanted at most 10 · margin 3 · least margin of 2"


def test_what_could_not_be_judged_is_no_failure() -> None:
    """Seen over its limit while this machine was too busy: the check says that nobody knows."""
    (row,) = rows(Outcome.ERROR, lambda: at_most(9, 3, "p95"))
    assert (row.shape, row.met) == ("?", False)


def test_page_and_terminal_say_the_same() -> None:
    """One line for each, at the check itself, within 80 columns in the terminal."""
    shown = judged(
        Outcome.FAIL,
        lambda: at_most(timedelta(milliseconds=90), timedelta(milliseconds=60), "p95 of a ping to the primary of the set"),
    )  # fmt: skip
    page = render_signoff(shown, whole=True).decode()
    assert "p95 of a ping to the primary of the set" in page
    for part in ("90 ms", "at most 60 ms", "-30 ms"):
        assert part in page
    lines = render_check(shown, shown.checks[0]).splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("  ✖ p95"))
    told = lines[begin : begin + 2]
    assert max(map(len, told)) <= 80
    expected = "✖ p95 of a ping to the primary of the set: 90 ms · wanted at most 60 ms · margin -30 ms"
    assert " ".join(" ".join(told).split()) == expected


def test_older_records_say_nothing() -> None:
    """Their facts are shown as they are."""
    assert not measured(check("tls-a").observations[0])


def before(letters: str, outcome: Outcome) -> tuple[Results, Any]:
    """A check with these earlier outcomes."""
    runs = [
        PastRun(id=f"r{number}", verdict=Verdict.GO, started_at=AT, release=None, counts={}, sections={})
        for number in range(len(letters))
    ]
    one = check("tls-a", outcome, "" if outcome is Outcome.PASS else "closed")
    return replace(results([one]), history=History(runs=runs, outcomes={"tls-a": letters})), one


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("", "first run of this gate on record"),
        ("ppp", "new in this run (before: pass)"),
        ("pp-", "not asked in the run before"),
        ("pff", "since run r1, 3 runs in a row"),
        ("ff", "at least since run r0, 3 runs in a row"),
    ],
)
def test_since_when(letters: str, expected: str) -> None:
    """Since which run it fails, as far as the record goes."""
    shown, one = before(letters, Outcome.FAIL)
    assert standing(shown, one) == expected


def test_strip_of_earlier_outcomes() -> None:
    """A shape for each, and the same in words."""
    shown, one = before("pf-a", Outcome.PASS)
    assert earlier_outcomes(shown, one) == ("✔✖–◇", "pass, fail, not planned, waived")  # noqa: RUF001 - no outcome
