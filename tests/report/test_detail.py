"""One check in the terminal: what somebody needs who was woken for it, and no more."""

import dataclasses

from gonogo.base.comparing import Compared
from gonogo.record.declared import RoleResult
from gonogo.record.results import Cause, Observation, Outcome
from gonogo.report.detail import render_check
from tests.report.accounts import accounted, exception, waived
from tests.report.conftest import HOSTILE, check


def test_all_that_is_needed_at_night_and_no_more() -> None:
    """Outcome, message, fix, where, what was observed and wanted, who acts, since when; facts are one command away."""
    measured = Compared(what="p95", observed=90.0, wanted=60.0, relation="at most", unit="ms", met=False)
    failed = dataclasses.replace(check("tls-a", Outcome.FAIL, "too slow"), owner="devops")
    seen = [dataclasses.replace(failed.observations[0], measured=[measured])]
    roles = [RoleResult(id="devops", title="DevOps", statements=[])]
    told = accounted([dataclasses.replace(failed, observations=seen)], roles=roles)
    assert render_check(told, told.checks[0]).splitlines() == [
        "✖ tls-a   FAIL   blocker · read",
        "  Title of tls-a",
        "✖ a.test · 192.0.2.1   FAIL",
        "  too slow",
        "  fix: Repair it.",
        "  ✖ p95: 90 ms · wanted at most 60 ms · margin -30 ms",
        "  who acts: DevOps",
        "  since: first run of this gate on record",
        "  again: gonogo run --env staging --gate pre-deploy --release 3f2c1a9 --only tls-a",
        "  with all facts, and why it matters: gonogo show 20261123T120000Z-abcdef tls-a --facts",
    ]


def test_of_many_targets_the_worst_are_told() -> None:
    """Forty pages would push the one that failed off the screen; a check that passed shows some of what it saw."""
    passed = check("tls-a")
    many = [dataclasses.replace(passed.observations[0], scope=(f"{n}.test",)) for n in range(40)]
    failed = Observation(scope=("bad.test",), outcome=Outcome.FAIL, message="closed")
    mixed = accounted([dataclasses.replace(passed, outcome=Outcome.FAIL, observations=[*many, failed])])
    rows = render_check(mixed, mixed.checks[0]).splitlines()
    assert [row for row in rows if ".test" in row] == ["✖ bad.test   FAIL"]
    assert "  … and 40 more targets" in rows
    well = accounted([dataclasses.replace(passed, observations=many[:6])])
    rows = render_check(well, well.checks[0]).splitlines()
    assert len([row for row in rows if row.endswith(".test   pass")]) == 5
    assert "  … and 1 more target" in rows
    assert not [row for row in rows if "fix:" in row]


def test_waiver_cause_and_nobody_are_told() -> None:
    """An accepted failure, what blocks a check, and that nobody is named: each changes what one does next."""
    told = accounted([waived("tls-a")], exceptions=[exception("tls-a")])
    assert "waiver in force, until" in render_check(told, told.checks[0])
    assert "  who acts: nobody is named\n" in render_check(told, told.checks[0])
    blocked = check("tls-b", Outcome.BLOCKED, "blocked", cause=Cause(check="tls-a", scope=("a.test",)))
    assert "  because of tls-a at a.test\n" in render_check(accounted([blocked]), blocked)


def test_whole_has_the_facts_and_why() -> None:
    """Whoever repairs it reads what was seen, also what a target hid in it."""
    told = accounted([check("tls-a", Outcome.FAIL, HOSTILE, facts={"tls": {"banner": HOSTILE, "n": [1, {"a": True}]}})])
    text = render_check(told, told.checks[0], whole=True)
    assert "  why: It matters.\n  fix: Repair it.\n  proves: a.line\n" in text
    assert "    n:\n      - 1\n" in text
    assert "        a: yes" in text
    assert "⟦U+001B⟧" in text
    assert "\x1b" not in text
    assert "--facts" not in text
