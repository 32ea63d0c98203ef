"""The words in which people are told: for somebody who was asleep a minute ago."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gonogo.base.durations import format_duration
from gonogo.base.redaction import Redactor
from gonogo.base.wording import and_more, counted
from gonogo.evidence.watch import TESTED, AlertState, Announcement
from gonogo.watching.own_alarm import JOURNAL, OWN_RULES

_MOST_IN_SUBJECT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """What every message of a watch has in common."""

    environment: str
    zone: ZoneInfo
    """The team's time zone."""
    rollback: str | None = None
    """The rollback command."""
    page: str = ""
    """Address of the live page; empty while there is none."""
    redactor: Redactor = field(repr=False, default_factory=lambda: Redactor({}))
    """What was seen may hold what somebody else wrote into a metric, or into an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one channel is told at once."""

    subject: str
    body: str
    alarms: bool
    """Whether somebody is to act."""


def message_of(announcements: Sequence[Announcement], head: Letterhead) -> Message:
    """All of them as one message. Of what was told of one alert meanwhile, only the newest counts."""
    if all(announcement.event == TESTED for announcement in announcements):
        return _test(announcements, head)
    newest = list({announcement.alert: announcement for announcement in announcements}.values())
    alarms = [announcement for announcement in newest if announcement.tells]
    over = [announcement for announcement in newest if not announcement.tells]
    parts = [_cause(group, head) for group in _by_cause(alarms)]
    parts += [_ending(announcement, head) for announcement in over]
    parts += [_to_do(alarms, head)] if alarms else []
    subject, body = _subject(alarms, over, head), "\n\n".join(parts) + "\n"
    return Message(subject=head.redactor.text(subject), body=head.redactor.text(body), alarms=bool(alarms))


def _test(announcements: Sequence[Announcement], head: Letterhead) -> Message:
    """What somebody who is woken by it must read first: there is nothing to be done."""
    channels = ", ".join(announcement.channel for announcement in announcements)
    rows = (
        "This is a test: nothing is wrong, and no action is needed.",
        f"It shows that the channel {channels} of {head.environment} works: alerts of gonogo watch arrive in the same way.",
        f"  sent {moment(announcements[0].utc, head.zone)}",
    )
    subject = f"TEST {head.environment}: gonogo watch, no action is needed"
    body = "\n".join((*rows, ""))
    return Message(subject=head.redactor.text(subject), body=head.redactor.text(body), alarms=False)


def _subject(alarms: Sequence[Announcement], over: Sequence[Announcement], head: Letterhead) -> str:
    shown = alarms or over
    ended = "NOT WATCHED" if any(announcement.note for announcement in over) else "RESOLVED"
    is_critical = any(announcement.severity == "critical" for announcement in shown)
    worst = ended if not alarms else "CRITICAL" if is_critical else "WARNING"
    titles = and_more(list(dict.fromkeys(announcement.title for announcement in shown)), _MOST_IN_SUBJECT)
    unknown = ": unknown" if all(announcement.state == AlertState.NO_DATA for announcement in shown) else ""
    again = " (still)" if alarms and all(announcement.event == "reminded" for announcement in alarms) else ""
    besides = f"; {counted(len(over), 'alert')} resolved" if alarms and over else ""
    return f"{worst} {head.environment}: {titles}{unknown}{again}{besides}"


def _by_cause(announcements: Sequence[Announcement]) -> Iterator[Sequence[Announcement]]:
    """What nobody can say for one and the same reason is one cause; everything else stands by itself."""
    groups: dict[tuple[str, str], list[Announcement]] = {}
    for announcement in announcements:
        key = ("", announcement.reason) if announcement.state == AlertState.NO_DATA else (announcement.alert, "")
        groups.setdefault(key, []).append(announcement)
    yield from groups.values()


def _cause(group: Sequence[Announcement], head: Letterhead) -> str:
    worst = "critical" if any(announcement.severity == "critical" for announcement in group) else "warning"
    since = min(announcement.since for announcement in group)
    lasted = max(announcement.utc for announcement in group) - since
    lines = list(dict.fromkeys(line for announcement in group for line in announcement.lines))
    rows = [
        f"{', '.join(dict.fromkeys(announcement.title for announcement in group))} ({worst})",
        f"  {group[0].reason}",
        f"  since {moment(since, head.zone)}" + (f", for {format_duration(lasted)}" if lasted.total_seconds() else ""),
    ]
    rows += [f"  checklist line: {', '.join(lines)}"] if lines else []
    rows += [f"  {note}" for note in dict.fromkeys(announcement.note for announcement in group if announcement.note)]
    return "\n".join(rows)


def _ending(announcement: Announcement, head: Letterhead) -> str:
    if announcement.note:
        return f"{announcement.title}: {announcement.note}\n  since {moment(announcement.since, head.zone)}"
    lasted = format_duration(max(announcement.utc, announcement.since) - announcement.since)
    reason = f"\n  {announcement.reason}" if announcement.reason else ""
    return f"{announcement.title}: resolved\n  from {moment(announcement.since, head.zone)} to {moment(announcement.utc, head.zone)}, {lasted}{reason}"


def _to_do(alarms: Sequence[Announcement], head: Letterhead) -> str:
    alerts = " ".join(announcement.alert for announcement in alarms if announcement.threshold != JOURNAL)
    rows = ["What to do"]
    if any(announcement.threshold == JOURNAL for announcement in alarms):
        rows.append(f"  {OWN_RULES[JOURNAL].watched.first_step}")
    rows += [f"  acknowledge it: gonogo ack {alerts} --by NAME --env {head.environment}"] if alerts else []
    if head.rollback and any(announcement.severity == "critical" for announcement in alarms):
        rows.append(f"  roll back: {head.rollback}")
    rows += [f"  live page: {head.page}"] if head.page else []
    return "\n".join(rows)


def moment(utc: datetime, zone: ZoneInfo) -> str:
    """A time in the team's zone, and in UTC where that differs."""
    local = utc.astimezone(zone)
    text = f"{local:%Y-%m-%d %H:%M:%S} {local.tzname()}"
    return (
        text if local.utcoffset() == utc.astimezone(UTC).utcoffset() else f"{text} ({utc.astimezone(UTC):%H:%M:%S} UTC)"
    )
