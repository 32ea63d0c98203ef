"""An alert that is not raised loses a launch; one that is raised for nothing loses the next one's attention."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.evidence.watch import ALARMS, AlertState, Reading, Transition
from gonogo.families.watch.alerts import Alert, Rule, advance, explained, rules_of
from gonogo.families.watch.section import Watch

UTC_0 = datetime(2026, 12, 1, tzinfo=UTC)
OK, FEW, PENDING, FIRING, NO_DATA, RESOLVED = AlertState
LIMIT = {
    "signal": {"ratio": ["a_total", "b_total"]},
    "window": "1 min",
    "unit": "%",
    "above": 0.1,
    "clear": 0.05,
    "for": "30 s",
    "keep": "30 s",
    "at_least": 10,
    "severity": "critical",
}
GAUGE = {"signal": {"gauge": "n"}, "below": 1, "severity": "critical", "keep": "15 s"}
"""It alarms at once."""
BAD, BAND, GOOD = 0.2, 0.07, 0.01
"""Beyond the limit; within it and not clear of it; clear of it."""
THREE: float = -3.0
"""In a table: too few events."""


def rule(**changes: object) -> Rule:
    """Of one threshold."""
    threshold = {key: value for key, value in {**LIMIT, **changes}.items() if value is not None}
    return rules_of(Watch.model_validate({"thresholds": {"it": threshold}}))["it"]


def readings(values: Sequence[float | None]) -> list[Reading]:
    """One every 15 s. None: nothing is known."""
    return [
        Reading(at=15.0 * number, value=None, missing="connection refused")
        if value is None
        else Reading(at=15.0 * number, value=0.3, events=3)
        if value == THREE
        else Reading(at=15.0 * number, value=value, events=100)
        for number, value in enumerate(values)
    ]


def judged(one: Rule, given: Sequence[Reading], alert: Alert | None = None) -> tuple[list[Alert], list[Transition]]:
    """The alert after each reading, and every change."""
    alert, alerts, transitions = alert or Alert(threshold=one.name), list[Alert](), list[Transition]()
    for reading in given:
        alert, changes = advance(one, alert, reading, UTC_0 + timedelta(seconds=reading.at))
        alerts.append(alert)
        transitions += changes
    return alerts, transitions


def states(one: Rule, values: Sequence[float | None]) -> list[AlertState]:
    """After each reading."""
    return [alert.state for alert in judged(one, readings(values))[0]]


COURSES: list[tuple[str, list[float | None], list[AlertState]]] = [
    ("good", [GOOD, GOOD], [OK, OK]),
    ("for", [GOOD, BAD, BAD, BAD, BAD], [OK, PENDING, PENDING, FIRING, FIRING]),
    ("a peak is no alarm", [BAD, BAD, GOOD, BAD, BAD, GOOD], [PENDING, PENDING, OK, PENDING, PENDING, OK]),
    ("for begins anew", [BAD, BAD, GOOD, BAD, BAD, BAD], [PENDING, PENDING, OK, PENDING, PENDING, FIRING]),
    ("keep", [BAD, BAD, BAD, *[GOOD] * 3], [PENDING, PENDING, FIRING, FIRING, FIRING, OK]),
    ("flapping is one alarm", [BAD, BAD, BAD, *[GOOD, BAD] * 3], [PENDING, PENDING, *[FIRING] * 7]),
    ("not clear", [BAD, BAD, BAD, *[BAND] * 4], [PENDING, PENDING, *[FIRING] * 5]),
    ("keep begins anew", [BAD, BAD, BAD, GOOD, GOOD, BAND, GOOD, GOOD, GOOD], [PENDING, PENDING, *[FIRING] * 6, OK]),
    ("the band is good before", [BAND, BAND, GOOD], [OK, OK, OK]),
    ("few", [THREE, THREE, GOOD], [FEW, FEW, OK]),
    ("few end nothing", [BAD, BAD, BAD, *[THREE] * 4], [PENDING, PENDING, *[FIRING] * 5]),
    ("few begin for anew", [BAD, BAD, THREE, BAD, BAD, BAD], [PENDING, PENDING, FEW, PENDING, PENDING, FIRING]),
    ("few begin keep anew", [BAD, BAD, BAD, GOOD, THREE, GOOD, GOOD, GOOD], [PENDING, PENDING, *[FIRING] * 5, OK]),
    ("nothing at first", [None] * 5, [PENDING] * 4 + [NO_DATA]),
    ("nothing for a moment", [GOOD, None, None, GOOD], [OK, PENDING, PENDING, OK]),
    ("nothing for too long", [GOOD, *[None] * 5, GOOD], [OK, *[PENDING] * 4, NO_DATA, OK]),
    ("nothing while firing", [BAD, BAD, BAD, *[None] * 6, *[GOOD] * 3], [PENDING, PENDING, *[FIRING] * 9, OK]),
    ("nothing begins keep anew", [BAD, BAD, BAD, GOOD, None, GOOD, GOOD, GOOD], [PENDING, PENDING, *[FIRING] * 5, OK]),
    ("bad and nothing in turns", [BAD, None, BAD, None, BAD], [PENDING, PENDING, FIRING, FIRING, FIRING]),
    ("no data, and bad", [*[None] * 5, *[BAD] * 3], [PENDING] * 4 + [NO_DATA] * 3 + [FIRING]),
    ("no data, bad, good", [*[None] * 5, BAD, GOOD], [PENDING] * 4 + [NO_DATA] * 2 + [OK]),
    ("no data, and few", [*[None] * 5, THREE], [PENDING] * 4 + [NO_DATA, FEW]),
    ("no data, twice", [*[None] * 5, GOOD, *[None] * 5], [PENDING] * 4 + [NO_DATA, OK] + [PENDING] * 4 + [NO_DATA]),
]


@pytest.mark.parametrize(("values", "expected"), [row[1:] for row in COURSES], ids=[row[0] for row in COURSES])
def test_the_course_of_an_alert(values: list[float | None], expected: list[AlertState]) -> None:
    """``for`` 30 s, ``keep`` 30 s, NO DATA after a minute; a reading every 15 s."""
    assert states(rule(), values) == expected


def test_without_for_it_alarms_at_once() -> None:
    """A database that is down needs no second look."""
    gauge = rules_of(Watch.model_validate({"thresholds": {"it": GAUGE}}))["it"]
    assert states(gauge, [1, 0, 1, 1, 0]) == [OK, FIRING, FIRING, OK, FIRING]


def test_the_limit_itself_is_not_beyond_it() -> None:
    """As in PromQL, and as people say it: above 5 per cent."""
    assert states(rule(**{"for": None}), [0.1, 0.1000001]) == [OK, FIRING]
    assert states(rule(below=0.1, above=None, clear=0.2, **{"for": None}), [0.1, 0.0999999]) == [OK, FIRING]


def test_what_people_hear_of_it() -> None:
    """One id from the first alarm to the end, whatever it goes through; the next alarm has another."""
    values: list[float | None] = [*[None] * 5, BAD, BAD, BAD, *[GOOD] * 3] + [BAD] * 3
    _, transitions = judged(rule(), readings(values))
    heard = [(one.at, one.after, one.alert) for one in transitions if one.alert]
    assert heard == [(60, NO_DATA, "it-1"), (105, FIRING, "it-1"), (150, RESOLVED, "it-1"), (195, FIRING, "it-2")]


def test_a_restart_goes_on_where_it_was() -> None:
    """What fires is not announced again, and its id stays."""
    alerts, _ = judged(rule(), readings([BAD] * 3))
    later = [replace(reading, at=reading.at + 3600) for reading in readings([BAD, GOOD, GOOD, GOOD])]
    _, transitions = judged(rule(), later, alerts[-1])
    assert [(one.after, one.alert) for one in transitions] == [(RESOLVED, "it-1")]


VALUES = st.lists(st.sampled_from([BAD, BAND, GOOD, THREE, None]), max_size=60)


@given(VALUES)
def test_an_alert_without_a_value_is_never_ok(values: list[float | None]) -> None:
    """Silence is no success: neither at the start nor after anything."""
    one = rule()
    assert Alert(threshold="it").state != OK
    for reading, alert in zip(given_ := readings(values), judged(one, given_)[0], strict=True):
        if reading.value is None:
            assert alert.state in {PENDING, FIRING, NO_DATA}
        if alert.state == OK:
            assert reading.value is not None
            assert reading.value <= 0.1


@given(VALUES, st.data())
def test_readings_in_pieces_give_the_same(values: list[float | None], data: st.DataObject) -> None:
    """A replay reads the journal in one piece; the watch lived through it in thousands."""
    one, whole = rule(), readings(values)
    cut = data.draw(st.integers(0, len(whole)))
    first, early = judged(one, whole[:cut])
    rest, late = judged(one, whole[cut:], first[-1] if first else None)
    assert (first + rest, early + late) == judged(one, whole)


@given(VALUES)
def test_each_alarm_has_one_id_and_one_end(values: list[float | None]) -> None:
    """Whoever has an alert in hand hears of this one, until it is over."""
    alerts, transitions = judged(rule(), readings(values))
    opened, expected = "", 0
    for one in transitions:
        if one.after in ALARMS:
            expected += not opened
            opened = opened or one.alert
            assert one.alert == opened == f"it-{expected}"
        elif opened:
            assert (one.after, one.alert) == (RESOLVED, opened)
            opened = ""
        else:
            assert not one.alert
    assert opened == (alerts[-1].id if alerts else "")


@given(VALUES)
def test_what_is_beyond_for_long_enough_fires(values: list[float | None]) -> None:
    """No order of other readings may swallow it, rounds without an answer included."""
    assert states(rule(), [*values, BAD, None, BAD])[-1] == FIRING


@given(VALUES)
def test_what_nobody_could_say_for_long_enough_alarms(values: list[float | None]) -> None:
    """Whatever was before."""
    assert states(rule(), [*values, *[None] * 5])[-1] in ALARMS


EXPLAINED: list[tuple[Mapping[str, object], Reading, str]] = [
    ({}, readings([BAD])[0], "20 % of 100 events within 1 min; above 10 % is too much"),
    ({}, readings([THREE])[0], "30 % within 1 min, of 3 events only; fewer than 10 decide nothing"),
    ({}, readings([None])[0], "unknown: connection refused"),
    (
        {"below": 0.9, "above": None, "clear": None},
        readings([0.5])[0],
        "50 % of 100 events within 1 min; below 90 % is too little",
    ),
    (
        {
            "signal": {"checks": ["mongo-reachable"]},
            **dict.fromkeys(("window", "at_least", "clear", "unit")),
            "above": 0,
        },
        Reading(at=0.0, value=1.0, missing="mongo-reachable: nothing listens"),
        "1 (mongo-reachable: nothing listens); above 0 is too much",
    ),
]


@pytest.mark.parametrize(("changes", "reading", "words"), EXPLAINED)
def test_an_alert_says_what_was_seen_and_what_is_allowed(
    changes: Mapping[str, object], reading: Reading, words: str
) -> None:
    """It is read on a phone, at night."""
    assert explained(rule(**changes), reading) == words


@pytest.mark.parametrize(("unknown_rounds", "alarms"), [(5, False), (9, True)])
def test_one_check_that_could_not_be_asked_is_no_alarm(unknown_rounds: int, *, alarms: bool) -> None:
    """A check is asked once a minute, and its answer stands for four rounds, five if the next is late: that is no silence yet."""
    checked = rule(
        signal={"checks": ["mongo-reachable"]}, above=0, **dict.fromkeys(("window", "at_least", "clear", "unit"))
    )
    alerts, _ = judged(checked, readings([0.0, *[None] * unknown_rounds, 0.0]))
    assert any(alert.state == NO_DATA for alert in alerts) is alarms
