"""The word over a watch, and everything below it: what is not known is never well."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from gonogo.evidence.watch import Acknowledgement, AlertState, Poll, Reading, Receipt, WatchEvent
from gonogo.watching.facts import Done, LiveFacts
from gonogo.watching.rows import STATE, DutyState, LiveState, Word
from gonogo.watching.state import clock_text, live_state
from gonogo.watching.word import aged
from tests.watching.samples import BEGAN, EVERY, ROLES, T0, Day, calm, full, launch_section, watch_section

ERRORS = {"api_errors": Reading(at=0, value=0.12, events=900)}
SLOW = {"api_slow": Reading(at=0, value=1.7, events=900)}
SILENT = {"database": Reading(at=0, value=None, missing="connection refused")}
FEW = {"uploads_failing": Reading(at=0, value=0.5, events=2)}
CALM = 600.0
HOLD = Poll(role="devops", decision="hold", by="Davi Lima", utc=BEGAN, note="the snapshot fails")
FORGED = replace(HOLD, decision="go")


def after(minutes: float, **readings: Reading) -> Day:
    """Calm for ten minutes, and then so many minutes of this."""
    day = Day()
    day.rounds_until(CALM)
    day.rounds_until(CALM + minutes * 60, **readings)
    return day


def shown(day: Day, late: timedelta = timedelta(), **changes: Any) -> LiveState:  # noqa: ANN401 - fields of the facts
    """The state so long after the newest round."""
    return live_state(day.facts(**changes), launch_section(), day.watch, day.last + late)


@pytest.mark.parametrize(
    ("minutes", "readings", "changes", "word", "reason"),
    [
        (5, {}, {}, Word.ALL_WELL, "5 signals within limits."),
        (5, FEW, {}, Word.ALL_WELL, "4 signals within limits; too few events to judge Uploads failing."),
        (
            0.5,
            ERRORS,
            {},
            Word.LOOK,
            "API errors: 12 % of 900 events within 5 min; above 5 % is too much, but not yet for long enough",
        ),
        (5, ERRORS, {}, Word.ABORT, "API errors: 12 % of 900 events"),
        (5, ERRORS | SLOW, {}, Word.ABORT, "API errors: 12 %"),
        (5, SLOW, {}, Word.LOOK, "API response time: 1.7 s of 900 events within 5 min; above 1 s is too much."),
        (5, SILENT, {}, Word.LOOK, "Database answers: unknown: connection refused."),
        (5, SILENT | SLOW, {}, Word.LOOK, "and 1 more."),
        (0.5, SILENT, {}, Word.LOOK, "Database answers: unknown"),
        (5, {}, {"polls": [HOLD]}, Word.LOOK, "DevOps says HOLD: the snapshot fails."),
        (5, {}, {"polls": [HOLD], "roles": {}}, Word.LOOK, "Devops says HOLD: the snapshot fails."),
        (5, ERRORS, {"polls": [HOLD]}, Word.ABORT, "API errors"),
        (
            5,
            {},
            {"polls": [FORGED], "seals": {FORGED: "its signature is not valid: changed"}},
            Word.LOOK,
            "DevOps says GO, but its signature is not valid: changed.",
        ),
        (5, {}, {"channels_down": {"team": "550 no such user"}}, Word.LOOK, "Channel team is down: 550 no such user."),
        (5, {}, {"ended": T0}, Word.BLIND, "The watch ended at 12:00:00 UTC"),
        (5, ERRORS, {"round": None}, Word.BLIND, "The first round has not ended yet"),
        (5, {}, {"alerts": {}}, Word.LOOK, "not read yet"),
    ],
)
def test_word(
    minutes: float, readings: Mapping[str, Reading], changes: Mapping[str, Any], word: Word, reason: str
) -> None:
    """Read from five metres, it is all that most people see."""
    state = shown(after(minutes, **readings), **changes)
    assert state.word == word, state.reason
    assert reason in state.reason


def test_a_hold_that_is_taken_back_is_none() -> None:
    """The newest word of a role counts."""
    go = Poll(role="devops", decision="go", by="Davi Lima", utc=BEGAN + EVERY)
    assert shown(after(5), polls=[HOLD, go]).word == Word.ALL_WELL
    assert shown(after(5), polls=[go, HOLD]).word == Word.LOOK


def test_acknowledged_is_not_repaired() -> None:
    """Somebody has it in hand, and users still see errors."""
    day = after(5, **ERRORS)
    in_hand = Acknowledgement(alert="api-errors-1", by="Davi Lima", utc=day.last, note="rolling back")
    state = shown(day, acknowledgements=[in_hand])
    assert state.word == Word.ABORT
    assert state.alerts[0].acknowledgement == in_hand


@pytest.mark.parametrize(
    ("seconds", "word"),
    [(0, Word.ALL_WELL), (30, Word.ALL_WELL), (31, Word.BLIND), (86400, Word.BLIND), (-31, Word.BLIND)],
)
def test_blind_after_two_rounds_without_news(seconds: float, word: Word) -> None:
    """Also where somebody set the clock back: whichever way, nobody knows."""
    assert shown(after(5), timedelta(seconds=seconds)).word == word
    if seconds >= 0:
        assert aged(shown(after(5)), seconds).word == word


def test_blind_covers_everything_and_forgets_nothing() -> None:
    """An alert that was open may be worse by now: the word says that nobody knows, the reason what was known."""
    state = aged(shown(after(5, **ERRORS)), 61)
    assert state.word == Word.BLIND
    assert "1 min 1 s ago" in state.reason
    assert "1 alert was open then" in state.reason
    assert state.alerts


def test_nothing_watched_is_not_well() -> None:
    """And neither is a watch in which all is too few to say."""
    day = Day(watch_section(thresholds={}, metrics={}))
    day.round()
    assert shown(day).word == Word.LOOK
    few = {name: Reading(at=0, value=0.0, events=0.0) for name in ("api_errors", "api_slow", "uploads_failing")}
    quiet = Day(
        watch_section(
            metrics={},
            thresholds={name: rule for name, rule in watch_section().thresholds.items() if name != "database"},
        )
    )
    quiet.rounds_until(CALM, **few)
    assert {row.state for row in shown(quiet).signals} == {AlertState.FEW}
    assert shown(quiet).word == Word.LOOK


def test_alert_says_what_somebody_needs_at_night() -> None:
    """What, since when, who has it, who was told, what to do first; what presses most first."""
    day = after(5, **ERRORS, **SLOW, **SILENT)
    told = [
        Receipt(alert="api-errors-1", event="began", channel=channel, utc=day.last, attempts=1, delivered=delivered)
        for channel, delivered in (("oncall", False), ("team", True), ("other", True))
    ]
    state = shown(day, receipts=told)
    assert [row.name for row in state.alerts] == ["api-errors", "database", "api-slow"]
    first = state.alerts[0]
    assert first.since == BEGAN + timedelta(seconds=CALM + 60)
    assert first.reason.startswith("12 % of 900 events within 5 min")
    assert first.first_step.startswith("Look at the newest deployment")
    assert first.acknowledgement is None
    assert [receipt.channel for receipt in first.receipts] == ["oncall", "team", "other"]
    assert [(row.name, row.arrived) for row in state.channels] == [("oncall", None), ("team", day.last)]


def test_alerts_that_ended_stay_on_the_page() -> None:
    """Whoever comes back sees what was."""
    day = after(5, **ERRORS)
    day.rounds_until(CALM + 900)
    state = shown(day)
    assert state.word == Word.ALL_WELL
    (over,) = state.over
    assert (over.id, over.state) == ("api-errors-1", AlertState.RESOLVED)
    assert over.ended is not None
    assert over.ended - over.since == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("now", "states"),
    [
        (T0 - timedelta(hours=3), "later later later later"),
        (T0 - timedelta(hours=2), "due later later later"),
        (T0 - timedelta(hours=1, minutes=44), "overdue later later later"),
        (T0 + timedelta(minutes=6), "overdue overdue due later"),
        (T0 + timedelta(hours=25), "overdue overdue overdue overdue"),
    ],
)
def test_duties_of_the_run_sheet(now: datetime, states: str) -> None:
    """Each is later, due, overdue or done; done stays done."""
    facts = LiveFacts(service="WorkMe", environment="production", began=BEGAN)
    state = live_state(facts, launch_section(), watch_section(), now)
    assert " ".join(row.state for row in state.duties) == states
    done = {"T-02:00 Take the snapshot": Done(by="Davi Lima", utc=now)}
    marked = LiveFacts(service="WorkMe", environment="production", began=BEGAN, done=done)
    assert live_state(marked, launch_section(), watch_section(), now).duties[0].state == DutyState.DONE


def test_duties_without_a_launch_are_not_due() -> None:
    """A watch without a T-0 counts from its own begin."""
    facts = LiveFacts(service="WorkMe", environment="production", began=BEGAN)
    state = live_state(facts, launch_section(at=None), watch_section(), BEGAN + timedelta(minutes=90))
    assert {row.state for row in state.duties} == {DutyState.LATER}
    assert state.clock.text == "watching for 1 h 30 min"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-7200, "T−02:00:00"),  # noqa: RUF001 - a minus
        (-0.5, "T−00:00:01"),  # noqa: RUF001 - as above
        (0, "T+00:00:00"),
        (59.9, "T+00:00:59"),
        (86400, "T+24:00:00"),
        (360000, "T+100:00:00"),
    ],
)
def test_launch_clock(seconds: float, text: str) -> None:
    """Hours go on beyond a day."""
    assert clock_text(seconds) == text


def test_roles_that_did_not_answer_are_shown() -> None:
    """No answer is not go."""
    rows = shown(after(5), polls=[HOLD]).roles
    assert [row.role for row in rows] == list(ROLES)
    assert [row.poll.decision if row.poll else None for row in rows] == [None, None, "hold"]


def test_lists_do_not_grow_with_the_day() -> None:
    """The newest are shown; the journal has all."""
    events = [WatchEvent(at=0.0, utc=BEGAN + number * EVERY, kind="clock", text=str(number)) for number in range(500)]
    receipts = [
        Receipt(alert="api-errors-1", event="reminded", channel="team", utc=event.utc, attempts=1, delivered=True)
        for event in events
    ]
    state = shown(after(5, **ERRORS), events=events, receipts=receipts)
    assert (len(state.events), len(state.receipts), len(state.alerts[0].receipts)) == (20, 20, 6)
    assert state.events[0].text == "499"


@pytest.mark.parametrize("make", [lambda: calm(1), lambda: after(5, **ERRORS, **SILENT, **FEW)])
def test_state_is_json_and_back(make: Callable[[], Day]) -> None:
    """Other programs read it."""
    day = make()
    state = live_state(full(day), launch_section(), day.watch, day.last)
    assert STATE.validate_json(STATE.dump_json(state)) == state
