"""``[alarms.NAME]``: whether an alarm would be heard, judged on literals, and what is read of the record of tests."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gonogo.base.errors import Unobserved, UsageError
from gonogo.base.secrets import Secrets
from gonogo.evidence.alarm import AlarmEvidence, ChannelTest, SameAddress
from gonogo.evidence.watch import TESTED, AlertState, Receipt
from gonogo.families.registry import environment_from
from gonogo.families.watch.channel_tests import FILE, newest_tests, note_tests
from gonogo.families.watch.hearing import alarm_questions
from tests.checks.conftest import Judge
from tests.checks.test_tls import AT
from tests.support.watch_day import watch_of

ADDRESS = "mailto://oncall:never-shown@mail.example.com"
CHANNEL = ChannelTest(
    name="oncall", known=True, utc=AT - timedelta(hours=1), delivered=True, answer="taken", address=SameAddress.SAME
)
ALARM = AlarmEvidence(
    scope=("alarms", "payments"),
    taken_at=AT,
    file="journal.sqlite3",
    threshold="payment-failures",
    tested_within=timedelta(hours=24),
    every=timedelta(seconds=15),
    looked_until=AT - timedelta(seconds=10),
    as_declared=True,
    state=AlertState.OK,
    channels=(CHANNEL,),
)


def but(**changes: Any) -> AlarmEvidence:  # noqa: ANN401 - fields
    """The alarm, with something else about its channel."""
    return replace(ALARM, channels=(replace(CHANNEL, **changes),))


RED = [
    (
        replace(ALARM, state=AlertState.NO_DATA, reason="the series is gone"),
        "payment-failures cannot be read: the series is gone",
    ),
    (replace(ALARM, channels=()), "nobody would be notified of payment-failures: watch.channels is empty"),
    (but(known=False), "the running watch does not notify oncall"),
    (
        but(delivered=False, answer="refused: nothing listens"),
        "did not accept its test message .*: refused: nothing listens",
    ),
]
UNSEEN = [
    (replace(ALARM, looked_until=AT - timedelta(minutes=2)), "the newest round is 2 min old, so no watch is running"),
    (replace(ALARM, as_declared=False), "judges payment-failures by another file"),
    (replace(ALARM, state=None), "payment-failures is not decided yet"),
    (replace(ALARM, state=AlertState.PENDING), "payment-failures is not decided yet"),
    (but(utc=None), "oncall was never sent a test message"),
    (but(address=SameAddress.UNKNOWN), "the address of oncall is not known here"),
    (but(address=SameAddress.OTHER), "oncall has another address than the one that was tested"),
    (but(utc=AT - timedelta(hours=25)), "the test of oncall is 1 d 1 h old; at most 1 d is allowed"),
]


@pytest.mark.parametrize("state", [AlertState.OK, AlertState.FEW, AlertState.FIRING])
def test_alarm_that_is_heard(judge: Judge, state: AlertState) -> None:
    """An alarm that fires is heard as well, and so is one that has too few payments to say anything."""
    assert judge("alarm-*", alarm=replace(ALARM, state=state)) is None


@pytest.mark.parametrize(("alarm", "words"), RED)
def test_alarm_that_nobody_hears(judge: Judge, alarm: AlarmEvidence, words: str) -> None:
    """Each way has its own words."""
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(judge("alarm-*", alarm=alarm) or "it is green")


@pytest.mark.parametrize(("alarm", "words"), UNSEEN)
def test_alarm_of_which_nobody_can_say(judge: Judge, alarm: AlarmEvidence, words: str) -> None:
    """What was not seen is not green."""
    with pytest.raises(Unobserved, match=words):
        judge("alarm-*", alarm=alarm)


def receipt(channel: str, *, delivered: bool = True) -> Receipt:
    """What became of a test."""
    return Receipt(
        alert="test", channel=channel, event=TESTED, utc=AT, attempts=1, delivered=delivered, answer="an answer"
    )


def test_record_of_tests_knows_an_address_again_and_shows_none(tmp_path: Path) -> None:
    """The newest of each channel; those that were not tested this time stay."""
    journal = tmp_path / "watch" / "journal.sqlite3"
    assert newest_tests(journal) == {}
    note_tests(journal, [receipt("oncall"), receipt("team")], {"oncall": ADDRESS, "team": ADDRESS})
    note_tests(journal, [receipt("team", delivered=False)], {"team": ADDRESS})
    seen = newest_tests(journal)
    assert {name: one.delivered for name, one in seen.items()} == {"oncall": True, "team": False}
    assert seen["oncall"].is_of(ADDRESS)
    assert not seen["oncall"].is_of(ADDRESS + "?to=somebody")
    assert seen["oncall"].digest != seen["team"].digest
    assert "never-shown" not in journal.with_name(FILE).read_text()


def test_record_of_tests_that_is_none(tmp_path: Path) -> None:
    """It is told with its path and the cure."""
    (tmp_path / FILE).write_text("[]")
    with pytest.raises(UsageError, match=r"channels\.json: it is no record of tests of channels; remove it, and test"):
        newest_tests(tmp_path / "journal.sqlite3")


def declared(threshold: str, severity: str = "critical") -> Any:  # noqa: ANN401 - an environment
    """An environment with one alarm, of a threshold of this severity."""
    watch = watch_of(channels={"oncall": "ONCALL_URL", "team": "TEAM_URL"}, tell={"warning": ["team"]}).model_dump(
        mode="json", by_alias=True, exclude_none=True
    )
    watch["thresholds"]["errors"]["severity"] = severity
    alarms = {"payments": {"threshold": threshold, "line": "alerts.payments"}}
    return environment_from({"service": {"name": "S", "base_url": "https://a.test"}, "watch": watch, "alarms": alarms})


def test_who_is_told_at_once_is_asked_about() -> None:
    """Those of the severity, else the first; an address whose secret has no value here is none."""
    (critical,) = alarm_questions(declared("errors"), Secrets({"ONCALL_URL": ADDRESS}))
    assert (critical.told, critical.addresses) == (("oncall",), {"oncall": ADDRESS})
    assert "never-shown" not in repr(critical)
    (warning,) = alarm_questions(declared("errors", "warning"), Secrets({}))
    assert (warning.told, warning.addresses) == (("team",), {})


def test_alarm_of_no_threshold_is_refused() -> None:
    """With file, key and what was probably meant."""
    with pytest.raises(UsageError, match=r"alarms\.payments\.threshold: no threshold 'error' in watch\.thresholds"):
        alarm_questions(declared("error"), Secrets({}))
