"""A day of a watch, simulated: readings that are generated, the rules of alerts, and a journal, without waiting."""

import weakref
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gonogo.evidence.watch import AlertState, Announcement, Reading, Transition
from gonogo.families.watch.alerts import Alert, advance, rules_of
from gonogo.families.watch.journal import Journal
from gonogo.families.watch.section import Launch, Watch

ENVIRONMENT = "staging"
BEGAN = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
HOUR = Launch(watch=timedelta(hours=1))
Readings = Callable[[float], Mapping[str, Reading]]


def watch_of(**more: Any) -> Watch:  # noqa: ANN401 - keys of the section
    """One critical threshold on a share, one warning on a gauge, one key metric; every 15 s."""
    errors = {
        "signal": {"ratio": ["errors_total", "requests_total"]},
        "above": 0.05,
        "unit": "%",
        "window": "1 min",
        "at_least": 50,
        "severity": "critical",
        "keep": "15 s",
    }
    room = {"signal": {"gauge": "room"}, "above": 90, "severity": "warning", "keep": "15 s"}
    document = {
        "thresholds": {"errors": errors, "room": room},
        "metrics": {"users": {"signal": {"gauge": "users"}}},
        "channels": {"oncall": "ONCALL_URL"},
        **more,
    }
    return Watch.model_validate(document)


def well(at: float) -> Mapping[str, Reading]:
    """Everything is as it should be."""
    return {
        "errors": Reading(at=at, value=0.01, events=200.0),
        "room": Reading(at=at, value=50.0),
        "users": Reading(at=at, value=at),
    }


def announcement(transition: Transition, channel: str = "oncall", number: int = 1) -> Announcement:
    """What is told of an alarm that began."""
    return Announcement(
        alert=transition.alert,
        threshold=transition.threshold,
        event="began",
        channel=channel,
        number=number,
        at=transition.at,
        utc=transition.utc,
        title=transition.threshold,
        severity="critical",
        state=transition.after,
        since=transition.utc,
        reason=transition.reason,
    )


class Day:
    """A watcher whose clock is turned by hand."""

    def __init__(self, path: Path, watch: Watch, *, began: datetime = BEGAN, launch: datetime | None = None) -> None:
        self.watch = watch
        self.journal = Journal.open(path, environment=ENVIRONMENT)
        weakref.finalize(
            self.journal, self.journal.connection.close
        )  # Python 3.13 complains of a connection that nobody closed
        self.journal.connection.execute("PRAGMA synchronous = OFF")  # nobody pulls the plug of a test
        resumed = self.journal.resume(began, watch=watch, launch=launch)
        self.at, self.utc = resumed.axis, began
        self.alerts = {name: Alert(threshold=name) for name in watch.watched} | dict(resumed.alerts)
        self.transitions: list[Transition] = []

    def look(
        self,
        until: float,
        readings: Readings = well,
        tell: Callable[[Transition], Sequence[Announcement]] | None = None,
    ) -> "Day":
        """Look again and again, from now until a place on the axis; ``tell`` says what an alarm that begins leads to."""
        while self.at < until:
            seen = readings(self.at)
            changes: list[Transition] = []
            for name, rule in rules_of(self.watch).items():
                self.alerts[name], changed = advance(rule, self.alerts[name], seen[name], self.utc)
                changes += changed
            begun = [change for change in changes if change.alert and change.after != AlertState.RESOLVED]
            told = [one for change in begun for one in (tell(change) if tell else ())]
            self.journal.round(
                at=self.at,
                utc=self.utc,
                readings=seen,
                due=seen.keys(),
                transitions=changes,
                alerts=self.alerts,
                announcements=told,
            )
            self.transitions += changes
            self.skip(self.watch.every.total_seconds())
        return self

    def skip(self, seconds: float) -> "Day":
        """Let time go by without a look."""
        self.at += seconds
        self.utc += timedelta(seconds=seconds)
        return self

    def end(self) -> None:
        """End the watcher."""
        self.journal.end(self.utc)
        self.journal.close()
