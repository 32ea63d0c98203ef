"""Lifetimes of certificates against the launch: what ends before it is seen at once."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from gonogo.base.comparing import Compared
from gonogo.evidence.tls import Certificate, Handshake, Presented, TlsEvidence
from gonogo.record.recording import facts
from gonogo.record.results import CheckResult, Outcome, Results, canonical, plain_values
from gonogo.report.certificates import Lifetimes, lifetimes
from gonogo.report.html import render_signoff
from tests.checks.test_tls import LEAF
from tests.report.conftest import AT, HOSTILE, check, results

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def leaf(sha256: str, left: timedelta, lived: timedelta = 60 * DAY) -> Certificate:
    """With so much left when the run began."""
    return replace(LEAF, sha256=sha256, not_before=AT - lived, not_after=AT + left)


def seen(identifier: str, host: str, *leaves: Certificate, **changed: Any) -> CheckResult:  # noqa: ANN401 - JSON
    """At one address."""
    evidence = TlsEvidence(
        scope=(host,),
        taken_at=AT,
        host=host,
        address="192.0.2.1",
        port=443,
        handshake=Handshake.DONE,
        presented=tuple(Presented(chain=(one,)) for one in leaves),
    )
    known = facts(evidence)
    for presented in known["presented"]:
        presented["chain"][0].update(changed)
    return check(identifier, facts={"tls": known})


def drawn(*checks: CheckResult, launch: datetime | None = None) -> Lifetimes:
    """Of a run that saw these."""
    made = results(checks)
    found = lifetimes(replace(made, run=replace(made.run, launch_at=launch)))
    assert found is not None
    return found


def test_what_ends_before_the_launch_is_told_first() -> None:
    """In words and shape, and on the axis: the bar ends before the line."""
    found = drawn(
        seen("tls-a", "api.test", leaf("aa", 90 * DAY)),
        seen("tls-b", "www.test", leaf("bb", 10 * DAY)),
        launch=AT + 20 * DAY,
    )
    assert [(row.title, row.words.partition(";")[0]) for row in found.rows] == [
        ("www.test", "✖ ends 10 days before the launch"),
        ("api.test", "✔ 70 days left at the launch"),
    ]
    assert [[one.kind for one in row.parts] for row in found.rows] == [
        ["passed-time", "fail"],
        ["passed-time", "holds"],
    ]
    ends = [float(row.parts[-1].x[:-1]) + float(row.parts[-1].width[:-1]) for row in found.rows]
    assert ends[0] < float(found.launch[:-1]) < ends[1]
    assert (found.label, found.notes) == ("the launch 2026-12-13", [])


def test_without_a_launch_it_is_the_day_of_the_run() -> None:
    """Which is said; an expired certificate has no time left, and is drawn nevertheless."""
    found = drawn(seen("tls-a", "api.test", leaf("aa", -2 * DAY), leaf("bb", timedelta(hours=5))))
    assert [row.words.partition(";")[0] for row in found.rows] == [
        "✖ ended 2 days before the day of this run",
        "✔ 5 hours left at the day of this run",
    ]
    assert found.notes == ["No launch is declared (launch.at), so the line is the day of this run."]
    assert found.rows[0].parts[-1].kind == "fail"


def judged(
    identifier: str, outcome: Outcome, left: timedelta, wanted: timedelta, host: str = "api.test"
) -> CheckResult:
    """What a check of the life that is left said at a host."""
    compared = Compared(
        what="left of the life",
        observed=left.total_seconds(),
        wanted=wanted.total_seconds(),
        relation="at least",
        unit="s",
        met=outcome is Outcome.PASS,
    )
    one = check(identifier, outcome, scope=(host,), facts={})
    return replace(one, observations=[replace(one.observations[0], measured=[compared])])


@pytest.mark.parametrize(
    ("judges", "kind", "words"),
    [
        (
            [
                judged("tls-renewal", Outcome.WARN, 20 * HOUR, 72 * HOUR),
                judged("tls-expiry", Outcome.FAIL, 20 * HOUR, 39 * HOUR),
            ],
            "fail",
            "✖ 20 h left, at least 1 d 15 h wanted",
        ),
        (
            [
                judged("tls-expiry", Outcome.PASS, 20 * HOUR, 2 * HOUR),
                judged("tls-renewal", Outcome.WARN, 20 * HOUR, 72 * HOUR),
            ],
            "warn",
            "▲ 20 h left, at least 3 d wanted",
        ),
        ([judged("tls-expiry", Outcome.PASS, 20 * HOUR, 2 * HOUR)], "holds", "✔ 20 hours left at the day of this run"),
        ([check("tls-expiry", Outcome.FAIL, scope=("api.test",))], "fail", "✖ 20 hours left at the day of this run"),
        (
            [judged("tls-expiry", Outcome.FAIL, 20 * HOUR, 39 * HOUR, "www.test")],
            "holds",
            "✔ 20 hours left at the day of this run",
        ),
    ],
)
def test_marked_as_the_check_judged_it(judges: list[CheckResult], kind: str, words: str) -> None:
    """A green tick beside what fails would be believed. A waiver changes nothing of what was seen at the target."""
    shown = seen("tls-a", "api.test", leaf("aa", 20 * HOUR))
    at_target = replace(shown, observations=[replace(shown.observations[0], scope=("api.test",))])
    (row,) = drawn(at_target, *judges).rows
    assert (row.words.partition(";")[0], row.parts[-1].kind) == (words, kind)


def test_of_several_at_one_target_the_first_that_ends_is_marked() -> None:
    """The other one of the two has half a year left."""
    shown = seen("tls-a", "api.test", leaf("aa", 20 * HOUR), leaf("bb", 180 * DAY))
    at_target = replace(shown, observations=[replace(shown.observations[0], scope=("api.test",))])
    found = drawn(at_target, judged("tls-expiry", Outcome.FAIL, 20 * HOUR, 39 * HOUR))
    assert [row.parts[-1].kind for row in found.rows] == ["fail", "holds"]


def test_the_same_certificate_is_one_bar() -> None:
    """Served at many addresses and names; facts that are shown elsewhere are no second one."""
    shown = check("tls-c", facts={"tls": {"shown at": "tls-a"}})
    found = drawn(seen("tls-a", "a.test", leaf("aa", DAY)), seen("tls-b", "b.test", leaf("aa", DAY)), shown)
    assert [row.title for row in found.rows] == ["a.test, b.test"]


def test_long_lives_leave_room_for_short_ones() -> None:
    """Ten years are cut to the days around the launch, and the dates stand beside them."""
    found = drawn(seen("tls-a", "a.test", leaf("aa", 30 * DAY), leaf("bb", 3650 * DAY, 3650 * DAY)))
    assert found.launch == "50%"
    assert found.rows[1].words.endswith("2016-11-25 to 2036-11-20")


def test_too_many_are_counted() -> None:
    """The first that ends is the first that matters."""
    found = drawn(seen("tls-a", "a.test", *(leaf(f"{number:02}", (number + 1) * DAY) for number in range(20))))
    assert len(found.rows) == 12
    assert found.notes[-1] == "Further certificates, which end later: 8."


@pytest.mark.parametrize("changed", [{"not_after": "soon"}, {"not_after": "2027-01-01T00:00:00"}, {"key": None}])
def test_what_cannot_be_read_is_told(changed: dict[str, Any]) -> None:
    """A record of another version, or one that was cut short: what can be read is drawn."""
    found = drawn(seen("tls-a", "a.test", leaf("aa", DAY), **changed), seen("tls-b", "b.test", leaf("bb", DAY)))
    assert [row.title for row in found.rows] == ["b.test"]
    assert found.notes[-1] == "Certificates that this version of gonogo cannot read: 1."


def test_none_seen_draws_nothing() -> None:
    """Nor does a page without one speak of them."""
    bare: Results = results([check("tls-a", facts={"tls": {"presented": [None, {"chain": []}, {"chain": "x"}]}})])
    assert lifetimes(bare) is None
    assert 'id="certificates"' not in render_signoff(bare).decode()


def test_names_are_text_and_the_launch_is_kept() -> None:
    """results.json holds the moment, so that the page can be rendered again."""
    made = results([seen("tls-a", HOSTILE, leaf("aa", DAY))])
    made = canonical(plain_values(replace(made, run=replace(made.run, launch_at=AT + DAY))))
    assert made.run.launch_at == AT + DAY
    page = render_signoff(made).decode()
    assert "<script>alert" not in page
    assert 'id="certificates"' in page
