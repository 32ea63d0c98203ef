"""A launch as literals: what is watched, and what was seen until some moment of it."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gonogo.evidence.watch import Acknowledgement, AlertState, Gap, Poll, Reading, Receipt, Transition, WatchEvent
from gonogo.families.watch.alerts import Alert, advance, rules_of
from gonogo.families.watch.section import Launch, Watch
from gonogo.families.watch.trail import Trail
from gonogo.watching.facts import SIGNED, Done, LiveFacts, LiveRound

T0 = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
BEGAN = T0 - timedelta(hours=2)
EVERY = timedelta(seconds=15)
ROLES = {"technical-lead": "Technical lead", "product-owner": "Product owner", "devops": "DevOps"}

_WATCH: Mapping[str, Any] = {
    "channels": {"oncall": "ONCALL_URL", "team": "TEAM_URL"},
    "thresholds": {
        "api-errors": {
            "title": "API errors",
            "signal": {"ratio": ["http_requests_total{status=~'5..'}", "http_requests_total"]},
            "above": 0.05,
            "window": "5 min",
            "for": "1 min",
            "at_least": 50,
            "unit": "%",
            "severity": "critical",
            "first_step": "Look at the newest deployment; if it is younger than the errors, take it back.",
        },
        "api-slow": {
            "title": "API response time",
            "signal": {"quantile": 0.95, "of": "http_seconds_bucket"},
            "above": 1.0,
            "window": "5 min",
            "unit": "s",
            "severity": "warning",
        },
        "database": {
            "title": "Database answers",
            "signal": {"checks": ["mongo-primary"]},
            "above": 0,
            "severity": "critical",
        },
        "uploads-failing": {
            "title": "Uploads failing",
            "signal": {"ratio": ["uploads_failed_total", "uploads_total"]},
            "above": 0.2,
            "window": "15 min",
            "at_least": 10,
            "unit": "%",
            "severity": "warning",
        },
    },
    "metrics": {
        "registrations": {
            "title": "Registrations",
            "signal": {"increase": "users_registered_total"},
            "window": "1 h",
        },
    },
}
_LAUNCH: Mapping[str, Any] = {
    "at": T0,
    "zone": "America/Sao_Paulo",
    "rollback": "kubectl rollout undo deploy/workme",
    "duties": [
        {"at": "T-02:00", "title": "Take the snapshot", "owner": "Davi Lima"},
        {"at": "T-00:30", "title": "Poll the roles", "owner": "Paula Costa"},
        {"at": "T+00:05", "title": "First user registers", "owner": "product-owner"},
        {"at": "T+24:00", "title": "Review of day 1", "owner": "technical-lead"},
    ],
}


def watch_section(**changes: Any) -> Watch:  # noqa: ANN401 - keys of the section
    """``[watch]`` of the samples."""
    return Watch.model_validate({**_WATCH, **changes})


def launch_section(**changes: Any) -> Launch:  # noqa: ANN401 - as above
    """``[launch]`` of the samples."""
    return Launch.model_validate({**_LAUNCH, **changes})


def normal(name: str, at: float) -> Reading:
    """What a signal reads on a calm day."""
    wave = 1 + math.sin(at / 700) / 2
    value, events = {
        "api-errors": (0.004 * wave, 900.0),
        "api-slow": (0.22 * wave, 900.0),
        "database": (0.0, None),
        "uploads-failing": (0.02 * wave, 40.0),
        "registrations": (120 * wave, None),
    }[name]
    return Reading(at=at, value=value, events=events)


class Day:
    """A watch that is fed reading by reading, by the real rules of alerts."""

    def __init__(self, watch: Watch | None = None) -> None:
        self.watch = watch or watch_section()
        self.rules = rules_of(self.watch)
        self.alerts = {name: Alert(threshold=name) for name in self.rules}
        self.trails = {name: Trail.of(rule.watched, self.watch) for name, rule in self.rules.items()}
        self.transitions: list[Transition] = []
        self.at, self.rounds = 0.0, 0

    def round(self, /, **readings: Reading) -> None:
        """One look at everything; calm where nothing else is said. Dashes are underscores."""
        self.rounds += 1
        for name, rule in self.rules.items():
            reading = readings.get(name.replace("-", "_")) or normal(name, self.at)
            reading = replace(reading, at=self.at)
            self.alerts[name], transitions = advance(rule, self.alerts[name], reading, self.utc)
            self.transitions.extend(transitions)
            self.trails[name].add(reading)
        self.at += EVERY.total_seconds()

    def rounds_until(self, at: float, /, **readings: Reading) -> None:
        """The same again and again, to this second of the axis."""
        while self.at < at:
            self.round(**readings)

    @property
    def utc(self) -> datetime:
        """When the round that comes is."""
        return BEGAN + timedelta(seconds=self.at)

    @property
    def last(self) -> datetime:
        """When the newest round was."""
        return self.utc - EVERY

    def facts(self, **changes: Any) -> LiveFacts:  # noqa: ANN401 - fields of the facts
        """All that is known after the newest round."""
        known: dict[str, Any] = {
            "service": "WorkMe",
            "environment": "production",
            "began": BEGAN,
            "round": LiveRound(
                at=self.at - EVERY.total_seconds(),
                utc=self.last,
                readings={},
                alerts=dict(self.alerts),
                transitions=(),
                seconds=0.21,
            ),
            "rounds": self.rounds,
            "alerts": dict(self.alerts),
            "trails": self.trails,
            "transitions": tuple(self.transitions),
            "roles": ROLES,
            **changes,
        }
        return LiveFacts(**known)


def calm(hours: float = 5.2) -> Day:
    """A day on which nothing happened so far, but for a night of no uploads."""
    day = Day()
    day.rounds_until(hours * 3600)
    return day


_POLLS = (
    Poll(role="technical-lead", decision="go", by="Tomás Reis", utc=T0 - timedelta(minutes=20)),
    Poll(role="devops", decision="go", by="Davi Lima", utc=T0 - timedelta(minutes=18)),
)
_RESTART = BEGAN + timedelta(hours=1)


def full(day: Day) -> LiveFacts:
    """Everything that a page can show beside the signals."""
    alarms = [change for change in day.transitions if change.after in {AlertState.FIRING, AlertState.NO_DATA}]
    return day.facts(
        acknowledgements=[_acknowledged(alarm) for alarm in alarms[-1:]],
        receipts=[receipt for alarm in alarms[-1:] for receipt in _receipts(alarm)],
        gaps=[Gap(begins=_RESTART, ends=_RESTART + timedelta(minutes=6), reason="the watcher was restarted")],
        events=[WatchEvent(at=3960.0, utc=_RESTART + timedelta(minutes=6), kind="restart", text="goes on after 6 min")],
        polls=_POLLS,
        seals={_POLLS[0]: SIGNED},
        done={"T-02:00 Take the snapshot": Done(by="Davi Lima", utc=T0 - timedelta(hours=2, minutes=-4))},
        changes=["release 3f2c1a9 → 77ab012 at 14:02 UTC", "2 new issues in Sentry"],
        rollback=[
            "snapshot 6745 of 11:58 UTC, 3 h old",
            "TTL of app.workme.com.br: 60 s",
            "kubectl rollout undo deploy/workme",
        ],
    )


def _acknowledged(alarm: Transition) -> Acknowledgement:
    utc = alarm.utc + timedelta(minutes=2)
    return Acknowledgement(alert=alarm.alert, by="Davi Lima", utc=utc, note="taking the release back")


def _receipts(alarm: Transition) -> tuple[Receipt, Receipt]:
    """One channel that is down, and one that took it."""
    refused = Receipt(
        alert=alarm.alert,
        event="began",
        channel="oncall",
        utc=alarm.utc,
        attempts=3,
        delivered=False,
        answer="connection refused",
    )
    return refused, replace(refused, channel="team", attempts=1, delivered=True, answer="250 OK")
