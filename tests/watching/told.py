"""A watch's section, alerts and announcements for tests of who is told, and an outbox that remembers in memory."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from gonogo.evidence.watch import Acknowledgement, AlertState, Announcement, Receipt, Transition
from gonogo.families.watch.alerts import Alert, Rule, rules_of
from gonogo.families.watch.section import Watch
from gonogo.watching.announcing import Seen, due
from gonogo.watching.messages import Letterhead

BEGAN = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
HEAD = Letterhead(environment="production", zone=ZoneInfo("America/Sao_Paulo"), rollback="./deploy v41")


def watch_of(channels: Sequence[str] = ("oncall", "team", "boss"), **more: Any) -> Watch:  # noqa: ANN401 - as in TOML
    """A section with one critical threshold, one warning and one key metric."""
    gauge = {"signal": {"gauge": "x"}, "above": 0.05, "unit": "%"}
    document = {
        "channels": {name: f"{name.upper()}_URL" for name in channels},
        "thresholds": {
            "api-errors": {**gauge, "severity": "critical", "title": "API errors", "line": "alerts.error-rate"},
            "slow": {**gauge, "severity": "warning"},
        },
        "metrics": {"users": {"signal": {"gauge": "y"}}},
        **more,
    }
    return Watch.model_validate(document)


def announcement(**changes: Any) -> Announcement:  # noqa: ANN401 - any of its fields
    """The first one of an alert to oncall."""
    first = Announcement(
        alert="api-errors-1",
        channel="oncall",
        number=1,
        event="began",
        at=0.0,
        utc=BEGAN,
        threshold="api-errors",
        title="API errors",
        severity="critical",
        state=AlertState.FIRING,
        since=BEGAN,
        reason="12 % of 1200 events within 5 min; above 5 % is too much",
        lines=("alerts.error-rate",),
    )
    return replace(first, **changes)


class Day:
    """A watch on a clock that is passed in: what is due is put into its outbox, and taken by channels that are up."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.rules: dict[str, Rule] = dict(rules_of(watch))
        self.at = 0.0
        self.alerts: dict[str, Alert] = {}
        self.transitions: list[Transition] = []
        self.acknowledgements: list[Acknowledgement] = []
        self.announced: list[Announcement] = []
        self.receipts: list[Receipt] = []
        self.down: set[str] = set()
        self.unanswered: set[str] = set()
        """Channels that say nothing, neither yes nor no."""

    def alarms(self, name: str, state: AlertState = AlertState.FIRING) -> None:
        """The alert of this threshold alarms from now on; its first has the id NAME-1."""
        before = self.alerts.get(name, Alert(threshold=name))
        number = before.number if before.alarms else before.number + 1
        alert = Alert(threshold=name, state=state, since=self.at, id=f"{name}-{number}", number=number)
        self._move(before, alert, state)

    def ends(self, name: str) -> None:
        """It is over."""
        before = self.alerts[name]
        self._move(before, replace(before, state=AlertState.OK, since=self.at, id=""), AlertState.RESOLVED)

    def _move(self, before: Alert, after: Alert, state: AlertState) -> None:
        self.alerts[after.threshold] = after
        self.transitions.append(
            Transition(
                at=self.at,
                utc=self.utc,
                threshold=after.threshold,
                alert=after.id or before.id,
                before=before.state,
                after=state,
                reason=f"seen at {self.at:g} s",
            )
        )

    @property
    def utc(self) -> datetime:
        """Now."""
        return BEGAN + timedelta(seconds=self.at)

    def acknowledge(self, alert: str) -> None:
        """Somebody has it in hand."""
        self.acknowledgements.append(Acknowledgement(alert=alert, by="Ana", utc=self.utc))

    def seen(self) -> Seen:
        """What a round knows."""
        return Seen(
            at=self.at,
            utc=self.utc,
            alerts=self.alerts,
            transitions=self.transitions,
            acknowledgements=self.acknowledgements,
            announced=self.announced,
            receipts=self.receipts,
        )

    def round(self, at: float) -> list[str]:
        """What is due at this time, as ``CHANNEL EVENT ALERT``; the channels answer before the next round."""
        self.at = at
        found = due(self.watch, self.rules, self.seen())
        self.announced += found
        known = {(one.alert, one.channel, one.number): one for one in self.receipts}
        for one in self.announced:
            key = (one.alert, one.channel, one.number)
            if one.channel not in self.unanswered and not (key in known and known[key].delivered):
                is_up = one.channel not in self.down
                self.receipts.append(receipt_of(one, delivered=is_up, tried_again=not is_up))
        return [f"{one.channel} {one.event} {one.alert}" for one in found]


def receipt_of(one: Announcement, *, delivered: bool, tried_again: bool = False) -> Receipt:
    """What became of it."""
    return Receipt(
        alert=one.alert,
        channel=one.channel,
        number=one.number,
        event=one.event,
        utc=one.utc,
        attempts=1,
        delivered=delivered,
        tried_again=tried_again,
    )


class Remembered:
    """An outbox in memory, which tests wait for."""

    def __init__(self) -> None:
        self.claimed: list[Announcement] = []
        self.receipts: list[Receipt] = []
        self._changed = threading.Condition()

    def claim(self, announcements: Sequence[Announcement]) -> None:
        """Sending begins."""
        with self._changed:
            self.claimed += announcements
            self._changed.notify_all()

    def receipt(self, receipt: Receipt) -> None:
        """What became of one."""
        with self._changed:
            self.receipts.append(receipt)
            self._changed.notify_all()

    def wait(self, condition: Callable[[Sequence[Receipt]], bool], seconds: float = 20.0) -> Sequence[Receipt]:
        """The receipts once they fulfil the condition. Fails when that takes too long."""
        with self._changed:
            came = self._changed.wait_for(lambda: condition(self.receipts), seconds)
        assert came, f"it did not come about: {self.receipts}"
        return tuple(self.receipts)
