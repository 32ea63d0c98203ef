"""The words in which people are told."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from gonogo.base.redaction import Redactor
from gonogo.evidence.watch import AlertState
from gonogo.watching.messages import message_of, moment
from tests.watching.told import BEGAN, HEAD, announcement


def test_one_alert() -> None:
    """What, how bad, since when, the limit, the line, and what to do."""
    later = announcement(utc=BEGAN + timedelta(minutes=5), event="reminded", note="nobody acknowledged it within 5 min")
    message = message_of([later], replace(HEAD, page="http://127.0.0.1:8080/"))
    assert message.subject == "CRITICAL production: API errors (still)"
    assert message.body == (
        "API errors (critical)\n"
        "  12 % of 1200 events within 5 min; above 5 % is too much\n"
        "  since 2026-12-01 09:00:00 -03 (12:00:00 UTC), for 5 min\n"
        "  checklist line: alerts.error-rate\n"
        "  nobody acknowledged it within 5 min\n"
        "\n"
        "What to do\n"
        "  acknowledge it: gonogo ack api-errors-1 --by NAME --env production\n"
        "  roll back: ./deploy v41\n"
        "  live page: http://127.0.0.1:8080/\n"
    )
    assert message.alarms


def test_what_nobody_can_say_for_one_reason_is_one_cause() -> None:
    """One service that does not answer makes nineteen signals unknown, and one paragraph."""
    reason = "unknown: the scrape was refused: nothing listens"
    many = [
        announcement(alert=f"s{number}-1", title=f"signal {number}", state=AlertState.NO_DATA, reason=reason)
        for number in range(19)
    ]
    other = announcement(alert="db-1", title="Database", state=AlertState.NO_DATA, reason="unknown: no answer")
    message = message_of([*many, other], HEAD)
    assert message.subject == "CRITICAL production: signal 0, signal 1 and 18 more: unknown"
    assert message.body.count(reason) == 1
    assert message.body.count("since") == 2
    assert message.body.count("gonogo ack") == 1
    assert "s0-1 s1-1" in message.body


def test_end_says_how_long_it_was() -> None:
    """Nobody needs to do anything, and no rollback is offered."""
    end = announcement(
        event="resolved",
        number=2,
        state=AlertState.RESOLVED,
        utc=BEGAN + timedelta(minutes=7),
        reason="2 % within 5 min",
    )
    message = message_of([announcement(), end], HEAD)
    assert message.subject == "RESOLVED production: API errors"
    assert message.body == (
        "API errors: resolved\n"
        "  from 2026-12-01 09:00:00 -03 (12:00:00 UTC) to 2026-12-01 09:07:00 -03 (12:07:00 UTC), 7 min\n"
        "  2 % within 5 min\n"
    )
    assert not message.alarms


def test_what_nobody_watches_is_not_called_over() -> None:
    """Silence is no good news."""
    end = announcement(event="resolved", state=AlertState.RESOLVED, note="it is not watched any more", reason="")
    message = message_of([end], HEAD)
    assert message.subject == "NOT WATCHED production: API errors"
    assert "over" not in message.body


def test_warning_offers_no_rollback() -> None:
    """And says beside it what is over."""
    end = announcement(alert="db-1", title="Database", event="resolved", state=AlertState.RESOLVED)
    message = message_of([announcement(severity="warning"), end], HEAD)
    assert message.subject == "WARNING production: API errors; 1 alert resolved"
    assert "deploy" not in message.body


def test_secret_in_what_was_seen_is_not_told() -> None:
    """As in the words of a driver that could not log in."""
    head = replace(HEAD, redactor=Redactor({"DB_PASSWORD": "p4ss-word-12345"}))
    seen = announcement(title="login p4ss-word-12345", reason="unknown: refused for app:p4ss-word-12345")
    message = message_of([seen], head)
    assert "p4ss-word" not in f"{message}"
    assert "refused for app:[DB_PASSWORD redacted]" in message.body


def test_time_of_a_team_in_utc_is_said_once() -> None:
    """No bracket that says the same."""
    assert moment(BEGAN, ZoneInfo("UTC")) == "2026-12-01 12:00:00 UTC"
