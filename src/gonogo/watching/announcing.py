"""Who is told what, and when: a pure function of the alerts and of what was told before.

The first channel of ``[watch.channels]``, or those of ``[watch.tell]`` for the severity, is told at once. Each time that
the alert's response time goes by and nobody acknowledged it, everybody who was told is told again, and one channel more,
in the order of the section. A channel that cannot be reached is made up for by the next one. Whoever was told that an
alert began is told that it is over.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

from gonogo.base.durations import format_duration
from gonogo.evidence.watch import ALARMS, Acknowledgement, AlertState, Announcement, Reading, Receipt, Transition
from gonogo.families.watch.alerts import Alert, Rule, explained
from gonogo.families.watch.section import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known at the end of a round."""

    at: float
    """Seconds on the watch's axis."""
    utc: datetime
    alerts: Mapping[str, Alert]
    """By threshold or key metric."""
    transitions: Sequence[Transition] = ()
    """All of them since the watch began."""
    readings: Mapping[str, Reading] = field(default_factory=dict)
    """The newest ones, by threshold or key metric."""
    acknowledgements: Sequence[Acknowledgement] = ()
    announced: Sequence[Announcement] = ()
    """All that were put into the outbox since the watch began, in their order."""
    receipts: Sequence[Receipt] = ()


def due(watch: Watch, rules: Mapping[str, Rule], seen: Seen) -> list[Announcement]:
    """What is to be told now. The same call after a restart, with what the journal holds, tells nothing twice."""
    history = _History(seen)
    announcements: list[Announcement] = []
    for name, alert in seen.alerts.items():
        if alert.alarms and name in rules:
            announcements += _of_open(watch, rules[name], alert, seen, history)
    announcements += _of_ended(seen, history)
    return announcements


def standing(seen: Seen) -> list[Announcement]:
    """What each channel was told last of each alert that is not over: some channels want to hear it again and again."""
    newest = {
        (announcement.alert, announcement.channel): announcement
        for announcement in seen.announced
        if announcement.tells
    }
    ids = {alert.id for alert in seen.alerts.values() if alert.alarms}
    return [announcement for (alert, _), announcement in newest.items() if alert in ids]


def severity_of(rule: Rule) -> str:
    """How bad it is; a key metric that nobody can read is a warning."""
    return rule.threshold.severity if rule.threshold else "warning"


class _History:
    """What was told before, by alert and channel."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self.by_alert: dict[str, dict[str, list[Announcement]]] = {}
        for announcement in seen.announced:
            self.by_alert.setdefault(announcement.alert, {}).setdefault(announcement.channel, []).append(announcement)

    @cached_property
    def receipts(self) -> Mapping[tuple[str, str, int], Receipt]:
        """The newest receipt of each announcement."""
        return {(receipt.alert, receipt.channel, receipt.number): receipt for receipt in self._seen.receipts}

    @cached_property
    def acknowledged(self) -> frozenset[str]:
        """Alerts that somebody has in hand."""
        return frozenset(acknowledgement.alert for acknowledgement in self._seen.acknowledgements)

    def failed(self, alert: str) -> set[str]:
        """Channels that did not take what they were told last of it."""
        newest = {channel: announcements[-1] for channel, announcements in self.by_alert.get(alert, {}).items()}
        receipts = {channel: self.receipts.get((alert, channel, sent.number)) for channel, sent in newest.items()}
        return {channel for channel, receipt in receipts.items() if receipt is not None and not receipt.delivered}

    def waits(self, announcement: Announcement) -> bool:
        """Whether it is still in the outbox."""
        receipt = self.receipts.get((announcement.alert, announcement.channel, announcement.number))
        return receipt is None or receipt.tried_again


def _of_open(watch: Watch, rule: Rule, alert: Alert, seen: Seen, history: _History) -> Iterator[Announcement]:
    severity = severity_of(rule)
    first, ladder = ladder_of(watch, severity)
    before = history.by_alert.get(alert.id, {})
    began = min((announcements[0].at for announcements in before.values()), default=seen.at)
    respond = watch.respond.of(severity)
    elapsed = int((seen.at - began) / respond.total_seconds())
    in_hand, failed = alert.id in history.acknowledged, history.failed(alert.id)
    reached = len(first) if in_hand else len(first) + elapsed + len(failed)
    unheard = f"{' and '.join(sorted(failed))} could not be reached" if failed else ""
    unanswered = f"nobody acknowledged it within {format_duration(elapsed * respond)}" if elapsed else ""
    why = "; ".join(filter(None, (unanswered, unheard)))
    new = _announcement(rule, alert, seen, severity)
    for position, channel in enumerate(ladder):
        announcements = before.get(channel, [])
        if not announcements:
            if position < len(first):
                yield replace(new, channel=channel)
            elif position < reached:
                yield replace(new, channel=channel, event="escalated", note=why)
            continue
        last = announcements[-1]
        due_again = not in_hand and elapsed > int((last.at - began) / respond.total_seconds())
        changed = last.state != alert.state
        if changed or (due_again and not history.waits(last)):
            event, note = ("began", "") if changed else ("reminded", unanswered)
            yield replace(new, channel=channel, event=event, number=last.number + 1, note=note)


def ladder_of(watch: Watch, severity: str) -> tuple[Sequence[str], Sequence[str]]:
    """The channels that are told at once, and all of them in the order in which they are told."""
    first = watch.tell.of(severity) or tuple(watch.channels)[:1]
    return first, (*first, *(name for name in watch.channels if name not in first))


def _announcement(rule: Rule, alert: Alert, seen: Seen, severity: str) -> Announcement:
    """What is told of an alert, as the first one and to nobody yet."""
    moves = [change for change in seen.transitions if change.alert == alert.id and change.after in ALARMS]
    reading = seen.readings.get(rule.name)
    long_ago = timedelta(seconds=max(0.0, seen.at - alert.since))
    return Announcement(
        alert=alert.id,
        channel="",
        number=1,
        event="began",
        at=seen.at,
        utc=seen.utc,
        threshold=rule.name,
        title=rule.watched.title or rule.name,
        severity=severity,
        state=alert.state,
        since=moves[0].utc if moves else seen.utc - long_ago,
        reason=explained(rule, reading) if reading is not None else moves[-1].reason if moves else "",
        lines=rule.watched.line,
    )


def _of_ended(seen: Seen, history: _History) -> Iterator[Announcement]:
    """Everybody who was told that it began is told that it is over."""
    ids = {alert.id for alert in seen.alerts.values() if alert.alarms}
    ends = {change.alert: change for change in seen.transitions if change.after == AlertState.RESOLVED}
    for alert, channels in history.by_alert.items():
        for announcements in channels.values():
            last = announcements[-1]
            if alert not in ids and last.tells:
                end = ends.get(alert)
                yield replace(
                    last,
                    event="resolved",
                    state=AlertState.RESOLVED,
                    number=last.number + 1,
                    at=seen.at,
                    utc=end.utc if end else seen.utc,
                    reason=end.reason if end else "",
                    note="" if end else "it is not watched any more, so it is not known whether it has ended",
                )
