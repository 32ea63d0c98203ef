"""Somebody says that an alert is in hand."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gonogo.base.errors import UsageError
from gonogo.evidence.watch import AlertState, Transition
from gonogo.families.watch.journal import Journal, JournalNotes
from gonogo.watching.acknowledging import acknowledge
from tests.watching.told import BEGAN, watch_of

PEOPLE = """
[[person]]
name = "Ana Souza"
email = "ana@team.example"
roles = ["devops"]
"""


def _moved(threshold: str, number: int, after: AlertState, minutes: int = 0) -> Transition:
    utc = BEGAN + timedelta(minutes=minutes)
    alert = f"{threshold}-{number}"
    return Transition(at=60.0 * minutes, utc=utc, threshold=threshold, alert=alert, before=AlertState.OK, after=after)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Two alerts are open, and one is over."""
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "people.toml").write_text(PEOPLE)
    transitions = (
        _moved("api-errors", 1, AlertState.FIRING),
        _moved("slow", 3, AlertState.NO_DATA),
        _moved("database", 1, AlertState.FIRING),
        _moved("database", 1, AlertState.RESOLVED, 7),
    )
    with Journal.open(tmp_path / "journal.sqlite3", environment="production") as journal:
        journal.resume(BEGAN, watch=watch_of())
        journal.round(at=0.0, utc=BEGAN, readings={}, due=(), alerts={}, transitions=transitions)
        yield journal


def test_alerts_are_in_hand(journal: Journal, tmp_path: Path) -> None:
    """Beside the watcher, by the person's name as the list has it; whoever follows is told who had it."""
    with JournalNotes.note(journal.path, environment="production") as notes:
        ids = ["api-errors-1", "slow-3", "slow-3"]
        found = acknowledge(notes, tmp_path, alerts=ids, by="ana@team.example", note="looking", utc=BEGAN)
        assert [(one.acknowledgement.alert, one.threshold, one.before) for one in found] == [
            ("api-errors-1", "api-errors", None),
            ("slow-3", "slow", None),
        ]
        (again,) = acknowledge(notes, tmp_path, alerts=["slow-3"], by="Ana Souza", note="", utc=BEGAN)
    assert again.before == found[1].acknowledgement
    written = [(one.alert, one.by, one.note) for one in journal.acknowledgements()]
    assert written == [
        ("api-errors-1", "Ana Souza", "looking"),
        ("slow-3", "Ana Souza", "looking"),
        ("slow-3", "Ana Souza", ""),
    ]


@pytest.mark.parametrize(
    ("alert", "problem"),
    [
        ("api-error-1", "api-error-1: there is no such alert; did you mean api-errors-1?"),
        ("zzz", "zzz: there is no such alert; there are api-errors-1, slow-3"),
        ("slow", "slow: is a threshold; its open alert is slow-3"),
        ("database-1", "database-1: ended at 2026-12-01 12:07:00 UTC; its reminders have stopped"),
    ],
)
def test_alert_that_cannot_be_in_hand(journal: Journal, tmp_path: Path, alert: str, problem: str) -> None:
    """Nothing is noted, of the others neither."""
    with pytest.raises(UsageError) as caught:
        acknowledge(journal, tmp_path, alerts=["api-errors-1", alert], by="Ana Souza", note="", utc=BEGAN)
    assert caught.value.problems == (problem,)
    assert journal.acknowledgements() == []


def test_nobody_of_that_name(journal: Journal, tmp_path: Path) -> None:
    """The nearest is named."""
    with pytest.raises(UsageError) as caught:
        acknowledge(journal, tmp_path, alerts=["slow-3"], by="Ana Sousa", note="", utc=BEGAN)
    expected = "--by: 'Ana Sousa' is not in environments/people.toml; did you mean Ana Souza?"
    assert caught.value.problems == (expected,)


def test_nothing_is_open(tmp_path: Path) -> None:
    """It says where to look."""
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "people.toml").write_text(PEOPLE)
    with (
        Journal.open(tmp_path / "journal.sqlite3", environment="production") as journal,
        pytest.raises(UsageError, match="there is no such alert, and none is open"),
    ):
        acknowledge(journal, tmp_path, alerts=["slow-3"], by="Ana Souza", note="", utc=BEGAN)
